"""The quick choice of classes is torch's, ties and NaN included, and leaves no trace."""

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from mmdegrade.apis.severity_grid.quick_argmax import QuickArgmax, quick_argmax
from tests.tiny import batch, fcn_r18


def scores(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator)


@pytest.mark.parametrize('classes', [2, 11, 19, 150])
def test_same_classes(classes):
    values = scores((classes, 13, 29))
    values[:, :4] = values[:, :4].round()  # many ties
    values[:, 5] = 0  # all equal
    values[1, 6] = float('nan')
    values[:, 7] = float('nan')
    values[:, 8] = -float('inf')
    expected = values.argmax(dim=0, keepdim=True)
    with QuickArgmax():
        assert torch.equal(values.argmax(dim=0, keepdim=True), expected)
        assert torch.equal(values.argmax(dim=0), expected[0])
        assert values.argmax() == values.flatten().argmax(0)  # other forms stay torch's
        assert torch.equal(values.argmax(dim=1), values.max(1).indices)


def test_max_is_what_is_called(monkeypatch):
    calls, original = [], torch.max
    monkeypatch.setattr(torch, 'max', lambda *a, **k: calls.append(a[0].shape) or original(*a, **k))
    with QuickArgmax():
        scores((3, 4, 4)).argmax(dim=0, keepdim=True)
        scores((150, 4, 4)).argmax(dim=0)  # so many classes are left to argmax
        scores((3, 4, 4)).argmax(dim=1)
    assert calls == [(3, 4, 4)]


def test_network_predicts_the_same_and_is_left_as_it_was():
    inner = MODELS.build(Config(fcn_r18()))
    outer = torch.nn.ModuleDict(dict(wrapped=inner)).train(False)
    inputs, samples = batch(n=2, size=(32, 40))
    method = type(inner).postprocess_result
    with torch.no_grad():
        before = inner(inputs, [s.new() for s in samples], mode='predict')
        with quick_argmax(outer, outer):
            assert inner.postprocess_result.__name__ == 'postprocess_result'
            assert 'postprocess_result' in vars(inner)
            quick = inner(inputs, [s.new() for s in samples], mode='predict')
    assert 'postprocess_result' not in vars(inner)
    assert inner.postprocess_result.__func__ is method
    for one, other in zip(before, quick, strict=True):
        assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)
        assert torch.equal(one.seg_logits.data, other.seg_logits.data)


def test_an_error_leaves_no_trace():
    network = MODELS.build(Config(fcn_r18()))
    with pytest.raises(RuntimeError), quick_argmax(network):
        raise RuntimeError
    assert 'postprocess_result' not in vars(network)
