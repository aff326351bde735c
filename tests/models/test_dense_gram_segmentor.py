"""DenseGramSegmentor: losses, gradients, pairing, inference, two processes."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

from mmdegrade.models.losses import dense_gram_loss
from tests.tiny import batch, dense_gram, fcn_r18, save_clean
from tests.two_processes import run_in_two


@pytest.fixture()
def clean(tmp_path):
    return save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth')


def build(clean, **kwargs):
    model = MODELS.build(dense_gram(fcn_r18(dropout=0), clean, **kwargs))
    model.init_weights()
    return model


def test_equal_networks_have_no_gap_beyond_the_spread_of_layers(clean):
    model = build(clean)
    model.train(False)  # BN as in the source
    inputs, samples = batch()
    losses = model.loss(inputs, samples)
    source = model.source.features(inputs)
    floor = sum(float(dense_gram_loss(maps, maps)) for maps in source.values())
    assert float(losses['loss_gram']) == pytest.approx(0.5 * floor, rel=1e-3)
    assert {'decode.loss_ce', 'loss_gram', 'gram.layer3', 'gram.layer4'} <= set(losses)
    total = float(losses['gram.layer3'] + losses['gram.layer4'])
    assert float(losses['loss_gram']) == pytest.approx(0.5 * total, rel=1e-6)


def test_only_loss_keys_are_optimised(clean):
    model = build(clean)
    losses = model.loss(*batch())
    total, log = model.parse_losses(losses)
    assert float(total) == pytest.approx(float(losses['decode.loss_ce'] + losses['loss_gram']))
    assert not losses['gram.layer3'].requires_grad and 'gram.layer3' in log


def test_gram_term_trains_the_target_only(clean):
    model = build(clean)
    before = {name: p.clone() for name, p in model.source.named_parameters()}
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    values = []
    for _ in range(8):
        loss = model.loss(*batch())['loss_gram']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(float(loss))
    assert values[-1] < values[0]  # descending it lowers it
    for name, parameter in model.source.named_parameters():
        assert torch.equal(parameter, before[name]) and parameter.grad is None
    head = model.segmentor.decode_head.conv_seg.weight
    assert head.grad is None  # the Gram term does not reach what comes after the taps


def test_source_input_chooses_the_image(clean):
    inputs, samples = batch(clean=True)
    degraded = build(clean).train(False).loss(inputs, samples)
    paired = build(clean, source_input='clean').train(False).loss(inputs, samples)
    for sample, image in zip(samples, inputs, strict=True):
        sample.clean_img.data = image
    same = build(clean, source_input='clean').train(False).loss(inputs, samples)
    assert torch.equal(same['loss_gram'], degraded['loss_gram'])
    assert not torch.equal(paired['loss_gram'], degraded['loss_gram'])
    assert torch.equal(paired['decode.loss_ce'], degraded['decode.loss_ce'])


def test_predictions_are_the_segmentors(clean):
    model = build(clean).train(False)
    inputs, samples = batch(1)
    ours = model.predict(inputs, samples)[0].seg_logits.data
    plain = MODELS.build(ConfigDict(fcn_r18(dropout=0))).train(False)
    plain.load_state_dict(torch.load(clean, weights_only=True)['state_dict'])
    assert torch.equal(ours, plain.predict(*batch(1))[0].seg_logits.data)
    assert torch.equal(model(inputs, mode='tensor'), plain(inputs, mode='tensor'))
    assert model._tap._maps == {}  # nothing is kept alive after inference


def test_preprocessor_is_the_segmentors_and_can_pair(clean):
    model = build(clean)
    assert type(model.data_preprocessor).__name__ == 'DegradeDataPreprocessor'
    assert model.data_preprocessor.mean.flatten().tolist() == pytest.approx(
        [123.675, 116.28, 103.53]
    )


def test_top_level_preprocessor_of_stock_configs(clean):
    given = dict(fcn_r18()['data_preprocessor'])  # as mmseg's runner hands it on
    given.pop('size_divisor')
    model = build(clean, data_preprocessor=given)
    assert type(model.data_preprocessor).__name__ == 'DegradeDataPreprocessor'
    assert model.data_preprocessor.size_divisor == 8  # the segmentor's
    model = build(clean, data_preprocessor=dict(given, size=(64, 64)))
    assert model.data_preprocessor.size == (64, 64)
    assert model.data_preprocessor.size_divisor is None


def test_bfloat16_source_changes_the_loss_little(clean):
    exact = build(clean).train(False).loss(*batch())
    cheap = build(clean, source_dtype='bfloat16').train(False).loss(*batch())
    assert cheap['loss_gram'].dtype == torch.float32
    assert float(cheap['loss_gram']) == pytest.approx(float(exact['loss_gram']), rel=0.02)
    assert torch.equal(cheap['decode.loss_ce'], exact['decode.loss_ce'])


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(source_input='noisy'), r"source_input='noisy'; allowed: 'degraded'"),
        (dict(taps=['backbone.layer9']), r"'backbone.layer9' matches no module"),
        (dict(tap='relu'), r"model.tap='relu'; allowed: taps is not a mapping"),
        (dict(tap='x', taps=dict(relu=[])), r"model.tap='x'; allowed: \['relu'\]"),
    ],
)
def test_errors(clean, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(clean, **kwargs)


def test_paired_without_clean_images_says_what_to_set(clean):
    with pytest.raises(ValueError, match=r'Degrade\(keep_clean=True\)'):
        build(clean, source_input='clean').loss(*batch())


TWO_PROCESSES = """
import os, sys, torch, mmdegrade
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from tests.tiny import batch, dense_gram, fcn_r18
init_default_scope('mmseg')
torch.set_num_threads(1)
dist.init_process_group('gloo')
rank = dist.get_rank()
model = MODELS.build(dense_gram(fcn_r18(dropout=0), sys.argv[1])).double()
model.init_weights()
model.train()
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.train(False)
ddp = MMDistributedDataParallel(model, broadcast_buffers=False)
inputs, samples = batch(4, dtype=torch.float64)
mine = slice(rank, None, 2)
losses = ddp(inputs[mine], samples[mine], mode='loss')
model.parse_losses(losses)[0].backward()
if rank == 0:
    torch.save({n: p.grad for n, p in model.segmentor.named_parameters()}, sys.argv[2])
dist.barrier()  # a rank that leaves while the other still talks to it aborts now and then
del ddp, losses
dist.destroy_process_group()
"""


def test_two_processes_equal_one_with_the_same_four_images(clean, tmp_path):
    out = tmp_path / 'grads.pth'
    run_in_two(tmp_path, TWO_PROCESSES, clean, out)
    model = MODELS.build(dense_gram(fcn_r18(dropout=0), clean)).double()
    model.init_weights()
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train(False)
    model.parse_losses(model(*batch(4, dtype=torch.float64), mode='loss'))[0].backward()
    grads = torch.load(out, weights_only=True)
    assert len(grads) == len(list(model.segmentor.parameters()))
    for name, parameter in model.segmentor.named_parameters():
        scale = max(1.0, float(parameter.grad.abs().max()))
        assert float((grads[name] - parameter.grad).abs().max()) <= 1e-12 * scale, name
