"""Cost of a training step with D2SM beside one with a perceptual loss of the same features.

    python benchmarks/d2sm.py [--features cgnet vgg19] [--rounds 7]

A step restores a batch with a small FFDNet and takes forward, backward and Adam. The perceptual
loss reads the very patches (or whole crops) that D2SM reads, so that the ratio is what the
statistics and their two queues of 256 add; the queues are full. ``d2sm / L1`` is what the whole
term adds to a training without features.

One thread, timed by the processor's clock. What is compared takes turns, and the median of the
ratios of all rounds is printed with its quartiles: compare the ratios. Weights are random, which
does not change them. The memory of the queues is that of the buffers.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from train_step import BASE

import mmdegrade  # noqa: F401  registers everything
from mmdegrade.models.losses import RestorationPerceptualLoss
from mmdegrade.models.losses.patch_grid import patch_grid
from mmdegrade.models.restorers import FFDNet

L1, PERCEPTUAL, D2SM = METHODS = ('l1', 'perceptual', 'd2sm')
# name: (batch, crop, patches a side, side of a patch)
SIZES = {'cgnet': (4, 128, 3, 48), 'vgg19': (2, 160, 2, 112)}


@ROOT_MODELS.register_module()
class PerceptualLossOfPatches(RestorationPerceptualLoss):
    """The perceptual loss of the patches that D2SM cuts; of whole crops without ``patches``."""

    def __init__(self, patches: int | None, patch_size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.cut = (patches, patch_size)

    def distance(self, restored, clean):
        if self.cut[0] is not None:
            restored, clean = (patch_grid(images, *self.cut) for images in (restored, clean))
        return super().distance(restored, clean)


def features(name: str, folder: Path) -> dict:
    """Config of the extractor."""
    if name == 'vgg19':
        return dict(type='VGGFeatures', weights='random')
    cfg = Config.fromfile(BASE / 'cgnet.py').model
    checkpoint = folder / 'cgnet.pth'
    torch.save(MODELS.build(cfg).state_dict(), checkpoint)
    return dict(
        type='BackboneFeatures', segmentor=cfg, checkpoint=str(checkpoint), taps='out_indices.2'
    )


def trainer(name: str, method: str, internal: bool, folder: Path):
    """A function that takes a step, and the D2SM loss or None."""
    count, crop, patches, size = SIZES[name]
    patches = patches if internal else None
    torch.manual_seed(0)
    restorer = FFDNet(width=48, depth=8)
    optimizer = torch.optim.Adam(restorer.parameters(), lr=1e-4)
    losses = [ROOT_MODELS.build(dict(type='RestorationL1Loss'))]
    if method != L1:
        kind = dict(d2sm='D2SMLoss', perceptual='PerceptualLossOfPatches')[method]
        given = dict(feature_extractor=features(name, folder), patches=patches, patch_size=size)
        losses.append(ROOT_MODELS.build(dict(type=kind, **given)))
        losses[-1].init_weights()
    generator = torch.Generator().manual_seed(1)
    clean = torch.rand((count, 3, crop, crop), generator=generator)
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=generator)
    level = torch.full((count, 1, 1, 1), 0.1)

    def step() -> float:
        start = time.process_time()
        restored = restorer(noisy, level)
        optimizer.zero_grad()
        sum(loss(restored, clean) for loss in losses).backward()
        optimizer.step()
        return time.process_time() - start

    return step, losses[-1] if method == D2SM else None


def fill(loss) -> None:
    """Fill the queues with noise of the right width."""
    missing, width = loss.queue.size - len(loss.queue), loss.queue.restored.shape[1]
    loss.queue.enqueue(*torch.randn(2, missing, width).abs())


def quartiles(values) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f'{middle:.2f} ({low:.2f}–{high:.2f})'


def measure(name: str, internal: bool, rounds: int, folder: Path) -> None:
    """Print one row of the table."""
    steps, loss = {}, None
    for method in METHODS:
        steps[method], found = trainer(name, method, internal, folder)
        loss = found or loss
        steps[method]()  # makes the queues, and everything else that is made once
    fill(loss)
    times = np.array([[steps[method]() for method in METHODS] for _ in range(rounds)])
    l1, perceptual, d2sm = times.T
    queues = (loss.queue.restored, loss.queue.clean)
    megabytes = sum(one.numel() * one.element_size() for one in queues) / 1e6
    count, crop, patches, size = SIZES[name]
    samples = f'{count} × {patches}×{patches} patches of {size}' if internal else f'{count} crops'
    print(
        f'| {name} | {samples} of {crop} | {np.median(d2sm):.2f} | {quartiles(d2sm / perceptual)} '
        f'| {quartiles(d2sm / l1)} | {queues[0].shape[1]:,} | {megabytes:.0f} |',
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--features', nargs='+', choices=SIZES, default=list(SIZES))
    parser.add_argument('--rounds', type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    init_default_scope('mmseg')
    MMLogger.get_instance('mmengine', log_level='ERROR')
    print('| features | samples | s a step | d2sm / perceptual | d2sm / L1 | values | queues, MB |')
    print('|---|---|---|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        for name in args.features:
            for internal in (True, False):
                measure(name, internal, args.rounds, Path(folder))


if __name__ == '__main__':
    main()
