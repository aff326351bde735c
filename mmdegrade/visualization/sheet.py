"""A sheet of pictures: one row per scene, one column per image, truth or prediction."""

from collections.abc import Sequence

import cv2
import numpy as np

FONT = cv2.FONT_HERSHEY_SIMPLEX
STRIP = 26  # height of the column titles and of a legend line
GAP = 4
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def colour_mask(mask: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Paint a mask of labels.

    Args:
        mask (np.ndarray): H×W, whole numbers; labels outside the palette (255: ignored) are black.
        palette (Sequence): RGB colour of each label, 0-255, as in ``dataset.metainfo``.

    Returns:
        np.ndarray: H×W×3, uint8, BGR.
    """
    table = np.zeros((len(palette) + 1, 3), np.uint8)
    table[:-1] = np.asarray(palette, np.uint8)[:, ::-1]
    mask = np.asarray(mask).astype(np.int64)
    known = (mask >= 0) & (mask < len(palette))
    return table[np.where(known, mask, len(palette))]


def _write(canvas: np.ndarray, text: str, x: int, y: int, width: int) -> None:
    """Write on one line of a strip that starts at (x, y), smaller if ``width`` is too narrow."""
    needed = cv2.getTextSize(text, FONT, 0.5, 1)[0][0]
    scale = 0.5 * min(1.0, max(1, width - 4) / max(1, needed))
    cv2.putText(canvas, text, (x + 2, y + 18), FONT, scale, BLACK, 1, cv2.LINE_AA)


def _legend(width: int, classes: Sequence[str], palette) -> np.ndarray:
    """As many lines as the class names need."""
    items = [(name, 34 + cv2.getTextSize(name, FONT, 0.5, 1)[0][0]) for name in classes]
    places, x, line = [], 0, 0
    for _, needed in items:
        if x and x + needed > width:
            x, line = 0, line + 1
        places.append((x, line * STRIP))
        x += needed
    canvas = np.full(((line + 1) * STRIP, width, 3), 255, np.uint8)
    for (name, needed), colour, (x, y) in zip(items, palette, places, strict=True):
        bgr = tuple(int(value) for value in reversed(colour))
        cv2.rectangle(canvas, (x + 4, y + 6), (x + 18, y + 20), bgr, cv2.FILLED)
        cv2.rectangle(canvas, (x + 4, y + 6), (x + 18, y + 20), BLACK, 1)
        _write(canvas, name, x + 22, y, needed - 18)
    return canvas


def prediction_sheet(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[np.ndarray]]],
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
) -> np.ndarray:
    """Put images and masks of several scenes side by side, with titles and a legend.

    Pixels of the pictures are copied, never scaled.

    Args:
        columns (Sequence[str]): Title of each column.
        rows (Sequence[tuple]): Name of a scene (written into its first cell, may be empty) and
            its cells, one for each column: H×W×3 uint8 BGR images, or H×W masks of labels.
        classes (Sequence[str]): Names of the labels.
        palette (Sequence): RGB colour of each label, 0-255.

    Returns:
        np.ndarray: The sheet, uint8, BGR.

    Raises:
        ValueError: A row has another number of cells than there are columns, cells differ in
            size, or there are other numbers of classes and colours.
    """
    if not rows or not columns:
        raise ValueError(f'prediction_sheet: {len(rows)} rows, {len(columns)} columns; needs one')
    if len(classes) != len(palette):
        raise ValueError(f'prediction_sheet: {len(classes)} classes, {len(palette)} colours')
    for name, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(
                f'prediction_sheet: row {name!r} has {len(cells)} cells, there are '
                f'{len(columns)} columns ({", ".join(columns)})'
            )
    sizes = {cell.shape[:2] for _, cells in rows for cell in cells}
    if len(sizes) > 1:
        raise ValueError(f'prediction_sheet: cells of different sizes: {sorted(sizes)}')
    height, width = sizes.pop()
    total = len(columns) * (width + GAP) - GAP
    title = np.full((STRIP, total, 3), 255, np.uint8)
    for i, column in enumerate(columns):
        _write(title, column, i * (width + GAP), 0, width)
    parts = [title]
    for name, cells in rows:
        row = np.full((height + GAP, total, 3), 255, np.uint8)
        for i, cell in enumerate(cells):
            picture = colour_mask(cell, palette) if cell.ndim == 2 else cell
            row[:height, i * (width + GAP) :][:, :width] = picture
        if name:
            # On a plate inside the first picture: the sheet stays aligned with its columns.
            (w, h), _ = cv2.getTextSize(name, FONT, 0.45, 1)
            cv2.rectangle(row, (0, 0), (min(w + 8, width - 1), h + 9), WHITE, cv2.FILLED)
            cv2.putText(row, name, (4, h + 4), FONT, 0.45, BLACK, 1, cv2.LINE_AA)
        parts.append(row)
    return np.vstack([*parts, _legend(total, classes, palette)])
