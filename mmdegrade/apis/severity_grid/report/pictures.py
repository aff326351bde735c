"""Image strips inside the page: clean, degraded, truth and every model's prediction.

The files below ``strips/`` are scaled down and written into the page as data URIs, each once: the
clean image and the truth of a strip are the same in every cell and are drawn again by reference
(SVG's ``use``). When `max_bytes` are full the rest stays out; strong degradations come first.
"""

import base64
from pathlib import Path

import cv2
import numpy as np

from .marks import named
from .markup import Html, breakable, join, note, number, section, tag
from .rows import Layout

#: Pixels in the page; a column is about half as wide, screens of phones have two to three to one.
WIDTH = 360
QUALITY = 80


class Pictures:
    """Files as they stand in the page.

    Args:
        root: Folder that the paths of ``grid.strips`` start from.
        max_bytes: What all of them may take in the page.
    """

    def __init__(self, root, max_bytes: int) -> None:
        self.root = Path(root)
        self.left = max_bytes
        self.known: dict[str, Picture | None] = {}

    def load(self, paths) -> bool:
        """Take the files of a strip in; False, and nothing is taken, where they do not all fit."""
        new = {path: self._read(path) for path in dict.fromkeys(paths) if path not in self.known}
        needed = sum(len(one.data) for one in new.values() if one is not None)
        if needed > self.left:
            return False
        self.left -= needed
        for place, one in enumerate(new.values(), start=len(self.known)):
            if one is not None:
                one.key = f'p{place}'
        self.known.update(new)
        return True

    def _read(self, path: str) -> 'Picture | None':
        """None where there is no such picture; only files below the root count."""
        file = (self.root / path).resolve()
        if not file.is_relative_to(self.root.resolve()) or not file.is_file():
            return None
        image = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        return None if image is None else Picture(image, mask=file.suffix == '.png')


class Picture:
    """An image as a data URI, at most `WIDTH` wide.

    Args:
        image: H×W×3, uint8, BGR.
        mask: Colours of labels: scaled without mixing them, and kept exactly.
    """

    def __init__(self, image: np.ndarray, mask: bool) -> None:
        height, width = image.shape[:2]
        if width > WIDTH:
            size = (WIDTH, max(1, round(height * WIDTH / width)))
            how = cv2.INTER_NEAREST if mask else cv2.INTER_AREA
            image = cv2.resize(image, size, interpolation=how)
        suffix, options = ('.png', (cv2.IMWRITE_PNG_COMPRESSION, 9))
        if not mask:
            suffix, options = ('.jpg', (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        written, data = cv2.imencode(suffix, image, options)
        if not written:
            raise OSError(f'OpenCV could not write a {image.shape} image as {suffix}')
        self.height, self.width = image.shape[:2]
        kind = 'png' if mask else 'jpeg'
        self.data = f'data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}'
        self.key = ''


def strips(layout: Layout, root, max_bytes: int) -> Html:
    """The section of the strips, kind by kind; says so where there are none."""
    entries = layout.grid.strips
    if not entries:
        hint = tag('code', '--strips 1')
        return section('pictures', 'Pictures', note('No pictures were drawn (', hint, ' does).'))
    pictures = Pictures(root, max_bytes)
    shown = [entry for entry in by_importance(layout, entries) if pictures.load(_paths(entry))]
    places = {id(entry): place for place, entry in enumerate(entries)}
    shown.sort(key=lambda entry: places[id(entry)])
    kinds: dict[str, list[dict]] = {}
    for entry in shown:
        kinds.setdefault(_kind(layout, entry['cell']), []).append(entry)
    repeated = _repeated(shown)
    parts = [
        tag(
            'details',
            tag('summary', kind, tag('span', f' {len(group)} strips', class_='count')),
            [_strip(layout, pictures, entry, repeated) for entry in group],
            open=place < 2,
        )
        for place, (kind, group) in enumerate(kinds.items())
    ]
    left_out = len(entries) - len(shown)
    text = 'Images chosen evenly from the data set, and those that a model did worst on, with the '
    text += 'mIoU of that image alone.'
    if left_out:
        text += f' {left_out} of {len(entries)} strips stay out to keep this page small.'
    return section(
        'pictures', 'Pictures', note(text), _colours(layout), _shared(pictures, repeated), parts
    )


def by_importance(layout: Layout, entries) -> list[dict]:
    """Clean first, then the strongest degree of every kind, then the weakest, then the others."""
    rank = {'clean': 0}
    for row in layout.rows:
        names = list(row.cells.values())
        order = [names[-1], names[0], *reversed(names[1:-1])]
        for place, name in enumerate(dict.fromkeys(order), start=1):
            rank[name] = place
    return sorted(entries, key=lambda entry: rank.get(entry['cell'], len(rank)))


def _paths(entry: dict) -> list[str]:
    return [entry['clean'], entry['degraded'], entry['truth'], *entry['predictions'].values()]


def _repeated(entries) -> set[str]:
    """Files that are shown more than once."""
    seen, found = set(), set()
    for entry in entries:
        for path in _paths(entry):
            (found if path in seen else seen).add(path)
    return found


def _kind(layout: Layout, cell: str) -> str:
    return next((row.label for row in layout.rows if cell in row.cells.values()), cell)


def _shared(pictures: Pictures, repeated) -> Html:
    """Pictures to be drawn by reference; takes no room itself."""
    images = [
        tag('image', id=one.key, width=one.width, height=one.height, href=one.data)
        for path, one in pictures.known.items()
        if one is not None and path in repeated
    ]
    return tag('svg', tag('defs', images), class_='shared', aria_hidden='true')


def _colours(layout: Layout) -> Html | None:
    """The classes' colours."""
    classes = layout.grid.dataset['classes']
    palette = layout.grid.dataset.get('palette') or []
    if len(palette) != len(classes):
        return None
    items = [
        tag('li', tag('i', style=f'background:rgb({",".join(str(int(c)) for c in colour)})'), name)
        for name, colour in zip(classes, palette, strict=True)
    ]
    items.append(tag('li', tag('i', style='background:#000'), 'not labelled'))
    return tag('ul', items, class_='palette')


def _strip(layout: Layout, pictures: Pictures, entry: dict, repeated) -> Html:
    where = f'{entry["image"]}, {layout.title(entry["cell"])}'
    shown = [('clean', entry['clean'], None)]
    if entry['degraded'] != entry['clean']:
        shown.append(('degraded', entry['degraded'], None))
    shown.append(('truth', entry['truth'], None))
    for place, name in enumerate(layout.grid.names):
        if name in entry['predictions']:
            score = number(entry.get('mIoU', {}).get(name))
            caption = join(named(place, name), tag('b', score))
            shown.append((f'prediction of {name}', entry['predictions'][name], caption))
    items = [
        tag(
            'div',
            _image(pictures.known[path], path, f'{label}: {where}', path in repeated),
            tag('small', caption or label),
        )
        for label, path, caption in shown
    ]
    reasons = [tag('span', reason, class_='why') for reason in entry['why']]
    title = tag('b', layout.title(entry['cell']))
    return tag(
        'figure',
        tag(
            'figcaption',
            title,
            ' ',
            tag('span', breakable(entry['image']), class_='file'),
            ' ',
            reasons,
        ),
        tag('div', items, class_='strip'),
        class_='pictures',
    )


def _image(one: Picture | None, path: str, alt: str, repeated: bool) -> Html:
    if one is None:
        return tag('p', f'{path} is not there', class_='absent')
    if not repeated:
        return tag('img', src=one.data, alt=alt, width=one.width, height=one.height)
    used = tag('use', href=f'#{one.key}')
    return tag('svg', used, viewBox=f'0 0 {one.width} {one.height}', role='img', aria_label=alt)
