"""Fidelity calibration of models of MMSegmentation that know nothing of it, whatever their kind.

Each is its own ``configs/_base_/models/*.py`` file of the installed mmseg.
"""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.registry import MODELS

from mmdegrade.models.teacher import without_pretrained
from tests.configs.test_stock_models import MIM, cpu_options
from tests.tiny import batch

NET = dict(type='DnCNN', depth=3, width=4)


def stock(name: str) -> ConfigDict:
    """A stock segmentor for tests: nothing to download, whole images, plain BN, 11 classes."""
    path = MIM / 'configs' / '_base_' / 'models' / f'{name}.py'
    if not path.is_file():
        pytest.skip(f'the installed mmseg ships no {path.name}')
    cfg = Config(dict(model=without_pretrained(Config.fromfile(path).model)))
    cfg.merge_from_dict(cpu_options(cfg.model, 'model'))
    cfg.model['test_cfg'] = dict(mode='whole')
    cfg.model['data_preprocessor']['size'] = (64, 64)
    return cfg.model


@pytest.mark.parametrize(
    ('name', 'sites', 'widths'),
    [
        ('bisenetv2', 1, [128]),
        ('cgnet', 1, [256]),
        ('erfnet_fcn', 1, [16]),
        ('fast_scnn', 1, [128]),
        ('fcn_hr18', 1, [18, 36, 72, 144]),
        ('ocrnet_hr18', 1, [18, 36, 72, 144]),  # a cascade of two heads
        ('fcn_unet_s5-d16', 5, [64]),
        ('segformer_mit-b0', 1, [32, 64, 160, 256]),
        ('fpn_r50', 2, [256, 256, 256, 256]),  # behind a neck; the max-pool of the stem
        pytest.param('pspnet_r50-d8', 2, [2048], marks=pytest.mark.slow),
        pytest.param('upernet_swin', 1, [96, 192, 384, 768], marks=pytest.mark.slow),
        pytest.param('upernet_convnext', 1, [128, 256, 512, 1024], marks=pytest.mark.slow),
        pytest.param('ocrnet_r50-d8', 2, [1024, 2048], marks=pytest.mark.slow),
        pytest.param('twins_pcpvt-s_upernet', 1, [64, 128, 320, 512], marks=pytest.mark.slow),
    ],
)
def test_starts_as_restoration_and_trains_the_calibration_alone(name, sites, widths):
    segmentor = stock(name)
    torch.manual_seed(0)
    given = dict(segmentor=segmentor, restorer=NET)
    model = MODELS.build(dict(given, type='FidelitySegmentor', estimator=NET))
    plain = MODELS.build(dict(given, type='RestoreThenSegment'))
    plain.segmentor, plain.restorer = model.segmentor, model.restorer
    inputs, samples = batch(2)
    assert model.spatial.num_sites == sites + len(widths) and model.head.widths == widths

    model.train(False), plain.train(False)
    with torch.no_grad():
        ours, theirs = (one.predict(inputs, samples) for one in (model, plain))
        torch.testing.assert_close(model(inputs), model.encode_decode(inputs, samples))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.seg_logits.data, other.seg_logits.data)

    model.train_only('spatial', 'head')
    model.train()
    losses = model.loss(inputs, samples)
    total = sum(value for key, value in losses.items() if 'loss' in key)
    assert torch.isfinite(total) and total > 0
    total.backward()
    # The first layers wait behind zeros (identity start); the last ones have gradients at once.
    for branch in (*model.spatial.weights, *model.spatial.biases):
        assert branch.last.weight.grad.abs().max() > 0
    for calibration in model.head.channel:
        assert calibration.multiplication[-1].weight.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in model.segmentor.parameters())


def test_class_tokens_beside_maps():
    segmentor = stock('dpt_vit-b16')
    segmentor['backbone'].update(embed_dims=32, num_heads=2, num_layers=4, out_indices=(0, 1, 2, 3))
    segmentor['decode_head'].update(in_channels=(32,) * 4, embed_dims=32)
    model = MODELS.build(
        dict(type='FidelitySegmentor', segmentor=segmentor, restorer=NET, estimator=NET)
    )
    with pytest.raises(TypeError, match="'VisionTransformer' gives a list as map 0; allowed: N×C"):
        model.predict(*batch(1))


@pytest.mark.parametrize(
    ('name', 'sites', 'width'),
    [
        ('mobilenet_v2_1x', 2, 1280),
        ('shufflenet_v2_1x', 3, 1024),
        ('regnet/regnetx_400mf', 2, 384),
        pytest.param('densenet/densenet121', 3, 1024, marks=pytest.mark.slow),
        pytest.param('efficientnet_b0', 2, 1280, marks=pytest.mark.slow),
        pytest.param('seresnet50', 3, 2048, marks=pytest.mark.slow),
    ],
)
def test_classifiers_of_mmpretrain(name, sites, width):
    mmpretrain = pytest.importorskip('mmpretrain')
    path = Path(mmpretrain.__path__[0]) / '.mim' / 'configs' / '_base_' / 'models' / f'{name}.py'
    if not path.is_file():
        pytest.skip(f'the installed mmpretrain ships no {name}.py')
    cfg = without_pretrained(Config.fromfile(path).model)
    cfg['data_preprocessor'] = dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
    torch.manual_seed(0)
    model = ROOT_MODELS.build(
        dict(type='FidelityClassifier', classifier=cfg, restorer=NET, estimator=NET)
    )
    assert model.spatial.num_sites == sites and model.channel.channels == width
    samples = [mmpretrain.structures.DataSample().set_gt_label(label) for label in (3, 7)]
    model.train_only('spatial', 'channel')
    model.train()
    model(torch.randn(2, 3, 64, 64), samples, mode='loss')['loss'].backward()
    for part in (model.spatial, model.channel):
        assert all(parameter.grad.abs().max() > 0 for parameter in part.parameters())
    assert all(parameter.grad is None for parameter in model.classifier.parameters())
