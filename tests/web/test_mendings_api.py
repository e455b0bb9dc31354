"""Mending a call by program: what its page does, and tags follow."""

from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from told import call, save
from visiting import add_roles, program

from callinsight import store
from callinsight.web.app import create_app

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")

AT = "/api/calls/first/mendings"
LAWYERS = "Our lawyers will not sign a contract with this liability clause."


@pytest.fixture
def editor(told: Path) -> TestClient:
    """A program with an editor's token."""
    add_roles(told)
    client = program(create_app(told, now=lambda: NOW), "editor")
    with client:
        yield client


def told_of(answer: object) -> list[tuple[str, ...]]:
    assert answer.status_code == 200, answer.text
    return [(m["what"], m["subject"], m["before"], m["after"]) for m in answer.json()["items"]]


def test_words_are_mended_and_taken_back_and_tags_follow(editor: TestClient, told: Path) -> None:
    before = editor.get("/api/excerpts/first:0001").json()["text"]

    made = editor.post(f"{AT}/turn", json={"utterance": "first:0001", "text": LAWYERS})
    editor.app.state.follower.wait()

    assert told_of(made) == [("words", "first:0001", before, LAWYERS)]
    assert made.json()["items"][0]["who"] == "editor"
    one = editor.get("/api/excerpts/first:0001").json()
    assert one["text"] == LAWYERS
    assert "legal_procurement" in {tag["label"] for tag in one["tags"]}
    assert "price_budget" not in {tag["label"] for tag in one["tags"]}
    found = editor.get("/api/excerpts?concern=legal_procurement").json()
    assert [one["id"] for one in found["items"]] == ["first:0001"]
    assert editor.get(AT).json()["following"] is False
    number = made.json()["items"][0]["id"]

    assert told_of(editor.delete(f"{AT}/{number}")) == []
    editor.app.state.follower.wait()
    assert editor.get("/api/excerpts/first:0001").json()["text"] == before
    gone = editor.delete(f"{AT}/{number}")
    assert (gone.status_code, gone.json()) == (
        404,
        {"error": f"No mending {number} holds in the call 'first'."},
    )
    with store.opened(told) as db:
        assert [m.what for m in store.mendings_of(db, "first")] == ["words", "undo"]
        actions = [entry.action for entry in store.audit_log(db, limit=9)]
    assert actions == ["undo mending", "mend turn"]


def test_sides_are_swapped_and_set_and_excerpts_follow(editor: TestClient) -> None:
    swapped = editor.post(f"{AT}/swap")
    editor.app.state.follower.wait()

    assert swapped.json()["voices"] == {"Dana Whitfield": "buyer", "Ann Lee": "rep"}
    assert [what for what, *_ in told_of(swapped)] == ["side", "side"]
    assert editor.get("/api/excerpts?account=Acme").json()["total"] == 0

    told_of(editor.post(f"{AT}/voice", json={"voice": "Ann Lee", "side": "buyer"}))
    one = editor.post(f"{AT}/turn", json={"utterance": "first:0003", "side": "rep"})
    editor.app.state.follower.wait()
    assert one.json()["voices"]["Ann Lee"] == "buyer"
    sides = {u["id"]: u["side"] for u in editor.get("/api/calls/first").json()["utterances"]}
    assert (sides["first:0001"], sides["first:0003"]) == ("buyer", "rep")
    found = editor.get("/api/excerpts?account=Acme").json()["items"]
    assert "first:0001" in [one["id"] for one in found]
    assert "first:0003" not in [one["id"] for one in found]


def test_a_title_and_a_role_are_seen_on_excerpts(editor: TestClient) -> None:
    given = {"name": "Ann Lee", "title": "Head of <Finance>"}
    titled = editor.post(f"{AT}/person", json=given)
    assert [what for what, *_ in told_of(titled)] == ["title"]
    role = editor.post(f"{AT}/person", json={"name": "Ann Lee", "persona": "champion"})
    editor.app.state.follower.wait()

    assert [what for what, *_ in told_of(role)] == ["title", "persona"]
    one = editor.get("/api/excerpts/first:0001").json()
    assert (one["job_title"], one["persona"]) == ("Head of <Finance>", "champion")


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/api/calls/nobody/mendings/swap", {}, 404, "There is no call 'nobody'."),
        (
            "/api/calls/third/mendings/swap",
            {},
            403,
            "This call is left out: there is no consent to use it.",
        ),
        (
            f"{AT}/voice",
            {"voice": "Zoe", "side": "rep"},
            409,
            "nobody in this call is known as 'Zoe'; open the call again",
        ),
        (
            f"{AT}/turn",
            {"utterance": "second:0001", "text": "x"},
            404,
            "The turn 'second:0001' is not of the call 'first'.",
        ),
        (
            f"{AT}/turn",
            {"utterance": "first:0001"},
            409,
            "there is nothing to mend in this turn; send text, side, or both",
        ),
        (
            f"{AT}/turn",
            {"utterance": "first:0001", "text": " "},
            409,
            "a turn cannot be without words; write what was said",
        ),
        (
            f"{AT}/person",
            {"name": "Zoe", "title": "CEO"},
            404,
            "Nobody called 'Zoe' takes part in 'first'.",
        ),
        (
            f"{AT}/person",
            {"name": "Ann Lee"},
            409,
            "there is nothing to mend of Ann Lee; send title, persona, or both",
        ),
    ],
)
def test_what_cannot_be_mended_is_told(
    editor: TestClient, path: str, body: dict[str, str], status: int, error: str
) -> None:
    answer = editor.post(path, json=body)

    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert editor.get(AT).json()["items"] == []


def test_a_call_with_a_stroke_in_its_id_is_mended_and_read(editor: TestClient, told: Path) -> None:
    with store.opened(told) as db, store.transaction(db):
        save(db, call("north/fourth", "fourth.vtt"))

    swapped = editor.post("/api/calls/north/fourth/mendings/swap")

    assert swapped.json()["voices"] == {"Dana Whitfield": "buyer", "Ann Lee": "rep"}
    assert editor.get("/api/calls/north/fourth").json()["call"]["id"] == "north/fourth"
    assert editor.get("/api/calls/north/fourth/mendings").json()["items"]


def test_others_only_see_what_was_mended(editor: TestClient) -> None:
    requester = program(editor.app, "requester")

    assert requester.get(AT).status_code == 200
    person = {"name": "Ann Lee", "title": "x"}
    for answer in (
        requester.post(f"{AT}/swap"),
        requester.post(f"{AT}/voice", json={"voice": "Ann Lee", "side": "rep"}),
        requester.post(f"{AT}/turn", json={"utterance": "first:0001", "side": "rep"}),
        requester.post(f"{AT}/person", json=person),
        requester.delete(f"{AT}/1"),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("This takes the role editor;")
