"""What ``results.json`` must hold to be taken for the result of a grid.

The file may come from anyone. What is checked here is what the tables, the plots and the page rely
on, so that they need not.
"""

import math
from dataclasses import fields

from .cell_result import CellResult

_SHARES = ('mIoU', 'mAcc', 'aAcc')
_TEXTS = ('model', 'cell', 'kind')
_SUMS = {'mPC', 'rPC', 'mCD', 'mrCD'}
_COUNTS = ('intersect', 'union', 'predicted', 'labelled')


def check_stored(found: dict) -> None:
    """Check models, dataset, strips and settings; cells: :func:`stored_cell`.

    Raises:
        ValueError: Names what is wrong.
    """
    models = found['models']
    if not isinstance(models, list) or not models:
        raise ValueError('models is no list of models')
    names = [model.get('name') if isinstance(model, dict) else None for model in models]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError('models need names, each another')
    dataset = found['dataset']
    needed = dict(type=str, images=int, fingerprint=str, classes=list)
    if not isinstance(dataset, dict) or not all(
        isinstance(dataset.get(key), kind) for key, kind in needed.items()
    ):
        raise ValueError(f'dataset needs {", ".join(needed)}')
    if not all(isinstance(name, str) for name in dataset['classes']):
        raise ValueError('dataset.classes are not names')
    if not _is_palette(dataset.get('palette') or []):
        raise ValueError('dataset.palette is no list of colours')
    for key in ('settings', 'versions'):
        if not isinstance(found.get(key, {}), dict):
            raise ValueError(f'{key} is no mapping')
    if not _is_robustness(found.get('robustness', {}), names):
        raise ValueError('robustness is not that of the models')
    if not isinstance(found.get('reference'), (str, type(None))):
        raise ValueError('reference is no name')
    strips = found.get('strips', [])
    if not isinstance(strips, list) or not all(isinstance(one, dict) for one in strips):
        raise ValueError('strips is no list of mappings')


def _is_robustness(found, names: list[str]) -> bool:
    """Of every model or of none: four numbers, and two mappings with the same kinds."""
    if not isinstance(found, dict) or (found and sorted(found) != sorted(names)):
        return False
    kinds = set()
    for one in found.values():
        if not isinstance(one, dict) or not _SUMS <= one.keys():
            return False
        by_kind = [one.get('CD'), one.get('rCD')]
        if not all(isinstance(row, dict) for row in by_kind):
            return False
        kinds |= {frozenset(row) for row in by_kind}
        values = [one[key] for key in _SUMS]
        values += [value for row in by_kind for value in row.values()]
        if not all(value is None or _is_number(value) for value in values):
            return False
    return len(kinds) < 2


def stored_cell(found, names, classes) -> CellResult:
    """A cell as the file holds it.

    Args:
        found: What should be one.
        names: Of the models.
        classes: Names of the dataset's classes.

    Raises:
        ValueError: It is none; names what is wrong.
    """
    if not isinstance(found, dict):
        raise ValueError(f'a cell is {type(found).__name__}, not a mapping')
    known = {one.name for one in fields(CellResult)}
    lacking = sorted(known - {'psnr', 'ssim', 'worst'} - found.keys())
    odd = sorted(found.keys() - known)
    if lacking or odd:
        raise ValueError(
            f'a cell is not complete, or of another version (lacks {lacking}, has {odd[:3]})'
        )
    found = dict(found)
    for key in _TEXTS:
        _require(isinstance(found[key], str), key, found[key])
    _require(found['model'] in names, 'model', found['model'])
    _require(isinstance(found['preset'], (str, type(None))), 'preset', found['preset'])
    for key in ('degree', 'seed', 'images'):
        value = found[key]
        _require(_is_int(value) or (key != 'images' and value is None), key, value)
    for key in ('params', 'IoU', 'Acc', 'pixels'):
        _require(isinstance(found[key], dict), key, found[key])
    for key in _SHARES:
        found[key] = _share(key, found[key])
    for key in ('IoU', 'Acc'):
        found[key] = {name: _share(f'{key}.{name}', value) for name, value in found[key].items()}
        _require(set(classes) <= found[key].keys(), key, sorted(found[key]))
    for key in _COUNTS:
        row = found['pixels'].get(key)
        whole = isinstance(row, list) and all(_is_int(n) and 0 <= n < 2**63 for n in row)
        _require(whole and len(row) == len(classes), f'pixels.{key}', row)
    for key in ('psnr', 'ssim'):
        value = found.get(key)
        _require(value is None or _is_number(value), key, value)
    worst = found.get('worst', {})
    _require(worst == {} or _is_worst(worst), 'worst', worst)
    return CellResult(**found)


def _is_worst(found) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get('image'), str)
        and _is_number(found.get('mIoU'))
    )


def _require(fits: bool, key: str, value) -> None:
    if not fits:
        raise ValueError(f'a cell has {key}={value!r:.40}')


def _is_int(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value) -> bool:
    return isinstance(value, float) and math.isfinite(value) or _is_int(value) and abs(value) < 1e9


def _share(key: str, value) -> float:
    """Percent; NaN, which the file holds as null, for what does not occur.

    ``IoUMetric(nan_to_num=-1)`` gives numbers below 0, so the range is not checked.
    """
    if value is None:
        return math.nan
    _require(_is_number(value), key, value)
    return float(value)


def _is_palette(palette) -> bool:
    return isinstance(palette, list) and all(
        isinstance(colour, list)
        and len(colour) == 3
        and all(_is_int(part) and 0 <= part <= 255 for part in colour)
        for colour in palette
    )
