"""What happened to assets, as pages ask for it: by asset, by deal, and one thing more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callinsight.records import UsageEvent
from callinsight.store.rows import load, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def add_event(db: Database, event: UsageEvent) -> None:
    """Keep one thing that happened to an asset; the same again changes nothing."""
    save(db, "usage_events", [event], pk="id")


def events_of_item(db: Database, item: str) -> list[UsageEvent]:
    """What happened to an asset, the latest first."""
    sql = "SELECT * FROM usage_events WHERE item = ? ORDER BY occurred_at DESC, id"
    return load(db, UsageEvent, sql, [item])


def events_of_deals(db: Database, deals: Iterable[str]) -> list[UsageEvent]:
    """What went to these deals, the earliest first; rows without a deal go by their call."""
    sql = (
        "SELECT * FROM usage_events WHERE deal IN (SELECT value FROM json_each(?)) OR call IN "
        "(SELECT id FROM calls WHERE deal IN (SELECT value FROM json_each(?))) ORDER BY occurred_at, id"
    )
    wanted = json.dumps(sorted(set(deals) - {""}))
    return load(db, UsageEvent, sql, [wanted, wanted])


def times_used(
    db: Database, kinds: Iterable[str], since: str, until: str, *, likely: float
) -> dict[str, tuple[int, str]]:
    """How often each asset was used between two days, both included, and on which day at last.

    `kinds` are the events that count, `likely` the least confidence that the asset is meant.
    """
    sql = (
        "SELECT item, count(*), max(substr(occurred_at, 1, 10)) FROM usage_events "
        "WHERE event IN (SELECT value FROM json_each(?)) AND confidence >= ? "
        "AND substr(occurred_at, 1, 10) BETWEEN ? AND ? GROUP BY item"
    )
    rows = db.execute(sql, [json.dumps(list(kinds)), likely, since, until]).fetchall()
    return {item: (times, last) for item, times, last in rows}
