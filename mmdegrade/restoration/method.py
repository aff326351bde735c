"""What a method of restoration is: a function, its parameters, what it undoes."""

from collections.abc import Callable
from dataclasses import dataclass

from mmdegrade.degradations.checked_function import CheckedFunction


@dataclass(frozen=True)
class Method(CheckedFunction):
    """One method of restoration.

    Args:
        name: what a config writes.
        function: ``function(img, <parameters>)``, usable by itself; default values are read from
            its signature.
        parameters: parameter name -> checker, all of them.
        undoes: kinds of degradation that it is made for.
        source: where it comes from.
        reach: ``reach(values)``, of what `resolve` returns, is by how many pixels, along either
            axis, a result depends on the image at most; None if on all of it.

    Raises:
        ValueError: function and parameters do not fit together.
    """

    undoes: tuple[str, ...]
    source: str
    reach: Callable[[dict], int] | None = None

    def resolve(self, **params) -> dict:
        """Check what can be checked without an image, and fill in defaults.

        Returns:
            Every parameter of the method; a point spread function as an array.

        Raises:
            TypeError, ValueError: unknown parameter (with the closest name), one that is missing,
                or a value out of range.
        """
        self._refuse_unknown(params)
        return self._checked(params, {})
