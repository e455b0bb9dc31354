"""The content inventory, its history, what happened to its assets, and what people say of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from callinsight.records import ContentItem, ItemChange, Judgement, Suggestion, UsageEvent
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def replace_content(db: Database, items: list[ContentItem], events: list[UsageEvent]) -> bool:
    """Make these the inventory and its usage; True if anything changed."""
    if all_items(db) == sorted(items, key=_id) and all_events(db) == sorted(events, key=_id):
        return False
    db.execute("DELETE FROM usage_events")
    db.execute("DELETE FROM content_items")
    save(db, "content_items", items, pk="id")
    save(db, "usage_events", events, pk="id")
    return True


def content_edition(db: Database) -> int:
    """A number that grows with every change to assets, their use, demands, and what people judged."""
    (number,) = db.execute("SELECT number FROM content_edition").fetchone()
    return int(number)


def all_items(db: Database) -> list[ContentItem]:
    """The content inventory, by id."""
    return load(db, ContentItem, "SELECT * FROM content_items ORDER BY id")


def items_by_id(db: Database, ids: Iterable[str]) -> dict[str, ContentItem]:
    """The assets with these ids, as far as they are there."""
    sql = "SELECT * FROM content_items WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return {item.id: item for item in load(db, ContentItem, sql, [json.dumps(sorted(set(ids)))])}


def all_events(db: Database) -> list[UsageEvent]:
    """What happened to the assets, by event id."""
    return load(db, UsageEvent, "SELECT * FROM usage_events ORDER BY id")


def save_items(db: Database, items: Iterable[ContentItem]) -> None:
    """Write assets, in place of those with the same id."""
    save(db, "content_items", items, pk="id")


def replace_call_events(db: Database, events: list[UsageEvent]) -> bool:
    """Make these the mentions that were found in calls; True if anything changed."""
    sql = "SELECT * FROM usage_events WHERE source = 'call' ORDER BY id"
    if load(db, UsageEvent, sql) == sorted(events, key=_id):
        return False
    db.execute("DELETE FROM usage_events WHERE source = 'call'")
    save(db, "usage_events", events, pk="id")
    return True


def add_item_changes(db: Database, changes: Iterable[ItemChange]) -> None:
    """Add to the history; a change whose moment is not given is of now."""
    for change in changes:
        row = row_of(change)
        del row["id"]
        at = "coalesce(nullif(?, ''), strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"
        db.execute(
            f"INSERT INTO item_changes (item, at, source, field, before, after) "  # noqa: S608
            f"VALUES (?, {at}, ?, ?, ?, ?)",
            list(row.values()),
        )


def item_changes(db: Database, item: str) -> list[ItemChange]:
    """What became of an asset, oldest first."""
    return load(db, ItemChange, "SELECT * FROM item_changes WHERE item = ? ORDER BY id", [item])


def all_suggestions(db: Database) -> list[Suggestion]:
    """What was proposed of assets, accepted and rejected, by asset, the likeliest first."""
    sql = "SELECT * FROM suggestions ORDER BY item, field, score DESC, value"
    return load(db, Suggestion, sql)


def save_suggestions(db: Database, suggestions: Iterable[Suggestion]) -> None:
    """Write suggestions, in place of those of the same value."""
    save(db, "suggestions", suggestions, pk=("item", "field", "value"))


def drop_proposed(db: Database) -> None:
    """Forget what was proposed and never answered."""
    db.execute("DELETE FROM suggestions WHERE status = 'proposed'")


def add_judgement(db: Database, judgement: Judgement) -> None:
    """Add a person's word on an asset and a demand."""
    row = row_of(judgement)
    del row["id"]
    db.table("judgements").insert(row)


def _id(record: Any) -> str:
    return str(record.id)
