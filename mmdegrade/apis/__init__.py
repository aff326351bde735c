"""What the command lines call."""

from .export import export_segmentor

__all__ = ['export_segmentor']
