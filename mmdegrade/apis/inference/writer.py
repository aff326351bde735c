"""Segmentations as files: overlays, masks with a palette, restored images, videos."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmdegrade.visualization.restored import png_names

from .segmenter import Segmentation
from .sources import frames_per_second, is_video


class ResultWriter:
    """Write below a folder; a context manager, which finishes the videos.

    ``overlay/``, ``mask/`` and ``restored/`` get a PNG for each picture, in the folders that the
    pictures have below the folder they share; of a video the overlays and restored frames make a
    video each, and there are no masks. A mask holds class indices and shows their colours.

    Args:
        out: Folder; files in it are replaced.
        paths: All files that will come.
        palette: RGB colours of the classes.
    """

    def __init__(self, out, paths: Sequence[str], palette: Sequence[Sequence[int]]) -> None:
        self.out = Path(out)
        self.palette = [int(value) for colour in palette for value in colour]
        self._names = png_names(paths)
        self._videos: dict[Path, cv2.VideoWriter] = {}
        self._rates: dict[str, float] = {}

    def __enter__(self) -> 'ResultWriter':
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Finish the videos."""
        for video in self._videos.values():
            video.release()
        self._videos.clear()

    def write(self, result: Segmentation) -> None:
        """Write what a result has.

        Raises:
            OSError: A file cannot be written.
        """
        pictures = dict(overlay=result.overlay, restored=result.restored)
        for folder, image in pictures.items():
            if image is None:
                continue
            target = self._target(folder, result.path)
            if is_video(result.path):
                self._frame(target, result.path, image)
            elif not cv2.imwrite(str(target), image):
                raise OSError(f'{target} cannot be written')
        if result.labels is not None and not is_video(result.path):
            self._write_mask(self._target('mask', result.path), result.labels)

    def _target(self, folder: str, path: str) -> Path:
        target = self.out / folder / self._names[path]
        if is_video(path):
            target = target.with_suffix('.mp4')
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _frame(self, target: Path, path: str, image: np.ndarray) -> None:
        if target not in self._videos:
            if path not in self._rates:  # the next video begins, so that the last one is complete
                self.close()
                self._rates[path] = frames_per_second(path)
            codec = cv2.VideoWriter_fourcc(*'mp4v')
            size = image.shape[1::-1]
            self._videos[target] = cv2.VideoWriter(str(target), codec, self._rates[path], size)
            if not self._videos[target].isOpened():
                raise OSError(f'{target} cannot be written: this OpenCV has no MPEG-4 encoder')
        self._videos[target].write(image)

    def _write_mask(self, target: Path, labels: np.ndarray) -> None:
        if len(self.palette) > 3 * 256:
            Image.fromarray(labels.astype(np.uint16)).save(target)  # too many for a palette
            return
        mask = Image.fromarray(labels.astype(np.uint8), mode='P')
        mask.putpalette(self.palette)
        mask.save(target)
