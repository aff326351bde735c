"""Which cells a grid has."""

import pytest

from mmdegrade.apis.severity_grid import choose_cells
from mmdegrade.apis.severity_grid.choice import check_cells, resolve_cell
from mmdegrade.degradations import PRESETS


def test_kinds_and_degrees():
    cells = choose_cells(['gblur', 'clean', 'awgn', 'gblur'], [5, 1])
    assert cells == [
        dict(kind='clean'),
        dict(kind='gblur', degree=1),
        dict(kind='gblur', degree=5),
        dict(kind='awgn', degree=1),
        dict(kind='awgn', degree=5),
    ]


def test_imagenet_c_is_the_fifteen_that_are_tested():
    cells = choose_cells(preset='imagenet-c')
    assert len(cells) == 1 + 15 * 5
    assert not {cell['kind'] for cell in cells} & set(PRESETS['imagenet-c'].held_out)
    assert len(choose_cells(['spatter'], preset='imagenet-c')) == 1 + 5


def test_a_preset_has_its_own_number_of_degrees():
    cells = choose_cells(preset='sdabn')
    assert [(c['kind'], c.get('degree')) for c in cells] == [
        ('clean', None), ('awgn', 1), ('awgn', 2), ('awgn', 3), ('awgn', 4), ('poisson', 1),
    ]  # fmt: skip
    assert choose_cells(preset='sdabn', degrees=[1])[1]['preset'] == 'sdabn'


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(), 'give kinds .*gblur.* or a preset .*imagenet-c'),
        (dict(kinds=['gblurr']), "Did you mean 'gblur'"),
        (dict(kinds=['gblur'], preset='sdabn'), "preset 'sdabn' has no 'gblur'"),
        (dict(preset='dgnn'), "Did you mean 'dgn'"),
        (dict(preset='sdabn', degrees=[4]), 'poisson of preset sdabn has degrees 1-1, and none'),
        (dict(kinds=['gblur'], degrees=[1, 7]), r'degrees=\[7\]: no kind'),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        choose_cells(**arguments)


def test_degrees_are_whole_numbers():
    with pytest.raises(TypeError, match='whole numbers'):
        choose_cells(['gblur'], ['1'])


def test_single_cells():
    cells = check_cells([dict(kind='awgn', sigma=25)])
    assert cells == [dict(kind='clean'), dict(kind='awgn', sigma=25)]
    resolved = resolve_cell(dict(kind='fog', degree=3, preset='imagenet-c'))
    assert resolved['kind'] == 'fog' and resolved['params'] == dict(strength=2.5, decay=1.7)
    for cell, words in (
        (dict(kind='awgn', sigma=dict(low=0, high=9)), 'leaves its level to chance'),
        (dict(kind='gblur', degree=[1, 2]), 'leaves its level to chance'),
        (dict(kind='gblur', degree=1, prob=0.5), 'prob has no place'),
        (dict(kind='gblur'), 'needs degree'),
    ):
        with pytest.raises(ValueError, match=words):
            check_cells([cell])
    with pytest.raises(ValueError, match='must differ'):
        check_cells([dict(kind='gblur', degree=1)] * 2)
