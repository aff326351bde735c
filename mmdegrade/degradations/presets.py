"""Named sets of kinds and levels, as papers and benchmarks published them.

    degrade(img, 'gaussian_noise', degree=3, preset='imagenet-c')
    degrade(img, 'rain', degree=2, preset='ubcn')          # 150 mm/hr

A preset gives its own names (ImageNet-C says ``gaussian_noise``, we say ``awgn``) and its own
number of degrees: four noise levels in SDABN, three in D2SM, five elsewhere. Degree 0, the clean
image, is never listed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .degradation import steps
from .imagenet_c import IMAGENET_C
from .kinds import get_kind
from .parameters import suggest
from .series import Preset, Series

_AWGN_SDABN = Series('awgn', steps('sigma', 10, 25, 30, 50), dict(clip=False))

_presets: dict[str, Preset] = {
    'dgn': Preset(
        'Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020. '
        'The 13-tap kernel is that of code by an author of the paper; it cuts sigma 4 and 5 off '
        '(the kind without preset fits the kernel to sigma).',
        {
            'gblur': Series('gblur', steps('sigma', 1, 2, 3, 4, 5), dict(kernel_size=13)),
            'mblur': Series('mblur', steps('length', 5, 10, 15, 20, 25)),
            'saltpepper': Series('saltpepper', steps('amount', 0.02, 0.04, 0.06, 0.08, 0.10)),
            'haze': Series('haze', steps('beta', 1.5, 2.0, 2.5, 3.0, 3.5)),
        },
    ),
    'sdabn': Preset(
        'SDABN (segmentation-denoising alternate boosting): float noise, not clipped; Poisson '
        'noise whose mean is the pixel on 0-255.',
        {'awgn': _AWGN_SDABN, 'poisson': Series('poisson', steps('peak', 255), dict(clip=False))},
    ),
    'd2sm': Preset(
        'D2SM: float noise, not clipped, tested at 25, 35 and 50. For training sigma is drawn for '
        'each image: Degrade(kind="awgn", sigma=dict(low=0, high=75), clip=False).',
        {'awgn': Series('awgn', steps('sigma', 25, 35, 50), dict(clip=False))},
    ),
    'fidelity': Preset(
        'Fidelity calibration and FG-NIC: levels 0.1-0.5 on [0, 1], clipped; varying over the '
        'image from 0.5 to 0; a 13-tap Gaussian kernel.',
        {
            'awgn': Series('awgn', steps('sigma', 25.5, 51, 76.5, 102, 127.5), dict(clip=True)),
            'awgn_1d': Series('awgn_1d', steps('sigma', 127.5), dict(clip=True)),
            'awgn_2d': Series('awgn_2d', steps('sigma', 127.5), dict(clip=True)),
            'gblur': Series('gblur', steps('sigma', 1, 2, 3, 4, 5), dict(kernel_size=13)),
        },
    ),
    'ubcn': Preset(
        'UBCN and its degradation matrix. The fog levels are printed as "0, 0.05, 0.01, 0.03": '
        '0.05 is taken for 0.005, which keeps them in order.',
        {
            'rain': Series('rain', steps('intensity', 50, 150, 250)),
            'pepper': Series('pepper', steps('amount', 0.3, 0.5, 0.7)),
            'fog': Series('fog', steps('beta', 0.005, 0.01, 0.03)),
            'awgn': Series('awgn', steps('sigma', 30, 50, 70), dict(clip=True)),
        },
    ),
    'imagenet-c': IMAGENET_C,
}
# A live, read-only view.
PRESETS: Mapping[str, Preset] = MappingProxyType(_presets)


def register_preset(name: str, preset: Preset) -> None:
    """Add a preset of a user's own.

    Raises:
        TypeError, ValueError: the name is taken, or a level is not one of its kind.
    """
    if name in _presets:
        raise ValueError(f'a preset named {name!r} is registered already')
    for series in preset.series.values():
        for degree in range(1, len(series.levels) + 1):
            get_kind(series.kind).resolve(**series.params(degree))
    _presets[name] = preset


def get_preset(name: str) -> Preset:
    """Look a preset up by name.

    Raises:
        ValueError: unknown, naming the closest one and all there are.
    """
    if not isinstance(name, str) or name not in _presets:
        raise ValueError(
            f'unknown preset {name!r}.{suggest(name, _presets)} Presets are: {", ".join(_presets)}'
        )
    return _presets[name]


def get_series(name: str, preset: str | None = None) -> Series:
    """The levels meant by a name: those of a preset, or without one those of the kind itself.

    Raises:
        ValueError: unknown preset, or a name that it does not have.
    """
    if preset is None:
        return Series(name, get_kind(name).degrees)
    series = get_preset(preset).series
    if not isinstance(name, str) or name not in series:
        raise ValueError(
            f'preset {preset!r} has no {name!r}.{suggest(name, series)} It has: {", ".join(series)}'
        )
    return series[name]
