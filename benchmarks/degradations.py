"""Images a second of every kind of degradation, beside other libraries that do the same.

    python benchmarks/degradations.py [--seconds 0.3] [--sizes 512x512 1024x2048] [--kinds gblur …]
                                      [--degree 3] [--out benchmarks/README.md]

One process, one thread, uint8 with three channels, timed by the processor's clock, so that other
work on the machine counts little. Ours and its peers take turns in five rounds; rates are medians
over the rounds, ratios medians of the rounds' ratios: compare ratios, not numbers of different
machines. What is compared, and what each library is given: peers/. Without peers ours is timed
alone; ``make bench`` installs them in an environment of their own.
"""

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')

import argparse
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from peers import LIBRARIES, PEERS, Peer, load, ready
from report import report, write_below_mark

from mmdegrade.degradations import KINDS, degrade, keyed_rng, settle_params

ROUNDS = 5
WARM_UP = 20
# Seconds a call: slower ones are timed by one call; those that would be slower yet, left out.
SLOW, TOO_SLOW = 1.0, 15.0


def natural_image(height: int, width: int) -> np.ndarray:
    """Noise whose amplitude falls with frequency as in photographs, and a little grain.

    Returns:
        (height, width, 3) uint8.
    """
    rng = keyed_rng('benchmark')
    total = rng.normal(0, 0.05, (height, width, 3)).astype(np.float32)
    for octave in range(1, 9):
        cells = rng.standard_normal((2**octave, 2**octave, 4), dtype=np.float32)
        layer = cells[..., :1] + 0.4 * cells[..., 1:]  # mostly brightness, some colour
        total += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) / 1.6**octave
    return np.clip(118 + 55 * total / total.std(), 0, 255).astype(np.uint8)


@dataclass
class Timing:
    """Processor seconds a call of ours (key None) and of each peer, one for each round."""

    kind: str
    seconds: dict[Peer | None, list[float]]

    def rate(self, peer: Peer | None = None) -> float:
        """Images a second."""
        return 1 / float(np.median(self.seconds[peer]))

    def ratio(self, peer: Peer) -> float:
        """Our rate over that of the peer."""
        # A slow peer has one round only.
        return float(np.median(np.divide(self.seconds[peer], self.seconds[None])))

    def fastest(self) -> Peer | None:
        """The fastest peer that does the same."""
        peers = [peer for peer in self.seconds if peer is not None and peer.same]
        return max(peers, key=self.rate, default=None)


def timed(function, calls: int = 1) -> float:
    """Processor seconds of one call."""
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls


class Benchmark:
    """Times kinds and their peers, and keeps what was left out.

    Attributes:
        left_out: (peer, size) -> reason.
    """

    def __init__(self, libraries: set[str], degree: int, seconds: float):
        self.libraries, self.degree, self.seconds = libraries, degree, seconds
        self.left_out: dict[tuple[Peer, str], str] = {}
        self._slow: dict[Peer, tuple[float, str]] = {}  # seconds a pixel, and where measured

    def run(self, kind: str, img: np.ndarray) -> Timing:
        """Time ours and every peer on an image."""
        rng = keyed_rng('benchmark', kind)
        functions = {None: lambda: degrade(img, kind, self.degree, rng)}
        for _ in range(WARM_UP):  # tables and panes that are made once a process
            cost = timed(functions[None])
        costs = {None: cost}
        params = settle_params(img, kind, self.degree, rng)
        for peer in PEERS.get(kind, []):
            if peer.library in self.libraries:
                function = self._start(peer, img, params)
                if function is not None:
                    functions[peer], costs[peer] = function
        times = {peer: [cost] for peer, cost in costs.items() if cost > SLOW}
        for _ in range(ROUNDS):
            for peer, function in functions.items():
                if costs[peer] <= SLOW:
                    calls = max(1, round(self.seconds / ROUNDS / costs[peer]))
                    times.setdefault(peer, []).append(timed(function, calls))
        return Timing(kind, times)

    def _start(self, peer: Peer, img: np.ndarray, params: dict):
        """The peer's function and the seconds of a call, or None if it is left out."""
        size, pixels = f'{img.shape[0]}x{img.shape[1]}', img.shape[0] * img.shape[1]
        if peer in self._slow:
            per_pixel, where = self._slow[peer]
            if per_pixel * pixels > TOO_SLOW:
                reason = f'takes {per_pixel * pixels:.0f} s an image by what it took at {where}'
                self.left_out[peer, size] = reason
                return None
        try:
            function = ready(peer, img, params)
            cost = timed(function)
            if cost <= SLOW:
                cost = timed(function)  # without what the first call sets up
        except Exception as error:  # whatever another library raises: it is reported
            lines = str(error).splitlines() or ['']
            self.left_out[peer, size] = f'{type(error).__name__}: {lines[0].split(". ")[0]}'
            return None
        self._slow[peer] = cost / pixels, size
        return function, cost


def find_libraries() -> tuple[set[str], dict[str, str]]:
    """Which peers there are, and why the others cannot be imported."""
    found, missing = set(), {}
    for library in LIBRARIES:
        try:
            load(library)
            found.add(library)
        except ImportError as error:
            missing[library] = f'{type(error).__name__}: {error}'
    return found, missing


def parse_size(text: str) -> tuple[int, int]:
    height, _, width = text.partition('x')
    return int(height), int(width)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=0.3, help='for each function and size')
    parser.add_argument('--sizes', type=parse_size, nargs='+', default=[(512, 512), (1024, 2048)],
                        metavar='HxW')  # fmt: skip
    parser.add_argument('--kinds', nargs='+', default=list(KINDS), choices=list(KINDS),
                        metavar='KIND')  # fmt: skip
    parser.add_argument('--degree', type=int, default=3, choices=range(1, 6))
    parser.add_argument('--out', type=Path, help='a file with the marked line, to write below it')
    args = parser.parse_args()
    warnings.simplefilter('ignore')  # without depth a ramp stands in, and what the peers warn of
    found, missing = find_libraries()
    cv2.setNumThreads(1)
    if missing:
        print(f'Not timed: {", ".join(missing)}. `make bench` installs all.', file=sys.stderr)
    benchmark = Benchmark(found, args.degree, args.seconds)
    tables = {}
    for height, width in args.sizes:
        img = natural_image(height, width)
        rows = tables[f'{height}x{width}'] = []
        for kind in args.kinds:
            rows.append(benchmark.run(kind, img))
            rates = [f'{peer or "ours"} {rows[-1].rate(peer):.4g}' for peer in rows[-1].seconds]
            print(f'{height}x{width} {kind}: {", ".join(rates)}', file=sys.stderr, flush=True)
    text = report(tables, benchmark.left_out, missing, found, args.degree)
    print(text)
    if args.out:
        write_below_mark(args.out, text)


if __name__ == '__main__':
    main()
