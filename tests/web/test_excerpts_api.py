"""Excerpts and facets for programs: the same choice as the page's address, cursor by cursor."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from callinsight import store
from callinsight.pipeline.embedding import keep_tagged
from callinsight.progress import silent


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def ids(visitor: TestClient, **asked: object) -> list[str]:
    answer = visitor.get("/api/excerpts", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_an_excerpt_has_all_that_its_page_shows(visitor: TestClient) -> None:
    first = visitor.get("/api/excerpts", params={"q": "budget", "account": "Acme"}).json()
    (one,) = first["items"]

    assert (first["total"], first["calls"], first["next"]) == (1, 1, None)
    tags = one.pop("tags")
    assert [(t["kind"], t["label"], t["score"], t["why"]) for t in tags] == [
        ("concern", "price_budget", 0.95, "says “too high”")
    ]
    text = "The price is far too high for us. We have no budget for that."
    at = text.index("budget")
    assert one == {
        "id": "first:0001",
        "call": "first",
        "position": 1,
        "title": "Proposal first",
        "account": "Acme",
        "deal": "D-1",
        "recorded_at": "2026-10-06T10:00:00+01:00",
        "start_s": 4.0,
        "end_s": 8.0,
        "estimated": False,
        "speaker": "Ann Lee",
        "job_title": "Chief Financial Officer",
        "side": "buyer",
        "persona": "economic_buyer",
        "text": text,
        "before": {
            "speaker": "Dana Whitfield",
            "side": "rep",
            "text": "What did you think of the proposal?",
        },
        "after": {"speaker": "Dana Whitfield", "side": "rep", "text": "I see."},
        "hits": [[at, at + len("budget")]],
        "audio": "/audio/first",
        "play_from_s": 3.6,
        "play_to_s": 13.6,
        "clip": "/clips/first%3A0001",
        "page": "/excerpts/first%3A0001",
        "call_page": "/calls/first#turn-1",
    }
    assert visitor.get(one["audio"]).status_code == 200


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["first:0001", "first:0003", "second:0001", "second:0003"]),
        ({"order": "newest"}, ["second:0001", "second:0003", "first:0001", "first:0003"]),
        ({"concern": ["price_budget", "value_roi"], "outcome": "won"}, ["second:0001"]),
        ({"q": 'budget -"price list"', "account": "Acme"}, ["first:0001"]),
        ({"q": "nothing like this"}, []),
        ({"competitor": "Invoq", "unsure": "true", "account": "Acme"}, ["first:0004"]),
    ],
)
def test_a_choice_finds_what_the_page_finds(
    visitor: TestClient, asked: dict[str, object], expected: list[str]
) -> None:
    assert ids(visitor, **asked) == expected


def test_excerpts_come_page_by_page(visitor: TestClient) -> None:
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 1, "order": "newest", "cursor": ""}
    while asked["cursor"] is not None:
        page = visitor.get("/api/excerpts", params=asked).json()
        assert page["total"] == 4
        seen += [one["id"] for one in page["items"]]
        asked["cursor"] = page["next"]

    assert seen == ["second:0001", "second:0003", "first:0001", "first:0003"]


def test_a_cursor_of_another_choice_says_so(visitor: TestClient) -> None:
    cursor = visitor.get("/api/excerpts", params={"limit": 1}).json()["next"]

    lost = visitor.get("/api/excerpts", params={"cursor": cursor, "outcome": "won"})

    assert (lost.status_code, lost.json()) == (
        409,
        {
            "error": "the excerpt at which this cursor ends is not among these any more; "
            "begin without one"
        },
    )


def test_what_cannot_be_chosen_is_told(visitor: TestClient) -> None:
    for asked in ({"order": "loudest"}, {"by": "ear"}, {"q": "x" * 301}):
        assert visitor.get("/api/excerpts", params=asked).status_code == 422
    for path in ("/api/excerpts?like=nobody:0001", "/api/excerpts?like=x"):
        missing = visitor.get(path)
        assert missing.status_code == 404
        assert missing.json()["error"].startswith("There is no utterance '")


def test_search_by_meaning_and_likeness_find_the_nearest_first(
    visitor: TestClient, calls: Path
) -> None:
    with store.opened(calls) as db:
        keep_tagged(db, progress=silent)
    price, sheet = ["first:0001", "second:0001"], ["first:0003", "second:0003"]

    assert ids(visitor, q="we cannot afford what it costs", by="meaning") == price
    assert ids(visitor, q="do you have a list of your prices?", by="meaning") == sheet + price
    assert ids(visitor, like="first:0001") == ["second:0001"]
    assert ids(visitor, like="second:0001", account="Acme") == ["first:0001"]
    assert ids(visitor, like="first:0001", account="Acme") == []
    assert ids(visitor, like="first:0000") == []  # it is no excerpt: nothing is tagged in it


def test_any_turn_can_be_had_with_what_is_not_sure_of_it(visitor: TestClient) -> None:
    one = visitor.get("/api/excerpts/first:0001").json()

    assert [(t["label"], t["status"]) for t in one["tags"]] == [
        ("price_budget", "sure"),
        ("value_roi", "unsure"),
    ]
    assert visitor.get("/api/excerpts/first:0000").json()["tags"] == []
    for id_ in ("first:0009", "first", f"first:{'9' * 5000}"):
        missing = visitor.get(f"/api/excerpts/{id_}")
        assert missing.json() == {"error": f"There is no excerpt '{id_}'."}
        assert missing.status_code == 404
        assert visitor.get(f"/excerpts/{id_}").status_code == 404


def test_facets_count_what_the_others_leave(visitor: TestClient) -> None:
    asked = {"concern": "price_budget", "account": "Acme"}

    found = visitor.get("/api/facets", params=asked).json()

    assert (found["total"], found["calls"]) == (1, 1)
    facets = {facet["id"]: facet for facet in found["items"]}
    assert len(facets) == 13
    assert facets["account"] == {
        "id": "account",
        "name": "Account",
        "values": [
            {"id": "Acme", "name": "Acme", "excerpts": 1, "chosen": True},
            {"id": "Bexley & Sons", "name": "Bexley & Sons", "excerpts": 1, "chosen": False},
        ],
    }
    (stance,) = facets["stance"]["values"]
    assert (stance["id"], stance["excerpts"]) == ("objection", 1)
    unknown = visitor.get("/api/facets", params={"account": "Nobody"}).json()
    assert unknown["total"] == 0


def test_an_empty_database_has_nothing_to_choose(visitor: TestClient, calls: Path) -> None:
    with store.opened(calls) as db, store.transaction(db):
        db.execute("DELETE FROM tags")
    assert visitor.get("/api/excerpts").json() == {
        "total": 0,
        "calls": 0,
        "items": [],
        "next": None,
    }
