"""Stages of a staged training: their settings, and the parts of the model that they name."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from mmdegrade.models.staged import StagedModel

from ..loops.stage import Stage, read_stages, stage_faults
from .names import bare, near
from .problem import Problem


def is_staged(cfg) -> bool:
    """Whether a config trains in stages."""
    return bare((cfg.get('train_cfg') or {}).get('type', '')) == 'StagedTrainLoop'


def setting_problems(cfg) -> list[Problem]:
    """Settings of stages that make no sense, whatever the model."""
    if not is_staged(cfg):
        return []
    train_cfg = cfg['train_cfg']
    stages = train_cfg.get('stages')
    if not isinstance(stages, (list, tuple)) or not all(isinstance(one, dict) for one in stages):
        return [Problem('train_cfg.stages', 'stages are a list of dicts', value=stages)]
    faults = [
        fault
        for place, stage in enumerate(stages)
        for fault in stage_faults(stage, f'train_cfg.stages[{place}]')
    ]
    if not faults:
        try:
            read_stages(stages, train_cfg.get('only_stage'))
        except ValueError as error:
            faults.append(str(error))
    return [Problem('train_cfg', fault) for fault in faults]


def unknown_parts(model: nn.Module, stages: list[Stage]) -> Iterator[Problem]:
    """Parts that stages name and the model does not have."""
    for stage in stages:
        for setting in ('train', 'init_from'):
            for part in getattr(stage, setting):
                if part not in model.part_names:
                    allowed = ', '.join(model.part_names) or 'none'
                    yield Problem(
                        f'train_cfg.stages[{stage.number - 1}].{setting}',
                        f'{type(model).__name__} has no part {part!r} that can be trained',
                        f'{near(part, model.part_names)}allowed: {allowed}',
                    )


def never_trained(model: nn.Module, stages: list[Stage], cfg) -> Iterator[Problem]:
    """Parts that keep the random weights they were made with.

    A part that no stage trains is sound where it starts from a checkpoint (``load_from``, the
    model's ``…_checkpoint`` or a stage's ``init_from``). Otherwise it is an error if a later part
    is trained, on noise; parts behind all that is trained (restorer and estimator alone, of a model
    that will be calibrated by another config) are a warning.
    """
    if cfg.get('load_from') or (cfg.get('resume') and cfg['train_cfg'].get('only_stage')):
        return
    order = list(model.part_names)
    trained = {part for stage in stages for part in stage.train}
    given = trained | {part for stage in stages for part in stage.init_from}
    last = max(order.index(part) for part in trained)
    for place, part in enumerate(order):
        if part in given or starts_from_checkpoint(part, model):
            continue
        names = ', '.join(repr(stage.name) for stage in stages)
        yield Problem(
            'train_cfg.stages',
            f'no stage trains the part {part!r} of {type(model).__name__}, and no checkpoint fills '
            'it: it would stay random',
            f'Add {part!r} to train of one of {names}, give it a start by init_from, or name a '
            'checkpoint by load_from',
            severity='error' if place < last else 'warning',
        )


def starts_from_checkpoint(part: str, model: nn.Module) -> bool:
    """Whether one of the model's checkpoints fills a part.

    ``<part>_checkpoint`` fills it; ``clean_checkpoint`` fills every segmentor.
    """
    if getattr(model, f'{part}_checkpoint', None) is not None:
        return True
    segments = hasattr(getattr(model, part), 'decode_head')
    return segments and getattr(model, 'clean_checkpoint', None) is not None


def part_problems(cfg, model: nn.Module) -> list[Problem]:
    """What is wrong between the stages of a config and a built model.

    Args:
        cfg (Config): A complete config.
        model (nn.Module): Its model, without a wrapper for several processes.
    """
    if not is_staged(cfg) or setting_problems(cfg):
        return []
    if not isinstance(model, StagedModel):
        return [
            Problem(
                'model.type', 'has no stages',
                "train it with train_cfg.type='IterBasedTrainLoop', or inherit from "
                'mmdegrade.models.staged.StagedModel', type(model).__name__,
            )
        ]  # fmt: skip
    train_cfg = cfg['train_cfg']
    stages = read_stages(train_cfg['stages'], train_cfg.get('only_stage'))
    return list(unknown_parts(model, stages)) or list(never_trained(model, stages, cfg))
