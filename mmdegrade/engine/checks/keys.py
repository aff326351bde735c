"""Keys of our parts that do not exist, and types that nothing is: spelling, mostly."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop
from torch.utils.data import Sampler

from .names import accepted, bare, is_ours, near, our_class, registered
from .problem import Problem
from .walk import typed_parts

#: What a builder takes out of a config before the class sees it.
_BUILDERS = ((Hook, ('priority',)), (OptimWrapper, ('constructor', 'paramwise_cfg')))
#: What a builder gives itself, so that no config may.
_GIVEN = ((BaseLoop, ('runner', 'dataloader', 'evaluator')), (Sampler, ('dataset',)))
_ALWAYS = ('type', '_scope_', '_delete_')
#: (class, key) → what to do instead of what the spelling suggests.
_ELSEWHERE = {
    ('StagedTrainLoop', key): f'each stage has its own: train_cfg.stages[…].{stage_key}'
    for key, stage_key in (
        ('val_interval', 'val_interval'), ('val_begin', 'val_interval'), ('max_iters', 'iters'),
        ('dynamic_intervals', 'val_interval'),
    )
}  # fmt: skip
#: How like one of our types an unknown one must be to be taken for it, and how like any other.
_LIKE_OURS, _LIKE = 0.8, 0.9


def allowed_keys(cls: type) -> tuple[list[str], bool]:
    """Keys that a config may give a class, and whether it may give any others."""
    names, any_other = accepted(cls)
    for base, more in _BUILDERS:
        if issubclass(cls, base):
            names = (*names, *more)
    for base, given in _GIVEN:
        if issubclass(cls, base):
            names = [name for name in names if name not in given]
    return list(names), any_other


def unknown_keys(key: str, part: dict, cls: type) -> Iterator[Problem]:
    """Keys of a part that its class does not take."""
    names, any_other = allowed_keys(cls)
    if any_other:
        return
    for name, value in part.items():
        if name in names or name in _ALWAYS:
            continue
        mend = _ELSEWHERE.get((cls.__name__, name))
        if mend is None:
            allowed = ', '.join(names) or 'none'
            mend = f'{near(name, names)}allowed: {allowed}'
        yield Problem(f'{key}.{name}', f'{cls.__name__} has no such key', mend, value)


def key_problems(cfg) -> list[Problem]:
    """Unknown keys of our parts, and unknown types that are nearly known ones."""
    known = registered()
    problems, unknown = [], []
    for key, part in typed_parts(cfg):
        cls = our_class(part['type'], known)
        if cls is not None:
            problems += unknown_keys(key, part, cls)
        elif isinstance(part['type'], str) and bare(part['type']) not in known:
            unknown.append((key, part['type']))
    if unknown:
        problems += _unknown_types(unknown, cfg.get('default_scope') or 'mmseg')
    return problems


def _unknown_types(unknown: list[tuple[str, str]], scope: str) -> Iterator[Problem]:
    _register_late(scope)
    known = registered()
    ours = [name for name, items in known.items() if any(map(is_ours, items))]
    for key, kind in unknown:
        hint = near(bare(kind), ours, _LIKE_OURS) or near(bare(kind), known, _LIKE)
        if bare(kind) not in known and hint:
            yield Problem(f'{key}.type', 'nothing is registered by this name', hint.strip(), kind)


def _register_late(scope: str) -> None:
    """Let the package of a scope register what it registers on first use only."""
    for package in dict.fromkeys(['mmseg', scope]):
        if importlib.util.find_spec(package) is not None:
            utils = importlib.import_module(f'{package}.utils')
            if hasattr(utils, 'register_all_modules'):
                utils.register_all_modules(init_default_scope=False)
