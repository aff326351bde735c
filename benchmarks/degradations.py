"""Images a second of every kind of degradation, beside the plain reading of its formula.

    python benchmarks/degradations.py [--seconds 0.4] [--size 512 512]

One thread, uint8 with three channels. Ours and plain are timed in turn within one run, and the
median of five rounds is printed: compare the ratios, not numbers of different runs or machines.
"""

import argparse
import time

import cv2
import numpy as np

from mmdegrade.degradations import KINDS, degrade, depth_ramp, keyed_rng, motion_kernel

ROUNDS = 5


def plain_gaussian_blur(img, params, rng):
    size = params['kernel_size'] or 2 * int(np.ceil(3 * params['sigma'])) + 1
    taps = cv2.getGaussianKernel(size, params['sigma'])
    return cv2.filter2D(img, -1, taps @ taps.T, borderType=cv2.BORDER_REFLECT_101)


def plain_motion_blur(img, params, rng):
    kernel = motion_kernel(params['length'], params['angle'])
    return cv2.filter2D(img, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def plain_salt_and_pepper(img, params, rng):
    u = rng.random(img.shape)
    out = img.copy()
    out[u < params['amount'] / 2] = 0
    out[u > 1 - params['amount'] / 2] = 255
    return out


def plain_haze(img, params, rng):
    t = np.exp(-params['beta'] * depth_ramp(*img.shape[:2]))[..., None]
    return np.rint(t * img + (1 - t) * 255 * params['airlight']).astype(np.uint8)


def plain_gaussian_noise(img, params, rng):
    noisy = img + params['sigma'] * rng.standard_normal(img.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


PLAIN = {
    'gblur': plain_gaussian_blur,
    'mblur': plain_motion_blur,
    'saltpepper': plain_salt_and_pepper,
    'haze': plain_haze,
    'awgn': plain_gaussian_noise,
}


def rate(function, seconds: float) -> float:
    """Calls a second."""
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        function()
        calls += 1
    return calls / elapsed


def compare(img, kind: str, degree: int, seconds: float) -> tuple[float, float | None]:
    """Median rates of `degrade` and of the plain function, if there is one."""
    rng = keyed_rng(0)
    params = KINDS[kind].resolve(degree)
    functions = [lambda: degrade(img, kind, degree, rng)]
    if kind in PLAIN:
        functions.append(lambda: PLAIN[kind](img, params, rng))
    for function in functions:
        function()
    rounds = [[rate(f, seconds / ROUNDS) for f in functions] for _ in range(ROUNDS)]
    medians = np.median(rounds, axis=0).tolist()
    return medians[0], medians[1] if len(medians) > 1 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=0.4, help='for each line and column')
    parser.add_argument('--size', type=int, nargs=2, default=(512, 512), metavar=('H', 'W'))
    parser.add_argument('--degrees', type=int, nargs='+', default=[1, 3, 5])
    args = parser.parse_args()
    cv2.setNumThreads(1)
    img = keyed_rng('benchmark').integers(0, 256, (*args.size, 3), dtype=np.uint8)
    print(f'{args.size[0]}x{args.size[1]}x3 uint8, one thread, images/s')
    print(f'{"kind":12}{"degree":>7}{"ours":>10}{"plain":>10}{"ratio":>8}')
    for kind in KINDS:
        for degree in args.degrees:
            ours, plain = compare(img, kind, degree, args.seconds)
            other = f'{plain:10.1f}{ours / plain:7.2f}x' if plain else f'{"-":>10}{"-":>8}'
            print(f'{kind:12}{degree:7}{ours:10.1f}{other}', flush=True)


if __name__ == '__main__':
    main()
