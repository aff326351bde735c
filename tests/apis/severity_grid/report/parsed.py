"""A page of the report as elements, and grids of made-up numbers to write it from."""

import math
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np

from mmdegrade.apis.severity_grid import CellResult, SeverityGrid

_VOID = ('meta', 'img')


@dataclass
class Element:
    """An element with its attributes, children, and the text in all of them."""

    name: str
    attributes: dict
    parent: 'Element | None' = None
    children: list = field(default_factory=list)
    text: str = ''

    def all(self, name: str | None = None, **wanted) -> list['Element']:
        """Elements below by name and attributes (``class_``: one of the classes)."""
        found = []
        for child in self.children:
            if name in (None, child.name) and all(child.has(*one) for one in wanted.items()):
                found.append(child)
            found += child.all(name, **wanted)
        return found

    def one(self, name: str | None = None, **wanted) -> 'Element':
        """The only such element."""
        (found,) = self.all(name, **wanted)
        return found

    def has(self, key: str, value) -> bool:
        if key == 'class_':
            return value in self.attributes.get('class', '').split()
        return self.attributes.get(key.rstrip('_').replace('_', '-')) == value

    def __getitem__(self, key: str) -> str:
        return self.attributes[key]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element('', {})

    def handle_starttag(self, tag, attrs) -> None:
        element = Element(tag, dict(attrs), self.at)
        self.at.children.append(element)
        if tag not in _VOID and tag != 'wbr':
            self.at = element

    def handle_endtag(self, tag) -> None:
        if tag != self.at.name:
            raise ValueError(f'</{tag}> closes <{self.at.name}>')
        self.at = self.at.parent

    def handle_data(self, data) -> None:
        element = self.at
        while element is not None:
            element.text += data
            element = element.parent


def parse(text: str) -> Element:
    """The elements of a page; every one must be closed in order."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.at is not reader.root:
        raise ValueError(f'<{reader.at.name}> is not closed')
    return reader.root


def make_grid(models=('a', 'b'), classes=('Sky', 'Road', 'Car'), degrees=(1, 3, 5)) -> SeverityGrid:
    """Two kinds × degrees of drawn numbers; no class and no cell has the number of another."""
    rng = np.random.default_rng(0)
    cells = []
    for model in models:
        for kind, degree in (
            ('clean', None),
            *((kind, d) for kind in ('gblur', 'awgn') for d in degrees),
        ):
            iou = dict(zip(classes, rng.uniform(5, 95, len(classes)).tolist(), strict=True))
            miou = float(np.mean(list(iou.values())))
            cells.append(
                CellResult(
                    model=model, cell=kind if degree is None else f'{kind}_{degree}', kind=kind,
                    degree=degree, preset=None, params=dict(level=degree), seed=7, images=3,
                    mIoU=miou, mAcc=miou + 1, aAcc=miou + 2, IoU=iou, Acc=iou, pixels={},
                    psnr=None if degree is None else 40.0 - degree - (kind == 'awgn'),
                    worst=dict(image='test/w.png', mIoU=1.5),
                )
            )  # fmt: skip
    grid = SeverityGrid(
        models=[
            dict(name=m, config=f'c/{m}.py', checkpoint=f'w/{m}.pth', sha256=f'{i}f' * 32, key='k')
            for i, m in enumerate(models)
        ],
        dataset=dict(
            type='CamVidDataset', data_root='data/camvid', images=3, fingerprint='0f1e2d',
            classes=list(classes), palette=[[i, 20, 30] for i in range(len(classes))],
        ),
        cells=cells,
        settings=dict(batch=1),
        versions=dict(torch='2.13.0'),
    )  # fmt: skip
    grid.compute_robustness(models[0])
    return grid


def shown(value, digits: int = 1) -> str:
    """A number as the page writes it."""
    return '–' if math.isnan(value) else f'{value:.{digits}f}'.replace('-', '−')
