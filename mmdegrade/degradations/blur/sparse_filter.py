"""Filtering with a large kernel that is mostly zeros: the thin line of a motion.

cv2.filter2D turns to a Fourier transform above about 11×11 (its direct method, which skips zero
weights, is 30 times as fast). Larger kernels are cut into tiles below that size.
"""

import cv2
import numpy as np

# Kernel area up to which cv2.filter2D works directly.
_DIRECT_AREA = {'uint8': 121, 'float32': 121, 'float64': 49}


def _tiles(kernel: np.ndarray, area: int):
    """Cut a kernel into (row, column, block) holding all its weights, each block within ``area``.

    Blocks are runs of rows, trimmed to the columns in use, which suits a thin line.
    """
    start = 0
    while start < len(kernel):
        best = None
        for stop in range(start + 1, len(kernel) + 1):
            used = np.flatnonzero(kernel[start:stop].any(axis=0))
            if used.size == 0:
                continue
            left, right = int(used[0]), int(used[-1]) + 1
            # One row that is too wide by itself stays whole: slower, not wrong.
            if best is not None and (stop - start) * (right - left) > area:
                break
            best = stop, left, right
        if best is None:
            return
        stop, left, right = best
        yield start, left, kernel[start:stop, left:right]
        start = stop


def filter_sparse(img: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate with a mostly empty kernel, borders mirrored; uint8 may come back as float32."""
    area = _DIRECT_AREA[img.dtype.name]
    if kernel.size <= area:
        return cv2.filter2D(img, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    height, width = img.shape[:2]
    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    source = cv2.copyMakeBorder(img, rows, rows, columns, columns, cv2.BORDER_REFLECT_101)
    if img.dtype == np.uint8:
        source = source.astype(np.float32)
    total = None
    for top, left, tile in _tiles(kernel, area):
        view = source[top : top + height + len(tile) - 1, left : left + width + tile.shape[1] - 1]
        part = cv2.filter2D(view, -1, tile, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        part = part[:height, :width]
        total = part if total is None else cv2.add(total, part, dst=total)
    return total
