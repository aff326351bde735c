"""Weather: one file a kind, or a few that share their means."""

from . import fog, frost, haze, plasma_fog, rain, snow, spatter

KINDS = (
    *haze.KINDS,
    *fog.KINDS,
    *rain.KINDS,
    *snow.KINDS,
    *frost.KINDS,
    *plasma_fog.KINDS,
    *spatter.KINDS,
)
