"""Gaps, by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.records import Gap
from callinsight.store.rows import load, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def remove_gaps_except(db: Database, months: Iterable[str]) -> None:
    """Drop the gaps of months that have no calls any more."""
    keep = set(months)
    for (month,) in db.execute("SELECT DISTINCT month FROM gaps").fetchall():
        if month not in keep:
            db.execute("DELETE FROM gaps WHERE month = ?", [month])


def replace_gaps(db: Database, month: str, gaps: Iterable[Gap]) -> None:
    """Make these the gaps of a month."""
    db.execute("DELETE FROM gaps WHERE month = ?", [month])
    save(db, "gaps", gaps, pk="id")


def gaps_of_month(db: Database, month: str) -> list[Gap]:
    """The cells of a month, the most pressing first."""
    return load(db, Gap, "SELECT * FROM gaps WHERE month = ? ORDER BY score DESC, id", [month])


def months_with_gaps(db: Database) -> list[str]:
    """The months, or other periods, that gaps are kept of, in order."""
    return [
        month
        for (month,) in db.execute("SELECT DISTINCT month FROM gaps ORDER BY month").fetchall()
    ]
