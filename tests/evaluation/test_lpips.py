"""LPIPS from files: the formula, the weights of the package, what is missing."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.evaluator import Evaluator
from torchvision.models import alexnet, squeezenet1_1, vgg16

from mmdegrade.models.lpips import load_lpips
from tests.evaluation.test_restoration_metric import batch

#: Where torchvision's layers of each depth end, after a ReLU.
ENDS = dict(alex=(2, 5, 8, 10, 12), vgg=(4, 9, 16, 23, 30), squeeze=(2, 5, 8, 10, 11, 12, 13))


def features(net: str) -> torch.nn.Sequential:
    torch.manual_seed(0)
    make = dict(alex=alexnet, vgg=vgg16, squeeze=squeezenet1_1)[net]
    with torch.device('meta'):  # the classifier is large and not used
        model = make(weights=None)
    layers = model.features.to_empty(device='cpu').eval()
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return layers


def save_backbone(net: str, path) -> str:
    state = {f'features.{k}': v for k, v in features(net).state_dict().items()}
    torch.save(dict(state, **{'classifier.1.weight': torch.zeros(1)}), path)
    return str(path)


def formula(net: str, heads: list, first, second) -> float:
    """Σ over depths of the mean over places of w · (unit difference)²."""
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    maps = [(2 * x - 1 - shift) / scale for x in (first, second)]
    layers, start, total = features(net), 0, 0.0
    for end, weights in zip(ENDS[net], heads, strict=True):
        maps = [layers[start:end](x) for x in maps]
        unit = [x / (1e-8 + x.square().sum(1, keepdim=True)).sqrt() for x in maps]
        total += F.conv2d((unit[0] - unit[1]).square(), weights).mean().item()
        start = end
    return total


@pytest.mark.parametrize('net', ENDS)
@torch.no_grad()
def test_the_formula(net, tmp_path):
    lpips = load_lpips(net, save_backbone(net, tmp_path / 'net.pth'))
    assert not lpips.training and not any(p.requires_grad for p in lpips.parameters())
    generator = torch.Generator().manual_seed(1)
    first, second = torch.rand((2, 1, 3, 64, 70), generator=generator)
    heads = [lin.model[-1].weight for lin in lpips.lins]
    assert min(float(w.sum()) for w in heads) > 0.1  # trained ones
    value = float(lpips(first, second, normalize=True))
    assert value == pytest.approx(formula(net, heads, first, second), rel=1e-4) and value > 0


@pytest.mark.parametrize('net', ['alex', 'squeeze'])
def test_heads_from_a_file_are_those_that_torchmetrics_brings(net, tmp_path, require_data):
    backbone = save_backbone(net, tmp_path / 'net.pth')
    heads = str(require_data(f'weights/lpips_v0.1_{net}.pth'))
    own, given = load_lpips(net, backbone), load_lpips(net, backbone, heads)
    for a, b in zip(own.parameters(), given.parameters(), strict=True):
        assert torch.equal(a, b)


def test_in_the_metric(tmp_path):
    backbone = save_backbone('alex', tmp_path / 'net.pth')
    data_batch, predicted, _ = batch()
    big = [predicted[2]] * 2  # 40×26: too small for AlexNet
    cfg = dict(type='RestorationMetric', metrics=['lpips'], lpips=dict(backbone=backbone))
    with pytest.raises(ValueError, match='2.png: LPIPS needs 32 pixels a side'):
        Evaluator([cfg]).process(big[:1], dict(data_samples=data_batch['data_samples'][2:]))
    clean = torch.randint(256, (3, 48, 48), dtype=torch.uint8)
    restored = clean.flip(0) / 255 * 1.5  # brighter, beyond 1
    data = dict(data_samples=[dict(clean_img=clean)])
    evaluator = Evaluator([cfg])
    evaluator.process([dict(restored_img=dict(data=restored))], data)
    lpips = load_lpips('alex', backbone)
    expected = lpips(restored.clamp(max=1)[None], clean.flip(0)[None] / 255, normalize=True)
    assert evaluator.evaluate(1) == {'LPIPS': pytest.approx(float(expected), rel=1e-5)}


def test_what_is_absent_is_named(tmp_path):
    with pytest.raises(ValueError, match="lpips.net='resnet'; allowed: 'alex', 'vgg', 'squeeze'"):
        load_lpips('resnet')
    with pytest.raises(ValueError, match='linear layers are there, the ImageNet weights of alexnet '
                       'are not: get https://download.pytorch.org/models/alexnet-owt'):  # fmt: skip
        load_lpips()
    with pytest.raises(FileNotFoundError, match='none.pth.: no such file.*weights of vgg16: get'):
        load_lpips('vgg', 'none.pth')
    backbone = save_backbone('alex', tmp_path / 'net.pth')
    with pytest.raises(FileNotFoundError, match='lpips.heads=.none.pth.*torchmetrics brings'):
        load_lpips('alex', backbone, 'none.pth')
    with pytest.raises(ValueError, match="lpips.backbone=.*first 'features.0.weight'"):
        load_lpips('squeeze', backbone)
    with pytest.raises(ValueError, match="lpips.heads=.*5 of 5 .*first 'lin0.model.1.weight'"):
        load_lpips('alex', backbone, backbone)
