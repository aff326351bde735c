"""Time of SAM's paths side by side and in a loop, and what each iteration of UBCN costs.

    python benchmarks/semantic_attentive.py [--device cuda] [--rounds 5] [--only paths loop]
    python benchmarks/semantic_attentive.py --only loop --loop-size 1024x2048 --turns 1 --rounds 1

Paths: `SemanticAttentiveModule`, 10 paths × 18 blocks as published, computed 1, 2, 5 and all 10
paths at once as groups of one convolution, beside a plain loop over 10 stacks of convolutions with
the same weights; the outputs are checked to agree to 1e-4. Loop: UBCN with PSPNet-R101, IDM 22 and
SAM 10×18, milliseconds and peak memory of t = 0 … T (``time_steps=True``).

One thread. What is compared takes turns, and the median of the ratios of all rounds is printed with
its quartiles: compare the ratios.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn
from train_step import own_peak

import mmdegrade  # noqa: F401  registers everything
from mmdegrade.models.restorers import SemanticAttentiveModule, semantic_attentive
from mmdegrade.models.restorers.residual_block import ResidualBlock

BASE = Path(__file__).resolve().parents[1] / 'configs' / '_base_' / 'models'
PATHS, TOLERANCE = 10, 1e-4
AT_ONCE = (1, 2, 5, PATHS)


class PlainPaths(nn.Module):
    """The same network, one path after another, as one would write it first."""

    def __init__(self, grouped: SemanticAttentiveModule) -> None:
        super().__init__()
        self.head, self.tail = grouped.head, grouped.tail
        self.paths = nn.ModuleList(
            nn.ModuleList(ResidualBlock() for _ in grouped.blocks) for _ in range(PATHS)
        )
        for block, copies in zip(grouped.blocks, zip(*self.paths, strict=True), strict=True):
            for copy, parts in zip(copies, block.split(1), strict=True):
                for parameter, value in zip(copy.parameters(), parts, strict=True):
                    parameter.data.copy_(value)

    def forward(self, images, condition):
        x = self.head(torch.cat([images, condition[:, :3]], 1))
        total = 0
        for k, path in enumerate(self.paths):
            y = x * condition[:, 3 + k : 4 + k]
            for block in path:
                y = y + block.second(torch.relu(block.first(y)))
            total = total + y
        return self.tail(total)


def clock(device: str) -> float:
    if device == 'cuda':
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def seconds(function, device: str) -> float:
    start = clock(device)
    function()
    return clock(device) - start


def compare_paths(shape: tuple, device: str, rounds: int, train: bool) -> None:
    """Check that all agree, time them in turn, and print one line each."""
    torch.manual_seed(0)
    grouped = SemanticAttentiveModule(PATHS, 18).to(device).eval()
    plain = PlainPaths(grouped).to(device).eval()
    n, height, width = shape
    images = torch.rand(n, 3, height, width, device=device)
    maps = torch.randn(n, PATHS, height, width, device=device).softmax(1)
    condition = torch.cat([images, maps], 1)

    def run(network):
        out = network(images, condition)
        if train:
            out.square().mean().backward()
        return out

    def ours(size: int):
        semantic_attentive.CPU_PATHS = size
        return run(grouped)

    # A GPU always takes all paths at once.
    sizes = AT_ONCE if device == 'cpu' else (PATHS,)
    with torch.set_grad_enabled(train):
        expected = run(plain)
        for size in sizes:
            error = float((ours(size) - expected).abs().max())
            if error > TOLERANCE:
                raise SystemExit(f'{size} paths at once differ from the loop by {error:.1e}')
        functions = [lambda: run(plain), *(lambda s=size: ours(s) for size in sizes)]
        times = np.array([[seconds(f, device) for f in functions] for _ in range(rounds)])
    what = 'training' if train else 'inference'
    text = f'{n}x{height}x{width} {what:10}'
    print(f'{text} loop over paths {1e3 * np.median(times[:, 0]):9.1f} ms')
    for column, size in enumerate(sizes, 1):
        low, middle, high = np.percentile(times[:, 0] / times[:, column], (25, 50, 75))
        print(
            f'{text} {size:2d} paths at once {1e3 * np.median(times[:, column]):8.1f} ms, faster '
            f'by {middle:5.2f}x ({low:.2f}-{high:.2f})',
            flush=True,
        )


@torch.no_grad()
def cost_of_iterations(
    size: tuple[int, int], device: str, rounds: int, all_turns: list[int]
) -> None:
    """Milliseconds of each t, and the peak memory with so many iterations."""
    for turns in all_turns:
        model = MODELS.build(
            dict(
                type='UBCNSegmentor',
                segmentor=Config.fromfile(BASE / 'pspnet_r101.py').model,
                derain=dict(type='ImageDerainModule'),
                attentive=dict(type='SemanticAttentiveModule'),
                classes='CityscapesDataset',
                iterations=turns,
                time_steps=True,
            )
        ).to(device).eval()  # fmt: skip
        inputs = torch.randn(1, 3, *size, device=device)
        if rounds > 1:
            model.predict(inputs)  # warm
        if device == 'cuda':
            torch.cuda.reset_peak_memory_stats()
        found = [model.predict(inputs)[0].step_seconds.numpy() for _ in range(rounds)]
        peak = torch.cuda.max_memory_allocated() / 2**20 if device == 'cuda' else own_peak()
        shown = ', '.join(f't={t} {1e3 * s:.0f}' for t, s in enumerate(np.median(found, axis=0)))
        print(
            f'{size[0]}x{size[1]} T={turns}: ms {shown}; peak of the process {peak:.0f} MiB',
            flush=True,
        )
        del model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--sizes', nargs='+', default=['64x64', '128x128'], help='HxW, paths')
    parser.add_argument('--loop-size', default='128x256', help='HxW of the whole loop')
    parser.add_argument('--turns', type=int, nargs='+', default=[1, 2, 3], help='T of the loop')
    parser.add_argument('--batch', type=int, default=1)
    parser.add_argument('--only', nargs='+', choices=['paths', 'loop'], default=['paths', 'loop'])
    args = parser.parse_args()
    torch.set_num_threads(1)
    init_default_scope('mmseg')
    MMLogger.get_instance('benchmark', log_level='ERROR')
    if 'paths' in args.only:
        for size in args.sizes:
            shape = (args.batch, *map(int, size.split('x')))
            for train in (False, True):
                compare_paths(shape, args.device, args.rounds, train)
    if 'loop' in args.only:
        size = tuple(map(int, args.loop_size.split('x')))
        cost_of_iterations(size, args.device, args.rounds, args.turns)


if __name__ == '__main__':
    main()
