"""bf16 autocast on the CPU, through MMEngine's optimizer wrapper interface."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmdegrade.compat.autocast import AutocastOptimWrapper


def _wrapper(model, **kwargs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return AutocastOptimWrapper(optimizer=optimizer, **kwargs)


def test_step_in_bf16_keeps_float32_weights():
    model = nn.Linear(4, 2)
    before = model.weight.detach().clone()
    x = torch.randn(3, 4)
    wrapper = _wrapper(model)
    with wrapper.optim_context(model):
        out = model(x)
        loss = out.float().square().sum()
    assert out.dtype == torch.bfloat16
    assert model(x).dtype == torch.float32  # the context is left again
    wrapper.update_params(loss)
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)


def test_step_equals_float32_step_to_bf16_accuracy():
    torch.manual_seed(0)
    model, twin = nn.Linear(4, 2, bias=False), nn.Linear(4, 2, bias=False)
    twin.load_state_dict(model.state_dict())
    x = torch.randn(3, 4)
    wrapper = _wrapper(model)
    with wrapper.optim_context(model):
        loss = model(x).float().square().mean()
    wrapper.update_params(loss)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    twin(x).square().mean().backward()
    optimizer.step()
    torch.testing.assert_close(model.weight, twin.weight, rtol=0, atol=5e-3)


def test_built_from_a_config():
    cfg = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1), dtype='float16')
    wrapper = build_optim_wrapper(nn.Linear(2, 2), cfg)
    assert wrapper.cast_dtype == torch.float16


def test_unknown_dtype():
    with pytest.raises(ValueError, match="dtype .* 'bfloat16', 'float16', got 'int8'"):
        _wrapper(nn.Linear(2, 2), dtype='int8')
