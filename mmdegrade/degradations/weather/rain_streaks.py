"""Streaks of falling drops, as the share of light that they block and replace.

- Sizes: Marshall and Palmer, "The Distribution of Raindrops with Size", J. Meteorology 1948:
  8000 exp(-4.1 R^-0.21 D) drops per m3 and mm of diameter D, at R mm/hr.
- Speed: Atlas, Srivastava and Sekhon, "Doppler Radar Characteristics of Precipitation at Vertical
  Incidence", Reviews of Geophysics 1973: 9.65 - 10.3 exp(-0.6 D) m/s, their fit to Gunn and Kinzer.
- Light: Garg and Nayar, "Vision and Rain", IJCV 2007: a drop lets its own light through for the
  short while that it is before a pixel, the background for the rest of the exposure.

A drop of diameter D at distance z is w = f D / z pixels wide (f the focal length in pixels) and
falls v T f / z pixels in the exposure T: its streak is v T / D times as long as wide, wherever it
is. It covers a disc, so the shares of its pixels add up to pi / 4 w^2. The number of drops wider
than w is 2 N f 10^-9 / (L^4 w^3) for each pixel (N = 8000, L = 4.1 R^-0.21: the integral of the
sizes over the cone of view), whence widths are drawn.

Made simple, because single drops at 250 mm/hr number tens of thousands:

- All streaks have the shape of the mean drop in view, 4 / L mm; widths and so strengths differ.
- Streaks are drawn in bands of width, as points blurred along a line; bands of twice the width on
  half the resolution, enlarged bilinearly, which softens near drops as defocus does.
- Drops beyond 10 m or thinner than 0.35 pixels are left to the veil (`rain`); drops nearer than
  0.3 m are left out. Shares add up where streaks cross (up to 1).
- The camera stands still; drops all fall along one direction. Splashes and lens drops are missing.
"""

import math

import cv2
import numpy as np

from ..blur.motion import motion_kernel

DROPS = 8000.0  # per m3 and mm
NEAR, FAR = 0.3, 10.0  # metres
FINEST = 0.35  # pixels


def slope(intensity: float) -> float:
    """Marshall and Palmer's exponent in 1/mm, for a rate in mm/hr."""
    return 4.1 * intensity**-0.21


def fall_speed(diameter: float) -> float:
    """Terminal speed in m/s of a drop of a diameter in mm; fitted to 0.6 to 5.8 mm."""
    return max(0.0, 9.65 - 10.3 * math.exp(-0.6 * diameter))


def drops_wider(width: float, intensity: float, focal: float) -> float:
    """Expected number of drops for each pixel whose image is wider than ``width`` pixels."""
    return 2 * DROPS * focal * 1e-9 / (slope(intensity) ** 4 * width**3)


def streak_bands(intensity: float, focal: float) -> np.ndarray:
    """Edges of the bands of width in pixels: half octaves, the finest drops in a wider band."""
    size = focal * 4e-3 / slope(intensity)  # pixels at 1 m
    low, high = max(FINEST, size / FAR), max(1.0, size / NEAR)
    inner = 2.0 ** (np.arange(-4, 2 * math.log2(high) + 1) / 2)
    kept = (inner > np.where(inner < 1, 1.9, 1.2) * low) & (inner < high / 1.2)
    return np.array([low, *inner[kept], high])


def streak_layer(
    shape: tuple[int, int],
    intensity: float,
    angle: float,
    focal: float,
    exposure: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Share of the exposure for which each pixel is covered by drops.

    Args:
        shape: (height, width).
        intensity: mm/hr, above 0.
        angle: degrees from the vertical; positive falls to the right.
        focal: focal length in pixels.
        exposure: seconds.
        rng: advanced by the draws.

    Returns:
        (H, W) float32 on [0, 1].
    """
    diameter = 4 / slope(intensity)
    aspect = 1e3 * fall_speed(diameter) * exposure / diameter
    bands = _bands_by_level(intensity, focal, aspect, angle)
    # Shared by all bands: the first touch of fresh memory costs more than the arithmetic.
    margin = max(sum(kernel.shape) for level in bands.values() for *_, kernel in level)
    buffers = np.empty((2, (shape[0] + margin) * (shape[1] + margin)), np.float32)
    total = None
    for level, members in sorted(bands.items(), reverse=True):
        scale = 2**level
        size = tuple(max(1, -(-n // scale)) for n in shape)
        total = np.zeros(size, np.float32) if total is None else cv2.resize(total, size[::-1])
        for low, high, kernel in members:
            density = drops_wider(low, intensity, focal) - drops_wider(high, intensity, focal)
            _add_band(total, density * scale**2, low / scale, high / scale, kernel, rng, buffers)
    if total.shape != shape:  # no band fine enough for the full resolution
        total = cv2.resize(total, shape[::-1])
    return np.minimum(total, 1, out=total)


def _bands_by_level(intensity, focal, aspect, angle) -> dict[int, list]:
    """Level, sizes being divided by 2^level, -> bands (low, high, kernel) up to a pixel wide."""
    edges = streak_bands(intensity, focal)
    kernels: dict[float, np.ndarray] = {}
    levels: dict[int, list] = {}
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        level = max(0, math.ceil(math.log2(high) - 1e-6))
        # Mean width by weight: the density w^-4 times the strength w^2.
        width = math.log(high / low) / (1 / low - 1 / high) / 2**level
        length = round(1 + aspect * width, 3)
        if length not in kernels:
            kernels[length] = motion_kernel(length, 90 + angle).astype(np.float32)
        levels.setdefault(level, []).append((low, high, kernels[length]))
    return levels


def _add_band(total, density, low, high, kernel, rng, buffers) -> None:
    """Add points of random place and strength, spread by the kernel, to ``total``."""
    rows, columns = (n // 2 for n in kernel.shape)
    height, width = total.shape[0] + 2 * rows, total.shape[1] + 2 * columns
    area = height * width
    points, spread = buffers[:, :area]
    count = int(rng.poisson(density * area))
    place = rng.integers(0, area, count, dtype=np.uint32)
    cube = rng.random(count, dtype=np.float32)  # width^-3 is uniform
    cube *= low**-3 - high**-3
    cube += high**-3
    points.fill(0)
    np.add.at(points, place, (math.pi / 4) * cube ** np.float32(-2 / 3))
    spread = spread.reshape(height, width)
    cv2.filter2D(
        points.reshape(height, width), -1, kernel, dst=spread, borderType=cv2.BORDER_CONSTANT
    )
    total += spread[rows : rows + total.shape[0], columns : columns + total.shape[1]]
