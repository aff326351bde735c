"""How one dataset becomes the folder that its config reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.fileio import put

from .archive import Archive

#: Turns the bytes of a member into those of the file written.
Transform = Callable[[bytes], bytes]
#: Member name -> path below the dataset's folder, and what to do with the bytes; or None.
Place = Callable[[str], tuple[str, Transform | None] | None]


@dataclass(frozen=True)
class Recipe:
    """What is downloaded, where its files go, and what must be there at the end.

    Args:
        name: As on the command line.
        out: The folder that ``configs/_base_/datasets/`` names.
        licence: Whose terms hold, and where they are accepted.
        archives: Place of the files, by archive.
        count: Counts what is there, by the keys of ``counts``; raises where files are missing.
        counts: The published numbers.
        finish: Writes what needs all archives (lists); its files must not be overwritten.
    """

    name: str
    out: str
    licence: str
    archives: Mapping[Archive, Place]
    count: Callable[[Path], dict[str, int]]
    counts: Mapping[str, int]
    finish: Callable[[Path], None] | None = field(default=None)


def instructions(recipe: Recipe, lacking: list[Archive]) -> str:
    """What to download from where, under which terms, and the command afterwards."""
    licence = f'  Licence: {recipe.licence}'
    if not recipe.archives:
        return licence
    lines = [f'{recipe.name}: {len(lacking)} of its archives are not among --archive.']
    lines += [f'  {archive.pattern}: {archive.source}' for archive in lacking]
    lines.append(licence)
    lines.append(
        f'Then: python tools/prepare_dataset.py {recipe.name} --archive FILE … (or their folder)'
    )
    return '\n'.join(lines)


def read_list(path: Path) -> list[str]:
    """Non-empty lines of a text file.

    Raises:
        ValueError: A line is there twice.
        FileNotFoundError: No such file; says so with the command that makes it.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is not there: prepare the dataset with tools/prepare_dataset.py NAME '
            '--archive …, or name its folder with --out'
        )
    lines = [line.strip() for line in path.read_text(encoding='utf-8').splitlines()]
    lines = [line for line in lines if line]
    twice = sorted({line for line in lines if lines.count(line) > 1}) if _repeats(lines) else []
    if twice:
        raise ValueError(f'{path} names {twice[0]} twice ({len(twice)} such lines)')
    return lines


def _repeats(lines: list[str]) -> bool:
    return len(set(lines)) < len(lines)


def require_files(paths: list[Path], what: str) -> None:
    """Raise FileNotFoundError naming the first of the missing paths and how many there are."""
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f'{what}: {len(missing)} of {len(paths)} files are not there, first {missing[0]}'
        )


def write_list(path: Path, lines: Sequence[str]) -> None:
    """Write a list, unless it is there already.

    Raises:
        FileExistsError: It is there and holds something else.
    """
    text = ''.join(f'{line}\n' for line in lines)
    if path.is_file():
        if path.read_text(encoding='utf-8') != text:
            raise FileExistsError(
                f'{path} is there and differs; move it away, nothing is overwritten'
            )
        return
    put(text.encode(), str(path))
