"""JSON files made of anything: read right, or refused by name; no other error.

Manifests, metrics of a test, results and journals of the severity grid, times of steps, logs.
"""

import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmdegrade.apis import find_test_metrics, read_matrix, read_scalars, read_test_metrics
from mmdegrade.apis.json_files import read_json
from mmdegrade.apis.manifest import NAME, Manifest
from mmdegrade.apis.severity_grid import CellResult, SeverityGrid, compare, merge
from mmdegrade.apis.severity_grid.api import _earlier_strips
from mmdegrade.apis.severity_grid.journal import FOLDER, Journal, Record
from mmdegrade.apis.severity_grid.report import write_report
from mmdegrade.apis.severity_grid.strips import _is_there
from mmdegrade.apis.steps import run_steps

CHECKED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=4),
    st.sampled_from([10**400, 2**31, 1e308, math.nan, math.inf, [], {}, [[]], [None], '\ud800']),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.lists(st.integers(), max_size=4),
)  # fmt: skip
DEEP = b'[' * 100_000
HOSTILE = [
    b'', b'\n', b'{', b'[]', b'null', b'7', b'"x"', b'\xff\xfe\x00', DEEP, b'{"a":' * 50_000,
    b'9' * 10_000, b'\x80\x04.', b'PK\x03\x04',
]  # fmt: skip


def places(value, path=()):
    """Every place inside a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, child in enumerate(value) if isinstance(value, list) else items:
        yield from places(child, (*path, key))


@st.composite
def altered(draw, whole) -> bytes:
    """JSON in which one to three values are others, lack, or are cut short; or mere bytes."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.one_of(st.binary(max_size=60), st.sampled_from(HOSTILE)))
    value = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([one for one in places(value) if one] or [()]))
        if not path:
            break
        owner = value
        for key in path[:-1]:
            owner = owner[key]
        if draw(st.booleans()):
            owner[path[-1]] = draw(VALUES)
        else:
            del owner[path[-1]]
    text = json.dumps(value).encode()
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 4)) == 0 else text


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('fuzzed')


@pytest.mark.parametrize('data', HOSTILE)
def test_every_reader_names_the_file(tmp_path, data):
    """What is no JSON object at all; each reader by its own door."""
    metrics = tmp_path / '20260101_000000' / '20260101_000000.json'
    log = tmp_path / 'run' / 'vis_data' / 'scalars.json'
    for path in (metrics, log):
        path.parent.mkdir(parents=True, exist_ok=True)
    doors = {
        tmp_path / 'any.json': lambda path: read_json(path),
        metrics: lambda path: read_test_metrics(tmp_path),
        log: lambda path: read_scalars(tmp_path),
        tmp_path / NAME: lambda path: Manifest(tmp_path, dict(kind='awgn')),
        tmp_path / 'results.json': SeverityGrid.from_json,
        tmp_path / 'times.json': lambda path: run_steps([], path),
    }
    for path, read in doors.items():
        path.write_bytes(data + b'\n' if path is log else data)
        with pytest.raises(ValueError) as caught:
            read(path)
        assert str(path) in str(caught.value), path
        assert len(str(caught.value)) < 1000, path  # the file is named, not repeated


SETTINGS = dict(kind='awgn', sigma=25.0, degree=None)
RECORDS = [
    dict(image=f'{i}.png', kind='awgn', params=dict(sigma=25.0, clip=True)) for i in range(3)
]


def manifest_bytes(lines) -> bytes:
    return b''.join(line + b'\n' for line in lines)


@CHECKED
@given(st.data())
def test_manifests(folder, data):
    lines = [json.dumps(line).encode() for line in (dict(settings=SETTINGS), *RECORDS)]
    at = data.draw(st.integers(0, 3))
    lines[at] = data.draw(altered((dict(settings=SETTINGS), *RECORDS)[at]))
    (folder / NAME).write_bytes(manifest_bytes(lines))
    try:
        found = Manifest(folder, SETTINGS)
    except ValueError as error:
        assert NAME in str(error)
        return
    assert found.settings == SETTINGS
    assert all(record['image'] == image for image, record in found.records.items())
    # What was read is written again, and read the same.
    assert Manifest(folder, SETTINGS).records.keys() == found.records.keys()


def test_a_manifest_cut_anywhere_goes_on(folder):
    """Also behind the closing brace of the parameters, which looks like a whole line."""
    whole = manifest_bytes(
        json.dumps(line, ensure_ascii=False).encode()
        for line in (dict(settings=SETTINGS), *RECORDS[:2], dict(RECORDS[2], image='ö.png'))
    )
    first = whole.index(b'\n') + 1
    for end in range(first, len(whole) + 1):
        (folder / NAME).write_bytes(whole[:end])
        found = Manifest(folder, SETTINGS)
        assert len(found.records) == whole[:end].count(b'\n') - 1
        found.add(dict(image='new.png'))
        assert set(Manifest(folder, SETTINGS).records) == {*found.records, 'new.png'}


@CHECKED
@given(altered({f'{cell}/mIoU': 40.0 for cell in ('clean', 'ubcn:rain_1')}))
@example(b'{"mIoU": NaN}')
def test_metrics_of_a_test(folder, data):
    path = folder / '20260101_000000' / '20260101_000000.json'
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        assert isinstance(read_test_metrics(folder), dict)
    except ValueError as error:
        assert str(path) in str(error)


CELLS = ('clean', 'ubcn:rain_1', 'ubcn:rain_2', 'ubcn:rain_3')


@CHECKED
@given(altered({f'{cell}/mIoU': 40.0 for cell in CELLS}))
@example(b'{"clean/mIoU": "40", "ubcn:rain_1/mIoU": 1, "ubcn:rain_2/mIoU": 1}')
def test_matrices(folder, data):
    for cell in CELLS:
        tested = folder / cell.replace(':', '_') / 'test_rain' / '20260101_000000'
        tested.mkdir(parents=True, exist_ok=True)
        (tested / '20260101_000000.json').write_bytes(data)
    try:
        found = read_matrix(folder, 'rain')
    except ValueError as error:
        assert str(find_test_metrics(folder / 'clean' / 'test_rain')) in str(error)
        return
    assert all(math.isnan(v) or abs(v) <= 100 for row in found.miou for v in row)
    assert found.table() and found.verdict() and json.dumps(found.to_dict())


def make_grid() -> SeverityGrid:
    def cell(name, kind, degree, miou):
        return CellResult(
            model='a', cell=name, kind=kind, degree=degree, preset=None, params=dict(x=1), seed=0,
            images=3, mIoU=miou, mAcc=60.0, aAcc=70.0, IoU=dict(Sky=miou, Road=math.nan),
            Acc=dict(Sky=60.0, Road=math.nan), psnr=None if degree is None else 30.0,
            pixels={k: [1, 0] for k in ('intersect', 'union', 'predicted', 'labelled')},
            worst=dict(image='a.png', mIoU=1.0),
        )  # fmt: skip

    dataset = dict(
        type='T', data_root='d', images=3, fingerprint='f', classes=['Sky', 'Road'],
        palette=[[1, 2, 3], [4, 5, 6]],
    )  # fmt: skip
    cells = [cell('clean', 'clean', None, 50.0), cell('awgn_1', 'awgn', 1, 40.0)]
    grid = SeverityGrid([dict(name='a', config='c.py', checkpoint='c.pth')], dataset, cells)
    grid.compute_robustness('a')
    return grid


GRID = make_grid()
STORED = json.loads(GRID.to_json())


@settings(CHECKED, max_examples=150)
@given(altered(STORED))
@example(json.dumps(STORED).encode())
@example(json.dumps(dict(STORED, robustness={'a': {}})).encode())
@example(json.dumps(dict(STORED, models=[dict(name=['a'])])).encode())
@example(json.dumps(dict(STORED, cells={})).encode())
@example(json.dumps(dict(STORED, dataset=dict(STORED['dataset'], classes=['Sky', []]))).encode())
def test_results_of_a_grid(folder, data):
    path = folder / 'results.json'
    path.write_bytes(data)
    try:
        grid = SeverityGrid.from_json(path)
    except ValueError as error:
        assert str(path) in str(error)
        return
    # What passes can be shown: tables, CSV, comparison, the page.
    try:
        assert grid.table() and grid.table('Sky') and grid.to_csv()
        assert compare({'x': grid, 'y': GRID}) and json.loads(grid.to_json())
        write_report(merge({'x': grid}, None), folder / 'page.html')
    except ValueError as error:  # a cell that is not there
        assert 'cell' in str(error) or 'metric' in str(error) or 'images' in str(error)


def test_a_sound_result_comes_back_whole(tmp_path):
    GRID.to_json(tmp_path / 'r.json')
    found = SeverityGrid.from_json(tmp_path / 'r.json')
    assert found.to_json() == GRID.to_json()


@CHECKED
@given(altered(dict(STORED, strips=[dict(key='k', clean='a.jpg')])))
def test_strips_of_an_earlier_run(folder, data):
    (folder / 'results.json').write_bytes(data)
    found = _earlier_strips(folder / 'results.json')
    assert isinstance(found, list) and all(isinstance(one, dict) for one in found)


def test_strips_that_lie_elsewhere_are_drawn_anew(tmp_path):
    (tmp_path / 'secret.png').write_bytes(b'x')
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'a.png').write_bytes(b'x')
    (out / 'link.png').symlink_to(tmp_path / 'secret.png')
    entry = dict(clean='a.png', degraded='a.png', truth='a.png', predictions=dict(a='a.png'))
    assert _is_there(entry, out)
    for bad in ('../secret.png', str(tmp_path / 'secret.png'), 'link.png', 'a\0', 7, None):
        for key in ('clean', 'truth'):
            assert not _is_there({**entry, key: bad}, out)
        assert not _is_there({**entry, 'predictions': dict(a=bad)}, out)


LINE = dict(
    model='m', cell='c', image='i', counts=[[0, 5, 6, 7], [3, 1, 2, 1]], psnr=20.5, ssim=None
)


@settings(CHECKED, max_examples=150)
@given(altered(LINE))
@example(json.dumps(dict(LINE, model=['m'])).encode())
@example(json.dumps(dict(LINE, counts=[[0, 2**40, 0, 0]])).encode())
@example(json.dumps(dict(LINE, counts=[[0, 1e999, 0, 0]])).encode())
@example(json.dumps(dict(LINE, counts=[[0, 1.5, 2, 2]])).encode())
@example(json.dumps(dict(LINE, counts=[['0', '1', '2', '2']])).encode())
@example(json.dumps(dict(LINE, counts=[[9, 1, 2, 2]])).encode())
@example(json.dumps(dict(LINE, counts=[[0, 3, 2, 2]])).encode())
@example(json.dumps(dict(LINE, psnr='20')).encode())
def test_journals_leave_out_what_they_cannot_use(folder, data):
    """A bad line is made anew; those around it count."""
    (folder / FOLDER).mkdir(exist_ok=True)
    sound = [json.dumps(dict(LINE, image=name)).encode() for name in ('j', 'k')]
    (folder / FOLDER / 'a.jsonl').write_bytes(manifest_bytes([sound[0], data, sound[1]]))
    journal = Journal(folder)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        journal.read('m', 'c', 'ijk', classes=4)
    assert {('m', 'c', 'j'), ('m', 'c', 'k')} <= journal.records.keys()
    for record in journal.records.values():
        assert isinstance(record, Record) and record.counts.dtype == np.int32
        kind, agree, predicted, labelled = record.counts.T
        assert ((kind >= 0) & (kind < 4) & (agree <= np.minimum(predicted, labelled))).all()
        assert all(value is None or float(value) == value or value != value
                   for value in (record.psnr, record.ssim))  # fmt: skip


@CHECKED
@given(altered(dict(loss=3.0, iter=10, step=10)))
def test_logs(folder, data):
    path = folder / 'run' / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'{"loss": 1.5, "iter": 5}\n' + data + b'\n{"loss": 1, "it')
    try:
        iterations, values = read_scalars(folder)['loss']
    except ValueError as error:
        assert f'{path}, line' in str(error)
        return
    assert iterations[0] <= 10 and len(iterations) == len(values)
