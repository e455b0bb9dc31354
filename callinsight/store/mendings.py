"""What people mended in calls, and the words that were heard where theirs stand now."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight.records import HeardTurn, Mending
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def add_mending(db: Database, mending: Mending) -> Mending:
    """Keep what a person mends, after all that was mended before; with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM mendings").fetchone()
    numbered = dataclasses.replace(mending, id=last + 1)
    db.table("mendings").insert(row_of(numbered), pk="id")
    return numbered


def all_mendings(db: Database) -> list[Mending]:
    """What people mended, in the order they did."""
    return load(db, Mending, "SELECT * FROM mendings ORDER BY id")


def mendings_of(db: Database, call: str) -> list[Mending]:
    """The same of one call."""
    return load(db, Mending, "SELECT * FROM mendings WHERE call = ? ORDER BY id", [call])


def replace_heard(db: Database, call: str, heard: Iterable[HeardTurn]) -> None:
    """Keep what was heard where people's words stand now, in place of what was kept of the call."""
    db.execute("DELETE FROM heard_turns WHERE call = ?", [call])
    save(db, "heard_turns", heard, pk="utterance")


def heard_of(db: Database, call: str) -> list[HeardTurn]:
    """What was heard in a call where people's words stand now."""
    return load(db, HeardTurn, "SELECT * FROM heard_turns WHERE call = ?", [call])
