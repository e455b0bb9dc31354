"""The content inventory and what happened to its assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callinsight.records import ContentItem, UsageEvent
from callinsight.store.rows import load, save

if TYPE_CHECKING:
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


def all_items(db: Database) -> list[ContentItem]:
    """The content inventory, by id."""
    return load(db, ContentItem, "SELECT * FROM content_items ORDER BY id")


def all_events(db: Database) -> list[UsageEvent]:
    """What happened to the assets, by event id."""
    return load(db, UsageEvent, "SELECT * FROM usage_events ORDER BY id")


def _id(record: Any) -> str:
    return str(record.id)
