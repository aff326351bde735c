"""AdversarialRestorationModel: two steps by hand, who changes whom, a run of the runner."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmseg.registry import MODELS

from tests import tiny_restorers  # noqa: F401
from tests.models.test_restoration_model import loaded

SIZE = (24, 28)


def build(**kwargs):
    given = dict(
        type='AdversarialRestorationModel',
        restorer=dict(type='ConvRestorer'),
        discriminator=dict(type='PatchDiscriminator', width=4, layers=1),
        losses=dict(l1=dict(type='RestorationL1Loss')),
        adversarial_weight=0.1,
    )
    model = MODELS.build({**given, **kwargs})
    model.init_weights()
    return model


def optimisers(model, lr=0.5):
    return OptimWrapperDict(
        **{
            part: OptimWrapper(torch.optim.SGD(getattr(model, part).parameters(), lr=lr))
            for part in ('restorer', 'discriminator')
        }
    )


def weights(module) -> list[torch.Tensor]:
    return [value.detach().clone() for value in module.state_dict().values()]


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_one_iteration_by_hand():
    """The discriminator's step by binary cross-entropy, then the restorer's against the new one."""
    model = build()
    restorer, critic = copy.deepcopy(model.restorer), copy.deepcopy(model.discriminator)
    data, images = loaded(size=SIZE)
    noisy, clean = images[:, 0], images[:, 1]
    logs = model.train_step(data, optimisers(model))

    ones = F.binary_cross_entropy_with_logits
    restored = restorer(noisy)
    real, made = critic(clean), critic(restored.detach())
    bce = (ones(real, torch.ones_like(real)) + ones(made, torch.zeros_like(made))) / 2
    for parameter, grad in zip(
        critic.parameters(), torch.autograd.grad(bce, list(critic.parameters())), strict=True
    ):
        parameter.data -= 0.5 * grad
    scores = critic(restored)
    adversarial = 0.1 * ones(scores, torch.ones_like(scores))
    content = (restored - clean).abs().mean()
    grads = torch.autograd.grad(content + adversarial, list(restorer.parameters()))
    for parameter, grad in zip(restorer.parameters(), grads, strict=True):
        parameter.data -= 0.5 * grad

    assert logs['discriminator_bce'].item() == pytest.approx(bce.item(), rel=1e-5)
    assert logs['loss_adversarial'].item() == pytest.approx(adversarial.item(), rel=1e-4)
    assert logs['loss_l1'].item() == pytest.approx(content.item(), rel=1e-5)
    total = adversarial.item() + content.item()
    assert logs['loss'].item() == pytest.approx(total, rel=1e-4), 'of the restorer alone'
    for ours, theirs in ((model.restorer, restorer), (model.discriminator, critic)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize('norm', ['IN', 'BN'])
def test_the_restorers_step_leaves_the_discriminator_alone(norm):
    """Weights, gradients and the statistics of its batch normalisation."""
    model = build(discriminator=dict(type='PatchDiscriminator', width=4, layers=1, norm=norm))
    optim = optimisers(model)
    for group in optim['discriminator'].param_groups:
        group['lr'] = 0.0
    states = []
    model.discriminator.register_forward_hook(
        lambda part, *_: states.append((weights(part), torch.is_grad_enabled()))
    )
    data, _ = loaded(size=SIZE)
    before = weights(model.discriminator), weights(model.restorer)
    model.train_step(data, optim)
    assert states[0][1] and not same(before[1], weights(model.restorer))
    after = weights(model.discriminator)
    assert same(after, states[0][0]), 'what its own step left'
    assert same(before[0], after) == (norm == 'IN')
    inputs = torch.rand(2, 3, *SIZE, requires_grad=True)
    model.discriminator.zero_grad()
    model._judge_without_learning(inputs).sum().backward()
    assert inputs.grad.abs().sum() > 0 and same(after, weights(model.discriminator))
    assert all(parameter.grad is None for parameter in model.discriminator.parameters())
    assert all(parameter.requires_grad for parameter in model.discriminator.parameters())


def test_it_learns_to_tell_and_the_restorer_to_deceive():
    model = build(restorer=dict(type='ConvRestorer', zero=True))
    data, _ = loaded(size=SIZE)
    data['inputs'] = [image // 4 for image in data['inputs']]  # dark: easily told from clean ones
    optim = OptimWrapperDict(
        restorer=OptimWrapper(torch.optim.Adam(model.restorer.parameters(), lr=0.0)),
        discriminator=OptimWrapper(torch.optim.Adam(model.discriminator.parameters(), lr=0.01)),
    )
    values = [model.train_step(data, optim) for _ in range(40)]
    assert values[-1]['discriminator_bce'] < 0.3 < values[0]['discriminator_bce']
    for wrapper, lr in ((optim['restorer'], 0.01), (optim['discriminator'], 0.0)):
        wrapper.param_groups[0]['lr'] = lr
    after = [model.train_step(data, optim) for _ in range(40)]
    assert after[-1]['loss_adversarial'] < 0.5 * values[-1]['loss_adversarial']


def test_a_stage_of_the_restorer_alone_has_no_adversarial_term():
    model = build()
    model.train_only('restorer')
    before = weights(model.discriminator)
    data, _ = loaded(size=SIZE)
    optim = OptimWrapperDict(restorer=optimisers(model)['restorer'])
    logs = model.train_step(data, optim)
    assert 'loss_adversarial' not in logs and 'discriminator_bce' not in logs
    assert same(before, weights(model.discriminator))


def test_other_optimisers_are_refused():
    model = build()
    data, _ = loaded(size=SIZE)
    one = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    for wrong in (one, OptimWrapperDict(restorer=one)):
        with pytest.raises(ValueError, match=r"train=\['restorer', 'discriminator'\]"):
            model.train_step(data, wrong)


def test_no_weight_is_refused():
    with pytest.raises(ValueError, match='adversarial_weight=0; allowed: > 0'):
        build(adversarial_weight=0)


def test_predicts_as_a_plain_restoration_model():
    model = build().eval()
    plain = MODELS.build(dict(type='RestorationModel', restorer=dict(type='ConvRestorer')))
    plain.restorer.load_state_dict(model.restorer.state_dict())
    data, _ = loaded(size=SIZE)
    prepared = model.data_preprocessor(data, False)
    with torch.no_grad():
        assert torch.equal(model(**prepared), plain(**prepared))
