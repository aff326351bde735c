"""The examples of docs/how_to: each file is imported, configured and stepped as the pages say."""

import sys
from pathlib import Path

import mmengine.runner.runner as mmengine_runner
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS
from mmseg.registry import MODELS as SEG_MODELS
from torch.autograd import gradcheck

from mmdegrade.degradations import degrade
from mmdegrade.degradations.kinds import _kinds
from tests.configs.shrink import one_step, shrink

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / 'docs' / 'how_to' / 'examples'
CONFIGS = sorted(path.stem for path in EXAMPLES.glob('street_scenes_*.py'))
PARTS = sorted(path.stem for path in EXAMPLES.glob('*.py') if path.stem not in CONFIGS)


@pytest.fixture(autouse=True)
def project(monkeypatch):
    """The examples on the path, as a user's project; what they register is forgotten."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    kinds = dict(_kinds)
    yield
    for name in PARTS:
        sys.modules.pop(name, None)
    _kinds.clear()
    _kinds.update(kinds)
    for name, cls in list(MODELS.module_dict.items()):
        if cls.__module__ in PARTS:
            del MODELS.module_dict[name]


@pytest.fixture(autouse=True)
def no_environment_report(monkeypatch):
    """The runner asks the shell for compilers and GPUs, which takes longer than the step."""
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tmp_path_factory.mktemp('tiny')


def small(name: str, root: Path) -> Config:
    """The config with tiny data, for one iteration."""
    cfg = Config.fromfile(EXAMPLES / f'{name}.py')
    if cfg.model.type == 'RestorationModel':
        cfg.model.segmentor = Config.fromfile(ROOT / 'configs/_base_/models/fpn_r18_slim.py').model
        cfg = shrink(cfg, root, 'fpn')
        del cfg.model['segmentor']
        return cfg
    if 'restorer_checkpoint' in cfg.model:
        restorer = MODELS.build(cfg.model.restorer)
        path = root / 'restorer.pth'
        torch.save(dict(state_dict=restorer.state_dict(), meta={}), path)
        cfg.model.restorer_checkpoint = str(path)
    return shrink(cfg, root, 'fpn')


def test_every_example_stands_on_a_page_and_is_tested():
    pages = ''.join(page.read_text(encoding='utf-8') for page in EXAMPLES.parent.glob('*.md'))
    assert CONFIGS and PARTS
    for name in (*CONFIGS, *PARTS):
        assert f'{{literalinclude}} examples/{name}.py' in pages


@pytest.mark.parametrize('name', CONFIGS)
def test_a_step_of_each_config(name, root, tmp_path):
    runner, before, logs = one_step(small(name, root), tmp_path / name)
    assert runner.iter == 1 and np.isfinite(logs['loss']) and logs['loss'] > 0
    network = getattr(runner.model, 'segmentor', runner.model)
    after = dict(network.named_parameters())
    assert any(not torch.equal(value, before[key]) for key, value in after.items())
    if name == 'street_scenes_restore_edges':
        assert logs['loss'] == pytest.approx(logs['loss_l1'] + logs['loss_edges'], rel=1e-5)
        assert logs['loss_edges'] > 0
    if name == 'street_scenes_restored':
        assert not any(p.requires_grad for p in runner.model.restorer.parameters())


def test_the_config_degrades_by_the_vignette(root):
    cfg = small('street_scenes_vignette_d4', root)
    part = dict(cfg.train_dataloader.dataset)
    crop = [t for t in part['pipeline'] if t.type not in ('RandomCrop', 'RandomFlip')]
    for transform in crop:
        if transform.type == 'Degrade':
            transform.update(cfg.degradation, keep_clean=True)
    sample = DATASETS.build(dict(part, pipeline=crop))[0]
    clean = sample['data_samples'].clean_img.data.numpy().transpose(1, 2, 0)
    expected = degrade(np.ascontiguousarray(clean), 'vignette', degree=4)
    assert np.array_equal(sample['inputs'].numpy().transpose(1, 2, 0), expected)
    assert sample['data_samples'].degradations[0]['params'] == dict(strength=0.8)


def test_values_of_the_vignette():
    Config.fromfile(EXAMPLES / 'street_scenes_vignette_d4.py')  # imports it
    for shape in ((5, 9), (5, 9, 3)):
        img = np.random.default_rng(0).random(shape)
        expected = img.copy()
        for i in range(5):
            for j in range(9):
                expected[i, j] *= 1 - 0.6 * ((i / 2 - 1) ** 2 + (j / 4 - 1) ** 2) / 2
        assert np.allclose(degrade(img, 'vignette', degree=3), expected, atol=1e-12)
        assert np.array_equal(degrade(img, 'vignette', strength=0), img)
    grey = np.full((5, 9, 3), 200, np.uint8)
    out = degrade(grey, 'vignette', strength=1)
    assert out[2, 4].tolist() == [200] * 3 and out[0, 0].tolist() == [0] * 3


def test_values_of_the_pixel_dropout():
    Config.fromfile(EXAMPLES / 'street_scenes_mixed.py')
    img = np.full((120, 130, 3), 255, np.uint8)
    out = degrade(img, 'pixel_dropout', degree=3, rng=0)
    assert np.array_equal(out, degrade(img, 'pixel_dropout', degree=3, rng=0))
    assert set(np.unique(out)) == {0, 255} and (out == out[..., :1]).all()
    assert (out == 0).mean() == pytest.approx(0.2, abs=0.02)
    cells = degrade(img, 'pixel_dropout', amount=0.5, cell=4, rng=1)[..., 0]
    assert (cells[:120, :128].reshape(30, 4, 32, 4) == cells[::4, None, :128:4, None]).all()
    assert np.array_equal(degrade(img, 'pixel_dropout', amount=0, rng=0), img)


def test_the_restorer_starts_as_the_identity_and_keeps_the_size():
    Config.fromfile(EXAMPLES / 'street_scenes_restore.py')
    restorer = MODELS.build(dict(type='ShallowRestorer'))
    images = torch.rand(2, 3, 13, 17)
    assert torch.equal(restorer(images), images)
    torch.nn.init.normal_(restorer.layers[-1].weight)
    # What it says of its receptive field: pixels further away do not matter.
    changed = images.clone()
    changed[:, :, 6, 6] += 1
    difference = (restorer(changed) - restorer(images)).abs().amax((0, 1)) > 0
    rows, columns = torch.nonzero(difference, as_tuple=True)
    assert rows.min() == columns.min() == 3 and rows.max() == columns.max() == 9


def test_the_restorer_in_front_of_a_segmentor(root):
    model = SEG_MODELS.build(small('street_scenes_restored', root).model)
    model.init_weights()
    inputs = torch.rand(1, 3, 48, 64)
    (sample,) = model.train(False).predict(inputs)
    assert sample.restored_img.data.shape == (3, 48, 64)


def test_the_loss():
    Config.fromfile(EXAMPLES / 'street_scenes_restore_edges.py')
    from edge_loss import edge_error

    rng = np.random.default_rng(0)
    a, b = rng.random((2, 2, 3, 6, 7))
    expected = np.abs(np.diff(a - b, axis=2)).mean() + np.abs(np.diff(a - b, axis=3)).mean()
    assert edge_error(torch.from_numpy(a), torch.from_numpy(b)).item() == pytest.approx(expected)
    assert edge_error(torch.from_numpy(a), torch.from_numpy(a + 0.1)).item() < 1e-12
    inputs = [torch.from_numpy(x[:1, :1]).requires_grad_() for x in (a, b)]
    assert gradcheck(edge_error, inputs)
    loss = MODELS.build(dict(type='EdgeLoss', loss_weight=2, border=1))
    inner = edge_error(*(torch.from_numpy(x[..., 1:-1, 1:-1]) for x in (a, b)))
    assert loss(torch.from_numpy(a), torch.from_numpy(b)).item() == pytest.approx(2 * inner.item())
