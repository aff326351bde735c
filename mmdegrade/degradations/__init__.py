"""Degradations of images as plain NumPy/OpenCV functions. No torch: usable on their own.

    from mmdegrade.degradations import degrade, keyed_rng

    blurred = degrade(img, 'gblur', degree=3)
    noisy, params = degrade(img, 'awgn', sigma=25, rng=keyed_rng(seed, path), return_params=True)

An image is (H, W) or (H, W, C), uint8 on 0-255 or float32/float64 on [0, 1]; channel order does
not matter. The result is a new array of the same kind; the input is never written to. Float images
are not clipped unless asked.

==========  =========================================  =====================  ====================
kind        parameters (default)                       degrees 1-5            source
==========  =========================================  =====================  ====================
gblur       sigma px, kernel_size (2*ceil(3*sigma)+1)  sigma 1 2 3 4 5        DGN
mblur       length px, angle degrees (45; 'random')    length 5 10 15 20 25   DGN; angle ours
saltpepper  amount, share of values                    .02 .04 .06 .08 .10    DGN
haze        beta, depth (ramp), airlight (1)           beta 1.5 2 2.5 3 3.5   DGN; depth, light ours
awgn        sigma grey levels, clip (by dtype)         sigma 10 20 30 40 50   range of SDABN
==========  =========================================  =====================  ====================

DGN: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020. SDABN:
segmentation-denoising alternate boosting, published at sigma 10, 25, 30 and 50. Where a paper
leaves something open, the file of the function says what we chose.
"""

from .apply import degrade, resolve_params, settle_params
from .blur.gaussian import gaussian_blur
from .blur.motion import motion_blur, motion_kernel
from .degradation import Degradation, steps
from .kinds import KINDS, register
from .noise.gaussian import gaussian_noise
from .noise.salt_pepper import salt_and_pepper
from .presets import PRESETS, get_series
from .request import Request
from .rng import as_generator, keyed_rng
from .weather.depth import depth_ramp, relative_depth
from .weather.haze import haze

__all__ = [
    'KINDS',
    'PRESETS',
    'Degradation',
    'Request',
    'as_generator',
    'degrade',
    'depth_ramp',
    'gaussian_blur',
    'gaussian_noise',
    'get_series',
    'haze',
    'keyed_rng',
    'motion_blur',
    'motion_kernel',
    'register',
    'relative_depth',
    'resolve_params',
    'salt_and_pepper',
    'settle_params',
    'steps',
]
