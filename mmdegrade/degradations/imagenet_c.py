"""The corruptions of ImageNet-C at their published severities, by their published names."""

from .degradation import steps
from .kinds import get_kind
from .series import Preset, Series


def _own(kind: str) -> Series:
    """A kind whose degrees are those of ImageNet-C."""
    return Series(kind, get_kind(kind).degrees)


IMAGENET_C = Preset(
    'Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and '
    'Perturbations", ICLR 2019; numbers as in imagecorruptions 1.1.2, which works on images of any '
    'size. The files of the kinds say where they differ; frost is drawn instead of photographed.',
    {
        'gaussian_noise': Series(
            'awgn', steps('sigma', 20.4, 30.6, 45.9, 66.3, 96.9), dict(clip=True)
        ),
        'shot_noise': Series('poisson', steps('peak', 60, 25, 12, 5, 3), dict(clip=True)),
        'impulse_noise': Series('saltpepper', steps('amount', 0.03, 0.06, 0.09, 0.17, 0.27)),
        'defocus_blur': _own('defocus'),
        'glass_blur': _own('glass'),
        'motion_blur': _own('mblur_gaussian'),
        'zoom_blur': _own('zoom'),
        'snow': _own('snow'),
        'frost': _own('frost'),
        'fog': _own('plasma_fog'),
        'brightness': _own('brightness'),
        'contrast': _own('contrast'),
        'elastic_transform': _own('elastic'),
        'pixelate': _own('pixelate'),
        'jpeg_compression': _own('jpeg'),
        'speckle_noise': Series(
            'speckle', steps('sigma', 0.15, 0.2, 0.35, 0.45, 0.6), dict(clip=True)
        ),
        'gaussian_blur': Series(
            'gblur',
            # The kernel reaches 4 sigma, as scipy's.
            tuple(dict(sigma=sigma, kernel_size=8 * sigma + 1) for sigma in (1, 2, 3, 4, 6)),
        ),
        'spatter': _own('spatter'),
        'saturate': _own('saturate'),
    },
    held_out=('speckle_noise', 'gaussian_blur', 'spatter', 'saturate'),
)
