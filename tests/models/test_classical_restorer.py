"""ClassicalRestorer: the pixels of the pure functions, inside a network."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmdegrade.degradations import degrade
from mmdegrade.models.restorers import ClassicalRestorer
from mmdegrade.restoration import METHODS, restore
from tests.tiny import batch, fcn_r18, save_clean

IMAGES = np.random.default_rng(0).random((2, 40, 48, 3)).astype(np.float32)  # BGR


@pytest.mark.parametrize(
    ('method', 'params'),
    [
        ('median', dict(size=3)),
        ('dark_channel', {}),
        ('wiener', dict(psf=dict(kind='gblur', degree=3))),
    ],
)
def test_the_pixels_of_the_pure_functions(method, params):
    assert method in METHODS
    restorer = ROOT_MODELS.build(dict(type='ClassicalRestorer', method=method, **params))
    rgb = torch.from_numpy(np.ascontiguousarray(IMAGES[..., ::-1].transpose(0, 3, 1, 2)))
    out = restorer(rgb).numpy().transpose(0, 2, 3, 1)[..., ::-1]
    for got, img in zip(out, IMAGES, strict=True):
        assert np.allclose(got, restore(img, method, **params), atol=1e-6)


def test_it_helps_before_a_segmentor(tmp_path):
    init_default_scope('mmseg')
    model = MODELS.build(
        dict(
            type='RestoreThenSegment',
            segmentor=fcn_r18(dropout=0),
            restorer=dict(type='ClassicalRestorer', method='median', size=3),
            clean_checkpoint=save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth'),
        )
    )
    model.init_weights()
    clean = np.kron(IMAGES[0, ::8, ::8], np.ones((8, 8, 1))).astype(np.float32)
    noisy = degrade(clean, 'saltpepper', 5, rng=0)
    inputs = torch.from_numpy(np.ascontiguousarray(noisy[..., ::-1].transpose(2, 0, 1)))[None]
    _, samples = batch(1, (40, 48))
    (sample,) = model.train(False).predict(model._images.to_inputs(inputs), samples)
    restored = sample.restored_img.data.numpy().transpose(1, 2, 0)[..., ::-1]
    assert np.mean((restored - clean) ** 2) < 0.2 * np.mean((noisy - clean) ** 2)


def test_errors():
    with pytest.raises(ValueError, match="Did you mean 'median'"):
        ClassicalRestorer('mediann')
    with pytest.raises((TypeError, ValueError), match='size'):
        ClassicalRestorer('median', size=4)
