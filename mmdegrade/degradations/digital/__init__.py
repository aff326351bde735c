"""What storage and processing do to an image: one file a kind, or a few that share their means."""

from . import crop, elastic, jpeg, pixelate, tone

KINDS = (
    *tone.KINDS,
    *pixelate.KINDS,
    *jpeg.KINDS,
    *crop.KINDS,
    *elastic.KINDS,
)
