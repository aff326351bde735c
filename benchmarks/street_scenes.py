# SPDX-License-Identifier: Apache-2.0
"""Measure how many street scenes one core renders, and report the classes' shares.

Prints numbers only; nothing passes or fails. Usage: python benchmarks/street_scenes.py [COUNT]
"""

import argparse
import os
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')

import cv2
import numpy as np

from mmdegrade.datasets.street_scenes import CLASSES, render_street_scene
from mmdegrade.datasets.street_scenes.atlas import atlas


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('count', nargs='?', type=int, default=200, help='scenes to render')
    parser.add_argument('--size', nargs=2, type=int, default=(240, 320), help='height width')
    args = parser.parse_args()
    cv2.setNumThreads(0)
    start = time.perf_counter()
    atlas()
    print(f'texture atlas, once per process: {time.perf_counter() - start:.2f} s')
    counts = np.zeros(len(CLASSES), np.int64)
    # Processor time next to wall time: on a shared machine they differ.
    wall, cpu = 0.0, 0.0
    for index in range(args.count):
        t, c = time.perf_counter(), time.process_time()
        _, mask, _ = render_street_scene(0, index, tuple(args.size))
        wall += time.perf_counter() - t
        cpu += time.process_time() - c
        counts += np.bincount(mask.ravel(), minlength=len(CLASSES))
    print(
        f'{args.count} scenes of {args.size[0]}x{args.size[1]}: '
        f'{args.count / wall:.1f} images/s/core wall, {args.count / cpu:.1f} processor time'
    )
    for name, share in zip(CLASSES, counts / counts.sum(), strict=False):
        print(f'  {name:<11}{share:.4f}')


if __name__ == '__main__':
    main()
