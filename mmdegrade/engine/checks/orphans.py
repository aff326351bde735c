"""Parameters that want gradients and that no optimiser holds: they would never move."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.optim import build_optim_wrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS
from torch import nn

from mmdegrade.models.unwrapped import unwrapped

from ..loops.stage import Stage, read_stages
from .names import near
from .problem import Problem
from .stages import is_staged, setting_problems

_SHOWN = 5


def held(parts: nn.Module, cfg: dict) -> set[int]:
    """``id`` of every parameter that the optimiser of a config would hold."""
    # The wrapper itself may want CUDA (AmpOptimWrapper); its constructor does not.
    plain = {'type': 'OptimWrapper', 'optimizer': cfg.get('optimizer')}
    _require_registered(OPTIM_WRAPPER_CONSTRUCTORS, 'constructor', cfg.get('constructor'))
    _require_registered(OPTIMIZERS, 'optimizer.type', (cfg.get('optimizer') or {}).get('type'))
    plain.update({key: cfg[key] for key in ('constructor', 'paramwise_cfg') if key in cfg})
    optimizer = build_optim_wrapper(parts, plain).optimizer
    return {id(one) for group in optimizer.param_groups for one in group['params']}


def _require_registered(registry, key: str, kind) -> None:
    """Refuse a name that MMEngine would call ``None is not a callable object``."""
    if isinstance(kind, str) and registry.get(kind) is None:
        hint = near(kind, registry.module_dict)
        raise ValueError(f'{key}={kind!r}: nothing is registered by this name. {hint}'.strip())


def stage_held(model: nn.Module, stage: Stage, cfg: dict, key: str) -> tuple[set[int], list]:
    """What the optimisers of a stage hold, and what is wrong with them."""
    parts = {name: unwrapped(getattr(model, name)) for name in stage.train}
    if 'optimizer' in cfg or 'constructor' in cfg:
        return held(nn.ModuleDict(parts), cfg), []
    if set(cfg) - {'type'} != set(parts):
        wrong = f'has {sorted(cfg)}'
        mend = f"allowed: one with 'optimizer', or one for each of {sorted(parts)}"
        return set(), [Problem(key, wrong, mend)]
    return set().union(*(held(nn.ModuleDict({n: p}), cfg[n]) for n, p in parts.items())), []


def optimised(cfg, model: nn.Module) -> tuple[set[int], list[str], list[Problem]]:
    """What the optimisers of a config hold, whose parameters are meant, and what is wrong.

    Raises:
        KeyError, TypeError, ValueError: An optimiser cannot be built.
    """
    common = cfg.get('optim_wrapper')
    if not is_staged(cfg):
        return held(model, common), [''], []
    train_cfg = cfg['train_cfg']
    every, parts, problems = set(), [], []
    for stage in read_stages(train_cfg['stages'], train_cfg.get('only_stage')):
        key = f'train_cfg.stages[{stage.number - 1}].optim_wrapper'
        chosen = stage.optim_wrapper or common
        if not chosen:
            problems.append(Problem(key, 'no optimiser, here or at the top level', 'Set one'))
            continue
        found, wrong = stage_held(model, stage, chosen, key)
        every |= found
        problems += wrong
        parts += [f'{name}.' for name in stage.train]
    return every, parts, problems


def orphan_problems(cfg, model: nn.Module) -> Iterator[Problem]:
    """Parameters to be trained that no optimiser holds, and optimisers that cannot be built.

    In stages, those of parts that some stage trains.

    Args:
        cfg (Config): A complete config, whose stages fit the model.
        model (nn.Module): Its model, without a wrapper for several processes.
    """
    if not is_staged(cfg) and not _one_optimizer(cfg.get('optim_wrapper')):
        return
    if is_staged(cfg) and setting_problems(cfg):
        return
    try:
        every, parts, problems = optimised(cfg, model)
    except (KeyError, TypeError, ValueError) as error:
        yield Problem('optim_wrapper', str(error))
        return
    yield from problems
    if problems:
        return
    orphans = [
        name
        for name, parameter in _bare_names(model)
        if parameter.requires_grad
        and id(parameter) not in every
        and any(name.startswith(part) for part in parts)
    ]
    if orphans:
        some = ', '.join(orphans[:_SHOWN]) + (', …' if len(orphans) > _SHOWN else '')
        yield Problem(
            'optim_wrapper',
            f'no optimiser holds {len(orphans)} parameters that are to be trained: {some}',
            'Freeze them (requires_grad_(False)), or let optim_wrapper.constructor take them in',
        )


def _bare_names(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters by name, without the wrappers that sit on parts."""
    for name, child in model.named_children():
        yield from unwrapped(child).named_parameters(prefix=name)
    yield from model.named_parameters(recurse=False)


def _one_optimizer(cfg) -> bool:
    """Whether this is the config of an optimiser that MMEngine builds from the whole model."""
    return bool(cfg) and isinstance(cfg, dict) and ('optimizer' in cfg or 'constructor' in cfg)
