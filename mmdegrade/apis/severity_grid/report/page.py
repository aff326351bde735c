"""The page: its sections, its style and script, and a policy that lets nothing else in."""

import base64
import hashlib
from pathlib import Path

from mmengine.fileio import put_text

from .classes import class_table
from .corruption import robustness_table
from .curves import curves
from .heat_maps import heat_maps
from .inputs import inputs
from .markup import Html, join, tag
from .overview import cards, facts
from .pictures import strips
from .rows import Layout
from .script import SCRIPT
from .style import STYLE

TITLE = 'Severity grid'
MAX_PICTURE_BYTES = 3_000_000


def write_report(grid, path, strips_root=None, max_picture_bytes: int = MAX_PICTURE_BYTES) -> Path:
    """Write a grid as one HTML file that loads nothing from anywhere.

    Args:
        grid (SeverityGrid): The results.
        path: File to write, e.g. ``DIR/report.html``.
        strips_root: Folder that the paths of ``grid.strips`` start from; None: that of ``path``.
            Pictures that are not there are named in their place.
        max_picture_bytes: Room for pictures in the page; see
            :mod:`mmdegrade.apis.severity_grid.report.pictures`.

    Returns:
        Path: ``path``.

    Raises:
        ValueError: A model without clean images.
        OSError: The file cannot be written; an earlier one stays as it is.
    """
    path = Path(path)
    root = path.parent if strips_root is None else strips_root
    put_text(html_report(grid, root, max_picture_bytes), str(path))  # atomic
    return path


def html_report(grid, strips_root, max_picture_bytes: int = MAX_PICTURE_BYTES) -> str:
    """The text of the page; arguments as of :func:`write_report`."""
    layout = Layout(grid)
    parts = [
        ('summary', 'Summary', cards(layout)),
        ('tested', 'What was tested', facts(layout)),
        ('curves', 'Curves', curves(layout)),
        ('maps', 'Heat maps', heat_maps(layout)),
        ('classes', 'Classes', class_table(layout)),
        ('robustness', 'CD, rCD', robustness_table(layout)),
        ('inputs', 'Inputs', inputs(layout)),
        ('pictures', 'Pictures', strips(layout, strips_root, max_picture_bytes)),
    ]
    parts = [part for part in parts if part[2] is not None]
    links = [tag('a', name, href=f'#{key}') for key, name, _ in parts]
    dataset = grid.dataset
    subject = f'{", ".join(grid.names)} on {dataset.get("images")} images of {dataset.get("type")}'
    body = tag(
        'body',
        tag(
            'header', tag('h1', TITLE), tag('p', subject), tag('nav', links, aria_label='Sections')
        ),
        tag('main', [content for _, _, content in parts]),
        tag('script', Html(SCRIPT)),
    )
    head = tag(
        'head',
        tag('meta', charset='utf-8'),
        tag('meta', http_equiv='Content-Security-Policy', content=_policy()),
        tag('meta', name_='viewport', content='width=device-width, initial-scale=1'),
        tag('title', f'{TITLE}: {subject}'),
        tag('style', Html(STYLE)),
    )
    return join(Html('<!DOCTYPE html>\n'), tag('html', head, body, lang='en'), Html('\n'))


def _policy() -> str:
    """Content security: pictures in the file, styles, and this one script; no network at all."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
