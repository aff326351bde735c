"""Runner, hooks and checks."""

from . import hooks  # noqa: F401
from .runner import DegradeRunner

__all__ = ['DegradeRunner']
