"""Blur: one file a kind, or a few that share their means."""

from . import gaussian, motion

KINDS = (
    *gaussian.KINDS,
    *motion.KINDS,
)
