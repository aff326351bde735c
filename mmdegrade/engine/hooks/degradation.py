"""Fill in the config's degradation where no ``DegradeRunner`` did: stock ``test.py``."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmdegrade.datasets.transforms import Degrade

from ..degradation import chosen_degradation


def built_degrades(dataset):
    """Every ``Degrade`` in the pipelines of a built dataset and the datasets inside it."""
    inner = [getattr(dataset, name, None) for name in ('dataset', 'pipeline')]
    for part in (*inner, *getattr(dataset, 'datasets', ()), *getattr(dataset, 'transforms', ())):
        if isinstance(part, Degrade):
            yield part
        elif part is not None:
            yield from built_degrades(part)


@HOOKS.register_module()
class DegradationHook(Hook):
    """Give every built ``Degrade`` without a kind the config's top-level ``degradation``.

    mmseg's ``train.py`` honours ``runner_type``, its ``test.py`` does not and builds a plain
    runner; this hook, which acts before the first image is loaded, makes the two agree.
    """

    priority = 'VERY_HIGH'

    def _fill(self, runner, loader: str, dataset) -> None:
        unset = [degrade for degrade in built_degrades(dataset) if degrade.kind is None]
        if unset:
            chosen = chosen_degradation(runner.cfg, loader)
            for degrade in unset if chosen else ():
                degrade.choose(**chosen)

    def before_train(self, runner) -> None:
        self._fill(runner, 'train_dataloader', runner.train_dataloader.dataset)

    def before_val(self, runner) -> None:
        self._fill(runner, 'val_dataloader', runner.val_dataloader.dataset)

    def before_test(self, runner) -> None:
        self._fill(runner, 'test_dataloader', runner.test_dataloader.dataset)
