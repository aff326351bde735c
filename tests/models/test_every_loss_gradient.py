"""Every registered loss of ours, and every function behind one, passes gradcheck in float64.

A loss without an entry here fails the first test.
"""

import inspect

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

import mmdegrade.models.losses as losses
from mmdegrade.models.losses import (
    adversarial_loss,
    asymmetric_loss,
    contextual_loss,
    d2sm_loss,
    dense_mmd,
    gram_matrix,
    mean_cross_entropy,
    restoration_charbonnier,
    restoration_l1,
    restoration_mse,
    restoration_ssim,
    sigmoid_ce,
    squared_variation,
)
from tests.evaluation.test_lpips import save_backbone
from tests.models.test_segmentation_loss import samples
from tests.tiny import fcn_r18, save_clean
from tests.tiny_features import TinyFeatures

PACKAGE = 'mmdegrade.models.losses.'


def rand(*shape, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def build(kind: str, **kwargs) -> nn.Module:
    loss = MODELS.build(dict(type=kind, **kwargs))
    if hasattr(loss, 'init_weights'):
        loss.init_weights()
    return loss.double()


def of_images(size=(14, 13), samples=None, **kwargs):
    """A check of a restoration loss: in the restored image."""

    def make(kind, tmp_path):
        given = {
            key: value(tmp_path) if callable(value) else value for key, value in kwargs.items()
        }
        loss, clean = build(kind, **given), rand(1, 3, *size, seed=1)
        return lambda x: loss(x, clean, samples), (rand(1, 3, *size),)

    return make


def of_blocks(**kwargs):
    """A check of a loss between blocks of maps: in every target map of two blocks."""

    def make(kind, tmp_path):
        loss = build(kind, **kwargs)
        source = dict(a=[rand(2, 3, 3, 4, seed=i) for i in (1, 2)], b=[rand(2, 5, 2, 2, seed=3)])

        def run(*maps):
            return loss(source, dict(a=list(maps[:2]), b=[maps[2]]))[0]

        return run, (rand(2, 3, 3, 4, seed=4), rand(2, 3, 3, 4, seed=5), rand(2, 5, 2, 2, seed=6))

    return make


def of_random_pairs(kind, tmp_path):
    """DGN-Gaussian with its two constants held: the pairs of places and the bandwidths."""
    run, inputs = of_blocks()(kind, tmp_path)
    kept, original = [], dense_mmd._inverse_bandwidth

    def held(*maps):
        torch.manual_seed(0)
        values = iter(list(kept))

        def bandwidth(distances):
            if len(kept) < 5:  # 2 × 2 pairs of layers in one block, 1 in the other
                kept.append(original(distances))
                return kept[-1]
            return next(values)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dense_mmd, '_inverse_bandwidth', bandwidth)
            return run(*maps)

    return held, inputs


def of_scores(kind, tmp_path):
    labels = torch.randint(0, 3, (2, 4, 5), generator=torch.Generator().manual_seed(0))
    labels[0, 0] = 255
    loss = build(kind)
    return lambda x: loss(x, labels), (rand(2, 3, 4, 5),)


FEATURES = dict(type=TinyFeatures, layers=2)
#: Registered name -> function(name, tmp_path) -> (function of the inputs, inputs).
CASES = {
    'D2SMLoss': of_images(feature_extractor=FEATURES, queue_size=6, patches=2, patch_size=8),
    'DenseGaussianMMDLoss': of_random_pairs,
    'DenseGramLoss': of_blocks(),
    'DenseLinearMMDLoss': of_blocks(pairing='layerwise'),
    'DenseMSELoss': of_blocks(),
    'RestorationCharbonnierLoss': of_images(),
    'RestorationContextualLoss': of_images((8, 8), feature_extractor=FEATURES),
    'RestorationL1Loss': of_images(border=1),
    'RestorationLPIPSLoss': of_images(
        (64, 64), backbone=lambda path: save_backbone('alex', path / 'alex.pth')
    ),
    'RestorationMSELoss': of_images(reduction='half_sum'),
    'RestorationPerceptualLoss': of_images(feature_extractor=FEATURES),
    'RestorationSSIMLoss': of_images(),
    'SegmentationLoss': of_images(
        (16, 16),
        samples=samples(1, (16, 16)),
        segmentor=fcn_r18(),
        checkpoint=lambda path: save_clean(fcn_r18(), path / 'clean.pth'),
    ),
    'SigmoidCrossEntropyLoss': of_scores,
}

ROWS, IMAGES, LABELS = (
    rand(4, 6, seed=1),
    rand(1, 3, 14, 13, seed=1),
    torch.arange(12).view(1, 3, 4),
)
#: Function of the package -> (function of the inputs, inputs). Those between blocks are what their
#: classes call, with all that is checked above.
FUNCTIONS = {
    'adversarial_loss': (lambda x: adversarial_loss(x, True) + adversarial_loss(x, False),
                         (rand(2, 1, 3, 3) - 0.5,)),
    'asymmetric_loss': (lambda x: asymmetric_loss(x, torch.tensor(0.5)), (rand(1, 3, 4, 4),)),
    'contextual_loss': (lambda x: contextual_loss(x, rand(1, 4, 3, 3, seed=1)),
                        (rand(1, 4, 3, 4),)),
    'd2sm_loss': (lambda x: d2sm_loss(x, ROWS), (rand(4, 6),)),
    'gram_matrix': (gram_matrix, (rand(2, 3, 2, 4),)),
    'mean_cross_entropy': (lambda x: mean_cross_entropy(x, LABELS % 5), (rand(1, 5, 3, 4),)),
    'restoration_charbonnier': (lambda x: restoration_charbonnier(x, IMAGES),
                                (rand(1, 3, 14, 13),)),
    'restoration_l1': (lambda x: restoration_l1(x, IMAGES), (rand(1, 3, 14, 13),)),
    'restoration_mse': (lambda x: restoration_mse(x, IMAGES), (rand(1, 3, 14, 13),)),
    'restoration_ssim': (lambda x: restoration_ssim(x, IMAGES), (rand(1, 3, 14, 13),)),
    'sigmoid_ce': (lambda x: sigmoid_ce(x, LABELS % 5), (rand(1, 5, 3, 4),)),
    'squared_variation': (squared_variation, (rand(1, 3, 4, 4),)),
}  # fmt: skip
THROUGH_CLASSES = {
    'dense_gaussian_mmd_loss', 'dense_gram_loss', 'dense_linear_mmd_loss', 'dense_mse_loss',
}  # fmt: skip


def test_no_loss_is_forgotten():
    registered = {
        name
        for name, cls in MODELS.module_dict.items()
        if getattr(cls, '__module__', '').startswith(PACKAGE)
    }
    assert registered == set(CASES)
    functions = {name for name in losses.__all__ if inspect.isfunction(getattr(losses, name))}
    assert functions == set(FUNCTIONS) | THROUGH_CLASSES


def check(function, inputs) -> None:
    inputs = [one.requires_grad_() for one in inputs]
    value = function(*inputs)
    assert torch.isfinite(value).all()
    value.sum().backward()
    assert all(one.grad.abs().max() > 0 for one in inputs), 'a gradient of zeros is no proof'
    assert torch.autograd.gradcheck(function, tuple(inputs), fast_mode=True, eps=1e-7, atol=1e-5)


@pytest.mark.parametrize('name', CASES)
def test_registered_losses(name, tmp_path):
    function, inputs = CASES[name](name, tmp_path)
    if name == 'D2SMLoss':  # in training the batch joins the queue: another value the next time
        loss = inspect.getclosurevars(function).nonlocals['loss']
        loss(rand(1, 3, 14, 13, seed=7), rand(1, 3, 14, 13, seed=8))
        assert len(loss.queue) > 0
        loss.train(False)
    check(function, inputs)


@pytest.mark.parametrize('name', FUNCTIONS)
def test_functions(name):
    check(*FUNCTIONS[name])
