"""Unpack, convert and check a dataset: what ``tools/prepare_dataset.py`` calls.

Files are written whole or not at all, and never over others: a run that was interrupted goes on
where it stopped, one on a finished dataset only checks it.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from mmengine.fileio import put

from .archive import Archive, Member, read_members
from .recipe import Place, Recipe, instructions

Report = Callable[[str, float], None]
MOST_BYTES = 1 << 30


def _quiet(what: str, done: float) -> None:
    pass


def out_folder(recipe: Recipe, out: str | os.PathLike | None = None) -> Path:
    """The folder given, or the one that the configs name."""
    return Path(out or recipe.out).expanduser()


def target_path(out: Path, target: str) -> Path:
    """``out / target``, which must lie below ``out``.

    Raises:
        ValueError: An absolute path, or ``..``.
    """
    pure = PurePosixPath(target.replace('\\', '/'))
    if pure.is_absolute() or '..' in pure.parts or not pure.parts or ':' in pure.parts[0]:
        raise ValueError(f'the archive holds the unsafe path {target!r}; it is not what it claims')
    return out.joinpath(*pure.parts)


def _refuse_links(path: Path, out: Path) -> None:
    """Refuse to write through a symbolic link that leaves ``out``."""
    if not path.resolve().is_relative_to(out.resolve()):
        raise ValueError(f'{path} would be written to {path.resolve()}: a link leads out of {out}')


def unpack(archive_path: Path, place: Place, out: Path, report: Report = _quiet) -> int:
    """Write the members that ``place`` names below ``out``; those that are there already stay.

    Returns:
        int: Number of files written.

    Raises:
        ValueError: A damaged archive, an unsafe path, a member that cannot be converted, or no
            member that belongs here.
        FileExistsError: A file of another size is in the way.
    """
    written = wanted = 0
    for member in read_members(archive_path):
        report(archive_path.name, member.done)
        placed = place(member.name)
        if placed is None:
            continue
        wanted += 1
        target, transform = placed
        path = target_path(out, target)
        if path.exists():
            # The size of what a transform would give is not known; it was written whole.
            if transform is None and path.stat().st_size != member.size:
                raise FileExistsError(
                    f'{path} is there with {path.stat().st_size:,} bytes, {archive_path.name} has '
                    f'{member.size:,}; move it away, nothing is overwritten'
                )
            continue
        _refuse_links(path, out)
        put(_converted(member, transform, archive_path), str(path))  # atomic, makes folders
        written += 1
    if not wanted:
        raise ValueError(f'{archive_path} holds none of the files expected: is it the right one?')
    return written


def _converted(member: Member, transform, archive_path: Path) -> bytes:
    if member.size > MOST_BYTES:  # it is read whole, and a few bytes can say that they are many
        raise ValueError(
            f'{archive_path}: {member.name} has {member.size:,} bytes; allowed: {MOST_BYTES:,}, '
            'far more than any file of these datasets has'
        )
    data = member.data()
    if transform is None:
        return data
    try:
        return transform(data)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{archive_path}: {member.name} cannot be converted: {error}') from error


def check_counts(recipe: Recipe, out: Path) -> dict[str, int]:
    """Count what is in ``out`` and compare with the published numbers.

    Returns:
        dict[str, int]: The counts.

    Raises:
        ValueError: They differ; names expected and found.
        FileNotFoundError: Files are missing.
    """
    if not out.is_dir():
        raise FileNotFoundError(f'{recipe.name}: {out} is no folder; see --out')
    found = recipe.count(out)
    wrong = [
        f'{key}: {expected:,} expected, {found.get(key, 0):,} found'
        for key, expected in recipe.counts.items()
        if found.get(key, 0) != expected
    ]
    if wrong:
        raise ValueError(f'{recipe.name} in {out} is not complete: ' + '; '.join(wrong))
    return found


def find_archives(recipe: Recipe, given: Sequence[str | os.PathLike]) -> dict[Archive, Path]:
    """Which of the given paths is which archive; sizes are checked.

    Raises:
        FileNotFoundError: A path is not there, or an archive is lacking: says where to get it.
        ValueError: A file too small to be whole.
    """
    paths = [Path(path).expanduser() for path in given]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f'--archive {path}: no such file or folder')
    found = {archive: archive.find(paths) for archive in recipe.archives}
    lacking = [archive for archive, path in found.items() if path is None]
    if lacking:
        raise FileNotFoundError(instructions(recipe, lacking))
    for archive, path in found.items():
        archive.check_size(path)
    return found


def prepare_dataset(
    recipe: Recipe,
    archives: Sequence[str | os.PathLike] = (),
    out: str | os.PathLike | None = None,
    report: Report = _quiet,
) -> dict[str, int]:
    """Make a dataset's folder from downloaded archives, and check it.

    Args:
        recipe: One of ``RECIPES``.
        archives: The downloaded files, or folders that hold them.
        out: Folder to write. Defaults to the one that the configs name.
        report: Called with a file name and the share of it that is done.

    Returns:
        dict[str, int]: What is there, by the keys of ``recipe.counts``.

    Raises:
        FileNotFoundError: An archive is lacking: says where to get it and whose licence holds.
        ValueError: A damaged archive, or counts that are not the published ones.
        FileExistsError: A file is in the way.
        ImportError: A conversion needs SciPy.
    """
    out = out_folder(recipe, out)
    if not recipe.archives:
        return check_counts(recipe, out)
    for archive, path in find_archives(recipe, archives).items():
        unpack(path, recipe.archives[archive], out, report)
    if recipe.finish is not None:
        recipe.finish(out)
    return check_counts(recipe, out)
