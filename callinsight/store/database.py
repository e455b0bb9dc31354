"""The database: opened with its schema up to date, written in transactions."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from callinsight.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

TIMEOUT_S = 30  # to wait for another program that writes


def open_store(path: Path, *, create: bool = False) -> Database:
    """Open the database with its schema up to date; raises StoreError."""
    from sqlite_utils import Database

    from callinsight.migrations import migrations

    if not create and not path.exists():
        raise StoreError(
            f"{path}: there is no such database. 'callinsight run PIPELINE.toml' makes one; "
            "name another with --db FILE."
        )
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        # one user at a time, but a page may go on in another thread than the one that opened it
        db = Database(sqlite3.connect(path, timeout=TIMEOUT_S, check_same_thread=False))
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA secure_delete = ON")  # what is dropped is gone from the file
        db.conn.execute("PRAGMA journal_mode = WAL")
        db.conn.execute("PRAGMA synchronous = NORMAL")
        if migrations.pending(db):
            migrations.apply(db)
    except OSError as error:
        raise StoreError(
            f"{path}: no database can be made there ({error.strerror}); name another with --db FILE"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: this is no database that callinsight can use ({error}); name another with --db FILE"
        ) from error
    return db


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[Database]:
    """The database, closed at the end."""
    db = open_store(path, create=create)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Everything inside is written, or nothing."""
    with db.atomic():
        yield
