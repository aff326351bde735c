"""Make MMEngine's local file writes atomic.

``LocalBackend.put`` opens the target and writes into it: a crash, a full disk or a kill in
between leaves half a checkpoint under the newest name. Registering a backend that writes to a
temporary file first is MMEngine's own way to change that, and needs no change in any config.
"""

import os
import tempfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend


class AtomicLocalBackend(LocalBackend):
    """Local files, written to a temporary neighbour, synced, and moved into place."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write ``obj`` so that ``filepath`` is either as before or complete.

        Raises:
            OSError: Writing failed; what was under ``filepath`` before is still there.
        """
        folder = os.path.dirname(os.path.abspath(filepath))
        os.makedirs(folder, exist_ok=True)
        name = os.path.basename(filepath)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f'.{name}.', suffix='.part')
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files private; give what open() would have given.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, filepath)
        except BaseException:
            os.unlink(temporary)
            raise


def write_atomically() -> None:
    """Put :class:`AtomicLocalBackend` in the place of MMEngine's local backend. Idempotent."""
    register_backend('local', AtomicLocalBackend, force=True, prefixes='')
