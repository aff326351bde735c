"""Which files are meant by a path, a folder or a pattern, and the frames of videos."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..dataset_tree import IMAGE_SUFFIXES

VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')
FRAMES_PER_SECOND = 25.0  # of what is written, where a file does not say


def is_video(path: str) -> bool:
    """By its suffix."""
    return path.lower().endswith(VIDEO_SUFFIXES)


def find_sources(inputs: str | os.PathLike | Sequence) -> list[str]:
    """Image and video files.

    Args:
        inputs: A file, a folder (with all below it), a pattern (``shots/*.png``), or several.

    Returns:
        list[str]: Each once, in the order given, those of a folder or pattern sorted.

    Raises:
        FileNotFoundError: No such file, nothing below the folder, or nothing of the pattern.
    """
    found = []
    for item in [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs:
        text = os.path.expanduser(item)
        if os.path.isdir(text):
            below = sorted(str(path) for path in Path(text).rglob('*') if path.is_file())
            files = [path for path in below if path.lower().endswith(IMAGE_SUFFIXES)]
            files = sorted([*files, *filter(is_video, below)])
            wanted = f'{", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES))} file below {text}'
        elif os.path.isfile(text):
            files = [text]
        else:
            files = sorted(path for path in glob.glob(text, recursive=True) if os.path.isfile(path))
            wanted = f'file {text!r} (looked from {Path.cwd()})'
        if not files:
            raise FileNotFoundError(f'there is no {wanted}')
        found += files
    return list(dict.fromkeys(found))


def frames(path: str) -> Iterator[np.ndarray]:
    """Frames of a video one by one, H×W×3 BGR uint8.

    Raises:
        ValueError: OpenCV cannot read it, or it has no frames.
    """
    capture = cv2.VideoCapture(path)
    try:
        read, frame = capture.read()
        if not read:
            raise ValueError(f'video file {path} cannot be read, or has no frames')
        while read:
            yield frame
            read, frame = capture.read()
    finally:
        capture.release()


def frames_per_second(path: str) -> float:
    """As the video says, or ``FRAMES_PER_SECOND``."""
    capture = cv2.VideoCapture(path)
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate if np.isfinite(rate) and rate > 0 else FRAMES_PER_SECOND
