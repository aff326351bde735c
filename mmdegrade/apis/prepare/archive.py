"""Read downloaded archives: zip, tar (compressed or not), plain files and folders alike."""

import contextlib
import functools
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

# What reading a damaged or half-downloaded archive raises.
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error)


@dataclass(frozen=True)
class Archive:
    """Something that people download themselves.

    Args:
        pattern: File name, by ``fnmatch``; for ``is_folder`` that of the folder or its zip.
        source: Where to get it: an address, and what must be accepted there.
        least_bytes: Smaller files are broken downloads.
        is_folder: A folder (a git clone) will do as well.
    """

    pattern: str
    source: str
    least_bytes: int = 0
    is_folder: bool = False

    def find(self, given: list[Path]) -> Path | None:
        """The path among ``given``, or in a folder among them, that is this archive."""
        for path in given:
            if path.is_file() and fnmatchcase(path.name, self.pattern):
                return path
            if not path.is_dir():
                continue
            if self.is_folder and fnmatchcase(path.resolve().name, self.pattern):
                return path
            inside = sorted(p for p in path.iterdir() if fnmatchcase(p.name, self.pattern))
            for candidate in inside:
                if candidate.is_file() or self.is_folder:
                    return candidate
        return None

    def check_size(self, path: Path) -> None:
        """Raise ValueError for a file too small to be whole."""
        size = path.stat().st_size
        if path.is_file() and size < self.least_bytes:
            raise ValueError(
                f'{path} has {size:,} bytes, at least {self.least_bytes:,} are expected: the '
                f'download is incomplete, or is a web page. Get it again: {self.source}'
            )


@dataclass(frozen=True)
class Member:
    """A regular file of an archive; ``done`` is how much of the archive is read, on [0, 1].

    ``data()`` reads it, once, before the next one is asked for.
    """

    name: str
    size: int
    data: Callable[[], bytes]
    done: float


@contextlib.contextmanager
def _naming(path: Path):
    """Turn what reading a damaged archive raises into a ValueError that names it."""
    try:
        yield
    except _DAMAGE as error:
        raise ValueError(
            f'{path} is damaged or incomplete ({type(error).__name__}: {error}); get it again'
        ) from error


def read_members(path: Path) -> Iterator[Member]:
    """Give the regular files of an archive, in its order.

    Links and devices are left out; in a folder, links that lead out of it.

    Raises:
        FileNotFoundError: Nothing is there.
        ValueError: It is damaged or incomplete.
    """
    if not path.exists():
        raise FileNotFoundError(f'--archive {path}: no such file or folder')
    if path.is_dir():
        members = _folder(path)
    elif zipfile.is_zipfile(path):
        members = _zip(path)
    elif tarfile.is_tarfile(path):
        members = _tar(path)
    elif path.suffix == '.txt':
        members = iter([Member(path.name, path.stat().st_size, path.read_bytes, 1.0)])
    else:
        raise ValueError(
            f'{path} is no zip or tar archive ({path.stat().st_size:,} bytes): the download is '
            'incomplete or damaged; get it again'
        )

    def read(data: Callable[[], bytes]) -> bytes:
        with _naming(path):
            return data()

    while True:
        with _naming(path):
            member = next(members, None)
        if member is None:
            return
        yield replace(member, data=functools.partial(read, member.data))


def _folder(path: Path) -> Iterator[Member]:
    whole = path.resolve()
    files = sorted(
        p
        for p in path.rglob('*')
        # A link that leads out would bring in a file that is not the dataset's.
        if p.is_file() and '.git' not in p.parts and p.resolve().is_relative_to(whole)
    )
    for number, file in enumerate(files, start=1):
        name = f'{path.resolve().name}/{file.relative_to(path).as_posix()}'
        yield Member(name, file.stat().st_size, file.read_bytes, number / len(files))


def _zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        total = sum(info.compress_size for info in infos) or 1
        read = 0
        for info in infos:
            read += info.compress_size
            is_link = info.external_attr >> 28 == 0xA  # the Unix file type, symbolic link
            if not info.is_dir() and not is_link:
                yield Member(
                    info.filename, info.file_size, lambda i=info: archive.read(i), read / total
                )


def _tar(path: Path) -> Iterator[Member]:
    total = path.stat().st_size
    # One pass: seeking in a compressed tar would decompress it again and again.
    with path.open('rb') as raw, tarfile.open(fileobj=raw, mode='r|*') as archive:
        for info in archive:
            if info.isfile():
                yield Member(
                    info.name,
                    info.size,
                    lambda i=info: archive.extractfile(i).read(),
                    raw.tell() / total,
                )
