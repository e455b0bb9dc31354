"""Memory that a large reading took goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes

M_ARENA_MAX = -8  # of malloc.h


def give_back() -> None:
    """Let glibc return what is free inside its heap; elsewhere the system does as it likes.

    Rows become arrays by way of many small objects, and what they leave is a third of the process.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def share_heaps() -> None:
    """Let all threads of the server use two heaps of glibc; each of its own would keep what it had."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, 2)
