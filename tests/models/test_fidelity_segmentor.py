"""FidelitySegmentor: equals its formulas, trains what a stage says and nothing else."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS

from mmdegrade.models.decode_heads import FidelityCalibrationHead
from mmdegrade.models.fidelity import FidelityMap
from tests.tiny import batch, fcn_r18, save_clean
from tests.two_processes import run_in_two, stage_gradients

NET = dict(type='DnCNN', depth=3, width=4)
MEAN = torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1)
STD = torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1)
SETTINGS = ('oracle', 'pretrained', 'end-to-end')


def fidelity(setting='pretrained', segmentor=None, **kwargs) -> dict:
    estimator = None if setting == 'oracle' else NET
    cfg = dict(type='FidelitySegmentor', segmentor=segmentor or fcn_r18(), restorer=NET)
    return dict(cfg, estimator=estimator, setting=setting, **kwargs)


def build(setting='pretrained', **kwargs):
    torch.manual_seed(0)
    model = MODELS.build(fidelity(setting, **kwargs))
    for name in ('spatial', 'head'):  # away from the identity
        for parameter in getattr(model, name).parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def images_of(inputs):
    return (inputs * STD + MEAN) / 255


def by_hand(model, inputs, samples):
    """R, M and logits, written out for this ResNet; ``conv1`` is a deep stem."""
    y = images_of(inputs)
    r = model.restorer(y).clamp(0, 1)
    clean = images_of(torch.stack([sample.clean_img.data for sample in samples]))
    if model.setting == 'oracle':
        values = (r - clean).abs()
    else:
        given = y if model.estimator_input == 'degraded' else r
        values = model.estimator.residual(given)
    m = FidelityMap()(values)
    plain = (r * 255 - MEAN) / STD
    net = model.segmentor.backbone

    def run(x, calibrate):
        x = calibrate(x)
        x = net.maxpool(calibrate(net.stem(x)))
        for stage in ('layer1', 'layer2', 'layer3', 'layer4'):
            x = getattr(net, stage)(x)
        return calibrate(x)

    states = [None]

    def calibrate(x):
        x, state = model.spatial(x, m, len(states) - 1, states[-1])
        states.append(state)
        return x

    x = model.head.channel[0](run(plain, calibrate), m)
    if hasattr(model, 'ensemble'):
        x = x.lerp(run(plain, lambda x: x), model.ensemble[0](m)[:, :, None, None])
    logits = model.segmentor.decode_head([None, None, None, x])
    return r, m, F.interpolate(logits, inputs.shape[-2:], mode='bilinear', align_corners=False)


@pytest.mark.parametrize('ensemble', [False, True])
@pytest.mark.parametrize('setting', SETTINGS)
@torch.no_grad()
def test_equals_the_formulas(setting, ensemble):
    model = build(setting, ensemble=ensemble).eval()
    inputs, samples = batch(2, clean=True)
    r, m, logits = by_hand(model, inputs, samples)
    close = dict(rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(inputs, samples, mode='tensor'), logits, **close)
    if setting != 'oracle':  # which needs the clean images
        found = model.inference_tensors(inputs)
        torch.testing.assert_close(found['logits'], logits, **close)
        torch.testing.assert_close(found['restored'], r, **close)
    for i, sample in enumerate(model.predict(inputs, samples)):
        torch.testing.assert_close(sample.seg_logits.data, logits[i], **close)
        torch.testing.assert_close(sample.restored_img.data, r[i], **close)
        torch.testing.assert_close(sample.fidelity_map.data, m[i], **close)
        assert torch.equal(sample.pred_sem_seg.data[0], sample.seg_logits.data.argmax(0))


@torch.no_grad()
def test_input_of_the_estimator():
    models = {name: build(estimator_input=name).eval() for name in ('degraded', 'restored')}
    models['restored'].load_state_dict(models['degraded'].state_dict())
    inputs, samples = batch(1, clean=True)
    maps = {
        name: model.predict(inputs, samples)[0].fidelity_map.data.clone()
        for name, model in models.items()
    }
    for name, model in models.items():
        torch.testing.assert_close(maps[name], by_hand(model, inputs, samples)[1][0])
    assert not torch.allclose(maps['degraded'], maps['restored'])


@torch.no_grad()
def test_starts_as_the_restored_image():
    torch.manual_seed(0)
    model = MODELS.build(fidelity()).eval()
    torch.manual_seed(0)
    cfg = dict(type='RestoreThenSegment', segmentor=fcn_r18(), restorer=NET)
    plain = MODELS.build(cfg).eval()
    plain.segmentor.load_state_dict(model.segmentor.state_dict())
    plain.restorer.load_state_dict(model.restorer.state_dict())
    inputs, samples = batch(2)
    found, expected = (
        one.predict(inputs, copy.deepcopy(samples))[0].seg_logits.data for one in (model, plain)
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('switched', ['spatial', 'channel'])
@torch.no_grad()
def test_a_calibration_can_be_left_out(switched):
    model = MODELS.build(fidelity(**{switched: None})).eval()
    assert ('spatial' in model.part_names, 'head' in model.part_names) == (
        switched != 'spatial',
        switched != 'channel',
    )
    assert model.predict(*batch(1))[0].pred_sem_seg.data.shape == (1, 64, 64)


def test_cosine_has_one_channel():
    model = MODELS.build(fidelity(fidelity=dict(measure='cosine')))
    model.train_only('estimator')
    losses = model.train().loss(*batch(1, clean=True))
    assert set(losses) == {'loss_estimate'} and losses['loss_estimate'].isfinite()


STAGES = dict(
    oracle=(['restorer'], ['spatial', 'head'], ['ensemble']),
    pretrained=(['restorer'], ['estimator'], ['spatial', 'head'], ['ensemble']),
)
STAGES['end-to-end'] = (['restorer'], ['estimator'], ['estimator', 'spatial', 'head'], ['ensemble'])


@pytest.mark.parametrize('setting', SETTINGS)
def test_a_stage_moves_its_parts_and_leaves_all_else_bit_identical(setting, tmp_path):
    clean = save_clean(fcn_r18(), tmp_path / 'clean.pth')
    model = build(setting, ensemble=True, clean_checkpoint=clean)
    model.init_weights()
    segmentor = {key: value.clone() for key, value in model.segmentor.state_dict().items()}
    saved = torch.load(clean, weights_only=False)['state_dict']
    for key, value in segmentor.items():
        assert torch.equal(value, saved[key]), key
    for parts in STAGES[setting]:
        model.train_only(*parts)
        model.train()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        trained = [p for part in parts for p in getattr(model, part).parameters()]
        wrapper = OptimWrapper(torch.optim.SGD(trained, lr=0.1, momentum=0.9, nesterov=True))
        for _ in range(3):
            inputs, samples = batch(2, clean=True)
            total, _ = model.parse_losses(model.loss(inputs, samples))
            wrapper.update_params(total)
        after = model.state_dict()
        moved = {key.split('.')[0] for key in after if not torch.equal(before[key], after[key])}
        assert moved == set(parts), parts
    for key, value in model.segmentor.state_dict().items():
        assert torch.equal(value, segmentor[key]), key
    assert not any(parameter.requires_grad for parameter in model.segmentor.parameters())
    assert not any(module.training for module in model.segmentor.modules())


def test_losses_of_each_stage():
    model = build(ensemble=True)
    inputs, samples = batch(2, clean=True)
    y = images_of(inputs)
    clean = images_of(torch.stack([sample.clean_img.data for sample in samples]))
    model.train_only('restorer')
    loss = model.train().loss(inputs, samples)
    expected = (model.restorer(y) - clean).abs().mean()
    assert set(loss) == {'loss_restore'}
    torch.testing.assert_close(loss['loss_restore'], expected)
    model.train_only('estimator')
    loss = model.train().loss(inputs, samples)
    r = model.restorer(y).clamp(0, 1)
    expected = (model.estimator.residual(y) - (r - clean).abs()).abs().mean()
    torch.testing.assert_close(loss['loss_estimate'], expected)
    model.train_only('spatial', 'head')
    loss = model.train().loss(inputs, samples)
    maps = model.features(*model._maps(inputs, samples))
    expected = model.segmentor.decode_head.loss(maps, samples, {})
    torch.testing.assert_close(loss['decode.loss_ce'], expected['loss_ce'])
    assert not model.runs_ensemble
    model.train_only('ensemble')
    assert model.runs_ensemble


def test_padding_of_patches_counts_in_no_loss():
    model = build()
    model.train_only('restorer')
    inputs, samples = batch(2, clean=True)
    full = model.train().loss(inputs[..., :50, :50], _cut(samples, 50))['loss_restore']
    for sample in samples:
        sample.set_metainfo(dict(padding_size=(0, 14, 0, 14)))
    inputs[..., 50:, :] = 0
    inputs[..., 50:] = 0  # what is seen beyond the border of a patch reaches 3 pixels into it
    padded = model.loss(inputs, samples)['loss_restore']
    assert 0 < abs(float(padded - full)) < 0.05 or float(padded) == float(full)
    images = images_of(inputs)[..., :50, :50]
    clean = images_of(torch.stack([one.clean_img.data[..., :50, :50] for one in samples]))
    torch.testing.assert_close(padded, (model.restorer(images) - clean).abs().mean())


def _cut(samples, size):
    cut = copy.deepcopy(samples)
    for sample in cut:
        sample.set_data(dict(clean_img=type(sample.clean_img)(
            data=sample.clean_img.data[..., :size, :size])))  # fmt: skip
    return cut


def test_networks_come_from_checkpoints_and_are_fixed(tmp_path):
    torch.save(dict(state_dict=build().state_dict(), meta={}), tmp_path / 'stage.pth')
    saved = torch.load(tmp_path / 'stage.pth', weights_only=False)['state_dict']
    paths = {
        f'{name}_checkpoint': str(tmp_path / 'stage.pth') for name in ('restorer', 'estimator')
    }
    for setting, parts in (
        ('pretrained', ('spatial', 'head')),
        ('end-to-end', ('estimator', 'spatial', 'head')),
    ):
        model = MODELS.build(fidelity(setting, **paths))
        for name in ('restorer', 'estimator'):
            for parameter in getattr(model, name).parameters():
                torch.nn.init.zeros_(parameter)
        model.init_weights()
        assert model.part_names == parts
        for name in ('restorer', 'estimator'):
            for key, value in getattr(model, name).state_dict().items():
                assert torch.equal(value, saved[f'{name}.{key}'])


@torch.no_grad()
def test_the_head_owns_a_head_it_builds():
    cfg = fcn_r18()['decode_head']
    head = FidelityCalibrationHead(cfg).train()
    assert head.num_classes == 11 and head.align_corners is False
    assert not head.wrapped.training
    assert {name.split('.')[0] for name, p in head.named_parameters() if p.requires_grad} == {
        'channel'
    }
    inputs = [None, None, None, torch.randn(1, 64, 4, 4)]
    m = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(head(inputs, m), head.wrapped(inputs))  # starts as the identity
    metas = [dict(img_shape=(32, 32))]
    assert head.predict(inputs, m, metas, {}).shape == (1, 11, 32, 32)


def test_several_inputs_of_a_head():
    cfg = fcn_r18()
    cfg['decode_head'].update(
        in_channels=[16, 64], in_index=[1, 3], input_transform='resize_concat'
    )
    model = MODELS.build(fidelity(segmentor=cfg, ensemble=True))
    assert model.spatial.num_sites == 4 and model.head.widths == [16, 64]
    assert model.predict(*batch(1))[0].pred_sem_seg.data.shape == (1, 64, 64)


@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(setting='true'), ValueError, "setting='true'; allowed"),
        (dict(setting='oracle'), ValueError, 'estimator=None'),
        (dict(estimator=None), ValueError, 'needs model.estimator'),
        (dict(estimator_input='both'), ValueError, "estimator_input='both'; allowed"),
        (dict(restorer=dict(type='RestorationL1Loss')), TypeError, 'not a Restorer'),
        (dict(sites=['backbone.pool']), ValueError, "'backbone.pool' matches no module"),
        (dict(losses=dict(other=NET)), ValueError, 'losses'),
        (dict(restorer_checkpoint='none.pth'), FileNotFoundError, 'restorer_checkpoint'),
    ],
)
def test_mistakes_are_named(change, error, message):
    with pytest.raises(error, match=message):
        MODELS.build({**fidelity(), **change}).init_weights()


def test_mistakes_of_the_segmentor():
    cfg = fcn_r18()
    cfg['test_cfg'] = dict(mode='slide', crop_size=(32, 32), stride=(32, 32))
    with pytest.raises(ValueError, match="mode='slide'"):
        MODELS.build(fidelity(segmentor=cfg))
    cfg = fcn_r18()
    cfg['decode_head']['in_channels'] = 63
    cfg['backbone']['base_channels'] = 8
    with pytest.raises(ValueError, match='decode_head.in_channels=63: channel'):
        MODELS.build(fidelity(segmentor=cfg))


def test_the_oracle_needs_clean_images():
    model = MODELS.build(fidelity('oracle')).eval()
    with pytest.raises(ValueError, match="setting='oracle' needs clean images"):
        model.predict(*batch(1))
    with pytest.raises(ValueError, match="setting='oracle' needs clean images"):
        model.predict(batch(1)[0])


def test_a_restorer_that_changes_the_size():
    model = build()
    model.restorer.forward = lambda images, condition=None: images[..., 1:]
    with pytest.raises(ValueError, match='must keep the size'):
        model.predict(*batch(1))


def test_a_site_that_runs_twice():
    model = build(sites=['backbone.layer1.0.relu'])
    with pytest.raises(RuntimeError, match='ran as number 2'):
        model.predict(*batch(1))


GRADIENTS_OF = [('restorer',), ('estimator',), ('estimator', 'spatial', 'head'), ('ensemble',)]
TWO_PROCESSES = """
import sys, torch
import torch.distributed as dist
from mmengine.registry import init_default_scope
from mmdegrade.engine import StagedDistributedDataParallel
from tests.models.test_fidelity_segmentor import GRADIENTS_OF, build
from tests.tiny import batch
from tests.two_processes import stage_gradients
init_default_scope('mmseg')
torch.set_num_threads(1)
dist.init_process_group('gloo')
model = StagedDistributedDataParallel(build('end-to-end', ensemble=True).double())
inputs, samples = batch(4, clean=True, dtype=torch.float64)
mine = slice(dist.get_rank(), None, 2)
grads = stage_gradients(model, GRADIENTS_OF, inputs[mine], samples[mine])
if dist.get_rank() == 0:
    torch.save(grads, sys.argv[1])
dist.barrier()
del model
dist.destroy_process_group()
"""


def test_two_processes_equal_one_with_the_same_four_images(tmp_path):
    out = tmp_path / 'grads.pth'
    run_in_two(tmp_path, TWO_PROCESSES, out)
    images = batch(4, clean=True, dtype=torch.float64)
    model = build('end-to-end', ensemble=True).double()
    one = stage_gradients(model, GRADIENTS_OF, *images)
    two = torch.load(out, weights_only=True)
    assert two.keys() == one.keys()
    assert {key.split()[0] for key in one} == {'+'.join(parts) for parts in GRADIENTS_OF}
    for name, grad in one.items():  # 1e-10: what rounding grows to through three networks
        torch.testing.assert_close(two[name], grad, rtol=0, atol=1e-10, msg=name)
