"""Restored images as pictures, and names for them on disk."""

import os.path as osp
from collections.abc import Sequence

import cv2
import numpy as np


def picture(image: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """A 3×H×W RGB image on [0, 1] as an H×W×3 uint8 BGR picture, clipped and rounded.

    Args:
        image (np.ndarray): Float, may lead outside [0, 1].
        size (tuple, optional): Height and width to scale it to.
    """
    scaled = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    out = np.ascontiguousarray(scaled.transpose(1, 2, 0)[..., ::-1])
    if size is not None and out.shape[:2] != tuple(size):
        out = cv2.resize(out, tuple(size)[::-1], interpolation=cv2.INTER_LINEAR)
    return out


def png_names(paths: Sequence[str]) -> dict[str, str]:
    """A PNG file name for each image path: its place below the folder that all have in common.

    Folders stay, so that images of one name in different folders do not overwrite each other, and
    the result can be used as a folder of images itself. Where two images differ in their suffix
    alone, all names keep theirs (``a.jpg.png``).

    Args:
        paths (Sequence[str]): All images of a data set.

    Returns:
        dict[str, str]: Path to relative name.
    """
    folder = osp.commonpath([osp.dirname(path) for path in paths])
    relative = {path: osp.relpath(path, folder or '.') for path in paths}
    short = {path: osp.splitext(name)[0] + '.png' for path, name in relative.items()}
    if len(set(short.values())) == len(short):
        return short
    return {path: f'{name}.png' for path, name in relative.items()}
