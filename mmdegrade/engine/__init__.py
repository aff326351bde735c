"""Runner, loops, hooks, optimizer construction and checks."""

from . import hooks, loops  # noqa: F401
from .optim import StrictOptimWrapperConstructor
from .runner import DegradeRunner

__all__ = ['DegradeRunner', 'StrictOptimWrapperConstructor']
