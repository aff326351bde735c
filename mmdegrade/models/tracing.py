"""Whether somebody records what a network does instead of running it: tracing, export, compilation.

Where a network takes a shortcut that depends on values or sizes in Python, a record must hold the
general way instead.
"""

import torch


def is_traced() -> bool:
    """True inside ``torch.jit.trace``, ``torch.export``, ``torch.onnx.export`` or a compiler."""
    compiling = getattr(getattr(torch, 'compiler', None), 'is_compiling', None)
    return torch.jit.is_tracing() or (compiling is not None and compiling())
