"""Loops."""

from .degradation_test_loop import DegradationTestLoop

__all__ = ['DegradationTestLoop']
