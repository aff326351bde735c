"""Scores are brought to the size of the input as the segmentor's own prediction does it."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.model import MMDistributedDataParallel
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmdegrade.models.full_size import full_size
from tests.configs.names import ROOT, load
from tests.tiny import fcn_r18


def meta(size):
    return [SegDataSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))]


@pytest.mark.parametrize('network', ['fcn8s_vgg16', 'encnet_r101', 'fcn_r18'])
def test_as_the_networks_own_prediction(network):
    """FCN-8s crops, EncHead gives two tensors, the others are resized."""
    torch.manual_seed(0)
    if network == 'fcn_r18':
        cfg = fcn_r18()
    else:
        cfg = load(ROOT / '_base_' / 'models' / f'{network}.py').model
        cfg.backbone.init_cfg = None
        cfg.pop('auxiliary_head', None)
    model = MODELS.build(cfg).eval()
    for parameter in model.decode_head.parameters():  # FCN-8s starts with scores of zero
        nn.init.normal_(parameter, std=0.05)
    inputs = torch.randn(1, 3, 45, 52)
    with torch.no_grad():
        found = full_size(model, model(inputs, mode='tensor'), (45, 52))
        expected = model.encode_decode(inputs, [meta((45, 52))[0].metainfo])
    expected = F.interpolate(
        expected, (45, 52), mode='bilinear', align_corners=model.decode_head.align_corners
    )
    assert found.shape == (1, model.decode_head.num_classes, 45, 52)
    assert found.std() > 0 and torch.equal(found, expected)


def test_wrapped_models_and_cascades_of_heads():
    class Cascade(nn.Module):
        def __init__(self):
            super().__init__()
            self.decode_head = nn.ModuleList([nn.Identity(), nn.Identity()])
            self.decode_head[-1].align_corners = True

    model, scores = Cascade(), torch.randn(1, 2, 3, 4)
    expected = F.interpolate(scores, (6, 7), mode='bilinear', align_corners=True)
    assert torch.equal(full_size(model, scores, (6, 7)), expected)
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapper)
    wrapper.module = model
    assert torch.equal(full_size(wrapper, (scores, None), (6, 7)), expected)


def test_errors():
    with pytest.raises(TypeError, match="Identity gives Tensor in mode='tensor', not N×K×H×W"):
        full_size(nn.Identity(), torch.zeros(3, 4), (6, 7))
    with pytest.raises(TypeError, match='Identity has neither align_corners nor a decode_head'):
        full_size(nn.Identity(), torch.zeros(1, 2, 3, 4), (6, 7))
