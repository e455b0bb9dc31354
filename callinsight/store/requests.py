"""Content requests and what happened to them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight.records import ContentRequest, RequestEvent
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from sqlite_utils import Database


def add_request(db: Database, request: ContentRequest) -> ContentRequest:
    """Keep a new request; the request with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM content_requests").fetchone()
    numbered = dataclasses.replace(request, id=last + 1)
    db.table("content_requests").insert(row_of(numbered), pk="id")
    return numbered


def save_request(db: Database, request: ContentRequest) -> None:
    """Write a request as it stands now."""
    save(db, "content_requests", [request], pk="id")


def all_requests(db: Database) -> list[ContentRequest]:
    """The content requests, by number."""
    return load(db, ContentRequest, "SELECT * FROM content_requests ORDER BY id")


def get_request(db: Database, id_: int) -> ContentRequest | None:
    """The request with a number; None if there is none."""
    found = load(db, ContentRequest, "SELECT * FROM content_requests WHERE id = ?", [id_])
    return found[0] if found else None


def add_request_event(db: Database, event: RequestEvent) -> RequestEvent:
    """Keep what happened to a request, after all that happened before; with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM request_events").fetchone()
    numbered = dataclasses.replace(event, id=last + 1)
    db.table("request_events").insert(row_of(numbered), pk="id")
    return numbered


def all_request_events(db: Database) -> list[RequestEvent]:
    """What happened to requests, in the order it happened."""
    return load(db, RequestEvent, "SELECT * FROM request_events ORDER BY id")
