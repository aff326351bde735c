"""Cost of a DGN training step beside plain fine-tuning of the same network.

    python benchmarks/train_step.py [--models fcn8s fcn_r18 cgnet loss] [--steps 7]

One thread, timed by the processor's clock, so that other work on the machine counts little. A
step is preprocessing, forward, backward and SGD with momentum; BN is in evaluation mode.
Fine-tuning, DGN, DGN with the source network in bfloat16 (``model.source_dtype``; quick where the
processor computes in it) and paired DGN take turns within one run, and the median of the ratios
of all rounds is printed with its quartiles: compare the ratios, not numbers of different machines.
Memory is the peak resident set of a process of its own that did three steps. The weights are
random, which changes neither.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mmseg
import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

import mmdegrade  # noqa: F401  registers everything
from mmdegrade.models.backbones import vgg16_fcn_taps
from mmdegrade.models.losses import dense_gram_loss

STOCK = Path(mmseg.__path__[0]) / '.mim' / 'configs' / '_base_' / 'models'
BASE = Path(__file__).resolve().parents[1] / 'configs' / '_base_' / 'models'
FINETUNE, DGN, HALF, PAIRED = METHODS = ('fine-tune', 'dgn', 'dgn bfloat16', 'dgn paired')

# name: (classes, batch, crop, taps)
NETWORKS = {
    'fcn8s': (21, 1, 320, vgg16_fcn_taps('b4')),
    'fcn_r18': (21, 2, 256, ['backbone.layer3.*', 'backbone.layer4.*']),
    'cgnet': (11, 4, 288, dict(level2=['backbone.level2.*'])),
}


def network(name: str) -> dict:
    """Config of a plain segmentor; ``fcn_r18`` is written as in mmseg's ``fcn_r18-d8`` configs."""
    if name == 'fcn8s':
        return Config.fromfile(BASE / 'fcn8s_vgg16.py').model
    if name == 'cgnet':
        return Config.fromfile(BASE / 'cgnet.py').model
    norm = dict(type='BN', requires_grad=True)
    cfg = Config.fromfile(STOCK / 'fcn_r50-d8.py')
    cfg.merge_from_dict(
        dict(
            model=dict(
                pretrained=None,
                data_preprocessor=dict(type='DegradeDataPreprocessor', size_divisor=8),
                backbone=dict(depth=18, norm_cfg=norm),
                decode_head=dict(in_channels=512, channels=128, num_classes=21, norm_cfg=norm),
                auxiliary_head=dict(in_channels=256, channels=64, num_classes=21, norm_cfg=norm),
            )
        )
    )
    return cfg.model


def build(name: str, method: str, folder: Path):
    """A model ready to train and its optimizer wrapper."""
    cfg, taps = network(name), NETWORKS[name][3]
    torch.manual_seed(0)
    if method == FINETUNE:
        model = MODELS.build(cfg)
    else:
        clean = folder / f'{name}.pth'
        torch.save(MODELS.build(cfg).state_dict(), clean)
        source = 'clean' if method == PAIRED else 'degraded'
        model = MODELS.build(
            dict(
                type='DenseGramSegmentor',
                segmentor=cfg,
                clean_checkpoint=str(clean),
                taps=taps,
                source_input=source,
                source_dtype='bfloat16' if method == HALF else 'float32',
                loss_gram=dict(type='DenseGramLoss', loss_weight=1e-9),
            )
        )
        model.init_weights()
        clean.unlink()
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.train(False)
    optimizer = dict(type='SGD', lr=1e-6, momentum=0.9, weight_decay=5e-4)
    return model, build_optim_wrapper(model, dict(optimizer=optimizer))


def batch(name: str, clean: bool) -> dict:
    """What a data loader hands on: uint8 images and labels."""
    classes, count, crop, _ = NETWORKS[name]
    rng = np.random.default_rng(0)

    def image():
        return torch.from_numpy(rng.integers(0, 256, (3, crop, crop), dtype=np.uint8))

    samples = []
    for _ in range(count):
        labels = torch.from_numpy(rng.integers(0, classes, (1, crop, crop)))
        sample = SegDataSample(gt_sem_seg=PixelData(data=labels))
        if clean:
            sample.clean_img = PixelData(data=image())
        samples.append(sample)
    return dict(inputs=[image() for _ in range(count)], data_samples=samples)


def step(name: str, method: str, model, optim) -> float:
    """Do one training step and give its seconds."""
    data = batch(name, clean=method == PAIRED)
    start = time.process_time()
    model.train_step(data, optim)
    return time.process_time() - start


def own_peak() -> float:
    """Peak resident set of this process, MiB.

    On Linux ``ru_maxrss`` starts from that of the process that started this one; VmHWM does not.
    """
    status = Path('/proc/self/status')
    if status.is_file():
        return int(status.read_text().partition('VmHWM:')[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peak_memory(name: str, method: str) -> float:
    """Peak resident set of a process that only does this, MiB."""
    command = [sys.executable, __file__, '--models', name, '--memory-of', method]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def timings(name: str, steps: int, folder: Path) -> np.ndarray:
    """Seconds of each method, one row a round."""
    models = {method: build(name, method, folder) for method in (FINETUNE, DGN, HALF)}
    models[PAIRED] = models[DGN]  # one set of weights; only the source's image differs

    def run(method):
        model, optim = models[method]
        if method != FINETUNE:
            model.source_input = 'clean' if method == PAIRED else 'degraded'
        return step(name, method, model, optim)

    for method in METHODS:
        run(method)
    return np.array([[run(method) for method in METHODS] for _ in range(steps)])


def compare(name: str, steps: int, folder: Path) -> None:
    """Time the methods in turn and print one line each."""
    times = timings(name, steps, folder)
    ratios = times / times[:, :1]
    memory = [peak_memory(name, method) for method in METHODS]
    classes, count, crop, _ = NETWORKS[name]
    label = f'{name} {count}x{crop}x{crop}'
    for column, method in enumerate(METHODS):
        low, middle, high = np.percentile(ratios[:, column], (25, 50, 75))
        print(
            f'{label:20}{method:13}{np.median(times[:, column]):8.2f} s{middle:8.2f}x'
            f'  ({low:.2f}-{high:.2f}){memory[column]:9.0f} MiB{memory[column] / memory[0]:7.2f}x',
            flush=True,
        )


def double_sum(source, target):
    """Eq. 3 as it stands."""
    batch, c, h, w = source[0].shape
    grams = [[f.flatten(2) @ f.flatten(2).mT for f in maps] for maps in (source, target)]
    total = sum((s - t).square().sum() for s in grams[0] for t in grams[1])
    return total / (4 * c**2 * (h * w) ** 2 * batch)


def layerwise(source, target):
    """Each layer with its own counterpart only (DGN-Layerwise)."""
    return sum(dense_gram_loss([s], [t]) for s, t in zip(source, target, strict=True))


def compare_loss(steps: int) -> None:
    """Forward and backward of the loss, in O(L), beside the plain double sum and layerwise."""
    functions = (double_sum, dense_gram_loss, layerwise)
    for layers, shape in ((3, (1, 512, 48, 48)), (21, (4, 128, 36, 36)), (2, (1, 4096, 11, 11))):
        source = [torch.randn(shape) for _ in range(layers)]
        target = [torch.randn(shape, requires_grad=True) for _ in range(layers)]
        times = []
        for _ in range(steps + 1):
            row = []
            for function in functions:
                start = time.process_time()
                function(source, target).backward()
                row.append(time.process_time() - start)
            times.append(row)
        plain, ours, single = np.median(times[1:], axis=0) * 1e3
        ratios = np.median([(b / a, b / c) for a, b, c in times[1:]], axis=0)
        print(
            f'loss, L={layers:<3} {"x".join(map(str, shape)):16} all pairs {ours:7.0f} ms   '
            f'double sum {plain:7.0f} ms ({ratios[0]:.2f}x of it)   '
            f'layerwise {single:7.0f} ms ({ratios[1]:.2f}x of it)',
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', nargs='+', default=[*NETWORKS, 'loss'],
                        choices=[*NETWORKS, 'loss'])  # fmt: skip
    parser.add_argument('--steps', type=int, default=7, help='rounds')
    parser.add_argument('--memory-of', choices=METHODS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    init_default_scope('mmseg')
    MMLogger.get_instance('benchmark', log_level='ERROR')
    with tempfile.TemporaryDirectory() as folder:
        if args.memory_of:
            name = args.models[0]
            model, optim = build(name, args.memory_of, Path(folder))
            for _ in range(3):
                step(name, args.memory_of, model, optim)
            print(own_peak())
            return
        for name in args.models:
            if name == 'loss':
                compare_loss(args.steps)
            else:
                compare(name, args.steps, Path(folder))


if __name__ == '__main__':
    main()
