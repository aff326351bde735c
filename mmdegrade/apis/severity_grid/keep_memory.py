"""Let glibc keep freed memory, so that a network's layers do not fetch theirs anew each time.

By default glibc gives large blocks back to the kernel when they are freed and has them filled with
zeros again, page by page, for the next layer: 9,000 page faults for one prediction of CGNet at
480x360, 14 % of its time on a CPU. No number changes.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
# Blocks up to the first size that is accepted; glibc before 2.35 takes 32 MiB at most.
_SIZES = (1 << 30, 32 << 20)


def keep_memory() -> bool:
    """Set it for the whole process and those forked from it; False where there is no glibc."""
    try:
        mallopt = ctypes.CDLL('libc.so.6').mallopt
    except (OSError, AttributeError):
        return False
    kept = any(mallopt(_M_MMAP_THRESHOLD, size) == 1 for size in _SIZES)
    return mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1) == 1 and kept
