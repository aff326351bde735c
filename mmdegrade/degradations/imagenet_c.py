"""The corruptions of ImageNet-C at their published severities."""

from .degradation import steps
from .series import Preset, Series

IMAGENET_C = Preset(
    'Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and '
    'Perturbations", ICLR 2019; numbers as in imagecorruptions 1.1.2.',
    {
        'gaussian_noise': Series(
            'awgn',
            steps('sigma', 20.4, 30.6, 45.9, 66.3, 96.9),
            dict(clip=True),
        ),
    },
)
