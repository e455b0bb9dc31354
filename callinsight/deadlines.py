"""How long the job that this process does may take: then the process ends, even amid native code."""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMED_OUT = (
    "it took longer than its time limit, so it was given up; see whether a player can play it. "
    "If it is only long, raise time_limit_factor under [speech] in the pipeline file and run it "
    "again with --retry-failed"
)
_limit: Callable[[float], None] | None = None  # None where nobody keeps the time


def give_up_after(seconds: float) -> None:
    """End this worker unless its job is done within so many seconds from now, or sets another limit.

    Does nothing outside a worker.
    """
    if _limit is not None:
        _limit(seconds)


@contextlib.contextmanager
def limited(tell: Callable[[float], None], *, grace_s: float = 0.0) -> Iterator[None]:
    """Inside, the job's limits hold; `tell` is told each, in seconds from now.

    The process ends `grace_s` later than that: native code can neither be interrupted nor be
    ended by another thread.
    """
    global _limit

    def limit(seconds: float) -> None:
        tell(seconds)
        faulthandler.dump_traceback_later(seconds + grace_s, exit=True, file=_nowhere())

    _limit = limit
    try:
        yield
    finally:
        _limit = None
        faulthandler.cancel_dump_traceback_later()


@functools.cache
def _nowhere() -> IO[str]:
    """Where a process was ended is of no use to people."""
    return Path(os.devnull).open("w", encoding="utf-8")
