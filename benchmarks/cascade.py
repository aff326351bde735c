"""Time and memory of SDABN's denoiser beside a plain reading of it, and of the cascade.

    python benchmarks/cascade.py [--sizes 512x1024 1024x2048] [--rounds 5] [--only ddfn cascade]

Denoiser: DDFN+SFT told 19 class scores, ours (by strips of rows), ours in tiles (`TiledRestorer`),
ours layer by layer (``fast=False``) and `peers/ddfn.py`, all with the same weights; the outputs are
checked to agree to 1e-5. Cascade: S1D1S2 with HRNetV2-W18-Small-v2, beside the sum of its parts run
one by one.

One thread, timed by the processor's clock. What is compared takes turns, and the median of the
ratios of all rounds is printed with its quartiles: compare the ratios. Memory is the growth of the
peak resident set of a process of its own while it restores one image (model and image were there
before), and in brackets the whole process.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from peers.ddfn import PlainDDFN
from train_step import own_peak

import mmdegrade  # noqa: F401  registers everything
from mmdegrade.models.restorers import DDFN, TiledRestorer

BASE = Path(__file__).resolve().parents[1] / 'configs' / '_base_' / 'models'
CLASSES, TOLERANCE = 19, 1e-5
PLAIN, LAYERS, TILED, OURS = METHODS = ('plain reading', 'ours, layers', 'ours, tiled', 'ours')


def denoiser(method: str):
    """A denoiser with seeded weights whose output has about the spread of an image."""
    torch.manual_seed(0)
    network = DDFN(CLASSES)
    for name, parameter in network.named_parameters():
        if name.endswith('bias'):
            torch.nn.init.normal_(parameter, std=0.1)
    torch.nn.init.normal_(network.last.weight, std=0.05)
    state = network.state_dict()
    if method == PLAIN:
        network = PlainDDFN(CLASSES)
    elif method == LAYERS:
        network = DDFN(CLASSES, fast=False)
    elif method == TILED:
        network = TiledRestorer(dict(type='DDFN', condition_channels=CLASSES), tile=512)
    network.load_state_dict(state)
    return network.eval()


def example(size: tuple[int, int]):
    """A noisy image and class scores."""
    torch.manual_seed(1)
    return torch.rand(1, 3, *size), torch.randn(1, CLASSES, *size)


def parse_size(text: str) -> tuple[int, int]:
    """'512x1024' -> (512, 1024), height and width."""
    height, width = map(int, text.split('x'))
    return height, width


def child(size: str, method: str) -> tuple[float, float]:
    """Growth of the peak, and the peak, of a process that only does this, MiB."""
    command = [sys.executable, __file__, '--sizes', size, '--memory-of', method]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    growth, peak = done.stdout.split()[-2:]
    return float(growth), float(peak)


def seconds(function) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def spread(ratios: np.ndarray) -> str:
    low, middle, high = np.percentile(ratios, (25, 50, 75))
    return f'{middle:6.2f}x ({low:.2f}-{high:.2f})'


def compare_denoisers(size: str, rounds: int) -> None:
    """Check that all agree, time them in turn, and print one line each."""
    images, condition = example(parse_size(size))
    networks = {method: denoiser(method) for method in METHODS}
    expected = networks[PLAIN](images, condition)
    for method in METHODS[1:]:
        error = float((networks[method](images, condition) - expected).abs().max())
        if error > TOLERANCE:
            raise SystemExit(f'{method} differs from the plain reading by {error:.1e}')
        print(f'{size:12}{method:15} largest difference {error:.1e}, output {expected.std():.2f}')
    times = np.array(
        [[seconds(lambda m=m: networks[m](images, condition)) for m in METHODS]
         for _ in range(rounds)]
    )  # fmt: skip
    memory = [child(size, method) for method in METHODS]
    for column, method in enumerate(METHODS):
        growth, peak = memory[column]
        print(
            f'{size:12}{method:15}{np.median(times[:, column]):8.2f} s  faster by '
            f'{spread(times[:, 0] / times[:, column])}{growth:8.0f} MiB, less by '
            f'{memory[0][0] / growth:5.1f}x  (process {peak:.0f} MiB, {memory[0][1] / peak:.1f}x)',
            flush=True,
        )


def compare_cascade(size: str, rounds: int) -> None:
    """Time a cascade, and its parts one by one."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SDABNSegmentor',
            segmentor=Config.fromfile(BASE / 'hrnetv2_w18_small_v2.py').model,
            denoiser=dict(type='DDFN', condition_channels=CLASSES),
            num_blocks=2,
            last='S',
        )
    ).eval()
    height, width = parse_size(size)
    inputs = torch.randn(1, 3, height, width)
    meta = dict(img_shape=(height, width), ori_shape=(height, width), pad_shape=(height, width))
    labels = PixelData(data=torch.zeros(1, height, width, dtype=torch.long))
    samples = [SegDataSample(metainfo=meta, gt_sem_seg=labels)]
    images, scores = example((height, width))
    parts = {
        'S1': lambda: model.S1(inputs, mode='tensor'),
        'D1': lambda: model.D1(images, scores),
        'S2': lambda: model.S2(inputs, mode='tensor'),
        'result': lambda: model.S2.postprocess_result(scores, samples),
    }
    everything = [lambda: model(inputs, samples, mode='predict'), *parts.values()]
    for function in everything:
        function()
    times = np.array([[seconds(function) for function in everything] for _ in range(rounds)])
    shown = ', '.join(
        f'{name} {second:.2f}'
        for name, second in zip(parts, np.median(times[:, 1:], axis=0), strict=True)
    )
    print(
        f'{size:12}S1D1S2 {np.median(times[:, 0]):6.2f} s, sum of its parts '
        f'{np.median(times[:, 1:].sum(1)):6.2f} s ({shown}): '
        f'{spread(times[:, 0] / times[:, 1:].sum(1))}',
        flush=True,
    )


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sizes', nargs='+', default=['512x1024', '1024x2048'], help='HxW')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', nargs='+', choices=['ddfn', 'cascade'],
                        default=['ddfn', 'cascade'])  # fmt: skip
    parser.add_argument('--memory-of', choices=METHODS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    init_default_scope('mmseg')
    MMLogger.get_instance('benchmark', log_level='ERROR')
    if args.memory_of:
        network, given = denoiser(args.memory_of), example(parse_size(args.sizes[0]))
        network(*example((64, 64)))  # what libraries load on the first call
        before = own_peak()
        network(*given)
        print(own_peak() - before, own_peak())
        return
    for size in args.sizes:
        if 'ddfn' in args.only:
            compare_denoisers(size, args.rounds)
        if 'cascade' in args.only:
            compare_cascade(size, args.rounds)


if __name__ == '__main__':
    main()
