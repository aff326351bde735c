"""Writes what benchmarks/degradations.py measured as Markdown."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np

REFERENCE = 'imagecorruptions'
MARK = '<!-- Below this line: written by degradations.py --out -->'


def write_below_mark(path: Path, text: str) -> None:
    """Replace what stands below the marked line.

    Raises:
        ValueError: the file has no such line.
    """
    above, mark, _ = path.read_text(encoding='utf-8').partition(MARK)
    if not mark:
        raise ValueError(f'--out {path} has no line {MARK!r} to write below')
    path.write_text(f'{above}{MARK}\n\n{text}', encoding='utf-8')


def report(tables: dict, left_out: dict, missing: dict, found: set, degree: int) -> str:
    """All tables, and what they leave out.

    Args:
        tables: size -> the `Timing` of each kind.
        left_out: (peer, size) -> reason.
        missing: library that cannot be imported -> reason.
        found: the others.
        degree: of all kinds.
    """
    parts = [_machine(found, degree)]
    for size, rows in tables.items():
        parts += [f'### {size}', _table(rows)]
    parts += [f'### Every peer, images/s at {size}\n\n{_all_peers(rows)}'
              for size, rows in tables.items() if found]  # fmt: skip
    notes = [f'- {peer} ({size}): {reason}' for (peer, size), reason in left_out.items()]
    notes += [f'- {library}, all of it: {reason}' for library, reason in missing.items()]
    if notes:
        parts.append('Left out:\n\n' + '\n'.join(notes))
    if missing:
        parts.append('`make bench` installs the libraries that are missing.')
    return '\n\n'.join(parts) + '\n'


def _machine(found: set, degree: int) -> str:
    def named(distribution):
        try:
            return f'{distribution} {version(distribution)}'
        except PackageNotFoundError:
            return distribution

    also = {'torch'} if found & {'kornia', 'torchvision'} else set()
    peers = ', '.join(map(named, sorted(found | also))) or 'no peers'
    return (
        f'{_processor()}, one thread, Python {platform.python_version()}, OpenCV '
        f'{cv2.__version__}, NumPy {np.__version__}; {peers}. uint8 images, degree {degree}.'
    )


def _processor() -> str:
    path = Path('/proc/cpuinfo')
    lines = path.read_text(encoding='utf-8').splitlines() if path.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()


def _number(value: float) -> str:
    """Three digits that count."""
    return f'{value:,.0f}' if value >= 99.5 else f'{value:#.3g}'


def _line(*cells) -> str:
    return f'| {" | ".join(cells)} |'


def _table(rows: list) -> str:
    lines = [
        _line('kind', 'ours, images/s', 'fastest peer', 'images/s', 'ratio', REFERENCE, 'ratio'),
        _line('---', '--:', '---', '--:', '--:', '--:', '--:'),
    ]
    for row in rows:
        fastest = row.fastest()
        reference = next((p for p in row.seconds if p and p.library == REFERENCE), None)
        lines.append(_line(f'`{row.kind}`', _number(row.rate()), _named(fastest),
                           *_compared(row, fastest), *_compared(row, reference)))  # fmt: skip
    return '\n'.join(lines)


def _named(peer) -> str:
    if peer is None:
        return '–'
    return f'{peer} ({peer.remark})' if peer.remark else str(peer)


def _compared(row, peer) -> tuple[str, str]:
    if peer is None:
        return '–', '–'
    return _number(row.rate(peer)), f'{row.ratio(peer):.3g}x'


def _all_peers(rows: list) -> str:
    lines = [_line('kind', 'the same', 'only of a like name'), _line('---', '---', '---')]
    for row in rows:
        peers = sorted((p for p in row.seconds if p), key=row.rate, reverse=True)
        if peers:
            lists = [[f'{_named(p)} {_number(row.rate(p))}' for p in peers if p.same is same]
                     for same in (True, False)]  # fmt: skip
            lines.append(_line(f'`{row.kind}`', *('; '.join(cells) for cells in lists)))
    return '\n'.join(lines)
