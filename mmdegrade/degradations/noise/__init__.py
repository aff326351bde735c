"""Noise: one file a kind, or a few that share their means."""

from . import camera, gaussian, impulse, low_light, poisson, salt_pepper, speckle, varying

KINDS = (
    *gaussian.KINDS,
    *varying.KINDS,
    *poisson.KINDS,
    *speckle.KINDS,
    *salt_pepper.KINDS,
    *impulse.KINDS,
    *low_light.KINDS,
    *camera.KINDS,
)
