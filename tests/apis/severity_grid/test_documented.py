"""docs/severity_grid.md: its example runs, and it lists what results.json holds."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from mmdegrade.apis.severity_grid import SCHEMA, CellResult, SeverityGrid

DOCUMENT = Path(__file__).resolve().parents[3] / 'docs' / 'severity_grid.md'
TEXT = DOCUMENT.read_text(encoding='utf-8')


def test_the_example(tiny, tmp_path, monkeypatch, capsys):
    pytest.importorskip('matplotlib')
    code = re.search(r'```python\n(.*?)```', TEXT, re.DOTALL)[1]
    config, *rest = (str(tiny / name) for name in ('ours.py', 'a.pth', 'b.pth'))
    for name, path in zip(('clean.pth', 'dgn.pth'), rest, strict=True):
        code = code.replace(f"'{name}'", repr(path))
    code = code.replace("'configs/dgn/cgnet_camvid_clean.py'", repr(config))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, str(DOCUMENT), 'exec'), names)
    grid = names['grid']
    assert [cell.cell for cell in grid.of('DGN')] == [
        'clean', 'gblur_1', 'gblur_5', 'awgn_1', 'awgn_5'
    ]  # fmt: skip
    printed = capsys.readouterr().out
    assert f'{grid.cell("gblur", 5, model="DGN").IoU}' in printed and 'mCD %' in printed
    assert SeverityGrid.from_json('results.json').cells == grid.cells
    assert Path('grid.png').is_file()


def listed(heading: str) -> set[str]:
    """What stands in backquotes in the first column of a table."""
    rows = TEXT.split(f'| {heading} |')[1].split('\n\n')[0].splitlines()[2:]
    return {name for row in rows for name in re.findall('`(.*?)`', row.split('|')[1])}


def test_the_keys():
    assert f'`{SCHEMA}`' in TEXT
    fields = {one.name for one in dataclasses.fields(SeverityGrid)} - {'schema'}
    assert listed('key') == fields
    assert listed('key of a cell') == {one.name for one in dataclasses.fields(CellResult)}


def test_the_example_page_says_what_the_table_says():
    page = DOCUMENT.with_name('severity_grid_camvid.html').read_text(encoding='utf-8')
    found = {}
    for name, cell, value in re.findall(
        r'aria-label="Heat map of ([^"]*)"|data-cell="dgn:(\w+)" data-v="([\d.]+)"', page
    ):
        if name:
            model = name.replace('&amp;', '&')
        else:
            found[model, cell.replace('_', ' ')] = f'{float(value):.1f}'
    rows = TEXT.split('| mIoU, %')[1].split('\n\n')[0].splitlines()
    models = [part.strip() for part in rows[0].split('|')[1:-2]]
    table = {
        (model, parts[0]): value
        for parts in ([p.strip() for p in row.strip('|').split('|')] for row in rows[3:15])
        for model, value in zip(models, parts[1:], strict=False)
    }
    assert table == found and len(table) == 48
    assert 'data:image' not in page  # CamVid's photographs are not ours to hand on


def test_json_of_a_run_has_the_keys(tiny, tmp_path):
    from mmdegrade.apis import severity_grid

    model = (tiny / 'ours.py', tiny / 'a.pth')
    severity_grid(model, kinds=['gblur'], degrees=[1], images=1, out=tmp_path, workers=0, strips=1)
    found = json.loads((tmp_path / 'results.json').read_text(encoding='utf-8'))
    assert found.keys() == listed('key') | {'schema'}
    assert found['schema'] == SCHEMA
    assert all(cell.keys() == listed('key of a cell') for cell in found['cells'])
    row = next(row for row in TEXT.splitlines() if row.startswith('| `strips` |'))
    assert set(found['strips'][0]) <= set(re.findall('`(.*?)`', row))
