"""Train the parts of a model one after another, in one run.

S1 → D1 → S2 → … of SDABN, IDM → FAM → SAM → all of UBCN, restorer → estimator → calibration of
fidelity calibration: each stage has its own optimiser, schedule and data, and the whole is one
``tools/train.py`` that resumes at the exact iteration of the right stage.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.registry import LOOPS
from mmengine.runner import IterBasedTrainLoop
from torch import nn

from mmdegrade.models.clean_checkpoint import load_clean_checkpoint
from mmdegrade.models.staged import StagedModel
from mmdegrade.models.unwrapped import unwrapped

from .stage import Stage, merged_loader, read_stages


@LOOPS.register_module()
class StagedTrainLoop(IterBasedTrainLoop):
    """Run stages; iterations are counted over all of them.

    A stage leaves ``stage_<number>_<name>.pth`` behind (weights), beside the regular checkpoints of
    ``CheckpointHook``, from which ``--resume`` continues. For hooks, a stage is an epoch. The seed
    of a stage's data is the run's plus its place in the list, so that two stages do not see the
    same draws.

    Example::

        train_cfg = dict(type='StagedTrainLoop', stages=[
            dict(name='S1', train=['S1'], iters=4000),
            dict(name='D1', train=['D1'], iters=9000, optim_wrapper=adam, dataloader=patches),
            dict(name='S2', train=['S2'], iters=4000, init_from=dict(S2='S1'))])

    Args:
        runner (Runner): The runner; its model must be a ``StagedModel``.
        dataloader (dict): Config of the common training loader.
        stages (list[dict]): Settings of each :class:`Stage`.
        only_stage (str, optional): Run this stage alone; ``load_from`` brings what came before.

    Raises:
        ValueError: A stage that makes no sense, or names no child of the model; a checkpoint of
            other stages on resume.
        TypeError: A model without stages, or a dataloader that is built already.
    """

    def __init__(
        self, runner, dataloader: dict, stages: list[dict], only_stage: str | None = None
    ) -> None:
        model = unwrapped(runner.model)
        if not isinstance(model, StagedModel):
            raise TypeError(
                f'model.type={type(model).__name__!r} has no stages; train it with '
                "train_cfg.type='IterBasedTrainLoop', or inherit from "
                'mmdegrade.models.staged.StagedModel'
            )
        if not isinstance(dataloader, dict):
            raise TypeError('StagedTrainLoop needs the config of train_dataloader, not a loader')
        if runner.distributed and not any(is_model_wrapper(child) for child in model.children()):
            raise ValueError(
                f'model_wrapper_cfg.type={type(runner.model).__name__!r} does not know stages; set '
                "model_wrapper_cfg=dict(type='StagedDistributedDataParallel')"
            )
        self.stages = read_stages(stages, only_stage)
        self._model = model
        for stage in self.stages:
            self._check_parts(stage)
        self._common = dict(
            loader=dataloader,
            optim_wrapper=runner.optim_wrapper,
            param_scheduler=runner.param_schedulers,
        )
        self.stage = self.stages[0]
        self._runner = runner
        super().__init__(runner, self._loader(self.stage), max_iters=self.stages[-1].end)
        # The runner builds the schedulers of the first stage itself, from this config.
        model.train_only(*self.stage.train)
        runner.optim_wrapper = self._optim_wrapper(self.stage)
        runner.param_schedulers = self._schedulers(self.stage)
        runner.register_hook(StageHook(self), priority='VERY_HIGH')

    def _check_parts(self, stage: Stage) -> None:
        key, allowed = f'train_cfg.stages[{stage.number - 1}]', self._model.part_names
        for setting in ('train', 'init_from'):
            unknown = [part for part in getattr(stage, setting) if part not in allowed]
            if unknown:
                raise ValueError(
                    f'{key}.{setting} names {unknown}: model.type='
                    f'{type(self._model).__name__!r} has no such part; allowed: {list(allowed)}'
                )

    def _loader(self, stage: Stage):
        cfg = merged_loader(self._common['loader'], stage)
        seed = self.runner.seed + stage.number - 1
        return self.runner.build_dataloader(cfg, seed=seed)

    def _optim_wrapper(self, stage: Stage):
        cfg = stage.optim_wrapper or self._common['optim_wrapper']
        parts = {name: unwrapped(getattr(self._model, name)) for name in stage.train}
        if 'optimizer' in cfg or 'constructor' in cfg:
            # Names begin with the part: custom_keys={'S1.backbone': …} finds it.
            return build_optim_wrapper(nn.ModuleDict(parts), cfg)
        if set(cfg) - {'type'} != set(parts):
            raise ValueError(
                f'train_cfg.stages[{stage.number - 1}].optim_wrapper has {sorted(cfg)}; allowed: '
                f"one with 'optimizer', or one for each of {sorted(parts)}"
            )
        return OptimWrapperDict(
            **{
                name: build_optim_wrapper(nn.ModuleDict({name: part}), cfg[name])
                for name, part in parts.items()
            }
        )

    def _schedulers(self, stage: Stage):
        given = stage.param_scheduler
        return self._common['param_scheduler'] if given is None else given

    def stage_at(self, iteration: int) -> Stage:
        """The stage that comes after ``iteration`` iterations; the last one at the end."""
        return next((one for one in self.stages if iteration < one.end), self.stages[-1])

    def enter(self, stage: Stage) -> None:
        """Change over to a stage: parts, optimiser, schedule, data."""
        runner = self.runner
        self.stage = stage
        self._model.train_only(*stage.train)
        runner.optim_wrapper = self._optim_wrapper(stage)
        runner.scale_lr(runner.optim_wrapper, runner.auto_scale_lr)
        cfg = self._schedulers(stage)
        runner.param_schedulers = None if cfg is None else runner.build_param_scheduler(cfg)
        self.dataloader_iterator = None  # lets go of the workers of the stage before
        self.dataloader = self._loader(stage)

    def _initialise(self, stage: Stage) -> None:
        """Start parts from others or from checkpoints."""
        for part, source in stage.init_from.items():
            child = unwrapped(getattr(self._model, part))
            if source in self._model.part_names:
                child.load_state_dict(unwrapped(getattr(self._model, source)).state_dict())
            else:
                key = f'train_cfg.stages[{stage.number - 1}].init_from.{part}'
                load_clean_checkpoint(child, source, key)

    def _batches(self, skip: int) -> Iterator:
        """Endless batches, without the first ``skip``, which an earlier run has seen."""
        sampler = getattr(self.dataloader, 'sampler', None)
        if skip and hasattr(sampler, 'skip'):
            sampler.skip(skip * self.dataloader.batch_size)
            skip = 0
        epoch = 0
        while True:
            if hasattr(sampler, 'set_epoch'):
                sampler.set_epoch(epoch)
            for batch in self.dataloader:
                if skip:
                    skip -= 1
                else:
                    yield batch
            epoch += 1

    def run(self):
        """Train all stages; returns the model."""
        self.runner.call_hook('before_train')
        while self._iter < self._max_iters and not self.stop_training:
            stage = self.stage_at(self._iter)
            if stage is not self.stage:
                self.enter(stage)
            if self._iter == stage.begin:
                self._initialise(stage)
            self._run_stage(stage)
        self.runner.call_hook('after_train')
        return self.runner.model

    def _run_stage(self, stage: Stage) -> None:
        runner = self.runner
        print_log(
            f'stage {stage.number} {stage.name!r}: iterations {self._iter + 1}-{stage.end} of '
            f'{self._max_iters}, training {", ".join(stage.train)}',
            logger='current',
        )
        done = self._iter - stage.begin
        if not done:
            self._forget_scalars()
        runner.optim_wrapper.initialize_count_status(runner.model, done, stage.iters)
        runner.call_hook('before_train_epoch')
        batches = self._batches(done)
        while self._iter < stage.end and not self.stop_training:
            runner.model.train()
            self.run_iter(next(batches))
            if self._validates(stage):
                runner.val_loop.run()
        batches.close()
        if self._iter == stage.end:
            self._save(stage)
        runner.call_hook('after_train_epoch')

    def _forget_scalars(self) -> None:
        """Losses and rates of the stage before are not those of this one: log lines start anew."""
        scalars = self.runner.message_hub.log_scalars
        for name in [name for name in scalars if name.startswith('train/')]:
            del scalars[name]

    def _validates(self, stage: Stage) -> bool:
        if self.runner.val_loop is None or stage.val_interval is None:
            return False
        done = self._iter - stage.begin
        return done == stage.iters or (stage.val_interval > 0 and done % stage.val_interval == 0)

    def _save(self, stage: Stage) -> None:
        """Weights after a stage. The next one has an optimiser of its own."""
        self.runner.save_checkpoint(
            self.runner.work_dir,
            stage.checkpoint,
            save_optimizer=False,
            save_param_scheduler=False,
            meta=dict(iter=self._iter, epoch=0, stage=stage.name),
            by_epoch=False,
        )


class StageHook(Hook):
    """Bring the loop to the right stage before a resumed checkpoint's optimiser is read.

    Registered by the loop itself.
    """

    def __init__(self, loop: StagedTrainLoop) -> None:
        self.loop = loop

    def _plan(self) -> list[str]:
        return [f'{stage.name} ({stage.iters})' for stage in self.loop.stages]

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['meta']['stages'] = self._plan()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if not runner._resume:
            return
        saved = (checkpoint.get('meta') or {}).get('stages')
        if saved != self._plan():
            raise ValueError(
                f'resume: the checkpoint was written with stages {saved}, the config has '
                f'{self._plan()}; give train_cfg.stages the same names and iterations, or start '
                'anew from its weights with load_from'
            )
        iteration = checkpoint['meta']['iter']
        stage = self.loop.stage_at(iteration)
        if stage is not self.loop.stage:
            self.loop.enter(stage)
        if iteration == stage.begin:  # what is stored belongs to the stage before
            checkpoint.pop('optimizer', None)
            checkpoint.pop('param_schedulers', None)
