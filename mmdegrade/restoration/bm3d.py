"""BM3D, for white Gaussian noise of known level: like patches are stacked and filtered together.

Dabov, Foi, Katkovnik and Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE TIP 2007; colour images as CBM3D (patches are matched on the luminance). The
denoiser before the segmentor in the baselines of SDABN.

The arithmetic is that of the package ``bm3d`` of the method's authors. Its licence allows
non-commercial use only, so it is neither required nor installed with us; without it the method says
so when it is first used. `non_local_means` is the free stand-in.

Ours: one σ for all channels, the profile that the package uses by default.
"""

import importlib

import numpy as np

from mmdegrade.degradations.images import check_image, round_to_uint8
from mmdegrade.degradations.parameters import Real

from .method import Method

PARAMETERS = dict(
    sigma=Real(0, 255, unit='grey levels', doc='standard deviation of the noise; 0 does nothing'),
)


def _package():
    try:
        return importlib.import_module('bm3d')
    except ImportError as error:
        raise ImportError(
            'BM3D needs the package bm3d, which is licensed for non-commercial use only and is '
            'therefore no requirement of mmdegrade. If its terms suit you: pip install bm3d. Free '
            "instead: method='non_local_means', h of about 0.9 sigma"
        ) from error


def denoise_bm3d(img: np.ndarray, sigma: float) -> np.ndarray:
    """Denoise by BM3D.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; three channels are BGR, more or two go one by one.
        sigma: standard deviation of the noise in grey levels of 255 for every dtype, 0 to 255;
            0 returns a copy.

    Returns:
        A new array like ``img``; a float image is not clipped.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
        ImportError: the package is not installed: names its licence and the alternative.
    """
    img = check_image(img)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    if sigma == 0:
        return img.copy()
    package = _package()
    unit = img.astype(np.float64)
    if img.dtype == np.uint8:
        unit /= 255
    if img.ndim == 3 and img.shape[2] == 3:
        rgb = np.ascontiguousarray(unit[..., ::-1])
        out = np.asarray(package.bm3d_rgb(rgb, sigma / 255))[..., ::-1]
    else:
        planes = np.moveaxis(np.atleast_3d(unit), 2, 0)
        out = np.stack([package.bm3d(plane, sigma / 255) for plane in planes], 2).reshape(img.shape)
    if img.dtype == np.uint8:
        return round_to_uint8(np.ascontiguousarray(out * 255))
    return np.ascontiguousarray(out, dtype=img.dtype)


METHOD = Method(
    'bm3d',
    denoise_bm3d,
    PARAMETERS,
    undoes=('awgn',),
    source='Dabov et al., IEEE TIP 2007; package bm3d',
)
