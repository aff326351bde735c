"""Blur: one file a kind, or a few that share their means."""

from . import defocus, gaussian, glass, motion, motion_gaussian, zoom

KINDS = (
    *gaussian.KINDS,
    *motion.KINDS,
    *motion_gaussian.KINDS,
    *defocus.KINDS,
    *glass.KINDS,
    *zoom.KINDS,
)
