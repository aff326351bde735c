"""What one stage of a staged training says, and whether it makes sense."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields

from mmengine.config import Config


@dataclass(frozen=True)
class Stage:
    """One stage: which parts are trained, how long and how.

    Args:
        name (str): In the log and the checkpoint's name.
        train (tuple[str]): Direct children of the model that are trained.
        iters (int): Iterations.
        optim_wrapper (dict, optional): As at the top level of a config; or a mapping from child to
            such a config, for parts with optimisers of their own. Defaults to the top level's.
        param_scheduler (list or dict, optional): Counted from the stage's first iteration. Defaults
            to the top level's; ``[]`` for none.
        dataloader (dict, optional): What differs from the top level's ``train_dataloader``, merged
            into it as configs are (``_delete_=True`` replaces).
        init_from (dict, optional): Where parts start: ``{child: other child or checkpoint}``.
        val_interval (int, optional): Validate every so many iterations, and at the end of the
            stage; 0 (default) at the end only, None never.
        number (int): Place in the full list of stages, from 1.
        begin (int): Iterations of the stages before it.
    """

    name: str
    train: tuple[str, ...]
    iters: int
    optim_wrapper: dict | None = None
    param_scheduler: list | dict | None = None
    dataloader: dict | None = None
    init_from: dict = field(default_factory=dict)
    val_interval: int | None = 0
    number: int = 1
    begin: int = 0

    @property
    def end(self) -> int:
        """Iterations up to the end of the stage."""
        return self.begin + self.iters

    @property
    def checkpoint(self) -> str:
        """File that the stage leaves behind."""
        return f'stage_{self.number}_{self.name}.pth'


_SETTINGS = [one.name for one in fields(Stage) if one.name not in ('number', 'begin')]


def stage_faults(cfg: dict, key: str) -> list[str]:
    """Everything that is wrong with the settings of one stage, without a look at the model.

    Args:
        cfg (dict): Settings of a :class:`Stage`.
        key (str): Where they stand in the config, named in each sentence.
    """
    faults = []
    unknown = [name for name in cfg if name not in _SETTINGS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], _SETTINGS, n=1)
        hint = f'; did you mean {near[0]!r}?' if near else ''
        faults.append(f'{key}: unknown {unknown}{hint}; allowed: {_SETTINGS}')
    missing = [name for name in ('name', 'train', 'iters') if name not in cfg]
    if missing:
        faults.append(f'{key}: {missing} not set')
    if 'train' in cfg and (isinstance(cfg['train'], str) or not cfg['train']):
        faults.append(
            f"{key}.train={cfg['train']!r}; allowed: a list of the model's children, ['S1']"
        )
    if 'iters' in cfg and (not isinstance(cfg['iters'], int) or cfg['iters'] < 1):
        faults.append(f'{key}.iters={cfg["iters"]!r}; allowed: a positive integer')
    if not isinstance(cfg.get('init_from', {}), dict):
        faults.append(
            f'{key}.init_from={cfg["init_from"]!r}; allowed: {{child: other child or checkpoint}}, '
            "dict(S2='S1')"
        )
    return faults


def read_stages(stages: list[dict], only_stage: str | None = None) -> list[Stage]:
    """Check ``train_cfg.stages`` and number them; with ``only_stage``, that one alone.

    Raises:
        ValueError: No stages, an unknown or missing setting, two of a name, no ``only_stage``.
    """
    if not stages:
        raise ValueError('train_cfg.stages is empty: StagedTrainLoop needs at least one stage')
    read, begin = [], 0
    for number, cfg in enumerate(stages, 1):
        faults = stage_faults(cfg, f'train_cfg.stages[{number - 1}]')
        if faults:
            raise ValueError('; '.join(faults))
        values = {**cfg, 'train': tuple(cfg['train']), 'init_from': dict(cfg.get('init_from', {}))}
        read.append(Stage(**values, number=number, begin=begin))
        begin += read[-1].iters
    names = [stage.name for stage in read]
    if len(set(names)) < len(names):
        raise ValueError(f'train_cfg.stages: names must differ, got {names}')
    if only_stage is None:
        return read
    if only_stage not in names:
        raise ValueError(f'train_cfg.only_stage={only_stage!r}; allowed: {names}')
    alone = read[names.index(only_stage)]
    return [Stage(**{**alone.__dict__, 'begin': 0})]


def merged_loader(train_dataloader: dict, stage: dict | Stage) -> dict:
    """The dataloader config of a stage: the common one with what the stage changes."""
    changes = stage.dataloader if isinstance(stage, Stage) else stage.get('dataloader')
    merged = Config(dict(loader=train_dataloader))
    if changes:
        merged.merge_from_dict(dict(loader=changes))
    return merged.loader


def stage_loaders(cfg) -> dict[str, dict]:
    """Dataloader configs that differ from the common one, by config key."""
    stages = (cfg.get('train_cfg') or {}).get('stages') or []
    return {
        f'train_cfg.stages[{index}].dataloader': merged_loader(cfg['train_dataloader'], stage)
        for index, stage in enumerate(stages)
        if stage.get('dataloader')
    }
