"""A tiny dataset and network for the tests of the grid, and tools/test.py for one cell of it."""

import contextlib
import io
import json
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmdegrade.apis import read_test_metrics
from mmdegrade.engine import launch
from tests.tiny import fcn_r18, make_camvid

OURS = [
    dict(type='LoadImage'),
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
STOCK = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(48, 40), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]


def write_data(root: Path, images: int = 5) -> None:
    """CamVid's layout below ``root/camvid``."""
    with contextlib.suppress(FileExistsError):
        make_camvid(root / 'camvid', images=images, size=(32, 40))


def write_weights(model: dict, path: Path, seed: int = 0, meta: dict | None = None) -> None:
    """A checkpoint of random weights that predicts every class somewhere: numbers differ."""
    init_default_scope('mmseg')
    torch.manual_seed(seed)
    network = MODELS.build(dict(model, pretrained=None))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    images = torch.nn.functional.interpolate(torch.randn(4, 3, 8, 8), size=(64, 64)) * 2
    images = images + 0.3 * torch.randn(images.shape)
    with torch.no_grad():
        network.train()
        network(images, mode='tensor')  # BN statistics
        network.train(False)
        scores = network(images, mode='tensor').transpose(0, 1).flatten(1)
        last = network.decode_head.conv_seg
        last.weight.div_(scores.std(1).reshape(-1, 1, 1, 1))
        last.bias.sub_(scores.mean(1)).div_(scores.std(1))
    torch.save(dict(state_dict=network.state_dict(), meta=meta or {}), path)


def write_config(root: Path, name: str = 'ours', pipeline=OURS, batch_size: int = 1, **kwargs):
    """A config with all that tools/test.py needs; returns its path."""
    cfg = dict(
        default_scope='mmseg',
        custom_imports=dict(imports=['mmdegrade'], allow_failed_imports=False),
        runner_type='DegradeRunner',
        degradation=dict(kind='clean'),
        model=fcn_r18(),
        test_dataloader=dict(
            batch_size=batch_size,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(
                type='CamVidDataset',
                data_root=str(root / 'camvid'),
                ann_file='test.txt',
                pipeline=pipeline,
            ),
        ),
        test_evaluator=dict(type='IoUMetric', iou_metrics=['mIoU']),
        test_cfg=dict(type='TestLoop'),
        default_hooks=dict(logger=dict(type='LoggerHook')),
        env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
    )
    cfg.update(kwargs)
    path = root / f'{name}.py'
    Config(cfg).dump(path)
    return path


def metrics_of_one_run(config, checkpoint, cell: dict, work_dir: Path) -> dict:
    """What ``tools/test.py`` finds for one cell, as it writes it to its work dir.

    A pipeline without ``Degrade`` gets one after loading.
    """
    cfg = launch.load_config(str(config), work_dir=str(work_dir))
    cfg.load_from = str(checkpoint)
    cfg.runner_type = 'DegradeRunner'
    cfg.degradation = cell
    cfg.experiment_name = f'{work_dir.name}_{len(list(work_dir.parent.iterdir()))}'
    pipeline = cfg.test_dataloader.dataset.pipeline
    if not any(part['type'] == 'Degrade' for part in pipeline):
        cfg.test_dataloader.dataset.pipeline = [pipeline[0], dict(type='Degrade'), *pipeline[1:]]
    with contextlib.redirect_stdout(io.StringIO()):
        launch.build_runner(cfg).test()
    return read_test_metrics(work_dir)


def read(path) -> dict:
    """JSON of a file."""
    return json.loads(Path(path).read_text(encoding='utf-8'))
