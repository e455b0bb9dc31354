"""The database as a file: nothing left of what was erased, whole or not, copied while in use."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from callinsight.errors import StoreError
from callinsight.store.database import TIMEOUT_S, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

BUSY = (
    "what was to go is erased, but another program reads the database, so its log may still hold "
    "it; stop that program (such as 'callinsight serve'), then run 'callinsight purge --yes', "
    "which cuts the log off"
)
WAIT_S = 10.0  # for others to be done with the log
PLACES = ("SELECT count(*), coalesce(sum(rowid), 0), coalesce(sum(rowid * (rowid % 997)), 0) "
          "FROM utterances")  # fmt: skip
SHOWN = 20  # faults of one kind


def scrub(db: Database) -> None:
    """Take what was erased out of the search indexes, free pages and the log of the file.

    Raises StoreError where another program keeps the log from being cut off.
    """
    places = db.execute(PLACES).fetchone()
    db.execute("VACUUM")
    with transaction(db):
        db.execute("INSERT INTO utterances_fts (utterances_fts) VALUES ('rebuild')")
        db.execute("INSERT INTO tagged_fts (tagged_fts) VALUES ('delete-all')")
        db.execute(
            "INSERT INTO tagged_fts (rowid, text) SELECT rowid, text FROM utterances "
            "WHERE id IN (SELECT utterance FROM tags)"
        )
        if db.execute(PLACES).fetchone() != places:  # VACUUM may number rows anew: pages read all
            db.execute(
                "INSERT OR REPLACE INTO changed_calls (call, number) SELECT id, 1 + "
                "(SELECT coalesce(max(number), 0) FROM changed_calls) FROM calls"
            )
    _cut_off_log(db)


def _cut_off_log(db: Database) -> None:
    deadline = time.monotonic() + WAIT_S
    db.execute("PRAGMA busy_timeout = 100")
    try:
        while db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                raise StoreError(BUSY)
    finally:
        db.execute(f"PRAGMA busy_timeout = {TIMEOUT_S * 1000}")


def faults(db: Database) -> list[str]:
    """What is wrong with the database, in words; nothing for one that is whole."""
    try:
        found = [row[0] for row in db.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()]
        found = [f"the file is damaged: {fault}" for fault in found if fault != "ok"]
        for table, _, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(SHOWN):
            found.append(f"a row of {table} belongs to nothing in {parent}")
        for index in ("utterances_fts", "tagged_fts"):
            found += _faults_of_index(db, index)
    except sqlite3.DatabaseError as error:
        return [f"the file is damaged: {error}"]
    return found


def _faults_of_index(db: Database, index: str) -> list[str]:
    """Whether a search index is whole and holds the turns that it should."""
    turns = "SELECT rowid FROM utterances"
    if index == "tagged_fts":
        turns += " WHERE id IN (SELECT utterance FROM tags)"
    try:
        with transaction(db):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")  # noqa: S608
    except sqlite3.DatabaseError:
        return [f"the search index {index} is damaged"]
    sql = (  # fixed names
        f"SELECT (SELECT count(*) FROM ({turns} EXCEPT SELECT id FROM {index}_docsize)) + "  # noqa: S608
        f"(SELECT count(*) FROM (SELECT id FROM {index}_docsize EXCEPT {turns}))"
    )
    (off,) = db.execute(sql).fetchone()
    return [f"the search index {index} is wrong about {off} turns"] if off else []


def back_up(db: Database, target: Path) -> int:
    """Copy the database as it is at this moment, while others use it; the copy's size in bytes.

    The copy is one file, for its owner's eyes only, and proven whole before it gets its name.
    Raises StoreError.
    """
    if target.exists():
        raise StoreError(f"{target}: there is such a file already; name another, or remove it")
    part = target.with_name(f".{target.name}.part")
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
