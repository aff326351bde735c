"""Salt-and-pepper noise.

Each channel is hit by itself, as by MATLAB's ``imnoise`` and the code of FG-NIC (Pei et al.).
Degrees 1–5 (2–10 %) follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020.
"""

import functools

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real
from ..rng import as_generator
from .integer_noise import IntegerNoise, add_saturating

PARAMETERS = dict(
    amount=Real(0, 1, doc='share of values replaced, half by 0 and half by the maximum'),
)


def salt_and_pepper(img: np.ndarray, amount: float, rng) -> np.ndarray:
    """Set values to 0 with probability amount / 2 and to the maximum with amount / 2.

    With u ~ U(0, 1) for every value of every channel: u < amount/2 gives 0, u > 1 - amount/2 gives
    255 (uint8) or 1.0 (float), anything between leaves the value alone. The same ``rng`` hits the
    same places in every dtype.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        amount: share of values replaced, 0 to 1.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    amount = PARAMETERS['amount'].check('amount', amount)
    noise = _law(amount).draw(img.size, as_generator(rng))
    if img.dtype == np.uint8:
        return add_saturating(img, noise)
    noise = noise.reshape(img.shape)
    out = img.copy()
    out[noise < 0] = 0
    out[noise > 0] = 1
    return out


@functools.lru_cache(maxsize=32)
def _law(amount: float) -> IntegerNoise:
    """-255 (pepper) and 255 (salt) with amount / 2 each, else 0: added with saturation."""
    return IntegerNoise([-255, 0, 255], [amount / 2, 1 - amount, amount / 2])


KINDS = (
    Degradation(
        'saltpepper',
        salt_and_pepper,
        PARAMETERS,
        steps('amount', 0.02, 0.04, 0.06, 0.08, 0.10),
        source='DGN',
    ),
)
