"""JPEG compression.

Degrees 1-5 (quality 25, 18, 15, 10, 7) follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking
Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019;
``jpeg_compression``). Quality is that of libjpeg, colour is stored at half resolution (4:2:0), as
by Pillow.

Three channels are one colour image, whose order matters, as brightness is stored finer than
colour. Any other number of channels is stored as that many grey images.
"""

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image, round_to_uint8
from ..parameters import Choice, Integer

PARAMETERS = dict(
    quality=Integer(0, 100, doc='of libjpeg, 100 is best'),
    order=Choice(('bgr', 'rgb'), doc='of the three channels'),
)

# The largest side libjpeg accepts.
_MAX_SIDE = 65500


def _store(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Encode and decode (H, W) or (H, W, 3) BGR."""
    flag = cv2.IMREAD_GRAYSCALE if pixels.ndim == 2 else cv2.IMREAD_COLOR
    done, data = cv2.imencode('.jpg', pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    out = cv2.imdecode(data, flag) if done else None
    if out is None:
        raise ValueError(f'OpenCV cannot store an image of shape {pixels.shape} as JPEG')
    return out


def jpeg_compression(img: np.ndarray, quality: int, order: str = 'bgr') -> np.ndarray:
    """Store as JPEG and read back.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; float is clipped to [0, 1] and rounded to 256
            levels first.
        quality: 0 to 100.
        order: 'bgr' or 'rgb', for images of three channels.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter, a side above 65,500.
    """
    img = check_image(img)
    quality = PARAMETERS['quality'].check('quality', quality)
    order = PARAMETERS['order'].check('order', order)
    if max(img.shape[:2]) > _MAX_SIDE:
        raise ValueError(f'JPEG holds sides of up to {_MAX_SIDE} pixels, got shape {img.shape}')
    pixels = img if img.dtype == np.uint8 else round_to_uint8(img * 255)
    if img.ndim == 3 and img.shape[2] == 3:
        if order == 'rgb':
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        out = _store(pixels, quality)
        if order == 'rgb':
            out = cv2.cvtColor(out, cv2.COLOR_BGR2RGB)
    elif img.ndim == 2:
        out = _store(pixels, quality)
    else:
        planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
        out = np.stack([_store(plane, quality) for plane in planes], axis=-1)
    return out if img.dtype == np.uint8 else np.divide(out, 255, dtype=img.dtype)


KINDS = (
    Degradation(
        'jpeg',
        jpeg_compression,
        PARAMETERS,
        steps('quality', 25, 18, 15, 10, 7),
        source='ImageNet-C',
    ),
)
