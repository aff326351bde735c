"""Networks and classical methods that turn a degraded image into a cleaner one."""

from .base import Restorer

__all__ = ['Restorer']
