"""HRNetV2's head and the two base models of SDABN: values, published counts, public weights."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.registry import MODELS

from mmdegrade.models.decode_heads import HRNetV2Head

ROOT = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'models'
BN = dict(type='BN', requires_grad=True)


def load(name: str):
    return Config.fromfile(ROOT / f'{name}.py').model


def count(name: str) -> int:
    with torch.device('meta'):
        return sum(p.numel() for p in MODELS.build(load(name)).parameters())


def test_published_number_of_parameters():
    """The paper's 3.94 M, exactly as its code has it; 7.99 M for S1D1S2."""
    assert count('hrnetv2_w18_small_v2') == 3_939_579
    assert 2 * count('hrnetv2_w18_small_v2') + 114_176 == 7_993_334


def test_the_wide_one_is_the_nearest_to_8_million():
    wide = count('hrnetv2_w26_small_v2')
    assert wide == 7_926_971
    text = (ROOT / 'hrnetv2_w26_small_v2.py').read_text()
    assert f'{wide:,}' in text
    others = {}
    for width in (25, 27):
        cfg = load('hrnetv2_w26_small_v2')
        branches = [width * 2**i for i in range(4)]
        for stage in (2, 3, 4):
            cfg.backbone.extra[f'stage{stage}'].num_channels = branches[:stage]
        cfg.decode_head.in_channels = branches
        with torch.device('meta'):
            others[width] = sum(p.numel() for p in MODELS.build(cfg).parameters())
    assert round(others[27] / 1e6, 2) == 8.53
    assert all(abs(wide - 8e6) < abs(other - 8e6) for other in others.values())


def test_formula():
    torch.manual_seed(0)
    head = HRNetV2Head([2, 4, 8], num_classes=5, norm_cfg=BN, align_corners=False)
    assert (head.in_channels, head.channels) == (14, 14)
    conv, norm = head.convs[0].conv, head.convs[0].bn
    for tensor in (conv.bias, norm.weight, norm.bias, norm.running_mean):
        torch.nn.init.normal_(tensor)
    torch.nn.init.uniform_(norm.running_var, 0.5, 2)
    head.eval()
    maps = [torch.randn(2, 2 * 2**i, 12 // 2**i, 16 // 2**i) for i in range(3)]
    stacked = torch.cat(
        [maps[0], *(F.interpolate(m, (12, 16), mode='bilinear') for m in maps[1:])], 1
    )
    hidden = torch.einsum('oc,nchw->nohw', conv.weight[:, :, 0, 0], stacked)
    hidden = hidden + conv.bias[:, None, None]
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    hidden = (hidden - norm.running_mean[:, None, None]) * scale[:, None, None]
    hidden = (hidden + norm.bias[:, None, None]).relu()
    expected = torch.einsum('oc,nchw->nohw', head.conv_seg.weight[:, :, 0, 0], hidden)
    expected = expected + head.conv_seg.bias[:, None, None]
    assert torch.allclose(head(maps), expected, atol=1e-5)


def test_without_its_bias_it_is_mmsegs_fcn_head():
    shared = dict(num_classes=3, norm_cfg=BN, align_corners=False)
    ours = HRNetV2Head([2, 4], **shared)
    theirs = MODELS.build(
        dict(
            type='FCNHead', in_channels=[2, 4], channels=6, in_index=(0, 1), num_convs=1,
            kernel_size=1, concat_input=False, input_transform='resize_concat', dropout_ratio=0,
            **shared,
        )
    )  # fmt: skip
    state = ours.state_dict()
    assert not state.pop('convs.0.conv.bias').any()  # and it starts at 0
    theirs.load_state_dict(state)
    maps = [torch.randn(2, 2, 8, 8), torch.randn(2, 4, 4, 4)]
    assert torch.equal(ours(maps), theirs(maps))


def test_errors():
    for given in (18, []):
        with pytest.raises(ValueError, match='allowed: the width of each branch'):
            HRNetV2Head(given, num_classes=2)


def test_any_size_and_a_training_step():
    cfg = load('hrnetv2_w18_small_v2')
    model = MODELS.build(cfg)
    assert type(model.data_preprocessor).__name__ == 'DegradeDataPreprocessor'
    images = torch.randn(2, 3, 67, 90)
    model.train()
    logits = model(images, mode='tensor')
    assert logits.shape == (2, 19, 17, 23)
    logits.square().mean().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_the_authors_keys_fit_the_backbone():
    """The public ImageNet weights are the authors', whose layers have these names."""
    with torch.device('meta'):
        state = MODELS.build(load('hrnetv2_w18_small_v2')).backbone.state_dict()
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    for key, shape in {
        'conv2.weight': (64, 64, 3, 3),
        'layer1.1.conv3.weight': (256, 64, 1, 1),
        'transition1.0.0.weight': (18, 256, 3, 3),
        'transition1.1.0.0.weight': (36, 256, 3, 3),
        'stage3.2.fuse_layers.2.0.1.0.weight': (72, 18, 3, 3),
        'stage4.1.branches.3.1.conv2.weight': (144, 144, 3, 3),
    }.items():
        assert shapes[key] == shape
    assert not any(key.startswith(('stage3.3', 'stage4.2', 'layer1.2')) for key in shapes)
