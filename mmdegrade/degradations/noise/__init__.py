"""Noise: one file a kind, or a few that share their means."""

from . import gaussian, salt_pepper

KINDS = (
    *gaussian.KINDS,
    *salt_pepper.KINDS,
)
