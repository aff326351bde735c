"""HTML from Python calls: text becomes HTML in one place, and is escaped there.

Names of classes, models and files come from data sets and from results.json files of others. Only
what :func:`tag` and :func:`escape` return is an :class:`Html`; every other string is text.
"""

import html
import math
import re
from collections.abc import Iterable

_VOID = frozenset(['img', 'meta'])
# Control characters are not allowed in HTML; directional ones would turn the text around them.
_UNWANTED = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]')
NOTHING = '–'


class Html(str):
    """A string that is HTML already."""


def escape(value) -> Html:
    """Text as HTML; for quoted attributes too. Characters that no page may hold become U+FFFD."""
    if isinstance(value, Html):
        return value
    known = str(value).encode('utf-8', 'replace').decode('utf-8')  # file names: lone surrogates
    return Html(html.escape(_UNWANTED.sub('\ufffd', known)))


def breakable(name) -> Html:
    """A name as HTML that may be broken into lines after its underscores, slashes and hyphens."""
    return Html(re.sub(r'([_/:-]+)(?=\w)', r'\1<wbr>', escape(name)))


def join(*parts) -> Html:
    """Parts after each other; iterables are flattened, None is left out, text is escaped."""
    found = []
    for part in parts:
        if part is None:
            continue
        if isinstance(part, Iterable) and not isinstance(part, str):
            found.append(join(*part))
        else:
            found.append(escape(part))
    return Html(''.join(found))


def tag(name: str, *children, **attributes) -> Html:
    """An element.

    Args:
        name: Of the element.
        children: See :func:`join`.
        attributes: ``class_`` is class, ``data_v`` is data-v; None and False leave an attribute
            out, True writes it without a value.
    """
    written = []
    for key, value in attributes.items():
        key = key.rstrip('_').replace('_', '-')
        if value is True:
            written.append(f' {key}')
        elif value is not None and value is not False:
            written.append(f' {key}="{escape(value)}"')
    start = f'<{name}{"".join(written)}>'
    return Html(start if name in _VOID else f'{start}{join(*children)}</{name}>')


def is_number(value) -> bool:
    """Whether there is something to show: not None, NaN or infinite."""
    return value is not None and math.isfinite(value)


def number(value, digits: int = 1) -> str:
    """A number to read, a dash for none."""
    return f'{value:.{digits}f}'.replace('-', '−') if is_number(value) else NOTHING


def signed(value, digits: int = 1) -> str:
    """A difference to read: ``+1.2``, ``−0.4``, ``0.0``."""
    if not is_number(value):
        return NOTHING
    size = f'{abs(value):.{digits}f}'
    return size if float(size) == 0 else ('−' if value < 0 else '+') + size


def exact(value) -> str:
    """A number for programs: four decimals, the empty string for none."""
    return f'{value:.4f}' if is_number(value) else ''


def value_cell(value, digits: int = 1, **attributes) -> Html:
    """A cell of a table with a number; scripts read ``data-v``."""
    return tag('td', number(value, digits), data_v=exact(value), **attributes)


def scroll_box(content: Html, label: str) -> Html:
    """A box in which a wide table scrolls, by keyboard too."""
    return tag('div', content, class_='scroll', role='region', aria_label=label, tabindex=0)


def section(key: str, title: str, *children) -> Html:
    """A section of the page with its heading."""
    heading = tag('h2', title, id=f'{key}-title')
    return tag('section', heading, *children, id=key, aria_labelledby=f'{key}-title')


def note(*children) -> Html:
    """A sentence of explanation."""
    return tag('p', *children, class_='note')
