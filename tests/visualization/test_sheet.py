"""The picture sheet: where each pixel goes, and its errors."""

import numpy as np
import pytest

from mmdegrade.visualization import colour_mask, prediction_sheet
from mmdegrade.visualization.sheet import GAP, STRIP

CLASSES, PALETTE = ('Sky', 'Road'), ((10, 20, 30), (200, 100, 0))
SIZE = (30, 40)


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def cell(sheet, row, column):
    top, left = STRIP + row * (SIZE[0] + GAP), column * (SIZE[1] + GAP)
    return sheet[top : top + SIZE[0], left : left + SIZE[1]]


def test_colours_are_rgb_in_the_palette_and_bgr_in_the_picture():
    painted = colour_mask(np.array([[0, 1], [255, 2]], np.uint8), PALETTE)
    assert painted.tolist() == [[[30, 20, 10], [0, 100, 200]], [[0, 0, 0], [0, 0, 0]]]
    assert painted.dtype == np.uint8


def test_cells_are_copied_to_their_places():
    images = [picture(i) for i in range(4)]
    mask = np.random.default_rng(0).integers(0, 2, SIZE)
    rows = [('', [images[0], images[1], mask]), ('', [images[2], images[3], 1 - mask])]
    sheet = prediction_sheet(('clean', 'degraded', 'truth'), rows, CLASSES, PALETTE)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 3 * SIZE[1] + 2 * GAP
    for row, (_, cells) in enumerate(rows):
        assert np.array_equal(cell(sheet, row, 0), cells[0])
        assert np.array_equal(cell(sheet, row, 1), cells[1])
        assert np.array_equal(cell(sheet, row, 2), colour_mask(cells[2], PALETTE))
    assert (sheet[:, SIZE[1] : SIZE[1] + GAP][STRIP : STRIP + 2 * (SIZE[0] + GAP)] == 255).all()


def test_titles_names_and_legend_are_drawn():
    blank = np.zeros((120, 160, 3), np.uint8)
    sheet = prediction_sheet(('title',), [('scene 7', [blank])], CLASSES, PALETTE)
    assert (sheet[:STRIP] < 128).any()
    assert (sheet[STRIP : STRIP + 10, :20] > 128).any()  # the plate with the name
    legend = sheet[STRIP + 120 + GAP :]
    for colour in PALETTE:
        assert (legend == colour[::-1]).all(axis=2).sum() > 100


def test_a_narrow_sheet_has_a_legend_of_several_lines():
    names = [f'class {i}' for i in range(9)]
    palette = [(20 * i, 0, 255) for i in range(9)]
    sheet = prediction_sheet(('a',), [('', [picture()])], names, palette)
    legend = sheet[STRIP + SIZE[0] + GAP :]
    assert len(legend) == 9 * STRIP
    assert all((legend == colour[::-1]).all(axis=2).any() for colour in palette)


@pytest.mark.parametrize(
    ('columns', 'rows', 'classes', 'match'),
    [
        (('a', 'b'), [('x', [picture()])], CLASSES, "row 'x' has 1 cells.*2 columns"),
        (('a', 'b'), [('', [picture(), picture()[:9]])], CLASSES, 'different sizes'),
        (('a',), [('', [picture()])], ('one',), '1 classes, 2 colours'),
        (('a',), [], CLASSES, '0 rows'),
    ],
)
def test_errors_say_what_does_not_fit(columns, rows, classes, match):
    with pytest.raises(ValueError, match=match):
        prediction_sheet(columns, rows, classes, PALETTE)
