"""One command at a time that changes much in a database: a lock file beside it says whose it is."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING

from callinsight.errors import StoreError
from callinsight.store.database import refuse_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".lock"


@dataclass(frozen=True)
class Claim:
    """Which process has a database to itself, and since when."""

    process: int
    since: str  # moment
    command: str = "run"


@contextmanager
def claimed(path: Path, *, now: str = "", command: str = "run") -> Iterator[Claim | None]:
    """Have the database to oneself for a command; gives the claim of one that was killed, else None.

    The system drops the lock when its process ends, however it ends, so what such a process left in
    the file is known to be stale. Raises StoreError while another is at work, and for a database
    with several names (hard links): SQLite and this lock both go by the name. Raises it for a folder.
    """
    _refuse_many_names(path)
    with _lock_file(path) as file:
        if not _lock(file):
            raise StoreError(_occupied(path, _read(file)))
        stale = _read(file)
        _write(file, json.dumps(asdict(Claim(os.getpid(), now, command))))
        try:
            yield stale
        finally:
            _write(file, "")


def current_claim(path: Path) -> Claim | None:
    """The claim of the command that is at work on a database now, if one is; changes nothing."""
    lock = _beside(path)
    if not lock.exists():
        return None
    with lock.open("r+b", buffering=0) as file:
        return None if _lock(file) else _read(file) or Claim(0, "")


def _refuse_many_names(path: Path) -> None:
    refuse_folder(path)
    names = path.stat().st_nlink if path.exists() else 1
    if names > 1:
        raise StoreError(
            f"{path}: the file has {names} names on the disk (hard links), and whoever opens it by another "
            "one would damage it; make a copy of its own with 'callinsight backup FILE' and use that"
        )


def _beside(path: Path) -> Path:
    file = path.resolve()  # by a link it is the same database
    return file.with_name(file.name + SUFFIX)


def _lock_file(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: no database can be made there ({error.strerror}); name another with --db FILE"
        ) from None
    try:
        return _beside(path).open("a+b", buffering=0)
    except OSError as error:
        raise StoreError(
            f"{path}: nothing can be written beside the database ({error.strerror}); mend that, "
            "or name another place with --db FILE"
        ) from None


def _occupied(path: Path, claim: Claim | None) -> str:
    whose = (
        f"'callinsight {claim.command}' (process {claim.process})" if claim else "another command"
    )
    since = f" since {claim.since}" if claim and claim.since else ""
    return (
        f"{path}: {whose} has been at work on it{since}; wait until it has ended and start "
        "this one again, or name another database with --db FILE"
    )


def _read(file: IO[bytes]) -> Claim | None:
    """What the file says; None if it says nothing, or nothing that can be read."""
    file.seek(0)
    try:
        return Claim(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None


def _write(file: IO[bytes], text: str) -> None:
    """A full disk keeps nobody from working: the lock counts, not what the file says."""
    try:
        file.seek(0)
        file.truncate()
        file.write(text.encode())
    except OSError:
        return


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        import msvcrt

        try:
            file.seek(1 << 20)  # behind what others read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
