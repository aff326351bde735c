"""One sheet of many results: each picture as it was given, restored, and segmented."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmdegrade.visualization.sheet import prediction_sheet

from .segmenter import Segmentation

#: Pixels of a cell: width and height.
CELL = (400, 300)


class ResultSheet:
    """Collects results, scaled down; of a video its first frame.

    Args:
        classes (Sequence[str]): Names of the classes.
        palette (Sequence): Their RGB colours.
    """

    def __init__(self, classes: Sequence[str], palette: Sequence[Sequence[int]]) -> None:
        self.classes, self.palette = classes, palette
        self._rows: dict[str, dict[str, np.ndarray]] = {}

    def add(self, result: Segmentation) -> None:
        """Take a picture in, or a video's first frame."""
        if result.path in self._rows:
            return
        cells = dict(given=fit(result.image), restored=None, segmented=fit(result.labels))
        if result.restored is not None:
            cells['restored'] = fit(result.restored)
        self._rows[result.path] = {name: x for name, x in cells.items() if x is not None}

    def write(self, path) -> None:
        """Write the sheet.

        Raises:
            OSError: The file cannot be written.
        """
        rows = [(Path(name).name, list(cells.values())) for name, cells in self._rows.items()]
        columns = list(next(iter(self._rows.values())))
        sheet = prediction_sheet(columns, rows, self.classes, self.palette)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not cv2.imwrite(str(path), sheet):
            raise OSError(f'{path} cannot be written')


def fit(image: np.ndarray) -> np.ndarray:
    """Scale into a cell and pad: H×W×3 uint8 with white, H×W labels with 255 (black)."""
    width, height = CELL
    scale = min(width / image.shape[1], height / image.shape[0])
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    labels = image.ndim == 2
    how = cv2.INTER_NEAREST if labels else cv2.INTER_AREA
    small = cv2.resize(image.astype(np.uint8), size, interpolation=how)
    cell = np.full((height, width, *image.shape[2:]), 255, np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell
