"""What the page says is what the grid holds, whatever the grid is like."""

import base64
import hashlib
import math
import re

import pytest

from mmdegrade.apis.severity_grid.report import html_report, write_report
from tests.apis.severity_grid.report.parsed import make_grid, parse, shown


def page_of(grid, root='none'):
    return parse(html_report(grid, root))


def signed(value):
    return ('−' if value < 0 else '+') + f'{abs(value):.1f}'


def heat_map(page, name):
    return page.one('div', aria_label=f'Heat map of {name}')


def test_heat_maps():
    grid = make_grid()
    page = page_of(grid)
    for name in grid.names:
        box, clean = heat_map(page, name), grid.cell('clean', model=name).mIoU
        found = {cell['data-cell']: cell for cell in box.all('td', class_='heated')}
        degraded = [cell for cell in grid.of(name) if not cell.is_clean]
        assert set(found) == {cell.cell for cell in degraded} and len(found) == 6
        for cell in degraded:
            drawn = found[cell.cell]
            assert drawn['data-v'] == f'{cell.mIoU:.4f}'
            assert drawn.text == shown(cell.mIoU) + signed(cell.mIoU - clean)
        for row in box.one('tbody').all('tr'):
            kind = row.one('th', scope='row').text
            values = [cell.mIoU for cell in degraded if cell.kind == kind]
            assert row.one('td', class_='mean').text == shown(sum(values) / 3)
        assert f'clean {shown(clean)}' in box.text
        assert [head.text for head in box.all('th', scope='col')] == 'kind 1 3 5 mean'.split()


def test_summary_and_what_was_tested():
    grid = make_grid()
    page = page_of(grid)
    cards = page.one('section', id='summary').all('li', class_='card')
    for card, name in zip(cards, grid.names, strict=True):
        one = grid.robustness[name]
        assert card.one('strong').text == shown(grid.cell('clean', model=name).mIoU)
        assert [dd.text for dd in card.all('dd')] == [
            shown(one['mPC']), *(f'{shown(one[key])} %' for key in ('rPC', 'mCD', 'mrCD'))
        ]  # fmt: skip
    tested = page.one('section', id='tested')
    for place, row in enumerate(tested.one('tbody').all('tr')):
        assert row.one('code').text == f'{place}f' * 6
        assert row.one('code')['title'] == grid.models[place]['sha256']
    for text in ('CamVidDataset', 'data/camvid', '0f1e2d', 'torch 2.13.0', '2 kinds, 6 cells'):
        assert text in tested.text


def test_classes_and_all_numbers():
    grid = make_grid()
    page = page_of(grid)
    means = {c.cell: (c.mIoU + grid.cell(c.cell, model='b').mIoU) / 2 for c in grid.of('a')[1:]}
    hardest = min(means, key=means.get)
    lines = page.one('table', id='classes-table').one('tbody').all('tr')
    assert [line.one('th').text for line in lines] == grid.dataset['classes']
    for line, label in zip(lines, grid.dataset['classes'], strict=True):
        expected = []
        for name in grid.names:
            clean, value = (grid.cell(c, model=name).IoU[label] for c in ('clean', hardest))
            expected += [shown(clean), shown(value), signed(value - clean)]
        assert [cell.text for cell in line.all('td')] == expected
    select = page.one('select', id='cell')
    assert [o['value'] for o in select.all('option') if 'selected' in o.attributes] == [hardest]
    for place, name in enumerate(grid.names):
        rows = page.one('table', data_model=str(place)).one('tbody').all('tr')
        for row, cell in zip(rows, grid.of(name), strict=True):
            values = [cell.mIoU, cell.mAcc, cell.aAcc, *cell.IoU.values()]
            assert row['data-cell'] == cell.cell
            assert [float(td['data-v']) for td in row.all('td')[:-1]] == pytest.approx(
                values, abs=6e-5
            )
            assert row.all('td')[-1].text == 'test/w.png (1.5)'


def test_corruption_degradation():
    grid = make_grid()
    table = page_of(grid).one('section', id='robustness').one('table')
    for row in table.one('tbody').all('tr'):
        kind, one = row['data-kind'], grid.robustness
        expected = [one[name][key][kind] for name in grid.names for key in ('CD', 'rCD')]
        assert [td.text for td in row.all('td')] == [shown(value) for value in expected]
    expected = [grid.robustness[n][key] for n in grid.names for key in ('mCD', 'mrCD')]
    assert [td.text for td in table.one('tfoot').all('td')] == [shown(v) for v in expected]
    grid.compute_robustness()
    section = page_of(grid).one('section', id='robustness')
    assert not section.all('table') and '--reference MODEL' in section.text


def test_quality_of_the_inputs():
    grid = make_grid()
    grid.cells[1].ssim = grid.cells[8].ssim = 0.1234  # gblur_1 of both models
    table = page_of(grid).one('section', id='inputs').one('table', class_='quality')
    rows = {row.one('th').text: row.all('td') for row in table.one('tbody').all('tr')}
    assert [td.text for td in rows['gblur']] == ['39.00.123', '37.0', '35.0']
    assert [td['data-v'] for td in rows['awgn']] == ['38.0000', '36.0000', '34.0000']
    grid.cells[8].psnr = 12.25  # the other model was shown something else
    captions = [c.text for c in page_of(grid).one('section', id='inputs').all('caption')]
    assert captions == ['As prepared for a', 'As prepared for b']


def test_names_stay_text():
    """Nothing that a grid holds becomes an element, an attribute or a reference."""
    evil = '<script>alert(1)</script>', '"><img src=x onerror=alert(2)>', "' onload='alert(3)"
    grid = make_grid(models=evil, classes=('</title><svg/onload=x>', '&lt;b&gt;', '\x00\u202eA'))
    grid.models[0]['checkpoint'] = grid.dataset['data_root'] = evil[1]
    grid.dataset['type'] = '<b>data</b>'
    grid.cells[1].worst = dict(image='</td></table><p id=in>', mIoU=0.0)
    grid.cells[1].params = {'<u>': '"onclick="'}
    entry = dict(image='"/><p id=in>', cell='gblur_1', why=['<i>why</i>'], mIoU={evil[0]: 1.0},
                 clean='a.jpg', degraded='../<p>.jpg', truth='t.png',
                 predictions={evil[0]: '"><p id=in>'})  # fmt: skip
    grid.strips = [entry]
    page = page_of(grid)
    assert len(page.all('script')) == 1 and not page.all('b', text='data')
    assert not page.all(id='in') and not page.all('u') and not page.all('img')
    assert not [key for e in page.all() for key in e.attributes if key.startswith('on')]
    for name in evil:
        assert heat_map(page, name).one('span', class_='named').text == name
    labels = [row.one('th').text for row in page.one(id='classes-table').one('tbody').all('tr')]
    assert labels == ['</title><svg/onload=x>', '&lt;b&gt;', '��A']


def test_nothing_comes_from_elsewhere():
    text = html_report(make_grid(), 'none')
    page = parse(text)
    assert not re.search(r'https?:|//\w|@import|url\(', text)
    for element in page.all():
        for key in {'src', 'href', 'srcset', 'action', 'data'} & element.attributes.keys():
            assert element[key].startswith(('#', 'data:'))
    script = page.one('script').text
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.one('meta', http_equiv='Content-Security-Policy')['content']
    assert policy.startswith("default-src 'none'; ") and f"script-src 'sha256-{digest}'" in policy


def test_links_and_labels_have_their_ends():
    page = page_of(make_grid())
    ids = [e['id'] for e in page.all() if 'id' in e.attributes]
    assert len(ids) == len(set(ids))
    assert {a['href'][1:] for a in page.one('nav').all('a')} <= set(ids)
    assert {s['aria-labelledby'] for s in page.all('section')} <= set(ids)
    assert all('scope' in th.attributes for th in page.all('th'))
    for svg in page.all('svg'):
        assert svg.has('aria_hidden', 'true') or svg['aria-label']


def test_what_is_missing():
    """A degree that one model lacks, a cell without a number, cells without a degree."""
    grid = make_grid()
    grid.cells = [c for c in grid.cells if (c.model, c.cell) != ('b', 'gblur_3')]
    grid.cell('gblur', 5, 'a').mIoU = math.nan
    for cell in (grid.cell('awgn', 5, 'a'), grid.cell('awgn', 5, 'b')):
        cell.cell, cell.degree, cell.params = 'awgn_sigma25', None, dict(sigma=25)
    grid.robustness, grid.reference = {}, None
    page = page_of(grid)
    assert heat_map(page, 'b').one('tbody').all('tr')[0].all('td', class_='missing')
    cell = heat_map(page, 'a').one('td', data_cell='gblur_5')
    assert cell.text == '–' and cell['data-v'] == '' and 'style' not in cell.attributes
    assert [h.text for h in heat_map(page, 'a').all('th', scope='col')][-2:] == ['own', 'mean']
    assert heat_map(page, 'a').one('td', data_cell='awgn_sigma25')['data-v']
    assert 'nan' not in page.one('main').text.lower()


def test_one_model_and_clean_images_only():
    assert len(page_of(make_grid(models=('only',))).all('table', class_='heat')) == 1
    grid = make_grid()
    grid.cells = [cell for cell in grid.cells if cell.is_clean]
    grid.robustness, grid.reference = {}, None
    page = page_of(grid)
    assert 'Only clean images were tested' in page.text and not page.all('polyline')
    assert not page.all(id='maps') and not page.all(id='inputs')
    grid.cells = []
    with pytest.raises(ValueError, match='there is no cell clean'):
        html_report(grid, 'none')


def test_written(tmp_path):
    grid = make_grid()
    path = write_report(grid, tmp_path / 'new' / 'report.html')
    assert path.read_text(encoding='utf-8') == html_report(grid, tmp_path)
    assert [file.name for file in path.parent.iterdir()] == ['report.html']
