"""The shared definitions as they came into use."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight.records import Edition
from callinsight.store.rows import load, row_of

if TYPE_CHECKING:
    from sqlite_utils import Database


def add_edition(db: Database, edition: Edition) -> bool:
    """Keep definitions that differ from the last, from now on; True if they do."""
    kept = all_editions(db)
    if kept and (kept[-1].version, kept[-1].digest) == (edition.version, edition.digest):
        return False
    (now,) = db.execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')").fetchone()
    numbered = dataclasses.replace(edition, id=len(kept) + 1, used_from=edition.used_from or now)
    db.table("editions").insert(row_of(numbered), pk="id")
    return True


def all_editions(db: Database) -> list[Edition]:
    """The definitions, in the order they came into use."""
    return load(db, Edition, "SELECT * FROM editions ORDER BY id")
