"""What reports said of a month when they were made; rows are added and never changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight.records import Snapshot
from callinsight.store.rows import load, row_of

if TYPE_CHECKING:
    from sqlite_utils import Database


def add_snapshot(db: Database, snapshot: Snapshot) -> bool:
    """Keep what a report said, if it says anything else than the one before of its month and day."""
    same_day = [s for s in snapshots_of(db, snapshot.month) if s.as_of == snapshot.as_of]
    if same_day and same_day[-1].digest == snapshot.digest:
        return False
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM snapshots").fetchone()
    db.table("snapshots").insert(row_of(dataclasses.replace(snapshot, id=last + 1)), pk="id")
    return True


def snapshots_of(db: Database, month: str) -> list[Snapshot]:
    """What reports said of a month, the earliest first."""
    return load(db, Snapshot, "SELECT * FROM snapshots WHERE month = ? ORDER BY id", [month])
