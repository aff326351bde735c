"""Counts of predictions as they are made, on disk, so that nothing is done twice.

Below the output folder, ``cache/*.jsonl`` hold one line for each prediction: model, cell and image
by their hashes, and the pixel counts. Every process appends to a file of its own; a kill or a full
disk loses at most the line being written, which the next run leaves out and makes anew.
"""

import contextlib
import json
import os
import secrets
import time
from pathlib import Path

import numpy as np

FOLDER = 'cache'
# Seconds between two syncs. A kill loses nothing that was written; this is about power cuts.
SYNC_EVERY = 10.0
_MOST = np.iinfo(np.int32).max


class Record:
    """Counts of one prediction, and the quality of its input."""

    __slots__ = ('counts', 'psnr', 'ssim')

    def __init__(self, counts: np.ndarray, psnr: float | None, ssim: float | None) -> None:
        self.counts = counts
        self.psnr = psnr
        self.ssim = ssim


class Journal:
    """Records by (model, cell, image), in memory and, with a folder, on disk.

    Args:
        out: The folder of the results; None keeps nothing.
    """

    def __init__(self, out=None) -> None:
        self.folder = None if out is None else Path(out) / FOLDER
        self.records: dict[tuple[str, str, str], Record] = {}
        self.new: list[tuple] = []
        self._file = None
        self._synced = time.monotonic()

    def read(self, models, cells, images, classes: int | None = None) -> None:
        """Take up the stored records of these models, cells and images (hashes).

        Lines that are cut short, or hold something else, are left out; with ``classes``, their
        number, so are those that count others.
        """
        wanted = set(models), set(cells), set(images)
        for file in sorted(self.folder.glob('*.jsonl')) if self.folder else ():
            with file.open(encoding='utf-8', errors='replace') as lines:
                for line in lines:
                    found = _parse(line)
                    if found is None or (classes and (found[1].counts[:, 0] >= classes).any()):
                        continue
                    if all(key in some for key, some in zip(found[0], wanted, strict=True)):
                        self.records[found[0]] = found[1]

    def add(self, key: tuple[str, str, str], record: Record) -> None:
        """Keep a record.

        Raises:
            OSError: It cannot be written (disk full). What was written before is kept.
        """
        self.records[key] = record
        self.new.append((key, record.counts, record.psnr, record.ssim))
        if self.folder is None:
            return
        model, cell, image = key
        line = dict(model=model, cell=cell, image=image, counts=record.counts.tolist())
        line.update(psnr=record.psnr, ssim=record.ssim)
        try:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                name = f'{time.strftime("%Y%m%d_%H%M%S")}_{secrets.token_hex(4)}.jsonl'
                self._file = (self.folder / name).open('x', encoding='utf-8')
            self._file.write(json.dumps(line) + '\n')
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_EVERY:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise OSError(
                error.errno,
                f'{error.strerror}: cannot write to {self.folder}. {len(self.records) - 1} '
                'predictions are kept; make room and run the same command again, it goes on there',
            ) from error

    def start_anew(self) -> None:
        """After a fork: what was new, and the file, are the first process's."""
        self.new, self._file = [], None

    def merge(self, others) -> None:
        """Take over what the journals of other processes got new (their ``new``)."""
        for new in others:
            for key, counts, psnr, ssim in new:
                self.records[key] = Record(counts, psnr, ssim)

    def close(self) -> None:
        """Close the file, if one was opened."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # of a full disk, which `add` has reported
                file.close()


def _parse(line: str) -> tuple[tuple, Record] | None:
    """Key and record of a line; None for one that is cut short or holds something else."""
    try:
        found = json.loads(line)
        key = (found['model'], found['cell'], found['image'])
        counts, quality = found['counts'], (found['psnr'], found['ssim'])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = (
        all(isinstance(part, str) for part in key)
        and isinstance(counts, list)
        and all(map(_is_row, counts))
        and len({row[0] for row in counts}) == len(counts)
        and all(map(_is_quality, quality))
    )
    return (key, Record(np.array(counts, np.int32).reshape(-1, 4), *quality)) if fits else None


def _is_row(row) -> bool:
    """A class, and pixels that agree, predicted and labelled ones."""
    return (
        isinstance(row, list)
        and len(row) == 4
        and all(type(number) is int and 0 <= number <= _MOST for number in row)
        and row[1] <= min(row[2:])
    )


def _is_quality(value) -> bool:
    return value is None or type(value) is float or (type(value) is int and abs(value) <= _MOST)
