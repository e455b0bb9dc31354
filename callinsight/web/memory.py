"""Memory that a large reading took goes back to the system."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc

from starlette.concurrency import run_in_threadpool

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of malloc.h
PAUSE_S = 5.0
LARGE = 256 * 1024  # bytes


def give_back() -> None:
    """Let glibc return what is free inside its heap; elsewhere the system does as it likes.

    Rows become arrays by way of many small objects, and what they leave is a third of the process.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def settle() -> None:
    """After a large reading that stays: give back what it left, and look through it no more.

    Each full collection of a process with a hundred thousand calls in memory stops all pages for
    more than a tenth of a second, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    give_back()


async def give_back_now_and_then() -> None:
    """Let go every few seconds of what answers took and left in the heaps; until cancelled."""
    while True:
        await asyncio.sleep(PAUSE_S)
        await run_in_threadpool(give_back)


def keep_small() -> None:
    """Have glibc give large pieces back at once, and all threads share two of its heaps.

    Else it keeps pieces of up to 32 MB once it has seen one, in a heap for each thread.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
