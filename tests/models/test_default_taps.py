"""taps='default': what is tapped in tiny versions of every known backbone, and DGN trains on it."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS
from torch import nn

from mmdegrade.models.taps import FeatureTap, resolve_taps
from tests.tiny import batch, dense_gram, save_clean

BN = dict(type='BN', requires_grad=True)
RESNET = dict(base_channels=4, stem_channels=4, norm_cfg=BN)


def hrnet() -> dict:
    stages = dict(stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK',
                              num_blocks=(1,), num_channels=(4,)))  # fmt: skip
    for stage, modules in ((2, 1), (3, 2), (4, 1)):
        stages[f'stage{stage}'] = dict(
            num_modules=modules, num_branches=stage, block='BASIC', num_blocks=(2,) * stage,
            num_channels=tuple(4 * 2**i for i in range(stage)),
        )  # fmt: skip
    return dict(type='HRNet', norm_cfg=BN, extra=stages)


def units(stem: str, *numbers) -> list:
    return [f'backbone.{stem}.{n}' for n in numbers]


# Backbone, and the taps expected, by block.
TINY = {
    'ResNet-18': (
        dict(type='ResNet', depth=18, **RESNET),
        dict(layer3=units('layer3', 0, 1), layer4=units('layer4', 0, 1)),
    ),
    'ResNetV1c-50, dilated': (
        dict(type='ResNetV1c', depth=50, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), **RESNET),
        dict(layer3=units('layer3', *range(6)), layer4=units('layer4', *range(3))),
    ),
    'ResNeXt-50': (
        dict(type='ResNeXt', depth=50, groups=2, base_width=4, base_channels=16,
             stem_channels=4, norm_cfg=BN),
        dict(layer3=units('layer3', *range(6)), layer4=units('layer4', *range(3))),
    ),
    'HRNet': (
        hrnet(),
        {
            f'stage{stage}_branch{branch}': [
                f'backbone.stage{stage}.{module}.branches.{branch}.{unit}'
                for module in range(modules)
                for unit in range(2)
            ]
            for stage, modules in ((3, 2), (4, 1))
            for branch in range(stage)
        },
    ),
    'MixVisionTransformer': (
        dict(type='MixVisionTransformer', embed_dims=4, num_heads=(1, 1, 2, 2),
             num_layers=(1, 1, 2, 3)),
        dict(layers2=units('layers.2.1', 0, 1), layers3=units('layers.3.1', 0, 1, 2)),
    ),
    'SwinTransformer': (
        dict(type='SwinTransformer', embed_dims=4, depths=(1, 1, 2, 2), num_heads=(1, 1, 2, 2),
             window_size=2),
        dict(stages2=units('stages.2.blocks', 0, 1), stages3=units('stages.3.blocks', 0, 1)),
    ),
    'PCPVT': (
        dict(type='PCPVT', embed_dims=[4, 4, 8, 8], num_heads=[1, 1, 2, 2],
             mlp_ratios=[2, 2, 2, 2], depths=[1, 1, 2, 2], sr_ratios=[8, 4, 2, 1]),
        dict(layers2=units('layers.2', 0, 1), layers3=units('layers.3', 0, 1)),
    ),
    'MSCAN': (
        dict(type='MSCAN', embed_dims=[4, 4, 8, 8], depths=[1, 1, 2, 2], norm_cfg=BN),
        dict(block3=units('block3', 0, 1), block4=units('block4', 0, 1)),
    ),
    'ConvNeXt': (
        dict(type='mmpretrain.ConvNeXt', arch=dict(depths=[1, 1, 3, 2], channels=[4, 4, 8, 8]),
             out_indices=[0, 1, 2, 3], gap_before_final_norm=False),
        dict(stages2=units('stages.2', 0, 1, 2), stages3=units('stages.3', 0, 1)),
    ),
    'CGNet': (
        dict(type='CGNet', num_channels=(4, 8, 8), num_blocks=(2, 3), reductions=(2, 2),
             norm_cfg=BN),
        dict(level2=units('level2', 0, 1, 2)),
    ),
    'VGG16FCN': (
        dict(type='VGG16FCN', pad=1, fc6_pad=3, base_channels=2, fc_channels=8),
        dict(
            b4=[f'backbone.relu4_{i}' for i in (1, 2, 3)],
            b5=[f'backbone.relu5_{i}' for i in (1, 2, 3)],
            b6=['backbone.relu6', 'backbone.relu7'],
        ),
    ),
    'VGG16DeepLab': (
        dict(type='VGG16DeepLab', dilations=(6, 12), base_channels=2, fc_channels=8),
        dict(
            b4=[f'backbone.relu4_{i}' for i in (1, 2, 3)],
            b5=[f'backbone.relu5_{i}' for i in (1, 2, 3)],
            b6=[f'backbone.relu{i}_{k}' for k in (1, 2) for i in (6, 7)],
        ),
    ),
    'DLA-34': (
        dict(type='DLA', depth=34, channels=(2, 2, 4, 4, 6, 8)),
        {
            f'level{n}': [f'backbone.level{n}.tree{a}.tree{b}' for a in (1, 2) for b in (1, 2)]
            for n in (3, 4)
        }
        | dict(level5=['backbone.level5.tree1', 'backbone.level5.tree2']),
    ),
    'DLA-60': (
        dict(type='DLA', depth=60, channels=(2, 2, 4, 4, 6, 8)),
        {
            'level3': [f'backbone.level3.tree{a}.tree{b}' for a in (1, 2) for b in (1, 2)],
            'level4': [
                f'backbone.level4.tree{a}.tree{b}.tree{c}'
                for a in (1, 2) for b in (1, 2) for c in (1, 2)
            ],
            'level5': ['backbone.level5.tree1', 'backbone.level5.tree2'],
        },
    ),
}  # fmt: skip


def segmentor(backbone: dict) -> dict:
    """A backbone with the smallest head there is on its last output."""
    if backbone['type'].startswith('mmpretrain.'):
        pytest.importorskip('mmpretrain')
    probe = MODELS.build(ConfigDict(backbone))
    with torch.no_grad():
        width = probe(torch.zeros(2, 3, 64, 64))[-1].shape[1]
    head = dict(type='FCNHead', in_channels=width, channels=width, num_convs=0, in_index=-1,
                concat_input=False, num_classes=11, dropout_ratio=0, norm_cfg=BN,
                loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True))  # fmt: skip
    return dict(type='EncoderDecoder', backbone=backbone, decode_head=head,
                data_preprocessor=dict(type='SegDataPreProcessor'),
                train_cfg=dict(), test_cfg=dict(mode='whole'))  # fmt: skip


@pytest.mark.parametrize('name', TINY)
def test_taps_and_training_step(name, tmp_path):
    backbone, expected = TINY[name]
    cfg = segmentor(backbone)
    clean = save_clean(cfg, tmp_path / 'clean.pth')
    model = MODELS.build(dense_gram(cfg, clean, taps='default'))
    assert resolve_taps(model.segmentor, 'default') == expected

    model.init_weights()
    model.train()
    inputs, samples = batch(2)
    tap = FeatureTap(model.segmentor, 'default')
    model.segmentor(inputs, mode='tensor')
    maps = tap.read()
    tap.remove()
    model._tap.clear()
    for block, features in maps.items():
        assert len(features) == len(expected[block])
        assert len({feature.shape for feature in features}) == 1
        assert features[0].ndim == 4 and features[0].shape[0] == 2

    losses = model.loss(inputs, samples)
    assert {f'gram.{block}' for block in expected} <= set(losses)
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total) and float(losses['loss_gram']) > 0
    losses['loss_gram'].backward()
    # The Gram term reaches the first layer, through everything before the last tap.
    first = next(p for p in model.segmentor.backbone.parameters() if p.ndim == 4)
    assert first.grad.abs().sum() > 0
    assert model.segmentor.decode_head.conv_seg.weight.grad is None


def test_tokens_are_maps_of_one_column():
    cfg = segmentor(TINY['MixVisionTransformer'][0])
    model = MODELS.build(ConfigDict(cfg))
    model.train(False)
    block = model.backbone.layers[2][1][0]
    seen = []
    block.register_forward_hook(lambda module, args, output: seen.append(output))
    tap = FeatureTap(model, ['backbone.layers.2.1.0'])
    model(torch.randn(2, 3, 64, 64), mode='tensor')
    ((feature,),) = tap.read().values()
    (tokens,) = seen
    assert tokens.shape == (2, 16, 8) and feature.shape == (2, 8, 16, 1)
    gram = torch.einsum('nchw,ndhw->ncd', feature, feature)
    torch.testing.assert_close(gram, torch.einsum('nlc,nld->ncd', tokens, tokens))


def test_middle_of_three_stages_is_the_second():
    backbone = dict(type='ResNet', depth=18, num_stages=3, strides=(1, 2, 2),
                    dilations=(1, 1, 1), out_indices=(2,), **RESNET)  # fmt: skip
    model = nn.Module()
    model.backbone = MODELS.build(backbone)
    assert list(resolve_taps(model, 'default')) == ['layer2', 'layer3']


def test_unknown_backbone_lists_the_known_and_says_how_to_name_taps():
    model = nn.Module()
    model.backbone = nn.Conv2d(3, 3, 1)
    with pytest.raises(ValueError) as error:
        resolve_taps(model, 'default')
    message = str(error.value)
    assert message.startswith("taps='default' knows no rule for the backbone Conv2d; known: CGNet")
    for known in ('ResNet', 'HRNet', 'MixVisionTransformer', 'SwinTransformer', 'DLA'):
        assert known in message
    assert "taps=['backbone.layer3.*', 'backbone.layer4.*']" in message
    assert "taps='out_indices'" in message and 'named_modules()' in message


def test_class_of_a_known_name_but_other_layers():
    model = nn.Module()
    model.backbone = type('ResNet', (nn.Module,), {})()
    with pytest.raises(ValueError, match="taps='default' finds no layer in the backbone ResNet"):
        resolve_taps(model, 'default')


def test_no_backbone():
    with pytest.raises(ValueError, match="taps='default': Conv2d has no backbone"):
        resolve_taps(nn.Conv2d(3, 3, 1), 'default')
