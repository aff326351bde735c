"""What noise kinds that may leave the range share: the parameter ``clip`` and the last step."""

import cv2
import numpy as np

from ..parameters import Flag

CLIP = Flag(doc='None: True for uint8, False for float')


def clips(clip: bool | None, img: np.ndarray) -> bool:
    """Whether the result is kept in range: as asked, else for uint8 only."""
    return img.dtype == np.uint8 if clip is None else clip


def settle_clip(params: dict, img: np.ndarray, rng) -> dict:
    """Write whether this image will be clipped into the parameters."""
    params['clip'] = bool(clips(params['clip'], img))
    return params


def add_noise(img: np.ndarray, noise: np.ndarray, clip: bool) -> np.ndarray:
    """Sum of image and noise, rounded once.

    Args:
        img: uint8 or float.
        noise: float of ``img.size`` values, on the scale of ``img``; a float array of its dtype is
            overwritten.
        clip: keep the result in range.

    Returns:
        - uint8, clipped: uint8, rounded and saturated.
        - uint8, not clipped: float32 on [0, 1] and beyond.
        - float: the same dtype, clipped to [0, 1] only if asked.
    """
    if img.dtype == np.uint8 and clip:
        # Flat, because OpenCV reads some small arrays as scalars.
        out = cv2.add(img.reshape(1, -1), noise.reshape(1, -1), dtype=cv2.CV_8U)
        return out.reshape(img.shape)
    noise = noise.astype(np.float32 if img.dtype == np.uint8 else img.dtype, copy=False)
    noise += img.reshape(noise.shape)
    if img.dtype == np.uint8:
        noise *= np.float32(1 / 255)
    out = noise.reshape(img.shape)
    return np.clip(out, 0, 1, out=out) if clip else out
