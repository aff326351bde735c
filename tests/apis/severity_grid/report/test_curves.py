"""The drawn curves, read back by the labels of their axes."""

import math

import numpy as np
import pytest

from mmdegrade.apis.severity_grid.report import html_report
from tests.apis.severity_grid.report.parsed import make_grid, parse


def panels(grid):
    page = parse(html_report(grid, 'none'))
    return {panel.one('figcaption').text: panel for panel in page.all('figure', class_='panel')}


def axes(panel):
    """Functions from coordinates to mIoU and to degrees, by the axes' labels alone."""
    labels = panel.all('text', class_='value')
    (y0, v0), (y1, v1) = [(float(t['y']) - 3.5, float(t.text)) for t in (labels[0], labels[-1])]
    ticks = [float(line['y1']) for line in panel.all('line', class_='tick')]
    assert ticks == pytest.approx([float(t['y']) - 3.5 for t in labels])
    levels = [(float(t['x']), float(t.text)) for t in panel.all('text', class_='level')]
    (x0, d0), (x1, d1) = levels[0], levels[-1]
    return (
        lambda y: v0 + (y - y0) * (v1 - v0) / (y1 - y0),
        lambda x: d0 + (x - x0) * (d1 - d0) / (x1 - x0),
    )


def lines_of(panel):
    return {line['data-name']: line for line in panel.all('g', class_='line')}


def points(polyline):
    return [tuple(map(float, pair.split(','))) for pair in polyline['points'].split()]


def test_points_lie_where_the_axes_say():
    grid = make_grid()
    drawn = panels(grid)
    assert list(drawn) == ['gblur', 'awgn']
    for kind, panel in drawn.items():
        miou, degree = axes(panel)
        lines = lines_of(panel)
        assert list(lines) == grid.names
        for name, line in lines.items():
            row = grid.series(name)[kind]
            found = np.array(points(line.one('polyline')))
            assert degree(found[:, 0]) == pytest.approx([1, 3, 5], abs=0.01)
            assert miou(found[:, 1]) == pytest.approx([cell.mIoU for cell in row], abs=0.01)
            clean = line.one('line', class_='clean')
            assert clean['y1'] == clean['y2']
            expected = grid.cell('clean', model=name).mIoU
            assert miou(float(clean['y1'])) == pytest.approx(expected, abs=0.01)
            marks = line.all('path')
            assert [mark['transform'] for mark in marks] == [
                f'translate({x:.2f} {y:.2f})' for x, y in found
            ]
            assert [mark.one('title').text for mark in marks] == [
                f'{name}, {kind} {cell.degree}: {cell.mIoU:.2f}' for cell in row
            ]


def test_all_panels_have_one_scale_and_hold_their_points():
    grid = make_grid()
    for cell in grid.cells:
        cell.mIoU *= 0.01  # a network that has learnt nothing
    drawn = panels(grid)
    texts = [[t.text for t in panel.all('text', class_='value')] for panel in drawn.values()]
    assert texts[0] == texts[1] and float(texts[0][-1]) > 0
    for panel in drawn.values():
        _, _, width, height = map(float, panel.one('svg', role='img')['viewbox'].split())
        for line in panel.all('polyline'):
            assert all(0 < x < width and 0 < y < height for x, y in points(line))


def test_gaps():
    """A degree that was not measured is passed over, a number that does not exist parts a line."""
    grid = make_grid(degrees=(1, 2, 3, 4, 5))
    grid.cells = [c for c in grid.cells if (c.model, c.cell) != ('a', 'gblur_2')]
    grid.cell('gblur', 3, 'b').mIoU = math.nan
    lines = lines_of(panels(grid)['gblur'])
    assert len(points(lines['a'].one('polyline'))) == 4
    assert [len(points(one)) for one in lines['b'].all('polyline')] == [2, 2]
    assert len(lines['b'].all('path')) == 4


def test_one_degree_and_free_parameters():
    grid = make_grid(degrees=(5,))
    for panel in panels(grid).values():
        assert not panel.all('polyline') and len(panel.all('path')) == 2  # points, no lines
    grid = make_grid(degrees=(10, 25))
    for cell in grid.cells:
        if cell.kind == 'awgn':
            cell.cell, cell.degree = f'awgn_sigma{cell.degree}', None
    awgn = panels(grid)['awgn']
    assert [t.text for t in awgn.all('text', class_='level')] == ['sigma10', 'sigma25']
    assert len(points(lines_of(awgn)['a'].one('polyline'))) == 2


def test_two_presets_of_a_kind_are_two_charts():
    grid = make_grid()
    for cell in grid.cells:
        if cell.kind == 'awgn':
            cell.kind, cell.preset = 'gblur', 'imagenet-c'
            cell.cell = f'imagenet-c:gblur_{cell.degree}'
    grid.compute_robustness('a')
    assert list(panels(grid)) == list(grid.robustness['b']['CD']) == ['gblur', 'imagenet-c:gblur']
    table = grid.table()
    for name in grid.names:
        for kind, row in grid.series(name).items():
            cells = [kind, *(f'{cell.mIoU:.1f}' for cell in row)]
            assert any(
                [part.strip() for part in line.strip('|').split('|')][:4] == cells
                for line in table.splitlines()
            )
