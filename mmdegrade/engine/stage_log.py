"""Log lines that say which stage a staged training is in."""

from mmengine.registry import LOG_PROCESSORS
from mmengine.runner import LogProcessor


@LOG_PROCESSORS.register_module()
class StageLogProcessor(LogProcessor):
    """MMEngine's log lines, with the stage in front: ``[D1] Iter(train) [4100/17000] …``.

    ``DegradeRunner`` chooses it for ``StagedTrainLoop``.
    """

    def get_log_after_iter(self, runner, batch_idx: int, mode: str):
        """As the base class; training lines begin with the name of the stage."""
        tag, line = super().get_log_after_iter(runner, batch_idx, mode)
        stage = getattr(runner.train_loop, 'stage', None) if mode == 'train' else None
        return tag, line if stage is None else f'[{stage.name}] {line}'
