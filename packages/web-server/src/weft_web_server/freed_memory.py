"""What the process does with memory that bodies have left behind.

Decides how much of it stays with the process. Knows no bodies.
"""

import contextlib
import functools
from typing import Final

_LARGEST: Final = 31 * 1_048_576  # with its header still below the 32 MiB up to which glibc learns


@functools.cache
def keep_freed_memory() -> None:
    """Have malloc keep freed memory for the next body; the first call in a process does it.

    glibc gives memory back to the kernel as soon as it is free above twice the size of the largest
    block that was ever freed, 128 KiB at the beginning, and the kernel clears it before it is used
    again: most of what an upload costs. So a block is freed, none of whose pages was touched. From
    then on up to 62 MiB stay. A process started with `MALLOC_TRIM_THRESHOLD_` or another of
    glibc's variables set keeps what those say. To other allocators this is a block like any other.
    """
    with contextlib.suppress(MemoryError):  # a narrow limit on the address space
        bytes(_LARGEST)
