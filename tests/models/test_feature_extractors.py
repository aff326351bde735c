"""Feature extractors: the layers they read against torchvision and mmseg, fixed, differentiable."""

import pytest
import torch
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.registry import MODELS
from torchvision.models import vgg16, vgg19

from mmdegrade.models.feature_extractors import VGGFeatures
from mmdegrade.models.feature_extractors.vgg import layer_names
from tests.tiny import fcn_r18, save_clean

IMAGES = torch.rand((2, 3, 32, 40), generator=torch.Generator().manual_seed(0))


def vgg_features(depth: int) -> torch.nn.Sequential:
    """torchvision's layers with seeded weights; the classifier takes no memory."""
    with torch.device('meta'):
        model = {16: vgg16, 19: vgg19}[depth](weights=None)
    layers = model.features.to_empty(device='cpu').eval()
    generator = torch.Generator().manual_seed(1)
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, std=0.04, generator=generator)
    return layers


def build(**kwargs):
    extractor = ROOT_MODELS.build(kwargs)
    extractor.init_weights()
    return extractor


@pytest.mark.parametrize(
    ('depth', 'layer', 'end', 'width'),
    [(19, 'conv5_4', 35, 512), (19, 'relu3_2', 14, 256), (16, 'pool2', 10, 128)],
)
def test_layers_are_torchvisions(depth, layer, end, width, tmp_path):
    layers = vgg_features(depth)
    state = {f'features.{key}': value for key, value in layers.state_dict().items()}
    torch.save(dict(state, **{'classifier.0.weight': torch.zeros(1)}), tmp_path / 'vgg.pth')
    extractor = build(
        type='VGGFeatures', layers=layer, depth=depth, weights=str(tmp_path / 'vgg.pth')
    )
    (found,) = extractor(IMAGES)
    mean = torch.tensor([0.4488, 0.4371, 0.4040]).view(3, 1, 1)
    with torch.no_grad():
        expected = layers[:end](IMAGES - mean)
    assert torch.allclose(found, expected, atol=1e-6) and found.shape[1] == width
    assert len(extractor.features) == end, 'nothing behind the last layer is built'


def test_the_papers_layer_is_before_its_relu():
    names = layer_names(19)
    assert names[34] == 'conv5_4' and len(names) == 37 and VGGFeatures().layers == ('conv5_4',)
    assert build(type='VGGFeatures', weights='random')(IMAGES)[0].min() < 0
    width = sum(p.numel() for p in VGGFeatures().parameters())
    assert width == 20_024_384  # of torchvision's VGG19 without its classifier
    assert VGGFeatures().features[34].out_channels * (224 // 16) ** 2 == 100_352


def test_several_layers_and_normalisation():
    """In the order asked for; a ReLU does not overwrite the convolution that is read before it."""
    given = dict(type='VGGFeatures', weights='random')
    maps = build(layers=['relu2_1', 'conv2_1', 'conv1_2'], **given)(IMAGES)
    assert torch.equal(maps[0], maps[1].relu()) and maps[1].min() < 0
    assert torch.equal(maps[2], build(layers='conv1_2', **given)(IMAGES)[0])
    scaled = build(layers='conv1_1', mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2.0), **given)
    plain = build(layers='conv1_1', mean=(0, 0, 0), **given)
    shift, scale = (torch.tensor(v).view(3, 1, 1) for v in ([0.1, 0.2, 0.3], [0.5, 0.25, 2.0]))
    assert torch.allclose(scaled(IMAGES)[0], plain((IMAGES - shift) / scale)[0], atol=1e-6)


def test_random_weights_are_asked_for_by_name_and_always_the_same():
    a, b = (build(type='VGGFeatures', weights='random', layers='conv1_2') for _ in range(2))
    assert torch.equal(a(IMAGES)[0], b(IMAGES)[0])


@pytest.mark.parametrize(
    ('wrong', 'match'),
    [
        (dict(layers='conv5_5'), "did you mean 'conv5_"),
        (dict(layers=[]), 'layers'),
        (dict(depth=13), 'depth=13; allowed: 16, 19'),
    ],
)
def test_wrong_settings_of_vgg(wrong, match):
    with pytest.raises(ValueError, match=match):
        VGGFeatures(**wrong)


def test_weights_that_are_absent_or_others(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"weights='none\.pth': no such file.*VGG19"):
        build(type='VGGFeatures', weights='none.pth')
    torch.save({'features.0.weight': torch.zeros(1)}, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='are not those of VGG19'):
        build(type='VGGFeatures', weights=str(tmp_path / 'other.pth'))
    with pytest.raises(RuntimeError, match='the weights are not loaded'):
        VGGFeatures(weights='random')(IMAGES)


def test_images_too_small_for_vgg():
    with pytest.raises(ValueError, match='images of 8x40 are too small for conv5_4'):
        build(type='VGGFeatures', weights='random')(IMAGES[..., :8, :])


@pytest.fixture()
def clean(tmp_path):
    return save_clean(fcn_r18(), tmp_path / 'clean.pth')


def segmentor_features(clean) -> torch.Tensor:
    """The backbone's third output for RGB on [0, 1], by mmseg alone."""
    model = MODELS.build(fcn_r18())
    model.load_state_dict(torch.load(clean, weights_only=True)['state_dict'])
    model.eval()
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    with torch.no_grad():
        return model.extract_feat((255 * IMAGES - mean) / std)[2]


def test_features_of_a_segmentor_and_of_its_backbone_alone(clean):
    expected = segmentor_features(clean)
    whole = build(
        type='BackboneFeatures', segmentor=fcn_r18(), checkpoint=clean, taps='out_indices.2'
    )
    alone = build(
        type='BackboneFeatures', backbone=fcn_r18()['backbone'], checkpoint=clean,
        taps='out_indices.2',
    )  # fmt: skip
    for extractor in (whole, alone):
        (found,) = extractor(IMAGES)
        assert torch.allclose(found, expected, atol=1e-4) and expected.std() > 0.1


def test_a_backbone_of_mmpretrain(tmp_path):
    cfg = dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8)
    torch.manual_seed(0)
    network = MODELS.build(cfg)
    state = {f'backbone.{key}': value for key, value in network.state_dict().items()}
    torch.save(dict(state_dict=state, meta={}), tmp_path / 'classifier.pth')
    extractor = build(
        type='BackboneFeatures', backbone=cfg, checkpoint=str(tmp_path / 'classifier.pth'),
        taps='out_indices', mean=(0, 0, 0), std=(255, 255, 255),
    )  # fmt: skip
    network.train(False)
    with torch.no_grad():
        expected = network(IMAGES)[-1]
    assert torch.allclose(extractor(IMAGES)[-1], expected, atol=1e-4)


def extractors(clean):
    yield build(type='VGGFeatures', weights='random', layers='conv2_2')
    yield build(
        type='BackboneFeatures', segmentor=fcn_r18(), checkpoint=clean, taps='out_indices.2'
    )


def test_gradients_reach_the_image_and_nothing_else(clean):
    for extractor in extractors(clean):
        before = [value.clone() for value in extractor.parameters()]
        holder = torch.nn.Sequential(extractor).train()
        image = IMAGES.clone().requires_grad_()
        sum(one.square().mean() for one in holder(image)).backward()
        assert (image.grad != 0).float().mean() > 0.9
        assert not any(m.training for m in extractor.modules())
        assert all(p.grad is None and not p.requires_grad for p in extractor.parameters())
        after = extractor.parameters()
        assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        assert not holder.state_dict(), 'in no checkpoint'


def test_backbone_features_need_one_network(clean):
    for given in ({}, dict(segmentor=fcn_r18(), backbone=fcn_r18()['backbone'])):
        with pytest.raises(ValueError, match='give one of segmentor and backbone'):
            build(type='BackboneFeatures', checkpoint=clean, taps='out_indices', **given)


def test_missing_and_unfit_checkpoints(tmp_path, clean):
    given = dict(type='BackboneFeatures', taps='out_indices.2')
    with pytest.raises(FileNotFoundError, match=r'feature_extractor\.checkpoint'):
        build(segmentor=fcn_r18(), checkpoint=str(tmp_path / 'none.pth'), **given)
    backbone = dict(fcn_r18()['backbone'], depth=34)
    with pytest.raises(ValueError, match=r'feature_extractor\.checkpoint=.* does not fit'):
        build(backbone=backbone, checkpoint=clean, **given)
