"""Make MMEngine's local file writes atomic.

``LocalBackend.put`` opens the target and writes into it: a crash, a full disk or a kill in
between leaves half a checkpoint under the newest name. Registering a backend that writes to a
temporary file first is MMEngine's own way to change that, and needs no change in any config.
"""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend


class AtomicLocalBackend(LocalBackend):
    """Local files, written to a temporary neighbour, synced, and moved into place."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write ``obj`` so that ``filepath`` is either as before or complete.

        Raises:
            OSError: Writing failed; what was under ``filepath`` before is still there.
        """
        target = os.path.realpath(filepath)  # a link stays a link, as with open()
        folder, name = os.path.split(target)
        os.makedirs(folder, exist_ok=True)
        temporary = os.path.join(folder, f'.{name}.{secrets.token_hex(8)}.part')
        try:
            with open(temporary, 'xb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(target):
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write a text as :meth:`put` does."""
        self.put(obj.encode(encoding), filepath)


def write_atomically() -> None:
    """Put :class:`AtomicLocalBackend` in the place of MMEngine's local backend. Idempotent."""
    register_backend('local', AtomicLocalBackend, force=True, prefixes='')
