"""Pixel dropout: cells of pixels go black. Random, so it takes a generator."""

import numpy as np

from mmdegrade.degradations import register_degradation
from mmdegrade.degradations.parameters import Integer, Real


@register_degradation(
    'pixel_dropout',
    parameters=dict(
        amount=Real(0, 1, doc='probability that a cell is lost'),
        cell=Integer(1, 64, unit='pixels', doc='side of a cell'),
    ),
    degrees=dict(amount=[0.05, 0.1, 0.2, 0.3, 0.4]),  # cell has a default
)
def pixel_dropout(img, amount, rng, cell=1):
    """Black out cells, all channels together; every number is drawn from ``rng``."""
    height, width = img.shape[:2]
    lost = rng.random((-(-height // cell), -(-width // cell))) < amount
    lost = np.kron(lost, np.ones((cell, cell), bool))[:height, :width]
    img[lost] = 0  # the image is a copy
    return img
