"""Wiener deconvolution: undo a known blur at once, in the Fourier domain.

N. Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949, in the
parametric form of textbooks (Gonzalez and Woods, "Digital Image Processing", section 5.8):
X = conj(H) / (|H|^2 + K) Y with one noise-to-signal ratio K for all frequencies.

Decisions: the signal is what deviates from the mean, which is kept (the formula as it stands would
darken the image by K). Where |H|^2 + K is 0 the frequency is set to 0.

Borders: the image is mirrored to its whole period (2 H - 2, 2 W - 2), which is smooth, so that
nothing needs tapering. Our blurs mirror as well, so for weights that are mirror images of
themselves (a Gaussian, a disk) the mirrored blurred image is the blurred mirrored image, exactly.
For others (a slanted line) it is not, which would ring from the border inwards; there the outside
is replaced, twice, by the mirrored result blurred again.
"""

import functools

import cv2
import numpy as np

from mmdegrade.degradations.images import check_image, like
from mmdegrade.degradations.parameters import Real
from mmdegrade.degradations.weather.scattering import working_dtype

from .method import Method
from .parameters import PointSpread

PARAMETERS = dict(
    psf=PointSpread(doc='what a point became'),
    noise=Real(0, 1000, doc='noise-to-signal ratio K, of powers'),
)

_CORRECTIONS = 2


def transfer_function(psf: np.ndarray, period: tuple[int, int]) -> np.ndarray:
    """Fourier transform (`numpy.fft.rfft2`) of a point spread function on a periodic grid.

    Weights beyond the period are wrapped into it.
    """
    rows, columns = psf.shape
    grid = np.zeros(period)
    y = (np.arange(rows) - rows // 2) % period[0]
    x = (np.arange(columns) - columns // 2) % period[1]
    np.add.at(grid, np.ix_(y, x), psf)
    return np.fft.rfft2(grid)


def wiener_deconvolution(img: np.ndarray, psf, noise: float = 0.003) -> np.ndarray:
    """Deconvolve by the parametric Wiener filter.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        psf: (rows, columns) of weights 0 or more, both odd, of any sum; or a blur such as
            ``dict(kind='gblur', sigma=3)``.
        noise: K, 0 to 1000: power of the noise over power of the signal. Smaller is sharper and
            noisier. The default is for blur rounded to 8 bits.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once, float is not
        clipped.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    psf = PARAMETERS['psf'].check('psf', psf)
    noise = PARAMETERS['noise'].check('noise', noise)
    period = tuple(max(1, 2 * side - 2) for side in img.shape[:2])
    dtype = working_dtype(img)
    undo, redo = _filters(psf.tobytes(), psf.shape, noise, period, dtype)
    height, width = img.shape[:2]
    out = np.empty((height, width, img.size // (height * width)), dtype)
    for channel, plane in enumerate(np.moveaxis(img.reshape(out.shape), 2, 0)):
        plane = plane.astype(dtype)
        result = _filter(_mirror(plane), undo)[:height, :width]
        for _ in range(_CORRECTIONS if redo is not None else 0):
            outside = _filter(_mirror(result), redo)
            outside[:height, :width] = plane
            result = _filter(outside, undo)[:height, :width]
        out[..., channel] = result
    return like(out, img, negative=True)


# Cached, because images of a data set share their size, and often their blur.
@functools.lru_cache(maxsize=2)
def _filters(weights: bytes, shape, noise: float, period, dtype):
    """What undoes the blur, and the blur itself where corrections need it, for `_filter`."""
    psf = np.frombuffer(weights).reshape(shape)
    transfer = transfer_function(psf, period)
    power = transfer.real**2 + transfer.imag**2 + noise
    gain = np.divide(transfer.conj(), power, out=np.zeros_like(transfer), where=power > 0)
    gain[0, 0] = 1
    redo = None if _is_mirrored(psf) else _packed(transfer, period, dtype)
    return _packed(gain, period, dtype), redo


def _is_mirrored(psf: np.ndarray) -> bool:
    """Whether the weights are their own mirror images, both ways."""
    return all(np.allclose(psf, turned, rtol=0, atol=1e-12) for turned in (psf[::-1], psf[:, ::-1]))


def _mirror(plane: np.ndarray) -> np.ndarray:
    """(H, W) to one period of its mirrored continuation."""
    below, right = (max(0, side - 2) for side in plane.shape)
    return cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REFLECT_101)


def _packed(spectrum: np.ndarray, period: tuple[int, int], dtype) -> np.ndarray:
    """A spectrum of `numpy.fft.rfft2` in the real layout of OpenCV, several times as fast."""
    return cv2.dft(np.fft.irfft2(spectrum, s=period).astype(dtype))


def _filter(plane: np.ndarray, packed: np.ndarray) -> np.ndarray:
    product = cv2.mulSpectrums(cv2.dft(plane), packed, 0)
    return cv2.idft(product, flags=cv2.DFT_SCALE)


METHOD = Method(
    'wiener',
    wiener_deconvolution,
    PARAMETERS,
    undoes=('gblur', 'mblur', 'mblur_gaussian', 'defocus'),
    source='Wiener 1949; Gonzalez and Woods',
)
