"""The record that lies beside a degraded dataset: what was done to each image.

``manifest.jsonl``: the first line holds the settings, each further line one image: its path, the
kind, degree and every parameter used. A line is added when an image is complete, so that an
interrupted run goes on where it stopped; a finished one is sorted, and so does not depend on the
number of workers.
"""

import json
from pathlib import Path

from mmengine.fileio import put_text

NAME = 'manifest.jsonl'


class Manifest:
    """Append-only list of finished images.

    Args:
        folder: Where ``manifest.jsonl`` lies or will lie.
        settings: What all images have in common; JSON-serialisable.

    Raises:
        ValueError: The manifest there was written with other settings, or is none.
    """

    def __init__(self, folder: Path, settings: dict) -> None:
        self.path = Path(folder) / NAME
        self.settings = json.loads(json.dumps(settings))
        self.records: dict[str, dict] = {}
        if self.path.is_file():
            self._read()
        self._save()

    def _read(self) -> None:
        first, *lines = self.path.read_text(encoding='utf-8').split('\n')
        try:
            stored = json.loads(first)['settings']
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
        for line in lines:
            # A kill can cut the last line short; its image is then done again.
            if line.endswith('}'):
                record = json.loads(line)
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
