"""What a kill leaves of a work dir besides whole checkpoints, and how a resumed run mends it.

MMEngine writes a checkpoint (atomically, with ``compat/atomic_writes.py``), then its path into the
file ``last_checkpoint``: opened, emptied, written. A kill in between leaves an empty file, and
``--resume`` would look for a checkpoint without a name.
"""

import re
from pathlib import Path

from mmengine.fileio import put_text
from mmengine.logging import print_log

_CHECKPOINT = re.compile(r'(?:iter|epoch)_(\d+)\.pth')
_UNFINISHED = re.compile(r'\..+\.pth\.[0-9a-f]{16}\.part')


def mend_last_checkpoint(work_dir: str) -> None:
    """Let ``last_checkpoint`` name the newest checkpoint again, and remove unfinished ones.

    Does nothing where ``last_checkpoint`` names a file that is there, or was never written.

    Args:
        work_dir (str): Of the run to resume; no other process may be writing to it.

    Raises:
        FileNotFoundError: It names no checkpoint, and there is none to name.
    """
    folder = Path(work_dir)
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():
        return
    named = pointer.read_text().strip()
    if named and Path(named).exists():  # DeepSpeed's are folders
        return
    if '://' in named:
        return
    numbers = {
        int(found[1]): path
        for path in folder.iterdir()
        if (found := _CHECKPOINT.fullmatch(path.name))
    }
    if not numbers:
        raise FileNotFoundError(
            f'resume: {pointer} names {named!r}, which is not there, and {folder} holds no other '
            f'checkpoint; remove {pointer} to start anew'
        )
    newest = str(numbers[max(numbers)])
    print_log(f'resume: {pointer} names {named!r}; going on from {newest}', logger='current')
    put_text(newest, str(pointer))
