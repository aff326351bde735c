"""Pictures in the page: those of the files, small, each once, within the room there is."""

import base64

import cv2
import numpy as np
import pytest

from mmdegrade.apis.severity_grid.report import html_report
from mmdegrade.apis.severity_grid.report.pictures import WIDTH, by_importance
from mmdegrade.apis.severity_grid.report.rows import Layout
from tests.apis.severity_grid.report.parsed import make_grid, parse


@pytest.fixture
def drawn(tmp_path):
    """A grid with a strip in three cells, and its folder."""
    rng = np.random.default_rng(0)
    grid = make_grid(models=('a', 'b'))
    grid.strips = []
    (tmp_path / 'strips').mkdir()

    def write(name, image):
        cv2.imwrite(str(tmp_path / 'strips' / name), image)
        return f'strips/{name}'

    def photograph():
        return cv2.GaussianBlur(rng.integers(0, 256, (60, 2 * WIDTH, 3), np.uint8), (0, 0), 8)

    def mask():
        return np.kron(rng.integers(0, 3, (6, WIDTH // 5, 1)) * [9, 80, 7], np.ones((10, 10, 1)))

    shared = dict(clean=write('clean.jpg', photograph()), truth=write('truth.png', mask()))
    for cell in ('clean', 'gblur_1', 'gblur_5'):
        degraded = shared['clean'] if cell == 'clean' else write(f'{cell}.jpg', photograph())
        grid.strips.append(
            dict(image='test/1.png', cell=cell, why=['chosen', 'worst of a'], degraded=degraded,
                 predictions={m: write(f'{cell}.{m}.png', mask()) for m in ('a', 'b')},
                 mIoU=dict(a=12.34, b=56.78), **shared)
        )  # fmt: skip
    return grid, tmp_path


def decode(uri: str) -> np.ndarray:
    head, data = uri.split(',', 1)
    assert head in ('data:image/png;base64', 'data:image/jpeg;base64')
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)


def test_the_files_pictures(drawn):
    grid, root = drawn
    page = parse(html_report(grid, root))
    shared = {image['id']: image['href'] for image in page.all('image')}
    figures = page.all('figure', class_='pictures')
    assert len(figures) == 3 and len(shared) == 2  # clean and truth
    for figure, entry in zip(figures, grid.strips, strict=True):
        given = [entry['clean'], entry['degraded'], entry['truth'], *entry['predictions'].values()]
        if entry['cell'] == 'clean':
            del given[1]
        shown = [
            shared[e.one('use')['href'][1:]] if e.name == 'svg' else e['src']
            for e in figure.one('div', class_='strip').all()
            if e.name == 'img' or (e.name == 'svg' and e.has('role', 'img'))
        ]
        for uri, path in zip(shown, given, strict=True):
            expected, found = cv2.imread(str(root / path)), decode(uri)
            assert found.shape == (30, WIDTH, 3)
            if path.endswith('.png'):
                assert np.array_equal(found, expected[::2, ::2])
            else:
                small = cv2.resize(expected, (WIDTH, 30), interpolation=cv2.INTER_AREA)
                assert np.abs(found.astype(int) - small).mean() < 4
        assert [reason.text for reason in figure.all('span', class_='why')] == entry['why']
        assert '12.3' in figure.text and '56.8' in figure.text
        for image in figure.all('img'):
            assert entry['image'] in image['alt']


def test_room(drawn):
    grid, root = drawn
    assert [e['cell'] for e in by_importance(Layout(grid), grid.strips)] == [
        'clean', 'gblur_5', 'gblur_1'
    ]  # fmt: skip
    whole = html_report(grid, root)
    size = sum(len(e['href']) for e in parse(whole).all('image'))
    first = parse(whole).all('figure', class_='pictures')[0]
    size += sum(len(e['src']) for e in first.all('img'))
    text = html_report(grid, root, max_picture_bytes=size)
    assert len(parse(text).all('figure', class_='pictures')) == 1
    assert '2 of 3 strips stay out' in text
    assert not parse(html_report(grid, root, max_picture_bytes=0)).all('figure', class_='pictures')


def test_files_that_are_not_there(drawn):
    grid, root = drawn
    (root / 'strips' / 'gblur_5.a.png').unlink()
    (root / 'strips' / 'gblur_5.b.png').write_bytes(b'no picture')
    secret = root.parent / 'outside.png'
    cv2.imwrite(str(secret), np.zeros((4, 4, 3), np.uint8))
    grid.strips[1]['degraded'] = '../outside.png'
    absent = [p.text for p in parse(html_report(grid, root)).all('p', class_='absent')]
    assert absent == [
        f'{path} is not there'
        for path in ('../outside.png', 'strips/gblur_5.a.png', 'strips/gblur_5.b.png')
    ]


def test_no_pictures():
    section = parse(html_report(make_grid(), 'none')).one('section', id='pictures')
    assert 'No pictures were drawn' in section.text and '--strips 1' in section.text
