"""Docstrings as they are written here, made reStructuredText: before napoleon reads them.

Here a formula or an example is a block indented below a sentence, and ``|`` and ``*`` mean
themselves (``|x̂ − x|``).
"""

import re

ARGUMENT = re.compile(r'\s+\*\*?\w+( \(.*\))?:')  # napoleon escapes those itself
SPECIAL = re.compile(r'(``.*?``|`[^`]*`)|([|*])')


def escape(line: str) -> str:
    """Escape what reStructuredText would take for a substitution or for emphasis."""
    start = found.end() if (found := ARGUMENT.match(line)) else 0
    return line[:start] + SPECIAL.sub(lambda one: one[1] or f'\\{one[2]}', line[start:])


def literal_blocks(lines: list[str]) -> list[str]:
    """Mark blocks that are indented below a line that is not; escape the other lines."""
    out: list[str] = []
    before, literal = '', False
    for i, line in enumerate(lines):
        indented = line.startswith('  ')
        if line.strip() and not indented:
            literal = False
        starts = indented and not literal and i > 0 and not lines[i - 1].strip()
        if starts and before.strip() and not before.startswith(' '):
            if not before.rstrip().endswith('::'):
                out += ['::', '']
            literal = True
        out.append(line if literal and indented else escape(line))
        if line.strip():
            before = line
    return out


def on_docstring(app, what, name, obj, options, lines: list[str]) -> None:
    lines[:] = literal_blocks(lines)


def setup(app) -> dict:
    app.connect('autodoc-process-docstring', on_docstring, priority=400)  # napoleon has 500
    return dict(version='1', parallel_read_safe=True, parallel_write_safe=True)
