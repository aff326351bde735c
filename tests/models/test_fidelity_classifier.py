"""FidelityClassifier and what belongs to it: formulas, sites, sizes, weights of others."""

import copy

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from mmdegrade.models.classifiers.build import stack_raw_clean
from mmdegrade.models.classifiers.torchvision_weights import load_torchvision
from mmdegrade.models.fidelity import FidelityMap
from mmdegrade.models.fidelity.sites import pooling_sites

structures = pytest.importorskip('mmpretrain.structures')
NET = dict(type='DnCNN', depth=3, width=4)
MEAN = torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1)
STD = torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1)


def resnet(classes: int = 5) -> dict:
    return dict(
        type='ImageClassifier',
        data_preprocessor=dict(
            mean=MEAN.flatten().tolist(), std=STD.flatten().tolist(), to_rgb=True
        ),
        backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=4),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='LinearClsHead',
            num_classes=classes,
            in_channels=32,
            loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        ),
    )


def fidelity(setting='pretrained', **kwargs) -> dict:
    estimator = None if setting == 'oracle' else NET
    cfg = dict(type='FidelityClassifier', classifier=resnet(), restorer=NET, setting=setting)
    return dict(cfg, estimator=estimator, **kwargs)


def build(setting='pretrained', **kwargs):
    torch.manual_seed(0)
    return MODELS.build(fidelity(setting, **kwargs))


def batch(n: int = 2, size: int = 64):
    """A data batch before the preprocessor: BGR on 0-255."""
    generator = torch.Generator().manual_seed(1)
    clean = torch.randint(0, 256, (n, size, size, 3), generator=generator, dtype=torch.uint8)
    noise = 60 * torch.randn(clean.shape, generator=generator)
    inputs = (clean + noise).clamp(0, 255).permute(0, 3, 1, 2)
    samples = []
    for i, image in enumerate(clean):
        sample = structures.DataSample().set_gt_label(i)
        sample.set_field(image.numpy(), 'clean_img')
        samples.append(sample)
    return dict(inputs=list(inputs), data_samples=samples)


def prepared(model, **kwargs):
    data = model.data_preprocessor(batch(**kwargs), True)
    return data['inputs'], data['data_samples']


@pytest.mark.parametrize('ensemble', [False, True])
@pytest.mark.parametrize('setting', ['oracle', 'pretrained', 'end-to-end'])
@torch.no_grad()
def test_equals_the_formulas(setting, ensemble):
    model = build(setting, ensemble=ensemble).eval()
    raw = batch()
    y = torch.stack(raw['inputs']).flip(1) / 255
    x = torch.stack([torch.from_numpy(s.clean_img) for s in raw['data_samples']])
    clean = x.permute(0, 3, 1, 2).flip(1) / 255
    inputs, samples = prepared(model)
    r = model.restorer(y).clamp(0, 1)
    m = FidelityMap()((r - clean).abs() if setting == 'oracle' else model.estimator.residual(y))
    plain = (r * 255 - MEAN) / STD
    net, states = model.classifier.backbone, [None]

    def calibrate(x):
        x, state = model.spatial(x, m, len(states) - 1, states[-1])
        states.append(state)
        return x

    x = net.maxpool(calibrate(net.relu(net.bn1(net.conv1(calibrate(plain))))))
    for stage in net.res_layers:
        x = getattr(net, stage)(x)
    x = model.channel(calibrate(x).mean((2, 3)), m)
    if ensemble:
        x = x.lerp(model.classifier.extract_feat(plain)[-1], model.ensemble(m))
    scores = model.classifier.head.fc(x)
    close = dict(rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(inputs, samples), scores, **close)
    for i, sample in enumerate(model(inputs, samples, mode='predict')):
        torch.testing.assert_close(sample.pred_score, scores[i].softmax(0), **close)
        assert int(sample.pred_label) == int(scores[i].argmax())
    smooth = torch.full((2, 5), 0.1 / 5).scatter_add(
        1, torch.tensor([[0], [1]]), torch.full((2, 1), 0.9)
    )
    expected = -(smooth * scores.log_softmax(1)).sum(1).mean()
    if not ensemble:
        model.train_only('spatial', 'channel')
        torch.testing.assert_close(model.eval().loss(inputs, samples)['loss'], expected, **close)


def test_a_stage_moves_its_parts_and_leaves_the_classifier_bit_identical():
    model = build('end-to-end', ensemble=True)
    frozen = {key: value.clone() for key, value in model.classifier.state_dict().items()}
    for parts, keys in (
        (['restorer'], {'loss_restore'}),
        (['estimator'], {'loss_estimate'}),
        (['estimator', 'spatial', 'channel'], {'loss'}),
        (['ensemble'], {'loss'}),
    ):
        model.train_only(*parts)
        model.train()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        trained = [p for part in parts for p in getattr(model, part).parameters()]
        optimizer = torch.optim.SGD(trained, lr=0.5)
        losses = model.loss(*prepared(model))
        assert set(losses) == keys
        sum(losses.values()).backward()
        optimizer.step()
        optimizer.zero_grad()
        after = model.state_dict()
        moved = {key.split('.')[0] for key in after if not torch.equal(before[key], after[key])}
        assert moved == set(parts)
    for key, value in model.classifier.state_dict().items():
        assert torch.equal(value, frozen[key]), key


@pytest.mark.parametrize(
    'backbone, neck, sites',
    [
        (dict(type='ResNet', depth=50), dict(type='GlobalAveragePooling'), 3),
        (dict(type='AlexNet'), dict(type='AdaptivePoolFlatten', size=6), 5),
        (dict(type='VGG', depth=16), dict(type='AdaptivePoolFlatten', size=7), 7),
        (dict(type='GoogLeNet'), None, 6),
    ],
    ids=lambda value: value.get('type') if isinstance(value, dict) else str(value),
)
def test_sites_of_the_published_networks(backbone, neck, sites):
    cfg = dict(resnet(), backbone=backbone, neck=neck)
    model = MODELS.build(dict(cfg, _scope_='mmpretrain'))
    assert 1 + len(pooling_sites(model, ['backbone', 'neck'])) == sites


def test_a_backbone_without_pooling():
    cfg = dict(
        resnet(), backbone=dict(type='VisionTransformer', arch='deit-tiny', img_size=64), neck=None
    )
    cfg['head'] = dict(type='LinearClsHead', num_classes=5, in_channels=192)
    with pytest.raises(ValueError, match="'VisionTransformer' .*no pooling layers.*model.sites"):
        MODELS.build(dict(fidelity(), classifier=cfg))
    model = MODELS.build(dict(fidelity(), classifier=cfg, sites=['backbone.patch_embed'])).eval()
    with torch.no_grad():
        assert model(*prepared(model)).shape == (2, 5)


def test_widths():
    cfg = resnet()
    cfg['head']['in_channels'] = 31
    with pytest.raises(ValueError, match='feature_channels=31.*even'):
        MODELS.build(dict(fidelity(), classifier=cfg))
    cfg['head'] = dict(type='ClsHead')
    with pytest.raises(ValueError, match='feature_channels is not set'):
        MODELS.build(dict(fidelity(), classifier=cfg))
    assert (
        MODELS.build(dict(fidelity(), classifier=cfg, feature_channels=32)).channel.channels == 32
    )
    del cfg['head']
    with pytest.raises(ValueError, match='classifier.head is not set'):
        MODELS.build(dict(fidelity(), classifier=cfg))


def test_clean_images():
    samples = batch()['data_samples']
    like = torch.zeros(2, 3, 64, 64)
    found = stack_raw_clean(samples, 'x', like)
    expected = np.stack([s.clean_img[..., ::-1].transpose(2, 0, 1) / 255 for s in samples])
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    with pytest.raises(ValueError, match='to one size'):
        stack_raw_clean(samples, 'x', like[..., 1:])
    model = build('oracle').eval()
    inputs, samples = prepared(model)
    for given in (None, [structures.DataSample() for _ in samples]):
        with pytest.raises(ValueError, match="setting='oracle' needs clean images"):
            model(inputs, given, mode='predict')


def test_without_mmpretrain(monkeypatch):
    from mmdegrade.models.classifiers import build as module

    monkeypatch.setattr(module.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='model.classifier needs MMPretrain: pip install'):
        module.build_classifier(resnet())


@torch.no_grad()
def test_restore_then_classify_and_its_checkpoints(tmp_path):
    cfg = dict(type='RestoreThenClassify', classifier=resnet(), restorer=NET)
    torch.manual_seed(0)
    model = MODELS.build(cfg).train()
    assert not model.restorer.training and model.classifier.training
    model.eval()
    inputs, samples = prepared(model)
    y = (inputs * STD + MEAN) / 255
    restored = model.restorer(y).clamp(0, 1)
    expected = model.classifier((restored * 255 - MEAN) / STD)
    torch.testing.assert_close(model(inputs, samples), expected)
    for name, state in (
        ('wrapper', model.state_dict()),
        ('plain', model.classifier.state_dict()),
    ):
        torch.save(dict(state_dict=state, meta={}), tmp_path / f'{name}.pth')
        other = MODELS.build(dict(cfg, clean_checkpoint=str(tmp_path / f'{name}.pth')))
        other.init_weights()
        found, wanted = other.classifier.state_dict(), model.classifier.state_dict()
        assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    plain = MODELS.build(dict(cfg, restorer=None)).eval()
    plain.load_state_dict(model.classifier.state_dict())  # keys of the plain classifier
    torch.testing.assert_close(plain(inputs, samples), model.classifier(inputs))
    broken = {key: value for key, value in model.classifier.state_dict().items() if 'fc' not in key}
    torch.save(dict(state_dict=broken, meta={}), tmp_path / 'broken.pth')
    with pytest.raises(ValueError, match='does not fit model.classifier'):
        MODELS.build(dict(cfg, clean_checkpoint=str(tmp_path / 'broken.pth'))).init_weights()


def test_torchvision_weights_of_alexnet(tmp_path):
    torchvision = pytest.importorskip('torchvision.models')
    torch.manual_seed(0)
    theirs = torchvision.alexnet(weights=None, num_classes=7).eval()
    torch.save(theirs.state_dict(), tmp_path / 'alexnet.pth')
    cfg = dict(
        resnet(), backbone=dict(type='AlexNet'), neck=dict(type='AdaptivePoolFlatten', size=6)
    )
    cfg['head'] = dict(
        type='StackedLinearClsHead',
        num_classes=5,
        in_channels=9216,
        mid_channels=[4096, 4096],
        dropout_rate=0.5,
        act_cfg=dict(type='ReLU'),
    )
    ours = MODELS.build(dict(cfg, _scope_='mmpretrain')).eval()
    assert load_torchvision(ours, str(tmp_path / 'alexnet.pth')) == 7
    images = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        hidden = theirs.classifier[:-1](theirs.avgpool(theirs.features(images)).flatten(1))
        found = ours.extract_feat(images, stage='pre_logits')
    torch.testing.assert_close(found, hidden, rtol=1e-4, atol=1e-6)
    other = copy.deepcopy(cfg)
    other['head']['mid_channels'] = [4096]
    with pytest.raises(ValueError, match='3 layers in classifier, the classifier 2'):
        load_torchvision(
            MODELS.build(dict(other, _scope_='mmpretrain')), str(tmp_path / 'alexnet.pth')
        )
