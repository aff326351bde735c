"""What a preset is made of: kinds with the levels that a paper or benchmark published."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .parameters import Integer


@dataclass(frozen=True)
class Series:
    """One name of a preset: a kind and its levels from weak to strong.

    Args:
        kind: a name in `KINDS`.
        levels: parameter values of each degree.
        fixed: parameters that all degrees share.
    """

    kind: str
    levels: tuple[Mapping, ...]
    fixed: Mapping = field(default_factory=dict)

    def params(self, degree: int) -> dict:
        """Parameters of a degree, 1 to ``len(levels)``.

        Raises:
            TypeError, ValueError: not such a degree.
        """
        checked = Integer(1, len(self.levels)).check('degree', degree)
        return {**self.fixed, **self.levels[checked - 1]}


@dataclass(frozen=True)
class Preset:
    """Series by the names of their source.

    Args:
        source: paper or benchmark, and what we had to decide.
        series: name -> `Series`.
        held_out: names that the source keeps for validation (ImageNet-C's extra four).
    """

    source: str
    series: Mapping[str, Series]
    held_out: tuple[str, ...] = ()
