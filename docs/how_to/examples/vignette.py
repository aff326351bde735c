"""A vignette: the image darkens towards its corners. Deterministic, one parameter."""

import numpy as np

from mmdegrade.degradations import register_degradation
from mmdegrade.degradations.parameters import Real


@register_degradation(
    'vignette',
    parameters=dict(strength=Real(0, 1, doc='share of the light that the corners lose')),
    degrees=dict(strength=[0.2, 0.4, 0.6, 0.8, 1.0]),
)
def vignette(img, strength):
    """img × (1 − strength r²), r = 0 in the middle and 1 in the corners."""
    rows, columns = (np.linspace(-1, 1, size, dtype=img.dtype) for size in img.shape[:2])
    radius = (rows[:, None] ** 2 + columns[None] ** 2) / 2
    mask = 1 - strength * radius
    return img * (mask if img.ndim == 2 else mask[..., None])
