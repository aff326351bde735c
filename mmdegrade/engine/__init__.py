"""Runner, hooks, optimizer construction and checks."""

from . import hooks  # noqa: F401
from .optim import StrictOptimWrapperConstructor
from .runner import DegradeRunner

__all__ = ['DegradeRunner', 'StrictOptimWrapperConstructor']
