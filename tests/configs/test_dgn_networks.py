"""The base models of the DGN paper: sizes, default taps, ImageNet weights, a training step."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmdegrade.models.taps import resolve_taps
from tests.tiny import dense_gram, save_clean

ROOT = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'models'

# Name -> (parameters with the classes of the file, layers tapped by block).
NETWORKS = {
    'deeplabv2_r101': (44_048_532, dict(layer3=23, layer4=3)),
    'deeplabv2_vgg16': (37_877_652, dict(b4=3, b5=3, b6=8)),
    'refinenet_r101': (109_794_901, dict(layer3=23, layer4=3)),
    'dla34': (17_539_867, dict(level3=4, level4=4, level5=2)),
    'dla60': (29_980_187, dict(level3=4, level4=8, level5=2)),
}
# What makes them narrow and fast; nothing of the layout changes.
RESNET = dict(base_channels=2, stem_channels=4)
DLA = dict(
    backbone=dict(channels=(2, 2, 4, 4, 6, 8)), decode_head=dict(in_channels=(2, 4, 4, 6, 8))
)
NARROW = {
    'deeplabv2_r101': dict(backbone=RESNET, decode_head=dict(in_channels=64)),
    'deeplabv2_vgg16': dict(
        backbone=dict(base_channels=2, fc_channels=8), decode_head=dict(in_channels=(8,) * 4)
    ),
    'refinenet_r101': dict(
        backbone=RESNET,
        decode_head=dict(in_channels=(8, 16, 32, 64), channels=4, top_channels=8),
    ),
    'dla34': DLA,
    'dla60': DLA,
}
ALTERNATIVES = [(name, None) for name in NETWORKS if name != 'deeplabv2_vgg16'] + [
    ('deeplabv2_vgg16', 'relu'), ('deeplabv2_vgg16', 'conv'),
]  # fmt: skip


def load(name: str) -> Config:
    return Config.fromfile(ROOT / f'{name}.py')


def narrow(name: str) -> ConfigDict:
    cfg = load(name).model
    for part, values in NARROW[name].items():
        cfg[part].update(values)
    return cfg


@pytest.mark.parametrize('name', NETWORKS)
def test_full_size(name):
    count, layers = NETWORKS[name]
    cfg = load(name)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert sum(p.numel() for p in model.parameters()) == count
    million = f'{count / 1e6:.1f} M'
    assert million in (ROOT / f'{name}.py').read_text()
    taps = cfg.dgn_taps.get('relu', cfg.dgn_taps)
    blocks = resolve_taps(model, taps)
    assert {block: len(names) for block, names in blocks.items()} == layers
    assert blocks == resolve_taps(model, 'default')
    assert type(model.data_preprocessor).__name__ == 'DegradeDataPreprocessor'


@pytest.mark.parametrize(('name', 'tap'), ALTERNATIVES)
def test_dgn_training_step(name, tap, tmp_path):
    """One step of the real thing, from uint8 images of odd size to changed weights."""
    cfg = narrow(name)
    clean = save_clean(cfg, tmp_path / 'clean.pth')
    taps = load(name).dgn_taps
    loss = dict(type='DenseGramLoss', loss_weight=1e-4)
    model = MODELS.build(dense_gram(cfg, clean, taps=taps, tap=tap, loss_gram=loss))
    model.init_weights()
    model.train()
    size = (65, 57)
    samples, classes = [], cfg.decode_head.num_classes
    for _ in range(2):
        labels = torch.randint(0, classes, (1, *size))
        meta = dict(img_shape=size, ori_shape=size)
        samples.append(SegDataSample(metainfo=meta, gt_sem_seg=PixelData(data=labels)))
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for _ in samples]
    before = {key: value.clone() for key, value in model.segmentor.state_dict().items()}
    optimizer = torch.optim.SGD(model.segmentor.parameters(), lr=1e-3)
    data = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    total, logs = model.parse_losses(model(**data, mode='loss'))
    total.backward()

    assert {f'gram.{block}' for block in NETWORKS[name][1]} <= set(logs)
    assert torch.isfinite(total)
    assert float(logs['decode.loss_ce']) > 0 and float(logs['loss_gram']) > 0
    for key, parameter in model.segmentor.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), key
    torch.nn.utils.clip_grad_norm_(model.segmentor.parameters(), 10)
    optimizer.step()
    moved = [k for k, v in model.segmentor.state_dict().items() if not torch.equal(v, before[k])]
    assert {key.split('.')[0] for key in moved} == {'backbone', 'decode_head'}
    # The ResNets keep their BN statistics, as published; DLA trains with its batch's.
    statistics = [key for key in moved if key.endswith('running_mean')]
    assert bool(statistics) == name.startswith('dla')

    model.eval()
    (result, _) = model.test_step(dict(inputs=images, data_samples=samples))
    assert result.seg_logits.data.shape == (classes, *size)


def resnet_shapes(blocks=(3, 4, 23, 3), base: int = 64, stem: int = 64) -> dict:
    """Public keys of torchvision's ResNet-101 and their shapes, with ``base`` = 64."""
    shapes = {}

    def conv(name, norm, before, width, kernel):
        shapes[f'{name}.weight'] = (width, before, kernel, kernel)
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{norm}.{part}'] = (width,)
        shapes[f'{norm}.num_batches_tracked'] = ()

    conv('conv1', 'bn1', 3, stem, 7)
    before = stem
    for stage, count in enumerate(blocks):
        inner = base * 2**stage
        for block in range(count):
            unit = f'layer{stage + 1}.{block}'
            conv(f'{unit}.conv1', f'{unit}.bn1', before, inner, 1)
            conv(f'{unit}.conv2', f'{unit}.bn2', inner, inner, 3)
            conv(f'{unit}.conv3', f'{unit}.bn3', inner, 4 * inner, 1)
            if block == 0:
                conv(f'{unit}.downsample.0', f'{unit}.downsample.1', before, 4 * inner, 1)
            before = 4 * inner
    shapes['fc.weight'], shapes['fc.bias'] = (1000, before), (1000,)
    return shapes


def test_the_list_of_public_keys_is_torchvisions():
    models = pytest.importorskip('torchvision.models')
    with torch.device('meta'):
        state = models.resnet101(weights=None).state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == resnet_shapes()


@pytest.mark.parametrize('name', ['deeplabv2_r101', 'refinenet_r101'])
def test_public_keys_fill_every_parameter_of_the_resnet(name):
    with torch.device('meta'):
        backbone = MODELS.build(load(name).model).backbone
        state = {
            key: torch.empty(shape)
            for key, shape in resnet_shapes().items()
            if not key.startswith('fc.')
        }
    backbone.load_state_dict(state, strict=True)  # no key missing, none left over


@pytest.mark.parametrize('name', ['deeplabv2_r101', 'refinenet_r101'])
def test_torchvision_weights_by_init_cfg(name, tmp_path):
    """As the comment in the config says, at narrow width."""
    shapes = resnet_shapes(base=2, stem=4)
    state = {key: torch.rand(shape) + 2 for key, shape in shapes.items()}
    path = tmp_path / 'resnet101.pth'
    torch.save(state, path)
    cfg = narrow(name)
    cfg.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(path))
    model = MODELS.build(cfg)
    model.init_weights()
    loaded = dict(model.backbone.named_parameters())
    assert len(loaded) == 3 * 104 and set(loaded) <= set(state)
    assert all(torch.equal(value, state[key]) for key, value in loaded.items())
    assert all(float(p.detach().max()) < 2 for p in model.decode_head.parameters())
