"""The object of results: reading, writing, tables, plots, floors, comparisons."""

import csv
import dataclasses
import io
import json
import math

import numpy as np
import pytest

from mmdegrade.apis.severity_grid import (
    CellResult,
    SeverityGrid,
    check_floors,
    compare,
    merge,
    parse_floor,
)

CLASSES = ['Sky', 'Road']


def make_cell(model, kind, degree, miou, **kwargs):
    name = kind if degree is None else f'{kind}_{degree}'
    given = dict(
        model=model, cell=name, kind=kind, degree=degree, preset=None, params={}, seed=0, images=3,
        mIoU=miou, mAcc=miou + 5, aAcc=miou + 9, IoU=dict(Sky=miou, Road=math.nan),
        Acc=dict(Sky=miou + 5, Road=math.nan),
        pixels=dict(intersect=[1, 0], union=[2, 0], predicted=[1, 0], labelled=[2, 0]),
        psnr=None if kind == 'clean' else 30.0 - (degree or 0), worst=dict(image='a.png', mIoU=1.0),
    )  # fmt: skip
    return CellResult(**{**given, **kwargs})


def make_grid(scores: dict, fingerprint='f') -> SeverityGrid:
    """scores: model -> kind -> list over degrees; clean: a number."""
    cells = []
    for model, kinds in scores.items():
        cells.append(make_cell(model, 'clean', None, kinds['clean']))
        for kind, values in kinds.items():
            if kind != 'clean':
                cells += [make_cell(model, kind, d, v) for d, v in enumerate(values, start=1)]
    dataset = dict(
        type='T', data_root='d', images=3, fingerprint=fingerprint, classes=CLASSES,
        palette=[[1, 2, 3], [4, 5, 6]],
    )  # fmt: skip
    models = [
        dict(name=name, config=None, checkpoint=None, sha256=None, key='k') for name in scores
    ]
    return SeverityGrid(models, dataset, cells)


@pytest.fixture
def grid():
    return make_grid(
        dict(
            a=dict(clean=60.0, gblur=[50.0, 40.0], awgn=[30.0, 20.0]),
            b=dict(clean=55.0, gblur=[54.0, 53.0], awgn=[52.0, 51.5]),
        )
    )


def test_looking_things_up(grid):
    assert grid.names == ['a', 'b']
    assert grid.cell('gblur', 2).mIoU == grid.cell('gblur_2').mIoU == 40
    assert grid.cell('clean', model='b').mIoU == 55
    assert grid.scores('b') == (55.0, dict(gblur=[54.0, 53.0], awgn=[52.0, 51.5]))
    for call, words in (
        (lambda: grid.cell('gblur', 3), 'no cell gblur:3; there are clean, gblur_1'),
        (lambda: grid.of('c'), "no model 'c'; there are a, b"),
        (lambda: grid.table('mIou'), "metric='mIou'; allowed: mIoU.*Sky, Road"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_json_round_trip(grid, tmp_path):
    grid.compute_robustness('a')
    grid.strips = [dict(image='x', why=['chosen'])]
    text = grid.to_json(tmp_path / 'r.json')
    found = SeverityGrid.from_json(tmp_path / 'r.json')
    assert found.to_json() == text == (tmp_path / 'r.json').read_text()
    assert math.isnan(found.cells[0].IoU['Road']) and json.loads(text)['cells'][0]['IoU'] == {
        'Sky': 60.0,
        'Road': None,
    }
    assert dataclasses.asdict(found.cells[1])['psnr'] == 29.0
    assert len(text.splitlines()) < 40  # a line a cell, to be read and compared


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('{', 'is not JSON'),
        ('[]', 'schema None'),
        ('{"schema": "mmdegrade.severity_grid/0"}', "reads 'mmdegrade.severity_grid/1'"),
        ('{"schema": "mmdegrade.severity_grid/1"}', 'lacks cells, dataset, models'),
    ],
)
def test_files_that_are_no_results(tmp_path, text, words):
    (tmp_path / 'r.json').write_text(text)
    with pytest.raises(ValueError, match=words):
        SeverityGrid.from_json(tmp_path / 'r.json')


def test_robustness_against_a_model_and_against_a_file(grid):
    found = grid.compute_robustness('a')
    assert found['a'].mCD == 100 and grid.reference == 'a'
    assert found['b'].CD['gblur'] == pytest.approx(100 * 93 / 110)
    assert grid.robustness['b']['rCD']['awgn'] == pytest.approx(100 * 6.5 / 70)
    other = make_grid(dict(old=dict(clean=60.0, gblur=[50.0, 40.0], awgn=[30.0, 20.0])))
    assert grid.compute_robustness('old', other)['b'].CD == found['b'].CD
    assert grid.compute_robustness()['b'].CD == {}
    other.dataset['fingerprint'] = 'g'
    with pytest.raises(ValueError, match='the reference old was tested on other images'):
        grid.compute_robustness('old', other)


def test_table(grid):
    grid.compute_robustness('a')
    text = grid.table()
    assert '| gblur | 50.0 | 40.0 | 45.0 |' in text and '| awgn  | 52.0 | 51.5 | 51.8 |' in text
    assert '| clean |    – |    – | 60.0 |' in text
    assert '| a     |       60.0 | 35.0 |  58.3 | 100.0 |  100.0 |' in text
    assert '29.0' in grid.table('psnr') and '| awgn  |' in grid.table('Sky')


def test_rows_without_degree():
    grid = make_grid(dict(a=dict(clean=60.0, gblur=[50.0])))
    free = make_cell('a', 'awgn', None, 33.0, cell='awgn_sigma25', params=dict(sigma=25.0))
    grid.cells.append(free)
    assert '| awgn_sigma25 |    – | 33.0 | 33.0 |' in grid.table()
    assert grid.compute_robustness()['a'].mPC == pytest.approx((50 + 33) / 2)


def test_csv(grid, tmp_path):
    rows = list(csv.DictReader(io.StringIO(grid.to_csv(tmp_path / 'r.csv'))))
    assert (tmp_path / 'r.csv').read_text() == grid.to_csv()
    assert len(rows) == len(grid.cells)
    assert rows[1] == dict(
        model='a', cell='gblur_1', preset='', kind='gblur', degree='1', images='3', mIoU='50.0000',
        mAcc='55.0000', aAcc='59.0000', psnr='29.0000', ssim='',
        **{'IoU Sky': '50.0000', 'IoU Road': ''},
    )  # fmt: skip


def test_plot(grid, tmp_path):
    pytest.importorskip('matplotlib')
    figure = grid.plot(tmp_path / 'p.png')
    assert (tmp_path / 'p.png').stat().st_size > 5000
    panels = {panel.get_title(): panel for panel in figure.axes}
    assert set(panels) == {'gblur', 'awgn', 'a', 'b'}
    lines = {line.get_label(): line for line in panels['gblur'].lines}
    assert lines['a'].get_ydata().tolist() == [60, 50, 40]
    assert lines['b'].get_xdata().tolist() == [0, 1, 2]
    shown = np.ma.filled(panels['b'].images[0].get_array(), np.nan)
    assert shown[1:].tolist() == [[54, 53], [52, 51.5]] and shown[0, 0] == 55
    with pytest.raises(ValueError, match='clean images only'):
        make_grid(dict(a=dict(clean=1.0))).plot()


def test_floors(grid):
    floors = [parse_floor(text) for text in ('gblur:2=45', 'clean=58', 'b/awgn=51.75', 'awgn:1=5')]
    assert check_floors(grid, floors) == [
        'gblur_2 of a: mIoU 40.00 is below 45',
        'clean of b: mIoU 55.00 is below 58',
        'awgn_2 of b: mIoU 51.50 is below 51.75',
    ]
    assert check_floors(grid, [parse_floor('gblur_1=50')]) == []  # reached, by the cell's name
    grid.cells[0].mIoU = math.nan
    assert check_floors(grid, [parse_floor('a/clean=0')]) == ['clean of a: mIoU nan is below 0']
    with pytest.raises(ValueError, match='haze:5=40: there is no such cell; .*gblur_1'):
        check_floors(grid, [parse_floor('haze:5=40')])


@pytest.mark.parametrize('text', ['gblur:5', 'gblur=x', '=40', 'gblur:a=4', 'gblur=101', 'g=-1'])
def test_floors_that_are_none(text):
    with pytest.raises(ValueError, match='--fail-below'):
        parse_floor(text)


def test_compare(grid):
    one = make_grid(dict(net=dict(clean=60.0, gblur=[50.0, 40.0])))
    two = make_grid(dict(net=dict(clean=59.0, gblur=[52.0], haze=[9.0])), fingerprint='g')
    text = compare(dict(old=one, new=two))
    assert '| gblur_1 |     50.0 |     52.0 |      +2.00 |' in text
    assert '| mean    |     55.0 |     55.5 |      +0.50 |' in text
    assert 'Not in all of them: gblur_2, haze_1.' in text and 'images are not the same' in text
    assert 'difference' not in compare(dict(x=grid, y=one))  # three columns
    two.cells = [two.cells[-1]]
    with pytest.raises(ValueError, match='no cell in common: old: net has clean'):
        compare(dict(old=one, new=two))


def test_merge():
    one = make_grid(dict(net=dict(clean=60.0, gblur=[50.0, 40.0])))
    two = make_grid(dict(net=dict(clean=59.0, gblur=[52.0, 44.0], haze=[9.0]), b=dict(clean=1.0)))
    one.versions, two.versions = dict(torch='2.0'), dict(torch='2.1')
    found = merge(dict(old=one, new=two))
    assert found.names == ['old: net', 'new: net', 'new: b'] and one.names == ['net']
    assert found.cell('gblur', 2, 'new: net').mIoU == 44 and len(found.cells) == 3 + 4 + 1
    assert found.versions == dict(torch='2.0 / 2.1') and found.reference is None
    two.cells.pop(3)  # haze, which the reference lacks
    merged = merge(dict(old=one, new=two), 'old: net')
    assert merged.robustness['new: net']['CD'] == dict(gblur=pytest.approx(100 * 104 / 110))
    two.dataset['fingerprint'] = 'g'
    with pytest.raises(ValueError, match='new was tested on other images .3 of T. than old'):
        merge(dict(old=one, new=two))


def test_the_reference_is_asked_for_the_cells_of_the_models(grid):
    """Not for as many of them: degrees 1, 3 are not degrees 1, 2; more of them do no harm."""
    other = make_grid(dict(old=dict(clean=60.0, gblur=[50.0, 40.0, 9.0], awgn=[30.0, 20.0, 9.0])))
    assert grid.compute_robustness('old', other)['a'].mCD == pytest.approx(100)
    other.cells = [cell for cell in other.cells if cell.cell != 'gblur_2']
    with pytest.raises(ValueError, match='old was not tested under gblur_2: it needs every cell'):
        grid.compute_robustness('old', other)


def test_series_of_two_presets_or_parameters():
    grid = make_grid(dict(a=dict(clean=60.0, gblur=[50.0, 40.0])))
    for preset, name, miou in (
        ('dgn', 'dgn:gblur_1', 30.0),
        (None, 'gblur_1_kernel_size5', 20.0),
    ):
        grid.cells.append(make_cell('a', 'gblur', 1, miou, preset=preset, cell=name))
    scores = {name: [cell.mIoU for cell in row] for name, row in grid.series().items()}
    assert scores == {'gblur': [50, 40], 'dgn:gblur': [30], 'gblur kernel_size5': [20]}
    assert '| dgn:gblur          | 30.0 |    – | 30.0 |' in grid.table()
    assert grid.compute_robustness()['a'].mPC == pytest.approx((45 + 30 + 20) / 3)


def test_cells_that_are_none(grid, tmp_path):
    found = json.loads(grid.to_json())
    for spoil in (lambda c: c.pop('IoU'), lambda c: c.pop('mIoU'), lambda c: c.update(new=1)):
        spoilt = json.loads(json.dumps(found))
        spoil(spoilt['cells'][0])
        (tmp_path / 'r.json').write_text(json.dumps(spoilt))
        with pytest.raises(ValueError, match='r.json: a cell is not complete'):
            SeverityGrid.from_json(tmp_path / 'r.json')
