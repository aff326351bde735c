"""The record that lies beside a degraded dataset: what was done to each image.

``manifest.jsonl``: the first line holds the settings, each further line one image: its path, the
kind, degree and every parameter used. A line is added when an image is complete, so that an
interrupted run goes on where it stopped; a finished one is sorted, and so does not depend on the
number of workers.
"""

import json
from pathlib import Path

from mmengine.fileio import put_text

from .json_files import parse_json

NAME = 'manifest.jsonl'


class Manifest:
    """Append-only list of finished images.

    Args:
        folder: Where ``manifest.jsonl`` lies or will lie.
        settings: What all images have in common; JSON-serialisable.

    Raises:
        ValueError: The manifest there was written with other settings, or is none; names it.
    """

    def __init__(self, folder: Path, settings: dict) -> None:
        self.path = Path(folder) / NAME
        self.settings = json.loads(json.dumps(settings))
        self.records: dict[str, dict] = {}
        if self.path.is_file():
            self._read()
        self._save()

    def _read(self) -> None:
        # Text that a kill cut inside a letter is no UTF-8; that line is left out below.
        first, *lines = self.path.read_bytes().decode('utf-8', 'replace').split('\n')
        try:
            stored = parse_json(first, 'the first line')['settings']
            if not isinstance(stored, dict):
                raise TypeError(f'they are {type(stored).__name__}')
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f'{self.path} does not begin with settings: {error}') from error
        differing = [
            f'{key}: {stored.get(key)!r} there, {self.settings.get(key)!r} now'
            for key in sorted(stored.keys() | self.settings.keys())
            if stored.get(key) != self.settings.get(key)
        ]
        if differing:
            raise ValueError(
                f'{self.path} was written with other settings ({"; ".join(differing)}); '
                'take the same ones, or another folder'
            )
        # A whole line ends; a kill can cut the last one short, whose image is then done again.
        for number, line in enumerate(lines[:-1], start=2):
            where = f'{self.path}, line {number}'
            record = parse_json(line, where)
            if not isinstance(record, dict) or not isinstance(record.get('image'), str):
                raise ValueError(f'{where} is no record of an image: {line:.80}')
            self.records[record['image']] = record

    def add(self, record: dict) -> None:
        """Note a finished image: dict(image=…, …)."""
        self.records[record['image']] = record
        with self.path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(record) + '\n')

    def finish(self) -> None:
        """Sort the lines by image."""
        self.records = dict(sorted(self.records.items()))
        self._save()

    def _save(self) -> None:
        lines = [dict(settings=self.settings), *self.records.values()]
        put_text(''.join(json.dumps(line) + '\n' for line in lines), str(self.path))
