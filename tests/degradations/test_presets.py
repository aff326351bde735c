"""Published levels under the names of their sources."""

import numpy as np
import pytest

from mmdegrade.degradations import KINDS, PRESETS, degrade, get_series, resolve_params

PUBLISHED = {
    'dgn': {
        'gblur': ('sigma', [1, 2, 3, 4, 5]),
        'mblur': ('length', [5, 10, 15, 20, 25]),
        'saltpepper': ('amount', [0.02, 0.04, 0.06, 0.08, 0.10]),
        'haze': ('beta', [1.5, 2.0, 2.5, 3.0, 3.5]),
    },
    'sdabn': {'awgn': ('sigma', [10, 25, 30, 50]), 'poisson': ('peak', [255])},
    'd2sm': {'awgn': ('sigma', [25, 35, 50])},
    'fidelity': {'awgn': ('sigma', [255 * level for level in (0.1, 0.2, 0.3, 0.4, 0.5)])},
    'ubcn': {
        'rain': ('intensity', [50, 150, 250]),
        'pepper': ('amount', [0.3, 0.5, 0.7]),
        'fog': ('beta', [0.005, 0.01, 0.03]),
        'awgn': ('sigma', [30, 50, 70]),
    },
}
EVERY = [(preset, name) for preset in PRESETS for name in PRESETS[preset].series]


@pytest.mark.parametrize('preset', PUBLISHED)
def test_published_numbers(preset):
    for name, (parameter, values) in PUBLISHED[preset].items():
        levels = [
            resolve_params(name, degree, preset)[parameter]
            for degree in range(1, len(get_series(name, preset).levels) + 1)
        ]
        assert levels == pytest.approx(values)


@pytest.mark.parametrize(('preset', 'name'), EVERY)
def test_every_level_is_valid(preset, name):
    series = get_series(name, preset)
    for degree in range(1, len(series.levels) + 1):
        assert resolve_params(name, degree, preset) == KINDS[series.kind].resolve(
            **series.params(degree)
        )


@pytest.mark.parametrize('preset', ['sdabn', 'd2sm'])
def test_denoising_papers_do_not_clip(preset):
    out = degrade(np.full((64, 64, 3), 250, np.uint8), 'awgn', 1, rng=0, preset=preset)
    assert out.dtype == np.float32 and out.max() > 1


def test_a_preset_is_its_kind_with_its_parameters():
    img = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    got, params = degrade(img, 'gaussian_noise', 2, 7, return_params=True, preset='imagenet-c')
    assert np.array_equal(got, degrade(img, 'awgn', sigma=30.6, clip=True, rng=7))
    assert params == {'sigma': 30.6, 'clip': True}
    stronger = degrade(img, 'awgn', 1, 7, preset='fidelity', sigma=90)
    assert np.array_equal(stronger, degrade(img, 'awgn', sigma=90, rng=7))


@pytest.mark.parametrize(
    ('args', 'error', 'words'),
    [
        (('awgn', 1, 'imagenet_c'), ValueError, "unknown preset 'imagenet_c'. Did you mean 'image"),
        (('fogg', 1, 'ubcn'), ValueError, "preset 'ubcn' has no 'fogg'. Did you mean 'fog'"),
        (('awgn', 4, 'd2sm'), ValueError, 'degree must be an integer 1 to 3, got 4'),
        (('awgn', 1.0, 'd2sm'), TypeError, 'degree must be an integer 1 to 3, got 1.0'),
        (('awgn', None, 'd2sm'), ValueError, 'awgn needs degree .* or sigma'),
    ],
)
def test_errors(args, error, words):
    with pytest.raises(error, match=words):
        resolve_params(*args)
