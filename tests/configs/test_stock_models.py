"""The plug-in claim: DGN trains models of MMSegmentation that know nothing of mmdegrade.

Each model is its own ``configs/_base_/models/*.py`` file of the installed mmseg, each run is the
``train.py`` that mmseg ships, unmodified, and the user's part is the config below. On a CPU
SyncBN cannot train, so the command line turns it into BN, as a user would:
``--cfg-options model.segmentor.backbone.norm_cfg.type=BN …``.
"""

import json
import math
import runpy
import subprocess
import sys
from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS

from mmdegrade.models.teacher import without_pretrained
from tests.tiny import make_camvid

MIM = Path(mmseg.__path__[0]) / '.mim'
STOCK_TRAIN = MIM / 'tools' / 'train.py'
OUT = 'out_indices'
SLOW = pytest.mark.slow

USER_CONFIG = """
_base_ = ['{stock}/models/{name}.py', '{stock}/default_runtime.py']
custom_imports = dict(imports=['mmdegrade'])
data_preprocessor = dict(size=({size}, {size}))  # as in every mmseg config
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{{{_base_.model}}}},
    clean_checkpoint='clean.pth',
    taps={taps!r},
    loss_gram=dict(type='DenseGramLoss', loss_weight=1e-6),
)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='CamVidDataset',
        data_root='camvid',
        ann_file='train.txt',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='RandomCrop', crop_size=({size}, {size})),
            dict(type='RandomFlip', prob=0.5),
            dict(type='Degrade', kind='gblur', degree=3),
            dict(type='PackDegradeInputs'),
        ],
    ),
)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=1e-3, momentum=0.9))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=100)
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2, save_optimizer=False),
)
randomness = dict(seed=0)
"""


def cpu_options(cfg, path: str = 'model.segmentor') -> dict:
    """Overrides that make a stock model trainable on a CPU and on CamVid's 11 classes."""
    if isinstance(cfg, (list, tuple)):
        cfg = dict(enumerate(cfg))
    if not isinstance(cfg, dict):
        return {}
    options = {}
    for key, value in cfg.items():
        if key == 'type' and value == 'SyncBN':
            options[f'{path}.type'] = 'BN'
        elif key == 'num_classes' and value < 11:
            options[f'{path}.num_classes'] = 11
        else:
            options.update(cpu_options(value, f'{path}.{key}'))
    return options


def prepare(folder: Path, name: str, taps, size: int) -> tuple[list[str], dict]:
    """Write data, user config and clean checkpoint; give train.py's arguments and the weights."""
    stock = MIM / 'configs' / '_base_'
    for path in (STOCK_TRAIN, stock / 'models' / f'{name}.py'):
        if not path.is_file():
            pytest.skip(f'the installed mmseg ships no {path.relative_to(MIM)}')
    make_camvid(folder / 'camvid', images=3, size=(size, size))
    text = USER_CONFIG.format(stock=stock.as_posix(), name=name, taps=taps, size=size)
    (folder / 'dgn.py').write_text(text)
    cfg = Config.fromfile(folder / 'dgn.py')
    options = cpu_options(cfg.model.segmentor)
    cfg.merge_from_dict(options)
    clean = MODELS.build(without_pretrained(cfg.model.segmentor))
    for module in clean.modules():  # BN that does something, so that folding is tested
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    state = clean.state_dict()
    torch.save(dict(state_dict=state), folder / 'clean.pth')
    flags = ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    return ['dgn.py', '--work-dir', 'work', *(flags if options else ())], state


def check(folder: Path, clean: dict) -> None:
    """Losses are finite, the student trained, and the checkpoint holds the student alone."""
    (log,) = folder.glob('work/*/vis_data/scalars.json')
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    assert [step['step'] for step in steps] == [1, 2]
    for step in steps:
        assert 0 < step['loss_gram'] < math.inf
        decode = [key for key in step if key.startswith('decode') and 'loss' in key]
        assert decode and all(0 < step[key] < math.inf for key in decode)
        parts = [value for key, value in step.items() if 'loss' in key and key != 'loss']
        assert step['loss'] == pytest.approx(sum(parts), rel=1e-5)
        assert [key for key in step if key.startswith('gram.')]
    state = torch.load(folder / 'work' / 'iter_2.pth', weights_only=False)['state_dict']
    assert set(state) == {f'segmentor.{key}' for key in clean}
    weights = [key for key in clean if key.endswith('.weight')]
    moved = [key for key in weights if not torch.equal(state[f'segmentor.{key}'], clean[key])]
    assert len(moved) > 0.9 * len(weights)
    assert all(torch.isfinite(state[f'segmentor.{key}']).all() for key in moved)


@pytest.mark.parametrize(
    ('name', 'taps', 'size'),
    [
        ('fcn_r50-d8', ['backbone.layer3.*', 'backbone.layer4.*'], 64),
        ('pspnet_r50-d8', OUT, 64),
        ('deeplabv3plus_r50-d8', dict(deep=['backbone.layer4.*']), 64),
        ('encnet_r50-d8', ['out_indices.2', 'out_indices.3'], 64),
        ('fcn_hr18', OUT, 64),
        ('ocrnet_hr18', OUT, 64),
        ('fcn_unet_s5-d16', OUT, 64),
        ('cgnet', ['backbone.level2.*'], 64),
        ('erfnet_fcn', OUT, 64),
        ('bisenetv1_r18-d32', OUT, 64),
        ('bisenetv2', OUT, 128),
        ('fast_scnn', OUT, 64),
        ('upernet_swin', OUT, 64),
        ('segformer_mit-b0', OUT, 64),
        pytest.param('lraspp_m-v3-d8', OUT, 400, marks=SLOW),  # its head pools 49×49
        pytest.param('deeplabv3_unet_s5-d16', OUT, 64, marks=SLOW),
        pytest.param('icnet_r50-d8', OUT, 128, marks=SLOW),
        pytest.param('fpn_r50', dict(fpn=['neck.fpn_convs.3']), 64, marks=SLOW),
        pytest.param('upernet_r50', OUT, 64, marks=SLOW),
        pytest.param('twins_pcpvt-s_fpn', OUT, 64, marks=SLOW),
        pytest.param('segmenter_vit-b16_mask', OUT, 64, marks=SLOW),
        pytest.param('stdc', OUT, 128, marks=SLOW),
    ],
)
def test_dense_gram_steps(name, taps, size, tmp_path, monkeypatch):
    arguments, clean = prepare(tmp_path, name, taps, size)
    run_stock_train(arguments, tmp_path, monkeypatch)
    check(tmp_path, clean)


def test_paired_steps(tmp_path, monkeypatch):
    arguments, clean = prepare(tmp_path, 'cgnet', OUT, 64)
    config = tmp_path / 'dgn.py'
    text = config.read_text().replace('degree=3', 'degree=3, keep_clean=True')
    config.write_text(text.replace('taps=', "source_input='clean', taps="))
    run_stock_train(arguments, tmp_path, monkeypatch)
    check(tmp_path, clean)


def run_stock_train(arguments, folder, monkeypatch) -> None:
    """Run mmseg's train.py as ``__main__`` here: it saves the seconds of importing torch."""
    loaded = []
    load = CheckpointLoader.load_checkpoint.__func__

    def record(cls, filename, *args, **kwargs):
        loaded.append(filename)
        return load(cls, filename, *args, **kwargs)

    monkeypatch.setattr(CheckpointLoader, 'load_checkpoint', classmethod(record))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, 'argv', [str(STOCK_TRAIN), *arguments])
    runpy.run_path(str(STOCK_TRAIN), run_name='__main__')
    # `pretrained='open-mmlab://…'` of the stock file is not fetched: the weights are known.
    assert set(loaded) == {'clean.pth'}


def test_command_line(tmp_path):
    arguments, clean = prepare(tmp_path, 'erfnet_fcn', OUT, 64)
    run = subprocess.run(
        [sys.executable, str(STOCK_TRAIN), *arguments],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    check(tmp_path, clean)
