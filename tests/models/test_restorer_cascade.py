"""DDFN×n: the sum skip, training part by part, and the way from its checkpoint to a segmentor."""

import copy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import load_checkpoint
from mmseg.registry import MODELS

from mmdegrade.engine.checkpoint_parts import require_parts
from mmdegrade.models import CascadeRestorationModel
from mmdegrade.models.restorers import RestorerCascade
from mmdegrade.models.restorers.cascade import boost
from tests import tiny_restorers  # noqa: F401
from tests.tiny import batch, fcn_r18, make_camvid

CONV = dict(type='ConvRestorer')
HALF_SUM = dict(mse=dict(type='RestorationMSELoss', reduction='half_sum', border=1))


def build(**kwargs) -> CascadeRestorationModel:
    cfg = dict(type='CascadeRestorationModel', restorer=CONV, num=3, losses=HALF_SUM)
    return MODELS.build({**cfg, **kwargs})


def plain(images, convs):
    """x̂_i = D_i(y + x̂_{i-1}) with D(x) = x + conv(x), in NumPy."""
    y, made = images.double().numpy(), 0.0
    for conv in convs:
        total = y + made
        weight, bias = (p.detach().double().numpy() for p in (conv.weight, conv.bias))
        padded = np.pad(total, ((0, 0), (0, 0), (1, 1), (1, 1)))
        made = total + bias[:, None, None]
        for i in range(3):
            for j in range(3):
                window = padded[:, :, i : i + y.shape[2], j : j + y.shape[3]]
                made = made + np.einsum('oc,nchw->nohw', weight[:, :, i, j], window)
    return made


@pytest.mark.parametrize('num', [1, 2, 3])
def test_the_recursion(num):
    cascade = MODELS.build(dict(type='RestorerCascade', restorer=CONV, num=num))
    images = torch.randn(2, 3, 7, 9) * 2  # far outside [0, 1]: nothing is clipped
    expected = plain(images, [part.conv for part in cascade.children()])
    np.testing.assert_allclose(cascade(images).detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    assert [name for name, _ in cascade.named_children()] == [f'D{i + 1}' for i in range(num)]
    assert not cascade.conditional


def test_identity_restorers_show_the_sums():
    """D(x) = x: 1, then 1 + 1, then 1 + 2 times the image."""
    images = torch.rand(1, 3, 4, 5)
    for num in (1, 2, 3):
        identity = dict(CONV, zero=True)
        cascade = MODELS.build(dict(type='RestorerCascade', restorer=identity, num=num))
        assert torch.allclose(cascade(images), num * images)
    assert torch.equal(boost(images, []), images)


def test_a_condition_goes_to_every_part():
    conditional = dict(CONV, condition_channels=2)
    cascade = MODELS.build(dict(type='RestorerCascade', restorer=conditional, num=2))
    condition = torch.randn(1, 2, 4, 4)
    cascade(torch.rand(1, 3, 4, 4), condition)
    assert cascade.conditional
    assert all(part.seen[0] is condition for part in cascade.children())


def test_parameters_of_ddfn_times_n():
    cascade = MODELS.build(dict(type='RestorerCascade', restorer=dict(type='DDFN'), num=3))
    assert sum(p.numel() for p in cascade.parameters()) == 3 * 60_784
    assert cascade.receptive_radius == 3 * cascade.D1.receptive_radius


def test_errors():
    for num in (0, True, 1.5):
        with pytest.raises(ValueError, match=f'num={num!r}; allowed: a positive integer'):
            RestorerCascade(CONV, num)
    with pytest.raises(TypeError, match="RestorerCascade.restorer.type='Conv2d' is not a Restorer"):
        RestorerCascade(dict(type='Conv2d', in_channels=3, out_channels=3, kernel_size=1))
    with pytest.raises(ValueError, match=r"stop_after='D4'; allowed: \['D1', 'D2', 'D3'\]"):
        build(stop_after='D4')


def prepared(model, size=(12, 14)):
    inputs, samples = batch(2, size, clean=True)
    return dict(inputs=inputs, data_samples=samples), model._images


def test_a_stage_trains_one_part_on_its_own_image():
    model = build()
    assert model.part_names == ('D1', 'D2', 'D3')
    assert {key.split('.')[0] for key in model.state_dict()} == {'D1', 'D2', 'D3'}
    data, images = prepared(model)
    noisy = images.from_inputs(data['inputs'])
    clean = images.from_inputs(torch.stack([s.clean_img.data for s in data['data_samples']]))
    convs = [getattr(model, f'D{i}').conv for i in (1, 2, 3)]
    for i in (1, 2, 3):
        model.train_only(f'D{i}')
        model.train()
        model.zero_grad()
        losses = model(**data, mode='loss')
        losses['loss_mse'].backward()
        made = plain(noisy, convs[:i])
        error = (made - clean.double().numpy())[:, :, 1:-1, 1:-1]
        assert losses['loss_mse'].item() == pytest.approx((error**2).sum() / 4, rel=1e-4)
        graded = {n.split('.')[0] for n, p in model.named_parameters() if p.grad is not None}
        assert graded == {f'D{i}'}
        assert [getattr(model, f'D{k}').training for k in (1, 2, 3)] == [k == i for k in (1, 2, 3)]
        # Validation during the stage stops there, too.
        model.eval()
        restored = model.restore(data['inputs'])
        np.testing.assert_allclose(restored.detach().numpy(), made, rtol=1e-3, atol=1e-4)


def test_own_losses_of_the_restorer_count_for_the_first_part(monkeypatch):
    def own(restorer, images, clean, data_samples=None):
        return dict(own=restorer.conv.weight.sum() * images.sum())

    monkeypatch.setattr(tiny_restorers.ConvRestorer, 'auxiliary_losses', own)
    model = build(num=2)
    data, images = prepared(model)
    model.train_only('D1')
    expected = model.D1.conv.weight.sum() * images.from_inputs(data['inputs']).sum()
    losses = model(**data, mode='loss')
    assert set(losses) == {'loss_mse', 'loss_own', 'psnr'}
    assert losses['loss_own'].item() == pytest.approx(expected.item(), rel=1e-4)
    model.train_only('D2')
    assert set(model(**data, mode='loss')) == {'loss_mse', 'psnr'}


def test_outside_of_stages_and_up_to_a_part():
    model = build()
    data, images = prepared(model)
    model(**data, mode='loss')['loss_mse'].backward()
    assert all(p.grad is not None for p in model.parameters())
    noisy = images.from_inputs(data['inputs'])
    stopped = build(stop_after='D2')
    stopped.load_state_dict(model.state_dict())
    stopped.eval()
    convs = [stopped.D1.conv, stopped.D2.conv]
    (sample, _) = stopped(**data, mode='predict')
    expected = plain(noisy, convs)[0]
    np.testing.assert_allclose(
        sample.restored_img.data.detach().numpy(), expected, rtol=1e-3, atol=1e-4
    )


def test_its_checkpoint_restores_before_a_segmentor(tmp_path):
    model = build(num=2)
    path = tmp_path / 'stage_2_D2.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    wrapped = MODELS.build(
        dict(
            type='RestoreThenSegment',
            segmentor=fcn_r18(dropout=0),
            restorer=dict(type='RestorerCascade', restorer=CONV, num=2),
            restorer_checkpoint=str(path),
            clip=False,
        )
    )
    wrapped.init_weights()
    wrapped.eval()
    inputs, _ = batch(1, (32, 32))
    noisy = wrapped._images.from_inputs(inputs)
    expected = plain(noisy, [model.D1.conv, model.D2.conv])
    np.testing.assert_allclose(
        wrapped.restore(inputs).detach().numpy(), expected, rtol=1e-3, atol=1e-4
    )
    # And back, from a checkpoint of the whole, or as a start.
    other = build(num=2)
    other.load_state_dict(
        {k: v for k, v in wrapped.state_dict().items() if k.startswith('restorer.')}
    )
    start = build(num=2, restorer_checkpoint=str(path))
    start.init_weights()
    for one in (other, start):
        assert all(torch.equal(v, model.state_dict()[k]) for k, v in one.state_dict().items())
    with pytest.raises(ValueError, match='does not fit RestorerCascade'):
        build(num=3, restorer_checkpoint=str(path)).init_weights()


def test_its_own_checkpoint_fills_it(tmp_path):
    """By MMEngine's way of loading, which only warns of keys that nobody takes."""
    model, path = build(num=2), str(tmp_path / 'stage_2_D2.pth')
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    inside = {f'restorer.{key}': value for key, value in model.state_dict().items()}
    torch.save(dict(state_dict=inside, meta={}), tmp_path / 'inside.pth')
    for name in ('stage_2_D2.pth', 'inside.pth'):
        torch.manual_seed(1)
        other = MODELS.build(
            dict(type='CascadeRestorationModel', restorer=CONV, num=2, losses=HALF_SUM)
        )
        twin = copy.deepcopy(other)
        assert not torch.equal(other.D2.conv.weight, model.D2.conv.weight)
        load_checkpoint(twin, str(tmp_path / name), strict=False)
        for key, value in model.state_dict().items():
            assert torch.equal(twin.state_dict()[key], value), key
        assert not torch.equal(other.D2.conv.weight, model.D2.conv.weight)
        runner_like = dict(state_dict=torch.load(path, weights_only=True)['state_dict'])
        require_parts(other, runner_like, path)
    with pytest.raises(ValueError, match='parts D1, D2, and .* tests D1, D2, D3: D3 would be'):
        require_parts(build(num=3), runner_like, path)


def test_two_stages_by_the_runner(tmp_path):
    pipeline = [
        dict(type='LoadImage'),
        dict(type='RandomCrop', crop_size=(24, 24)),
        dict(type='Degrade', kind='awgn', sigma=50, clip=False, keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]
    data = dict(
        type='CamVidDataset',
        data_root=str(make_camvid(tmp_path / 'camvid')),
        ann_file='train.txt',
        pipeline=pipeline,
    )
    adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-2))
    cfg = Config(
        dict(
            model=dict(type='CascadeRestorationModel', restorer=CONV, num=2, losses=HALF_SUM),
            train_dataloader=dict(
                batch_size=2, num_workers=0, sampler=dict(type='KeyedSampler'), dataset=data
            ),
            train_cfg=dict(
                type='StagedTrainLoop',
                stages=[
                    dict(name='D1', train=['D1'], iters=2),
                    dict(name='D2', train=['D2'], iters=2),
                ],
            ),
            optim_wrapper=adam,
            work_dir=str(tmp_path / 'work'),
            default_scope='mmseg',
            runner_type='DegradeRunner',
            randomness=dict(seed=0),
            experiment_name='cascade',
        )
    )
    RUNNERS.get('DegradeRunner').from_cfg(cfg).train()
    first, second = (
        torch.load(tmp_path / 'work' / name, weights_only=False)['state_dict']
        for name in ('stage_1_D1.pth', 'stage_2_D2.pth')
    )
    moved = {key for key in first if not torch.equal(first[key], second[key])}
    assert moved == {'D2.conv.weight', 'D2.conv.bias'}
