"""Time of a severity grid beside ``tools/test.py`` run once for each of its cells.

    python benchmarks/severity_grid.py [--data street_scenes camvid] [--images 50] [--rounds 2]

Both start as a user starts them: processes of their own, with the threads that torch takes (all
cores, unless OMP_NUM_THREADS is set), the workers that the config asks for, and the grid's default
``--jobs``. In each round the grid runs in the middle of the single tests, so that other work on the
machine meets both. Weights are random, which changes no time. Printed are wall clock and processor
time (of all processes), their ratios, and whether every number is the same. `street_scenes` is the
slim network of the demonstration on its rendered scenes, where starting up is most of a test;
`camvid` is CGNet on images of 480x360 (skipped without the data), where the network is.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmdegrade.apis import read_test_metrics
from mmdegrade.apis.severity_grid import choose_cells
from mmdegrade.apis.severity_grid.job_count import cores, threads_of

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = dict(
    street_scenes=ROOT / 'configs' / 'demo' / 'street_scenes_clean.py',
    camvid=ROOT / 'configs' / 'dgn' / 'cgnet_camvid_clean.py',
)
IMAGES = 'test_dataloader.dataset.indices'


def timed(tool: str, *arguments) -> tuple[float, float]:
    """Run a tool; wall clock and processor seconds, of its workers too.

    Raises:
        RuntimeError: It failed; the end of what it printed.
    """
    command = [sys.executable, '-W', 'ignore', str(ROOT / 'tools' / f'{tool}.py')]
    with tempfile.TemporaryFile('w+') as log:
        start = time.monotonic()
        process = subprocess.Popen(
            command + [str(one) for one in arguments],
            stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f'{" ".join(command[3:])} failed:\n{log.read()[-2000:]}')
    return wall, usage.ru_utime + usage.ru_stime


def compare(name: str, images: int, kinds, degrees, rounds: int, folder: Path, jobs) -> None:
    """Time both ways over one grid and print the ratio, for each round."""
    config = CONFIGS[name]
    cfg = Config.fromfile(config)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    weights = folder / f'{name}.pth'
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), weights)
    cells = choose_cells(kinds, degrees)
    # Rendered scenes are written when first used: neither way should be charged with it.
    timed('test', config, weights, '--work-dir', folder / 'first', '--cfg-options',
          f'{IMAGES}={images}')  # fmt: skip
    flags = ['--kinds', *kinds, '--degrees', *degrees, '--images', images, '--strips', 0]
    flags += [] if jobs is None else ['--jobs', jobs]
    for turn in range(rounds):
        single, metrics = [], []
        for number, cell in enumerate(cells):
            if number == len(cells) // 2:
                out = folder / f'{name}_grid_{turn}'
                grid = timed('severity_grid', config, weights, *flags, '--out', out)
            work_dir = folder / f'{name}_{turn}_{number}'
            options = [f'degradation.{key}={value}' for key, value in cell.items()]
            single.append(timed('test', config, weights, '--work-dir', work_dir, '--cfg-options',
                                *options, f'{IMAGES}={images}'))  # fmt: skip
            metrics.append(read_test_metrics(work_dir))
        found = json.loads((out / 'results.json').read_text())['cells']
        same = all(
            float(np.round(np.float32(ours[key]), 2)) == np.float32(theirs[key])
            for ours, theirs in zip(found, metrics, strict=True)
            for key in ('mIoU', 'mAcc', 'aAcc')
        )
        print(
            f'{name}: {images} images, {len(cells)} cells; numbers {"equal" if same else "DIFFER"}'
        )
        for place, clock in enumerate(('wall clock', 'processor')):
            total = sum(one[place] for one in single)
            print(
                f'  {clock:12} test.py once per cell {total:7.1f} s   grid {grid[place]:6.1f} s   '
                f'{total / grid[place]:.1f}x',
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', nargs='+', choices=list(CONFIGS), default=list(CONFIGS))
    parser.add_argument('--images', type=int, default=50)
    parser.add_argument('--kinds', nargs='+', default=['gblur', 'awgn', 'saltpepper'])
    parser.add_argument('--degrees', nargs='+', type=int, default=[1, 3, 5])
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--jobs', type=int, help="the grid's; default: its own")
    args = parser.parse_args()
    print(
        f'{cores()} cores, load {os.getloadavg()[0]:.1f}; threads of test.py: '
        f'{torch.get_num_threads()}, processes of the grid: {args.jobs or "its default"}, '
        f'each on {threads_of(args.jobs or cores())}'
    )
    os.chdir(ROOT)  # where the configs look for data
    with tempfile.TemporaryDirectory() as folder:
        for name in args.data:
            if name == 'camvid' and not Path('data/camvid').is_dir():
                print('camvid: no data/camvid, left out')
                continue
            compare(
                name, args.images, args.kinds, args.degrees, args.rounds, Path(folder), args.jobs
            )


if __name__ == '__main__':
    main()
