"""RestoreThenSegment: scales, frozen restorers, checkpoints; UnitImages."""

import pytest
import torch
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from torch import nn

from mmdegrade.models.restorers import Restorer
from mmdegrade.models.unit_images import UnitImages
from tests import tiny_restorers  # noqa: F401
from tests.tiny import batch, dense_gram, fcn_r18, save_clean


@pytest.fixture(autouse=True)
def restorer():
    """A restorer with a weight and BN, that records what it sees."""
    init_default_scope('mmseg')

    @ROOT_MODELS.register_module()
    class TinyRestorer(Restorer):
        def __init__(self, gain: float = 1.0):
            super().__init__()
            self.gain = nn.Parameter(torch.tensor(gain))
            self.norm = nn.BatchNorm2d(3, affine=False)

        def forward(self, images, condition=None):
            self.seen = images
            return self.gain * images + 0 * self.norm(images)

    yield TinyRestorer
    ROOT_MODELS.module_dict.pop('TinyRestorer')


def build(tmp_path, gain=1.0, **kwargs):
    clean = save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth')
    restorer = dict(type='TinyRestorer', gain=gain)
    cfg = dict(type='RestoreThenSegment', segmentor=fcn_r18(dropout=0), restorer=restorer)
    model = MODELS.build({**cfg, 'clean_checkpoint': clean, **kwargs})
    model.init_weights()
    return model


def plain(tmp_path):
    model = MODELS.build(fcn_r18(dropout=0))
    model.load_state_dict(torch.load(tmp_path / 'clean.pth')['state_dict'])
    return model


@pytest.mark.parametrize('bgr_to_rgb', [False, True])
def test_unit_images_undo_the_preprocessor(bgr_to_rgb):
    preprocessor = SegDataPreProcessor(
        mean=[10, 20, 30], std=[2, 3, 4], bgr_to_rgb=bgr_to_rgb, size=(4, 4)
    )
    loaded = torch.randint(256, (3, 4, 4), dtype=torch.uint8)  # BGR, as read
    inputs = preprocessor(dict(inputs=[loaded]))['inputs']
    images = UnitImages(preprocessor).from_inputs(inputs)
    assert torch.allclose(images[0], loaded.flip(0) / 255, atol=1e-6)
    assert torch.allclose(UnitImages(preprocessor).to_inputs(images), inputs, atol=1e-5)


def test_unit_images_without_normalisation():
    preprocessor = SegDataPreProcessor(size=(4, 4))
    loaded = torch.randint(256, (3, 4, 4), dtype=torch.uint8)
    inputs = preprocessor(dict(inputs=[loaded]))['inputs']
    assert torch.allclose(UnitImages(preprocessor).from_inputs(inputs)[0], loaded.flip(0) / 255)
    with pytest.raises(TypeError, match="data_preprocessor.type='Linear'"):
        UnitImages(nn.Linear(1, 1))


def test_an_identity_restorer_changes_nothing(tmp_path):
    model = build(tmp_path, clip=False)
    inputs, samples = batch(2, (32, 32))
    model.train(False)
    expected = plain(tmp_path).train(False)
    ours, theirs = (m(inputs, None, mode='tensor') for m in (model, expected))
    assert torch.allclose(ours, theirs, atol=1e-4)
    losses = [m.loss(inputs, samples)['decode.loss_ce'] for m in (model, expected)]
    assert torch.allclose(*losses, atol=1e-5)


def test_predictions_carry_the_restored_image(tmp_path):
    model = build(tmp_path, gain=0.5).train(False)
    images = torch.rand(1, 3, 32, 32)
    _, samples = batch(1, (32, 32))
    (sample,) = model(model._images.to_inputs(images), samples, mode='predict')
    assert torch.allclose(sample.restored_img.data, images[0] / 2, atol=1e-5)
    assert torch.allclose(model.restorer.seen, images, atol=1e-5)
    assert sample.pred_sem_seg.shape[-2:] == (32, 32)


def test_restored_images_lose_the_padding(tmp_path):
    model = build(tmp_path, gain=0.5).train(False)
    images = torch.rand(1, 3, 32, 32)
    _, samples = batch(1, (28, 30))
    samples[0].set_metainfo(dict(img_padding_size=(0, 2, 0, 4)))
    (sample,) = model(model._images.to_inputs(images), samples, mode='predict')
    assert torch.allclose(sample.restored_img.data, images[0, :, :28, :30] / 2, atol=1e-5)
    assert sample.pred_sem_seg.shape[-2:] == (28, 30)


def test_a_conditional_restorer(tmp_path):
    restorer = dict(type='ConvRestorer', condition_channels=11, zero=True)
    with pytest.raises(ValueError, match='ConvRestorer needs a condition'):
        build(tmp_path, restorer=restorer)
    model = build(tmp_path, restorer=restorer, condition='onehot-gt', num_classes=11, clip=False)
    inputs, samples = batch(2, (32, 32))
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples])
    model.train(False).predict(inputs, samples)
    model.loss(inputs, samples)
    assert all(torch.equal(seen.argmax(1), labels) for seen in model.restorer.seen)
    assert len(model.restorer.seen) == 2
    with pytest.raises(ValueError, match='needs the labels'):
        model.extract_feat(inputs)


def test_clipping(tmp_path):
    inputs = torch.full((1, 3, 8, 8), 9.0)
    assert build(tmp_path, gain=3.0).restore(inputs).max() == 1
    assert build(tmp_path, gain=3.0, clip=False).restore(inputs).max() > 3


def test_a_fixed_restorer_is_fixed(tmp_path):
    model = build(tmp_path).train()
    assert model.segmentor.training and not model.restorer.training
    before = {name: value.clone() for name, value in model.restorer.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    inputs, samples = batch(2, (32, 32))
    model.parse_losses(model.loss(inputs, samples))[0].backward()
    optimizer.step()
    assert all(torch.equal(before[n], v) for n, v in model.restorer.state_dict().items())
    assert model.restorer.gain.grad is None


def test_a_trained_restorer_gets_gradients(tmp_path):
    model = build(tmp_path, train_restorer=True).train()
    assert model.restorer.training
    inputs, samples = batch(2, (32, 32))
    model.parse_losses(model.loss(inputs, samples))[0].backward()
    assert model.restorer.gain.grad.abs() > 0


def test_dgn_on_restored_images(tmp_path):
    model = build(tmp_path)
    segmentor = dense_gram(fcn_r18(dropout=0), str(tmp_path / 'clean.pth'))
    model = build(tmp_path, segmentor=segmentor, clean_checkpoint=None).train()
    inputs, samples = batch(2, (32, 32))
    losses = model.loss(inputs, samples)
    assert float(losses['loss_gram']) >= 0 and torch.isfinite(losses['loss_gram'])


def test_checkpoints(tmp_path):
    restorer = ROOT_MODELS.build(dict(type='TinyRestorer', gain=0.25))
    torch.save(restorer.state_dict(), tmp_path / 'restorer.pth')
    wrapped = {f'restorer.{name}': value for name, value in restorer.state_dict().items()}
    torch.save(dict(state_dict=wrapped), tmp_path / 'wrapped.pth')
    elsewhere = {f'derain.{name}': value for name, value in restorer.state_dict().items()}
    torch.save(dict(state_dict={**elsewhere, 'x.bias': torch.ones(2)}), tmp_path / 'other.pth')
    for name in ('restorer.pth', 'wrapped.pth', 'other.pth'):
        model = build(tmp_path, restorer_checkpoint=str(tmp_path / name))
        assert model.restorer.gain == 0.25
    again = build(tmp_path)
    again.load_state_dict(model.state_dict())
    assert again.restorer.gain == 0.25
    # A plain segmentor's checkpoint, as test.py loads it: without init_weights.
    cfg = dict(type='RestoreThenSegment', segmentor=fcn_r18(), restorer=dict(type='TinyRestorer'))
    fresh = MODELS.build(dict(cfg, restorer_checkpoint=str(tmp_path / 'restorer.pth')))
    fresh.load_state_dict(torch.load(tmp_path / 'clean.pth')['state_dict'])
    assert fresh.restorer.gain == 0.25
    for name, value in plain(tmp_path).state_dict().items():
        assert torch.equal(fresh.segmentor.state_dict()[name], value)


def test_errors(tmp_path):
    with pytest.raises(TypeError, match="restorer.type='FCNHead' is not a Restorer"):
        build(tmp_path, restorer=fcn_r18()['decode_head'])
    with pytest.raises(FileNotFoundError, match='model.restorer_checkpoint=.*no such'):
        build(tmp_path, restorer_checkpoint=str(tmp_path / 'none.pth'))
    with pytest.raises(ValueError, match='does not fit TinyRestorer: 4 missing, first gain; .* un'):
        build(tmp_path, restorer_checkpoint=str(tmp_path / 'clean.pth'))
    own = ROOT_MODELS.build(dict(type='TinyRestorer')).state_dict()
    both = {part + name: tensor for part in ('D1.', 'D2.') for name, tensor in own.items()}
    torch.save(dict(state_dict=both), tmp_path / 'both.pth')
    with pytest.raises(ValueError, match=r"holds several that do, \['D1.', 'D2.'\]"):
        build(tmp_path, restorer_checkpoint=str(tmp_path / 'both.pth'))
    torch.save(dict(state_dict={'gain': torch.ones(2)}), tmp_path / 'shape.pth')
    with pytest.raises(ValueError, match=r'1 misshapen, first gain \(\(2,\) instead of \(\)\)'):
        build(tmp_path, restorer_checkpoint=str(tmp_path / 'shape.pth'))
