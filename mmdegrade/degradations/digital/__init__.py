"""What storage and processing do to an image: one file a kind, or a few that share their means."""

KINDS = ()
