"""Panes of frosted glass, grown by rule: what `frost` lays over an image."""

import functools

import cv2
import numpy as np

SIDE = 1024
# Mean and standard deviation in grey levels, number of crystals, length of the longest, in pixels.
_PANES = (
    (131, 19, 4000, 70),
    (207, 22, 2500, 160),
    (152, 28, 6000, 60),
    (123, 42, 2500, 120),
)
N_PANES = len(_PANES)
# Blue, green, red over their mean.
_TINT = (1.09, 1.02, 0.89)


@functools.cache
def pane(index: int) -> np.ndarray:
    """A whole pane.

    Args:
        index: 0 to 3.

    Returns:
        (1024, 1024, 3) uint8, blue first, read-only; the same on every call.
    """
    mean, std, crystals, longest = _PANES[index]
    rng = np.random.Generator(np.random.SFC64(index))
    cloud, ice = _cloud(rng), _crystals(rng, crystals, longest)
    # The slope towards the bottom right lies in the shade.
    slope = np.array([[-1, -0.5, 0], [-0.5, 0, 0.5], [0, 0.5, 1]])
    relief = 0.6 * cloud + ice - 0.4 * cv2.filter2D(ice + 0.5 * cloud, -1, slope)
    relief -= relief.mean()
    relief *= std / relief.std()
    relief += mean
    out = cv2.merge([relief * tint for tint in _TINT])
    out = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    out.flags.writeable = False
    return out


def _cloud(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of several sizes, (SIDE, SIDE) float32."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for cells, amplitude in ((5, 0.4), (13, 0.3), (40, 0.15), (150, 0.15), (512, 0.1)):
        noise = rng.standard_normal((cells, cells), dtype=np.float32)
        total += amplitude * cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return total


def _crystals(rng: np.random.Generator, count: int, longest: float) -> np.ndarray:
    """Feathers of ice: a stem with barbs on both sides, (SIDE, SIDE) float32 on [0, 1]."""
    root = rng.uniform(-longest, SIDE + longest, (count, 2))
    # Neighbours grow in similar directions, as around one seed.
    field = 2 * np.pi * cv2.resize(rng.random((9, 9)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    at = np.clip(root, 0, SIDE - 1).astype(int)
    heading = field[at[:, 1], at[:, 0]] + rng.normal(0, 0.5, count)
    length = longest * rng.beta(1.5, 3, count) + 8
    stem = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    lines = [np.stack([root, root + stem * length[:, None]], axis=1)]
    owners = [np.arange(count)]
    barbs = np.maximum(length / 3.5, 2).astype(int)
    owner = np.repeat(np.arange(count), barbs)
    # Where on the stem, 0 at the root; barbs get shorter towards the tip.
    along = (np.arange(len(owner)) - np.repeat(np.cumsum(barbs) - barbs, barbs)) / barbs[owner]
    foot = root[owner] + stem[owner] * (length[owner] * along)[:, None]
    reach = length[owner] * 0.4 * (1 - along) * rng.uniform(0.5, 1, len(owner)) + 1
    for side in (-1, 1):
        turn = heading[owner] + side * (np.pi / 3 + rng.normal(0, 0.1, len(owner)))
        tip = foot + np.stack([np.cos(turn), np.sin(turn)], axis=-1) * reach[:, None]
        lines.append(np.stack([foot, tip], axis=1))
        owners.append(owner)
    lines = np.rint(np.concatenate(lines) * 16).astype(np.int32)
    owners = np.concatenate(owners)
    # Each crystal has one of eight levels of brightness; brighter ones lie in front.
    level = rng.integers(0, 8, count)[owners]
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for k in range(8):
        grey = 80 + 25 * k
        cv2.polylines(canvas, list(lines[level == k]), False, grey, 1, cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), 0.8)
