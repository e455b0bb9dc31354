"""Where commands wrote something of calls outside the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.records import Output
from callinsight.store.rows import load, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def save_output(db: Database, output: Output) -> None:
    """Keep where something was written."""
    save(db, "outputs", [output], pk="path")


def all_outputs(db: Database) -> list[Output]:
    """Where something was written, by path."""
    return load(db, Output, "SELECT * FROM outputs ORDER BY path")


def drop_outputs(db: Database, outputs: Iterable[Output]) -> None:
    """Forget these places: nothing lies there any more."""
    for output in outputs:
        db.execute("DELETE FROM outputs WHERE path = ?", [output.path])


def home_of(db: Database) -> Path:
    """The folder that the database lies in; links are followed."""
    (_, _, file) = db.execute("PRAGMA database_list").fetchone()
    return Path(file).resolve().parent
