"""Glass blur: blurred, pixels scattered over a few pixels as by frosted glass, blurred again.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``glass_blur``).

What the published code does, and so does this: it visits pixels from the bottom right to the top
left, leaving a frame of ``max_delta`` pixels (one more at the top and left), and draws for each an
offset of -max_delta ... max_delta - 1 in either direction. It means to swap the two pixels, but in
NumPy that statement copies: pixel p takes the colour that is then at p + offset. As pixels further
down or right have been visited before, their own offset adds to it. Hence displacements reach
beyond ``max_delta``, and each iteration moves the image to the bottom right, on average by 0.5
pixel at ``max_delta`` 1 and by 0.9 at 4.

Means: all offsets are drawn at once and chains of visited pixels are followed for the whole image
together: exactly the result of the loop, without the loop.

Deviations: no rounding before the end, where the published code cuts the first blur to whole grey
levels. Borders of the blurs are mirrored (reflect 101), published: repeated.
"""

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import check_image, like
from ..parameters import Integer, Real
from ..rng import as_generator

PARAMETERS = dict(
    sigma=Real(0, 20, unit='pixels', doc='of both blurs; 0: none'),
    max_delta=Integer(0, 50, unit='pixels', doc='largest single offset; 0: nothing is scattered'),
    iterations=Integer(0, 20, doc='how often pixels are scattered'),
)


def _smooth(img: np.ndarray, sigma: float, out: np.ndarray | None = None) -> np.ndarray:
    """Gaussian up to 4 sigma, as scikit-image's; uint8 becomes float32.

    Args:
        img: (H, W) or (H, W, C).
        sigma: pixels.
        out: memory for the result, as fresh memory takes longer to touch; None: fresh.
    """
    depth = cv2.CV_64F if img.dtype == np.float64 else cv2.CV_32F
    reach = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    taps /= taps.sum()
    return cv2.sepFilter2D(img, depth, taps, taps, dst=out, borderType=cv2.BORDER_REFLECT_101)


def _draw(table: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size,) int32, each entry of ``table`` with the same probability."""
    n = len(table)
    if n > 256:
        return table.take(rng.integers(0, n, size, dtype=np.uint16))
    # Bytes of the raw stream; those past the last multiple of n are drawn again.
    table = np.resize(table, 256 // n * n)
    raw = _bytes(size, rng)
    again = np.flatnonzero(raw >= len(table)) if len(table) < 256 else np.empty(0, int)
    while again.size:
        fresh = _bytes(again.size, rng)
        raw[again] = fresh
        again = again[fresh >= len(table)]
    return cv2.LUT(raw, np.resize(table, 256)).reshape(-1)


def _bytes(size: int, rng: np.random.Generator) -> np.ndarray:
    raw = rng.integers(0, 2**64 - 1, (size + 7) // 8, dtype=np.uint64, endpoint=True)
    return raw.astype('<u8', copy=False).view(np.uint8)[:size]


def scatter(height: int, width: int, max_delta: int, rng) -> np.ndarray:
    """One iteration of the published loop.

    Args:
        height, width: of the image.
        max_delta: 0 to 50.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        (height * width,) integers: the pixel, in raster order, from which each takes its colour.
    """
    rng = as_generator(rng)
    rows, columns = height - 2 * max_delta, width - 2 * max_delta
    if max_delta == 0 or rows <= 0 or columns <= 0:
        return np.arange(height * width)
    offsets = np.arange(-max_delta, max_delta, dtype=np.int32)
    offsets = (offsets[:, None] * width + offsets).ravel()
    own = np.arange(height * width, dtype=np.int32)
    source = own.copy().reshape(height, width)
    inside = source[max_delta + 1 : height - max_delta + 1, max_delta + 1 : width - max_delta + 1]
    inside += _draw(offsets, rows * columns, rng).reshape(rows, columns)
    # Later in raster order means visited before, or in the frame, which is its own source. Where a
    # pixel's source was visited before, what it takes is what that one took, and so on.
    source = source.ravel()
    chained = np.flatnonzero(source > own)
    source = source.astype(np.intp)
    at = source.take(chained)
    end = source.take(at)
    left = np.flatnonzero(end > at)
    at = end.take(left)
    while left.size:
        on = source.take(at)
        end[left] = on
        more = np.flatnonzero(on > at)
        left, at = left.take(more), on.take(more)
    source[chained] = end
    return source


def glass_blur(
    img: np.ndarray, sigma: float, max_delta: int, iterations: int, rng=None
) -> np.ndarray:
    """Blur, scatter pixels locally, blur.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; channels move together.
        sigma: standard deviation of both Gaussian blurs in pixels, 0 to 20.
        max_delta: largest offset, 0 to 50 pixels. Images of up to ``2 * max_delta`` pixels along a
            side are not scattered.
        iterations: 0 to 20.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once. With ``sigma`` 0
        and ``max_delta`` or ``iterations`` 0 a copy.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    max_delta = PARAMETERS['max_delta'].check('max_delta', max_delta)
    iterations = PARAMETERS['iterations'].check('iterations', iterations)
    rng = as_generator(rng)
    height, width = img.shape[:2]
    smooth = _smooth(img, sigma)
    if not (max_delta and iterations):
        return like(_smooth(smooth, sigma), img)
    source = scatter(height, width, max_delta, rng)
    for _ in range(iterations - 1):
        source = source.take(scatter(height, width, max_delta, rng))
    scattered = smooth.reshape(height * width, -1).take(source, axis=0).reshape(smooth.shape)
    return like(_smooth(scattered, sigma, out=smooth), img)


KINDS = (
    Degradation(
        'glass',
        glass_blur,
        PARAMETERS,
        tuple(
            dict(sigma=sigma, max_delta=max_delta, iterations=iterations)
            for sigma, max_delta, iterations in (
                (0.7, 1, 2),
                (0.9, 2, 1),
                (1, 2, 3),
                (1.1, 3, 2),
                (1.5, 4, 2),
            )
        ),
        source='ImageNet-C',
    ),
)
