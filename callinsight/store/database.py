"""The database: opened with its schema up to date, written in transactions."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.errors import StoreError
from callinsight.imports import keep_out

keep_out("pandas", of="sqlite_utils.db")  # which would only know the type of its dates; 40 MB
from sqlite_utils import Database  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

NOWHERE = Path(":memory:")  # a database that is empty and leaves nothing behind
BUSY_S = 30.0  # how long a write waits for another program's
CACHE_KB = 16_000  # of pages; with SQLite's own 2 MB those of a month are read over and over
FAULTS = {  # of the place that the database lies in, or of what was done to it; none is a bug
    sqlite3.SQLITE_BUSY: (
        "another program has been writing to it for {busy:.0f} s; wait until that has ended, "
        "or end it, and start this again"
    ),
    sqlite3.SQLITE_FULL: (
        "the disk is full; free some space there and start this again. What was done is kept"
    ),
    sqlite3.SQLITE_READONLY: (
        "it cannot be written to; mend its permissions and those of its folder, "
        "or name another with --db FILE"
    ),
    sqlite3.SQLITE_IOERR: (
        "its disk cannot be read or written ({error}); see whether it is full or failing, "
        "and start this again"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened; mend its permissions and those of its folder, "
        "or name another with --db FILE"
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged ({error}); put back a backup, or move it away and run again"
    ),
}


class Waiting(Database):
    """A database whose transactions wait for another program's when they begin.

    SQLite refuses one that has read first, however long it would wait, as soon as another has
    written since (SQLITE_BUSY_SNAPSHOT).
    """

    @contextmanager
    def atomic(self) -> Generator[Database, None, None]:
        """Everything inside is written, or nothing."""
        if self.conn.in_transaction:
            with super().atomic():
                yield self
            return
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self
            self.conn.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise


def open_store(path: Path, *, create: bool = False) -> Database:
    """Open the database with its schema up to date; raises StoreError."""
    from callinsight.migrations import migrations

    refuse_folder(path)
    if not create and not path.exists():
        raise StoreError(
            f"{path}: there is no such database. 'callinsight run PIPELINE.toml' makes one; "
            "name another with --db FILE."
        )
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        # one user at a time, but a page may go on in another thread than the one that opened it
        is_new = not path.exists()
        db = Waiting(sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False))
        if is_new and path.exists():  # which one in memory does not
            path.chmod(0o600)  # what buyers said is for whoever runs this, and for nobody else
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA secure_delete = ON")  # what is dropped is gone from the file
        db.conn.execute("PRAGMA journal_mode = WAL")
        db.conn.execute("PRAGMA synchronous = NORMAL")
        db.conn.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        if migrations.pending(db):
            migrations.apply(db)
    except OSError as error:
        raise StoreError(
            f"{path}: no database can be made there ({error.strerror}); name another with --db FILE"
        ) from error
    except sqlite3.DatabaseError as error:
        raise _fault(path, error) or StoreError(
            f"{path}: this is no database that callinsight can use ({error}); name another with --db FILE"
        ) from error
    return db


def refuse_folder(path: Path) -> None:
    """Raises StoreError for a folder in the place of a database."""
    if path.is_dir():
        raise StoreError(f"{path}: this is a folder; name the database in it with --db FILE")


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[Database]:
    """The database, closed at the end; raises StoreError also for what befalls it meanwhile."""
    db = open_store(path, create=create)
    try:
        yield db
    except sqlite3.DatabaseError as error:
        if (fault := _fault(path, error)) is not None:
            raise fault from error
        raise
    finally:
        db.close()


def _fault(path: Path, error: sqlite3.DatabaseError) -> StoreError | None:
    """What happened, for people; None if the program itself is at fault."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the details SQLite adds to it
    if code not in FAULTS:
        return None
    return StoreError(f"{path}: {FAULTS[code].format(error=error, busy=BUSY_S)}")


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Everything inside is written, or nothing."""
    with db.atomic():
        yield
