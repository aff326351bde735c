"""Pages made of what the repository holds elsewhere, so that no table is kept twice.

Two fenced blocks of a page are replaced before it is parsed::

    ```{readme} configs/dgn/README.md
    :only: Commands
    ```

by the sections of that file (``:only:`` or ``:except:`` these headings, ``;`` between them; they
move below the heading of the page that they stand under, and a single one loses its own; without
an option: all but the title; what precedes the first ``##`` comes in this case alone), and ::

    ```{modules} mmdegrade.models.losses
    ```

by the documentation of every module of a package (``:except:`` modules and folders right below
it). Relative links of both README files and pages work on GitHub, and are turned here into what
works on the site: links to pages, or downloads.
"""

import os
import pkgutil
import re
from importlib import import_module
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
# Which page shows a file or folder of the repository.
PAGES = {
    'README.md': 'index.md',
    'CONTRIBUTING.md': 'contributing.md',
    'SECURITY.md': 'security.md',
    'docs': 'index.md',
    'benchmarks': 'benchmarks.md',
    'benchmarks/README.md': 'benchmarks.md',
    'configs/demo': 'getting_started.md',
    'configs/demo/README.md': 'getting_started.md',
}
for _method in ('dgn', 'sdabn', 'd2sm', 'fidelity', 'ubcn'):
    PAGES[f'configs/{_method}'] = PAGES[f'configs/{_method}/README.md'] = f'methods/{_method}.md'

FENCE = re.compile(r'^```\{(readme|modules)\} (\S+)\n((?::\w+:.*\n)*)```$', re.MULTILINE)
LINK = re.compile(r'(?<!!)\[([^\[\]]*)\]\(([^()\s]+)\)')
DEFINITION = re.compile(r'^\[[^\]]+\]: \S+$', re.MULTILINE)
TITLE = re.compile(r'\A# .*\n+')
HEADING = re.compile(r'^(#+ )', re.MULTILINE)
CODE = re.compile(r'(^```.*?^```$|`[^`\n]+`)', re.MULTILINE | re.DOTALL)


def sections(text: str) -> dict[str, str]:
    """The ``##`` sections of a Markdown file by their headings, in order; '' is what precedes."""
    found, title, inside = {'': []}, '', False
    for line in text.splitlines():
        inside ^= line.startswith('```')
        if line.startswith('## ') and not inside:
            title = line[3:].strip()
            found[title] = []
        found[title].append(line)
    return {title: '\n'.join(lines).strip() for title, lines in found.items()}


def choose(text: str, only=(), leave_out=()) -> str:
    """Sections of a README and the link definitions they need.

    Raises:
        ValueError: A heading that the file does not have.
    """
    parts = sections(text)
    for title in (*only, *leave_out):
        if title not in parts:
            raise ValueError(f'no section {title!r}; there are: {", ".join(filter(None, parts))}')
    parts[''] = TITLE.sub('', parts[''])
    left_out = {'', *leave_out} if leave_out else set()
    wanted = list(only) or [title for title in parts if title not in left_out]
    chosen = '\n\n'.join(DEFINITION.sub('', parts[title]) for title in wanted)
    if len(only) == 1:
        chosen = chosen.partition('\n')[2].strip()
    if only or leave_out:
        # Odd parts are code, where # begins a comment.
        pieces = CODE.split(chosen)
        pieces[::2] = [HEADING.sub(r'#\1', piece) for piece in pieces[::2]]
        chosen = ''.join(pieces)
    used = [one for one in DEFINITION.findall(text) if one.partition(': ')[0] in chosen]
    return '\n\n'.join([chosen.strip(), *used])


def link(target: str, source: Path, page: Path) -> str | None:
    """What a relative link in ``source`` (below ROOT) reads on ``page`` (below DOCS).

    None: leave the text without a link (a folder or a README without a page).

    Raises:
        ValueError: It leads nowhere.
    """
    if re.match(r'[a-z]+:|#', target):
        return target
    path, _, anchor = target.partition('#')
    found = Path(os.path.normpath(source.parent / path))
    if not found.exists():
        raise ValueError(f'{source.relative_to(ROOT)} links to {target}, which is not there')
    name = found.relative_to(ROOT).as_posix()
    if name in PAGES:
        found = DOCS / PAGES[name]
    elif found.is_dir() or (found.suffix == '.md' and DOCS not in found.parents):
        return None
    back = os.path.relpath(found, page.parent)
    back = back if back.startswith('.') else f'./{back}'
    if found.suffix == '.html':
        return f'page:{back}'
    return f'{back}#{anchor}' if anchor else back


def relink(text: str, source: Path, page: Path) -> str:
    """Rewrite every relative link of a text; code stays as it is."""

    def rewrite(match: re.Match) -> str:
        words, target = match.groups()
        new = link(target, source, page)
        return words if new is None else f'[{words}]({new})'

    parts = CODE.split(text)
    # Links whose text is code span several parts: hide inline code behind place holders.
    codes = parts[1::2]
    text = ''.join(p if i % 2 == 0 else f'\0{i // 2}\0' for i, p in enumerate(parts))
    text = LINK.sub(rewrite, text)
    return re.sub('\0(\\d+)\0', lambda m: codes[int(m[1])], text)


def public_modules(package: str, leave_out=()) -> list[str]:
    """Names of a package and of all its modules, below it too, in the order of their folders."""
    root = import_module(package)
    names = [package]
    for info in pkgutil.walk_packages(root.__path__, f'{package}.'):
        below = info.name[len(package) + 1 :].split('.')
        if below[0] not in leave_out and not any(part.startswith('_') for part in below):
            names.append(info.name)
    return names


def own_members(name: str) -> list[str]:
    """Public names that a module defines itself."""
    return [
        key
        for key, one in vars(import_module(name)).items()
        if getattr(one, '__module__', None) == name and not key.startswith('_')
    ]


def names_to_import(package: str) -> str:
    """What ``__all__`` of a package offers, each name linked to where it is documented."""
    module, parts = import_module(package), []
    for name in module.__all__:
        home = getattr(getattr(module, name), '__module__', None)
        linked = isinstance(home, str) and name in own_members(home)
        parts.append(f'{{py:obj}}`{name} <{home}.{name}>`' if linked else f'`{name}`')
    return f'To import from `{package}`: {", ".join(parts)}.\n'


def module_page(package: str, leave_out=()) -> str:
    """A heading and the documentation of each module; of a folder that only lists, none."""
    parts = []
    for name in public_modules(package, leave_out):
        folder, own = hasattr(import_module(name), '__path__'), own_members(name)
        if name == package:
            parts.append(f'```{{eval-rst}}\n.. automodule:: {name}\n```\n')
            if hasattr(import_module(name), '__all__'):
                parts.append(names_to_import(name))
        elif own or not folder:
            members = f'   :members: {", ".join(own)}\n' if folder else '   :members:\n'
            rest = f'.. automodule:: {name}\n{members}'
            parts.append(f'## {name[len(package) + 1 :]}\n\n```{{eval-rst}}\n{rest}```\n')
    return '\n'.join(parts)


def expand(text: str, page: Path) -> tuple[str, list[Path]]:
    """Replace the fenced blocks of a page.

    Returns:
        tuple[str, list[Path]]: The text, and the files that it was made of.
    """
    used = []

    def replace(match: re.Match) -> str:
        kind, argument, options = match.groups()
        chosen = dict(re.findall(r'^:(\w+): *(.*)$', options, re.MULTILINE))
        names = {key: [t.strip() for t in value.split(';')] for key, value in chosen.items()}
        if set(names) - {'only', 'except'}:
            raise ValueError(f'{argument}: options {", ".join(names)}; allowed: only, except')
        if kind == 'modules':
            return module_page(argument, names.get('except', ()))
        source = ROOT / argument
        used.append(source)
        text = choose(
            source.read_text(encoding='utf-8'), names.get('only', ()), names.get('except', ())
        )
        return relink(text, source, page)

    pieces, end = [], 0
    for match in FENCE.finditer(text):
        pieces += [relink(text[end : match.start()], page, page), replace(match)]
        end = match.end()
    return ''.join([*pieces, relink(text[end:], page, page)]), used


def on_source_read(app, docname: str, content: list[str]) -> None:
    page = Path(app.env.doc2path(docname))
    try:
        content[0], used = expand(content[0], page)
    except ValueError as error:
        logger.warning('%s', error, location=docname)
        return
    for path in used:
        app.env.note_dependency(str(path), docname=docname)


def setup(app) -> dict:
    app.connect('source-read', on_source_read)
    return dict(version='1', parallel_read_safe=True, parallel_write_safe=True)
