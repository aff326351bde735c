"""UBCN: the loop equals the formulas, every stage optimises what it should, mistakes are named."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS

from tests.models.ubcn_parts import GROUPS, MEAN, STD, build, ubcn
from tests.tiny import batch, fcn_r18, save_clean


def by_hand(model, inputs, turns: int):
    """The formulas of the header, written out: images and logits of every t."""
    y = (inputs * STD + MEAN) / 255
    images, logits = [model.derain(y)], []
    for t in range(turns + 1):
        scores = model.segmentor((images[-1] * 255 - MEAN) / STD, mode='tensor')
        logits.append(F.interpolate(scores, y.shape[-2:], mode='bilinear', align_corners=False))
        if t == turns:
            return images, logits
        p = logits[-1].softmax(1)
        maps = [p[:, numbers].sum(1) for numbers in model.groups.groups.values()]
        condition = torch.cat([images[-1], torch.stack(maps, 1)], 1)
        images.append(model.attentive(y, condition))


@pytest.mark.parametrize('turns', [1, 3])
@torch.no_grad()
def test_every_iteration_equals_the_formulas(turns):
    model = build(iterations=turns).eval()
    inputs, samples = batch(2)
    images, logits = by_hand(model, inputs, turns)
    for i, sample in enumerate(model.predict(inputs, samples)):
        close = dict(rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(sample.seg_logits.data, logits[-1][i], **close)
        torch.testing.assert_close(sample.restored_img.data, images[-1][i], **close)
        for t in range(turns + 1):
            torch.testing.assert_close(sample.get(f'restored_img_{t}').data, images[t][i], **close)
            found = sample.get(f'pred_sem_seg_{t}').data[0]
            assert torch.equal(found, logits[t][i].argmax(0))
        assert f'restored_img_{turns + 1}' not in sample and 'step_seconds' not in sample
        assert torch.equal(sample.pred_sem_seg.data, sample.get(f'pred_sem_seg_{turns}').data)
    torch.testing.assert_close(model(inputs, samples, mode='tensor'), logits[-1])
    torch.testing.assert_close(model.encode_decode(inputs, samples), logits[-1])


@torch.no_grad()
def test_early_exit_is_the_beginning_of_the_loop():
    model = build(iterations=3).eval()
    inputs, samples = batch(1)
    whole = model.predict(inputs, samples)[0].clone()
    model.iterations = 1
    early = model.predict(*batch(1))[0]
    assert torch.equal(early.restored_img.data, whole.restored_img_1.data)
    assert torch.equal(early.pred_sem_seg.data, whole.pred_sem_seg_1.data)


@torch.no_grad()
def test_padding_is_cut_off_and_predictions_have_the_original_size():
    model = build(iterations=1).eval()
    inputs, samples = batch(1, size=(64, 72))
    samples[0].set_metainfo(
        dict(img_shape=(60, 70), ori_shape=(120, 140), img_padding_size=(0, 2, 0, 4))
    )
    sample = model.predict(inputs, samples)[0]
    assert sample.restored_img_0.data.shape == sample.restored_img.data.shape == (3, 60, 70)
    assert sample.pred_sem_seg_0.data.shape == sample.pred_sem_seg.data.shape == (1, 120, 140)


@torch.no_grad()
def test_seconds_and_no_samples():
    model = build(iterations=2, time_steps=True).eval()
    (sample,) = model.predict(batch(1)[0])
    assert sample.step_seconds.shape == (3,) and bool((sample.step_seconds > 0).all())
    assert sample.pred_sem_seg_2.data.shape == (1, 64, 64)


def moved(model) -> set:
    return {name.split('.')[0] for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    'parts, steps, segments',
    [
        (('derain',), (0,), False),
        (('segmentor',), (), True),
        (('attentive',), (1, 2), False),
        (('derain', 'segmentor', 'attentive'), (0, 1, 2), True),
    ],
)
def test_losses_of_each_stage(parts, steps, segments):
    model = build(iterations=2).train()
    inputs, samples = batch(2, clean=True)
    model.train_only(*parts)
    for module in model.modules():  # so that the images are those of by_hand
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train(False)
    losses = model.loss(inputs, samples)
    clean = torch.stack([sample.clean_img.data for sample in samples]) * STD / 255 + MEAN / 255
    images, _ = by_hand(model, inputs, 2)
    expected = {f'loss_l1_{t}': (images[t] - clean).abs().mean().item() for t in steps}
    found = {key: value.item() for key, value in losses.items() if key.startswith('loss_')}
    assert found == pytest.approx(expected, rel=1e-4)
    assert {f'psnr_{t}' for t in steps} == {key for key in losses if key.startswith('psnr')}
    assert ('decode.loss_ce' in losses) == segments
    model.parse_losses(losses)[0].backward()
    assert moved(model) == set(parts)
    for part in parts:
        assert all(p.grad is not None for p in getattr(model, part).parameters())


def test_whole_training_reaches_idm_through_the_loop():
    """The last cross entropy alone moves all parts."""
    model = build(iterations=2).train()
    model.train_only('derain', 'segmentor', 'attentive')
    model.loss(*batch(2, clean=True))['decode.loss_ce'].backward()
    assert moved(model) == {'derain', 'segmentor', 'attentive'}
    for part in ('derain', 'attentive'):
        assert max(float(p.grad.abs().max()) for p in getattr(model, part).parameters()) > 0


def test_ssim_as_an_option():
    losses = dict(
        l1=dict(type='RestorationL1Loss'), ssim=dict(type='RestorationSSIMLoss', loss_weight=0.2)
    )
    model = build(losses=losses).train()
    model.train_only('derain')
    found = model.loss(*batch(2, clean=True))
    assert {'loss_l1_0', 'loss_ssim_0'} <= set(found)


@torch.no_grad()
def test_validation_before_sam_stops_at_b0():
    model = build(iterations=2).eval()
    for parts, last in ((('derain',), 0), (('segmentor', 'discriminator'), 0),
                        (('attentive',), 2), ((), 2)):  # fmt: skip
        model.train_only(*parts)
        sample = model.predict(*batch(1))[0]
        assert f'restored_img_{last}' in sample and f'restored_img_{last + 1}' not in sample
    plain = build(attentive=None).eval()
    assert 'restored_img_1' not in plain.predict(*batch(1))[0]
    assert plain.part_names == ('derain', 'segmentor', 'discriminator')


def test_parts_and_clean_checkpoint(tmp_path):
    clean = save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth')
    model = build(clean_checkpoint=clean)
    state = torch.load(clean, weights_only=True)['state_dict']
    own = model.segmentor.state_dict()
    assert all(torch.equal(own[key], value) for key, value in state.items())
    assert model.part_names == ('derain', 'segmentor', 'attentive', 'discriminator')


@pytest.mark.parametrize(
    'change, match',
    [
        (dict(iterations=0), 'model.iterations=0; allowed: a positive integer'),
        (dict(iterations=1.5), r'model.iterations=1\.5'),
        (dict(segmentor=dict(fcn_r18(), test_cfg=dict(mode='slide'))), "mode='slide'"),
        (dict(classes=None), "model.classes is not set.*classes='CityscapesDataset'"),
        (dict(classes='CityscapesDataset', groups=None), 'are 19, but .* num_classes=11'),
        (dict(groups=dict(sky=['Sky'], others='*')), 'groups are 2 .* set attentive.num_paths=2'),
        (dict(groups=dict(GROUPS, sky=['Moon'])), "groups.sky: unknown class 'Moon'"),
        (dict(adversarial_weight=0), 'model.adversarial_weight=0; allowed: > 0'),
        (dict(features='backbone.layer9'), "'backbone.layer9' matches no module"),
        (dict(attentive=dict(type='ImageDerainModule')), 'model.attentive takes a condition'),
        (dict(derain=dict(type='FFDNet')), "derain.type='FFDNet' needs a condition.*Image"),
    ],
)
def test_mistakes_are_named(change, match):
    with pytest.raises(ValueError, match=match):
        MODELS.build(ubcn(**change))


def test_wrong_types():
    for part in ('derain', 'attentive'):
        with pytest.raises(TypeError, match=f'model.{part}.type=.* is not a Restorer'):
            MODELS.build(ubcn(**{part: dict(type='BaseDataPreprocessor')}))
