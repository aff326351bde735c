"""Frozen teachers stay frozen, stay out of checkpoints, and say what is wrong with theirs."""

import copy

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from mmseg.registry import MODELS

from mmdegrade.models.fold_batchnorm import fold_batchnorm
from mmdegrade.models.teacher import FrozenTeacher
from tests.tiny import batch, dense_gram, fcn_r18, save_clean

TAPS = ['backbone.layer3.*', 'backbone.layer4.*']


@pytest.fixture()
def clean(tmp_path):
    return save_clean(fcn_r18(), tmp_path / 'clean.pth')


def test_features_equal_the_unfolded_network(clean):
    teacher = FrozenTeacher(fcn_r18(), clean, TAPS)
    teacher.init_weights()
    plain = MODELS.build(fcn_r18())
    plain.load_state_dict(torch.load(clean, weights_only=True)['state_dict'])
    plain.train(False)
    wanted = {}
    for name in ('layer3', 'layer4'):
        for i, block in enumerate(getattr(plain.backbone, name)):
            block.register_forward_hook(
                lambda m, a, out, key=(name, i): wanted.update({key: out.detach()})
            )
    inputs, _ = batch()
    plain(inputs, None, mode='tensor')
    features = teacher.features(inputs)
    for name, maps in features.items():
        for i, feature in enumerate(maps):
            assert torch.allclose(feature, wanted[name, i], rtol=1e-3, atol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in teacher.model.backbone.modules())


def test_bfloat16_agrees_within_a_hundredth_or_so(clean):
    inputs, _ = batch()
    exact, cheap = (FrozenTeacher(fcn_r18(), clean, TAPS, dtype=d) for d in ('float32', 'bfloat16'))
    exact.init_weights()
    cheap.init_weights()
    for block, maps in cheap.features(inputs).items():
        for ours, wanted in zip(maps, exact.features(inputs)[block], strict=True):
            assert ours.dtype == torch.bfloat16
            assert float((ours.float() - wanted).norm() / wanted.norm()) < 0.02
    with pytest.raises(ValueError, match=r"dtype='float16'; allowed: 'float32', 'bfloat16'"):
        FrozenTeacher(fcn_r18(), clean, TAPS, dtype='float16')


def test_logits_equal_the_unfolded_network_and_reach_the_image(clean):
    teacher = FrozenTeacher(fcn_r18(), clean, taps=None)
    teacher.init_weights()
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in teacher.model.modules())
    plain = MODELS.build(fcn_r18())
    plain.load_state_dict(torch.load(clean, weights_only=True)['state_dict'])
    plain.train(False)
    gradients = []
    for network in (
        teacher.logits,
        lambda x: plain.encode_decode(x, [dict(img_shape=(64, 64))] * 2),
    ):
        inputs = batch()[0].requires_grad_()
        logits = network(inputs)
        assert logits.shape == (2, 11, 64, 64) and logits.dtype == torch.float32
        logits.square().mean().backward()
        gradients.append((logits.detach(), inputs.grad))
    for ours, wanted in zip(*gradients, strict=True):
        assert torch.allclose(ours, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    assert all(p.grad is None for p in teacher.parameters())


def test_a_teacher_has_taps_or_logits(clean):
    tapped, whole = (FrozenTeacher(fcn_r18(), clean, taps) for taps in (TAPS, None))
    for teacher in (tapped, whole):
        teacher.init_weights()
    with pytest.raises(RuntimeError, match='logits need taps=None'):
        tapped.logits(batch()[0])
    with pytest.raises(RuntimeError, match='no features to read'):
        whole.features(batch()[0])
    with pytest.raises(RuntimeError, match='not loaded'):
        FrozenTeacher(fcn_r18(), clean, None).logits(batch()[0])


def test_logits_of_a_cheaper_teacher(clean):
    exact, cheap = (FrozenTeacher(fcn_r18(), clean, None, dtype=d) for d in ('float32', 'bfloat16'))
    exact.init_weights()
    cheap.init_weights()
    ours, wanted = cheap.logits(batch()[0]), exact.logits(batch()[0])
    assert ours.dtype == torch.float32
    assert float((ours - wanted).norm() / wanted.norm()) < 0.05


def test_head_is_skipped(clean):
    teacher = FrozenTeacher(fcn_r18(), clean, TAPS)
    teacher.init_weights()
    teacher.model.decode_head.register_forward_hook(lambda *a: pytest.fail('the head ran'))
    teacher.features(batch()[0])


def test_stays_in_eval_and_out_of_checkpoints(clean):
    model = MODELS.build(dense_gram(fcn_r18(), clean))
    model.init_weights()
    model.train()
    assert model.training and not any(m.training for m in model.source.modules())
    assert all(not p.requires_grad for p in model.source.parameters())
    state = model.state_dict()
    assert not [key for key in state if key.startswith('source')]
    assert {key for key in state if not key.startswith('data_')} == {
        f'segmentor.{key}' for key in model.segmentor.state_dict()
    }
    result = model.load_state_dict(state, strict=True)  # the teacher's absence is no error
    assert result.missing_keys == [] and result.unexpected_keys == []
    load_state_dict(model, copy.copy(state), strict=True)  # MMEngine's own loader


def test_moves_with_the_model(clean):
    model = MODELS.build(dense_gram(fcn_r18(), clean)).to(torch.float64)
    model.init_weights()
    assert {p.dtype for p in model.source.parameters()} == {torch.float64}


def test_not_loaded_is_an_error(clean):
    with pytest.raises(RuntimeError, match='not loaded; call model.init_weights'):
        FrozenTeacher(fcn_r18(), clean, TAPS).features(batch()[0])


def test_missing_checkpoint_names_path_and_command():
    teacher = FrozenTeacher(fcn_r18(), 'work_dirs/fcn8s_voc_clean/iter_140000.pth', TAPS)
    with pytest.raises(FileNotFoundError) as error:
        teacher.init_weights()
    message = str(error.value)
    assert 'work_dirs/fcn8s_voc_clean/iter_140000.pth' in message
    assert 'python tools/train.py configs/*/fcn8s_voc_clean.py' in message


def test_other_classes_are_named(clean, tmp_path):
    teacher = FrozenTeacher(fcn_r18(num_classes=19), clean, TAPS)
    with pytest.raises(ValueError, match=r'classes: 11 in the checkpoint, 19 in the config'):
        teacher.init_weights()
    loaded = torch.load(clean, weights_only=True)
    loaded['meta'] = dict(dataset_meta=dict(classes=('a', 'b')))
    torch.save(loaded, tmp_path / 'two.pth')
    with pytest.raises(ValueError, match=r'trained on 2 classes \(a, b\).*num_classes=11'):
        FrozenTeacher(fcn_r18(), str(tmp_path / 'two.pth'), TAPS).init_weights()


def test_other_network_is_named(clean):
    cfg = fcn_r18()
    cfg['decode_head']['num_convs'] = 2
    with pytest.raises(ValueError, match=r"missing \['decode_head.convs.1.conv.weight'"):
        FrozenTeacher(cfg, clean, TAPS).init_weights()


def test_fold_refuses_what_does_not_agree():
    class Branching(torch.nn.Module):  # the convolution's raw output is used twice
        def __init__(self):
            super().__init__()
            self.conv, self.bn = torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)

        def forward(self, x):
            x = self.conv(x)
            return x + self.bn(x)

    net = Branching()
    torch.nn.init.constant_(net.bn.weight, 3.0)
    net.train(False)
    x = torch.randn(1, 3, 4, 4)
    folded, count = fold_batchnorm(net, lambda model: [model(x)])
    assert count == 0 and folded is net
