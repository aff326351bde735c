"""Degradations of tensors, on whatever device they lie: the kinds that suit it.

`mmdegrade.degradations` is the reference; what is here follows it, kind by kind. A
deterministic kind gives the same image within one grey level; noise follows the same law from
other random numbers (torch's, seeded for each sample, and so different on CPU and GPU).

Drawing stays in the pipeline (``Degrade(on_device=True)``): sizes, angles and levels are those
that the pipeline would have used.
"""

from .apply import DEVICE_KINDS, degrade_on_device

__all__ = ['DEVICE_KINDS', 'degrade_on_device']
