"""The database as a file: nothing left of what was erased, copied while in use."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from callinsight.errors import StoreError
from callinsight.store.database import BUSY_S, transaction
from callinsight.store.runs import drop_setting, save_setting, setting

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

DUE = "scrub"  # the setting that says what `scrub` has yet to do
PACK, CUT_OFF = "pack", "cut off the log"
WAIT_S = 10.0  # for others to be done with the log
PLACES = ("SELECT count(*), coalesce(sum(rowid), 0), coalesce(sum(rowid * (rowid % 997)), 0) "
          "FROM utterances")  # fmt: skip


def note_taken_out(db: Database) -> None:
    """Note that words are taken out of rows, so that `scrub` is due.

    Use it inside the transaction that takes them out: the process may be killed before it comes to
    that, or the disk be full. Whoever works on the database next does it then.
    """
    save_setting(db, DUE, PACK)


def is_scrub_due(db: Database) -> bool:
    """Whether words that were taken out of rows may still stand in the file."""
    return setting(db, DUE) is not None


def scrub(db: Database, *, pack: bool = True) -> bool:
    """Take words that were taken out of rows out of the search indexes and the log of the file, too.

    With `pack` also out of what pages of the file hold between their rows; that writes the whole file
    anew, and stays due without it. False where another program reads for so long that the log cannot
    be cut off.
    """
    with transaction(db):  # triggers took the words out; merged into one, what is deleted goes
        for index in ("utterances_fts", "tagged_fts"):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")  # noqa: S608 - fixed
    if pack and setting(db, DUE) == PACK:
        _pack(db)
        save_setting(db, DUE, CUT_OFF)
    if not _cut_off_log(db):
        return False
    if setting(db, DUE) == CUT_OFF:
        drop_setting(db, DUE)
    return True


def _pack(db: Database) -> None:
    """Write the file anew without what is free.

    That may number rows anew: then they are indexed anew, and pages read all again.
    """
    places = db.execute(PLACES).fetchone()
    db.execute("VACUUM")
    if db.execute(PLACES).fetchone() != places:
        with transaction(db):
            db.execute("INSERT INTO utterances_fts (utterances_fts) VALUES ('rebuild')")
            db.execute("INSERT INTO tagged_fts (tagged_fts) VALUES ('delete-all')")
            db.execute(
                "INSERT INTO tagged_fts (rowid, text) SELECT rowid, text FROM utterances "
                "WHERE id IN (SELECT utterance FROM tags)"
            )
            db.execute(
                "INSERT OR REPLACE INTO changed_calls (call, number) SELECT id, 1 + "
                "(SELECT coalesce(max(number), 0) FROM changed_calls) FROM calls"
            )


def _cut_off_log(db: Database) -> bool:
    deadline = time.monotonic() + WAIT_S
    db.execute("PRAGMA busy_timeout = 100")
    try:
        while db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
    return True


def unfinished(target: Path) -> Path:
    """What a backup is called until it is whole; one that is killed leaves it."""
    return target.with_name(f".{target.name}.part")


def back_up(db: Database, target: Path) -> int:
    """Copy the database as it is at this moment, while others use it; the copy's size in bytes.

    The copy is one file, for its owner's eyes only, and proven whole before it gets its name.
    Raises StoreError.
    """
    if target.exists():
        raise StoreError(f"{target}: there is such a file already; name another, or remove it")
    part = unfinished(target)
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(part)) as copy:
            db.conn.backup(copy)  # all pages in one step: others may write meanwhile
            copy.execute("PRAGMA journal_mode = DELETE")
            (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise StoreError(f"{target}: the copy is damaged ({said}); run 'callinsight check'")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(target)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"{target}: the copy cannot be written there ({why})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return target.stat().st_size
