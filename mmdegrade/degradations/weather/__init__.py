"""Weather: one file a kind, or a few that share their means."""

from . import haze

KINDS = (*haze.KINDS,)
