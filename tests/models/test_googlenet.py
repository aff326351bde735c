"""GoogLeNet against torchvision's: names, sizes, outputs, auxiliary losses."""

import pytest
import torch
from mmengine.registry import MODELS

from mmdegrade.models.classifiers import GoogLeNet

torchvision = pytest.importorskip('torchvision.models')


def theirs(classes: int = 7):
    torch.manual_seed(0)
    net = torchvision.googlenet(
        weights=None, num_classes=classes, aux_logits=True, init_weights=False
    )
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net


@pytest.mark.parametrize('transform', [False, True])
@torch.no_grad()
def test_torchvisions_weights_give_torchvisions_outputs(transform):
    net = theirs().eval()
    net.transform_input = transform
    ours = GoogLeNet(num_classes=7, transform_input=transform).eval()
    ours.load_state_dict(net.state_dict())  # strict: names agree, their fc is left aside
    images = torch.randn(2, 3, 96, 96)
    (features,) = ours(images)
    assert features.shape == (2, 1024)
    torch.testing.assert_close(net.fc(features), net(images), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_auxiliary_scores():
    net = theirs()
    ours = GoogLeNet(num_classes=7).train()
    ours.load_state_dict(net.state_dict())
    aux1, aux2, features = ours(torch.zeros(2, 3, 64, 64))
    assert aux1.shape == aux2.shape == (2, 7) and features.shape == (2, 1024)
    ours.load_state_dict(net.state_dict())  # statistics of BN have moved
    ours.eval()
    net.eval()
    maps = torch.randn(2, 512, 6, 6)
    torch.testing.assert_close(ours.aux1(maps), net.aux1(maps), rtol=1e-4, atol=1e-6)


def test_sizes():
    def count(net):
        return sum(parameter.numel() for parameter in net.parameters())

    # torchvision: 13,004,888 with auxiliary classifiers, 6,624,904 without, of 1,000 classes.
    assert count(GoogLeNet()) == 6_624_904 - 1024 * 1000 - 1000
    assert count(GoogLeNet(1000)) == 13_004_888 - 1024 * 1000 - 1000
    net = GoogLeNet()
    net.load_state_dict(theirs().state_dict())  # without auxiliary classifiers theirs are left


def test_losses_of_the_head():
    structures = pytest.importorskip('mmpretrain.structures')
    head = MODELS.build(
        dict(
            type='AuxiliaryClsHead',
            head=dict(type='LinearClsHead', num_classes=5, in_channels=6),
            _scope_='mmpretrain',
        )
    )
    assert head.in_channels == 6
    torch.manual_seed(0)
    aux, other, features = torch.randn(2, 5), torch.randn(2, 5), torch.randn(2, 6)
    samples = [structures.DataSample().set_gt_label(label) for label in (3, 1)]
    losses = head.loss((aux, other, features), samples)
    target = torch.tensor([3, 1])
    entropy = torch.nn.functional.cross_entropy
    torch.testing.assert_close(losses['loss'], entropy(head.head.fc(features), target))
    torch.testing.assert_close(losses['loss_aux1'], 0.3 * entropy(aux, target))
    torch.testing.assert_close(losses['loss_aux2'], 0.3 * entropy(other, target))
    predicted = head.predict((features,), None)
    assert [int(one.pred_label) for one in predicted] == head((features,)).argmax(1).tolist()
