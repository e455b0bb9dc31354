"""Playlists for programs: made, filled, read page by page, and left alone where a run picked them."""

from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from visiting import add_roles, browse, program

from callinsight import store
from callinsight.records import Playlist, PlaylistItem
from callinsight.web.app import create_app

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")
JSON = {"name": "Price talk", "who": "requester", "created_at": "2026-11-03T09:00:00+00:00"}


@pytest.fixture
def requester(told: Path) -> TestClient:
    """A program with a requester's token."""
    add_roles(told)
    return program(create_app(told, now=lambda: NOW), "requester")


def test_a_playlist_is_made_filled_and_read_page_by_page(requester: TestClient) -> None:
    made = requester.post("/api/playlists", json={"name": "  Price   talk "})
    assert made.status_code == 201
    assert made.json() == {"number": 1, **JSON, "month": "", "excerpts": 0}
    for utterance in ("second:0001", "first:0001", "second:0001"):
        added = requester.post("/api/playlists/1/excerpts", json={"utterance": utterance})
    assert added.json()["excerpts"] == 2

    first = requester.get("/api/playlists/1?limit=1").json()
    rest = requester.get("/api/playlists/1", params={"cursor": first["next"]}).json()

    assert [one["id"] for one in first["items"] + rest["items"]] == ["second:0001", "first:0001"]
    assert rest["next"] is None
    assert rest["items"][0]["audio"] == "/audio/first"
    assert requester.delete("/api/playlists/1/excerpts/second:0001").status_code == 204
    gone = requester.get("/api/playlists/1", params={"cursor": first["next"]})
    assert gone.json() == {
        "error": "the excerpt at which this cursor ends is gone; begin without one"
    }
    twice = requester.delete("/api/playlists/1/excerpts/second:0001")
    assert (twice.status_code, twice.json()) == (
        404,
        {"error": "The excerpt 'second:0001' is not in this playlist."},
    )
    assert requester.delete("/api/playlists/1").status_code == 204
    missing = requester.get("/api/playlists/1")
    assert (missing.status_code, missing.json()) == (404, {"error": "There is no playlist 1."})


def test_playlists_come_newest_first(requester: TestClient) -> None:
    for name in ("One", "Two", "Three"):
        requester.post("/api/playlists", json={"name": name})
    seen, cursor = [], ""
    while cursor is not None:
        page = requester.get("/api/playlists", params={"limit": 2, "cursor": cursor}).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["next"]

    assert seen == ["Three", "Two", "One"]


def test_what_cannot_be_is_told(requester: TestClient, told: Path) -> None:
    for name in ("", " \t", "x" * 121):
        nameless = requester.post("/api/playlists", json={"name": name})
        assert (nameless.status_code, nameless.json()) == (
            409,
            {"error": "a playlist needs a name of at most 120 characters"},
        )
    with store.opened(told) as db, store.transaction(db):
        picked = Playlist(name="October 2026", who="callinsight", created_at="", month="2026-10")
        number = store.add_playlist(db, picked).id
        item = PlaylistItem(playlist=number, utterance="first:0001", call="first", who="", at="")
        store.add_to_playlist(db, item)
    for answer in (
        requester.post(f"/api/playlists/{number}/excerpts", json={"utterance": "first:0003"}),
        requester.delete(f"/api/playlists/{number}/excerpts/first:0001"),
        requester.delete(f"/api/playlists/{number}"),
    ):
        assert (answer.status_code, answer.json()) == (
            409,
            {
                "error": "each run picks this playlist anew; collect what is to stay in one of your own"
            },
        )
    requester.post("/api/playlists", json={"name": "Mine"})
    unknown = requester.post("/api/playlists/2/excerpts", json={"utterance": "nobody:0001"})
    assert (unknown.status_code, unknown.json()) == (
        404,
        {"error": "There is no excerpt 'nobody:0001'."},
    )


def test_viewers_read_them_only_and_changes_are_noted(requester: TestClient, told: Path) -> None:
    requester.post("/api/playlists", json={"name": "Mine"})
    viewer = program(requester.app, "viewer")

    assert viewer.get("/api/playlists/1").status_code == 200
    for answer in (
        viewer.post("/api/playlists", json={"name": "x"}),
        viewer.post("/api/playlists/1/excerpts", json={"utterance": "first:0001"}),
        viewer.delete("/api/playlists/1/excerpts/first:0001"),
        viewer.delete("/api/playlists/1"),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("This takes the role requester; viewer is viewer.")
    assert browse(requester.app).get("/api/playlists").status_code == 401
    with store.opened(told) as db:
        (entry,) = store.audit_log(db, limit=9)
    assert (entry.who, entry.action, entry.subject) == (
        *("requester", "new playlist"),
        "/api/playlists",
    )
