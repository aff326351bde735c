"""What fog, haze and rain share: y = t x + (1 - t) A, with t = exp(-beta * distance).

Koschmieder (1924), in the form of Narasimhan and Nayar, "Vision and the Atmosphere", IJCV 2002.
"""

import cv2
import numpy as np


def working_dtype(img: np.ndarray):
    """Float64 for float64 images, else float32."""
    return np.float64 if img.dtype == np.float64 else np.float32


def transmission(distance: np.ndarray, beta: float, out: np.ndarray) -> np.ndarray:
    """exp(-beta * distance), 0 where the distance is infinite, written to ``out`` (float)."""
    np.multiply(distance, out.dtype.type(-beta), out=out, casting='same_kind')
    return np.exp(out, out=out)


def airlight_of_channels(airlight, img: np.ndarray) -> list[float]:
    """One number for each channel, from one number for all or from a list of the right length.

    Raises:
        ValueError: the list has another length than the image has channels.
    """
    channels = 1 if img.ndim == 2 else img.shape[2]
    if not isinstance(airlight, list):
        return [airlight] * channels
    if len(airlight) != channels:
        raise ValueError(
            f'airlight must be one number or one for each of {channels} channels, got {airlight}'
        )
    return airlight


def strips(shape: tuple[int, ...], values: int = 65536) -> list[slice]:
    """Slices of rows that cut an image into parts small enough for the processor's cache."""
    rows = max(1, values // (int(np.prod(shape[1:])) or 1))
    return [slice(top, min(top + rows, shape[0])) for top in range(0, shape[0], rows)]


def spread(plane: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Copy (H, W) to every channel of ``out``, (H, W) or (H, W, C); several times NumPy's speed."""
    channels = 1 if out.ndim == 2 else out.shape[2]
    if 1 < channels <= 4:
        return cv2.merge([plane] * channels, dst=out)
    out.reshape(*plane.shape, channels)[:] = plane[..., None]
    return out


class Blender:
    """t x + (1 - t) A by strips of rows, in buffers that all strips of an image share.

    Strip by strip and in place, because the first touch of fresh memory costs more than the
    arithmetic.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        airlight: on [0, 1], one number for each channel.
    """

    def __init__(self, img: np.ndarray, airlight: list[float]):
        self.dtype = working_dtype(img)
        self.strips = strips(img.shape)
        self.depth = cv2.CV_64F if self.dtype is np.float64 else cv2.CV_32F
        self.img = img
        largest = img[self.strips[0]]
        self.plane = np.empty(largest.shape[:2], self.dtype)
        self.wide = np.empty(largest.shape, self.dtype)
        self.direct = np.empty((1, largest.size), self.dtype)
        white = 255 if img.dtype == np.uint8 else 1
        self.light = np.tile(np.array(airlight, self.dtype) * self.dtype(white), img.shape[1])

    def strip(self, rows: slice, t: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Blend some rows.

        Args:
            rows: one of ``self.strips``.
            t: their transmission, (rows, W).
            out: (1, values) of the image's dtype to write to; None is a shared buffer of floats,
                good until the next call, on 0-255 for a uint8 image.
        """
        img = self.img[rows]
        wide = spread(t, self.wide[: len(img)])
        # Flat, because OpenCV reads some small arrays as scalars.
        direct = self.direct[:, : img.size]
        cv2.multiply(img.reshape(1, -1), wide.reshape(1, -1), dst=direct, dtype=self.depth)
        veil = wide.reshape(len(img), -1)
        np.subtract(1, veil, out=veil)
        veil *= self.light
        depth = cv2.CV_8U if out is not None and out.dtype == np.uint8 else self.depth
        return cv2.add(direct, wide.reshape(1, -1), dst=direct if out is None else out, dtype=depth)


def blend(img: np.ndarray, write_transmission, airlight: list[float]) -> np.ndarray:
    """t x + (1 - t) A over a whole image.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        write_transmission: function ``(rows, out)`` that writes the t of a slice of rows to
            ``out`` and returns it, or returns other memory.
        airlight: on [0, 1], one number for each channel.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.
    """
    out = np.empty_like(img)
    blender = Blender(img, airlight)
    for rows in blender.strips:
        t = write_transmission(rows, blender.plane[: rows.stop - rows.start])
        blender.strip(rows, t, out[rows].reshape(1, -1))
    return out
