"""Whether a database is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.store.database import transaction
from callinsight.store.upkeep import is_scrub_due

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

ENOUGH = 5  # of the damages that are named
DAMAGED = "the file is damaged: {}"


@dataclass(frozen=True)
class Health:
    """What was found in a database file."""

    damages: tuple[str, ...] = ()  # as SQLite tells them
    is_ours: bool = True
    is_newer: bool = False  # than this program
    steps_behind: int = 0  # of the schema; the next run takes them
    is_busy: bool = False  # somebody writes to it
    is_scrub_due: bool = False  # words that were erased may still stand in it
    last_run: str = ""  # moment; empty before the first that came to its end
    last_moment: str = ""  # of the last call


def health_of(path: Path) -> Health:
    """Read the whole file and compare its schema with this program's; raises sqlite3.DatabaseError.

    Nothing is changed. Reading 1 GB takes some seconds.
    """
    from sqlite_utils import Database

    from callinsight.migrations import migrations

    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as db:
        damages = _damages(db)
        opened = Database(db)
        done = {step.name for step in migrations.applied(opened)}
        if not done:
            return Health(damages=damages, is_ours=False)
        new = {step.name for step in migrations.pending(Database(memory=True))}
        behind = len(migrations.pending(opened))
        if behind:  # it may lack the tables that are asked below
            return Health(damages=damages, is_newer=bool(done - new), steps_behind=behind)
        return Health(
            damages=damages,
            is_newer=bool(done - new),
            is_busy=_is_busy(path),
            is_scrub_due=is_scrub_due(opened),
            last_run=_value(db, "SELECT value FROM settings WHERE name = 'last_run'"),
            last_moment=_value(db, "SELECT max(recorded_at) FROM calls"),
        )


def faults(db: Database) -> list[str]:
    """What is wrong with an open database and its search indexes, in words; nothing if it is whole."""
    try:
        found = list(_damages(db.conn))
        for index in ("utterances_fts", "tagged_fts"):
            found += _faults_of_index(db, index)
    except sqlite3.DatabaseError as error:
        return [DAMAGED.format(error)]
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


def _damages(db: sqlite3.Connection) -> tuple[str, ...]:
    told = [row[0] for row in db.execute(f"PRAGMA integrity_check({ENOUGH})").fetchall()]
    told = [DAMAGED.format(damage) for damage in told if damage != "ok"]
    strays = db.execute("PRAGMA foreign_key_check").fetchmany(ENOUGH)
    lost = [f"a row of {table} belongs to no row of {parent}" for table, _, parent, _ in strays]
    return (*told, *lost)


def _is_busy(path: Path) -> bool:
    """Whether somebody else writes; asks for the right to write, and gives it back."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=1.0, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _value(db: sqlite3.Connection, sql: str) -> str:
    row = db.execute(sql).fetchone()
    return str(row[0]) if row and row[0] else ""
