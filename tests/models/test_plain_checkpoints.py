"""Checkpoints of a plain network fill a model that wraps it."""

import copy

import pytest
import torch
from torch import nn

from mmdegrade.models.plain_checkpoints import accept_plain_checkpoint
from mmdegrade.models.restorers import Restorer


class Gain(Restorer):
    """Images times a number."""

    def __init__(self, gain):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, images, condition=None):
        return images * self.gain


class Wrapper(nn.Module):
    """A network and a restorer, which comes from its own checkpoint."""

    def __init__(self, restorer=None, restorer_checkpoint=None):
        super().__init__()
        self.network = nn.Linear(2, 1)
        self.restorer = restorer
        self.restorer_checkpoint = restorer_checkpoint
        accept_plain_checkpoint(self, 'network', others=('restorer',))


@pytest.fixture
def plain():
    return dict(weight=torch.tensor([[3.0, 4.0]]), bias=torch.tensor([5.0]))


def test_plain_weights_fill_the_part_and_others_keep_theirs(plain):
    model = Wrapper(Gain(0.5))
    assert not model.load_state_dict(plain).missing_keys  # strict
    assert model.network(torch.tensor([1.0, 2.0])).item() == 3 + 8 + 5
    assert model.restorer.gain == 0.5


def test_restorer_comes_from_the_checkpoint_that_the_config_names(plain, tmp_path):
    torch.save(Gain(0.25).state_dict(), tmp_path / 'restorer.pth')
    model = Wrapper(Gain(0.5), str(tmp_path / 'restorer.pth'))
    model.load_state_dict(plain)
    assert model.restorer.gain == 0.25


def test_own_checkpoints_load_as_they_are(tmp_path):
    torch.save(Gain(0.25).state_dict(), tmp_path / 'restorer.pth')
    model = Wrapper(Gain(0.5), str(tmp_path / 'restorer.pth'))
    own = Wrapper(Gain(0.75)).state_dict()
    model.load_state_dict(own)
    assert model.restorer.gain == 0.75
    assert torch.equal(model.network.weight, own['network.weight'])


def test_inside_another_module_and_without_restorer(plain):
    outer = nn.Sequential(nn.Linear(1, 1), Wrapper())
    state = dict(outer[0].state_dict(prefix='0.'))
    outer.load_state_dict({**state, **{f'1.{name}': value for name, value in plain.items()}})
    assert torch.equal(outer[1].network.weight, plain['weight'])


def test_a_deep_copy_keeps_its_own_parts(plain):
    model = Wrapper(Gain(0.5))
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.restorer.gain.fill_(0.75)
    twin.load_state_dict(plain)
    assert (model.restorer.gain.item(), twin.restorer.gain.item()) == (0.5, 0.75)


def test_keys_of_neither_are_errors():
    with pytest.raises(RuntimeError, match=r'Unexpected key.*network\.else'):
        Wrapper().load_state_dict({'else': torch.ones(1)})
