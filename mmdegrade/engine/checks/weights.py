"""Factors of losses that are zero: λ = 0.

A loss of factor 0 costs its time and trains nothing. Our losses refuse it when they are built, so
it is an error here. Where a factor of 0 is an ablation that works (a term of CBDNet, a head of
GoogLeNet, a loss of MMSegmentation's making), it is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real

from mmdegrade.models.losses import BlockLoss, RestorationLoss, SegmentationLoss

from ..hooks import EWCHook
from .names import our_class, registered
from .problem import Problem
from .walk import typed_parts


def refuses_zero(cls: type, name: str) -> bool:
    """Whether a part stops at a factor of zero."""
    refusing = issubclass(cls, (BlockLoss, RestorationLoss, SegmentationLoss))
    return name == 'adversarial_weight' or (refusing and name == 'loss_weight') or cls is EWCHook


def weight_problems(cfg) -> Iterator[Problem]:
    """Keys of our parts that end in ``weight`` and are zero."""
    known = registered()
    for key, part in typed_parts(cfg):
        cls = our_class(part['type'], known)
        for name, value in part.items() if cls is not None else ():
            number = isinstance(value, Real) and not isinstance(value, bool)
            if number and value == 0 and (name == 'weight' or name.endswith('_weight')):
                error = refuses_zero(cls, name)
                yield Problem(
                    f'{key}.{name}', f'{cls.__name__} trains nothing with a factor of 0',
                    'Give a positive one, or leave the part out' if error else 'It may be meant so',
                    value, 'error' if error else 'warning',
                )  # fmt: skip
