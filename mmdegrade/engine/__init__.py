"""Runner, loops, hooks, optimizer construction and checks."""

from . import hooks, loops  # noqa: F401
from .optim import StrictOptimWrapperConstructor
from .runner import DegradeRunner
from .stage_log import StageLogProcessor
from .staged_parallel import StagedDistributedDataParallel

__all__ = [
    'DegradeRunner',
    'StageLogProcessor',
    'StagedDistributedDataParallel',
    'StrictOptimWrapperConstructor',
]
