"""Networks and classical methods that turn a degraded image into a cleaner one."""

from .base import Restorer
from .classical import ClassicalRestorer

__all__ = ['ClassicalRestorer', 'Restorer']
