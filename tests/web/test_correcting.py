"""What a turn says is put right from wherever it is read, and every page follows."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from visiting import add_roles, browse, post, program

from callinsight import store
from callinsight.web.app import create_app
from callinsight.web.review import CHANGED, UNFINISHED

TURN = "first:0001"  # “The price is far too high for us. We have no budget for that.”
SMALL_TALK = "first:0004"
SECURITY = {"concerns": ["security_compliance"], "stance": "question", "asks": ["security_pack"]}


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def ticked(page: str) -> list[str]:
    form = re.search(r'<form[^>]*class="mend-turn-form correct-form.*?</form>', page, re.DOTALL)[0]
    return re.findall(r'value="([^"]+)" checked', form)


def tags_of(database: Path, turn: str) -> list[tuple[str, str, str]]:
    with store.opened(database) as db:
        found = store.tags_of_turn(db, turn)
    return [(t.label, t.stance, t.status) for t in found if t.kind in ("concern", "ask")]


def correct(visitor: TestClient, turn: str, **data: object) -> str:
    page = post(visitor, f"/correct/{turn.replace(':', '%3A')}", data)
    visitor.app.state.follower.wait()
    return str(page.url)


def test_the_form_says_what_counts_now(visitor: TestClient) -> None:
    assert ticked(visitor.get(f"/correct/{TURN}").text) == ["price_budget", "objection"]
    assert ticked(visitor.get(f"/correct/{SMALL_TALK}").text) == []  # what is unsure is not ticked


def test_a_tag_that_is_put_right_is_so_on_every_page(visitor: TestClient, calls: Path) -> None:
    assert 'href="/correct/first%3A0001"' in visitor.get("/excerpts").text

    where = correct(visitor, TURN, answer="change", **SECURITY)

    assert where.endswith("/excerpts/first%3A0001")
    assert tags_of(calls, TURN) == [
        ("security_pack", "question", "sure"),
        ("security_compliance", "question", "sure"),
    ]
    assert f'id="x-{TURN}"' in visitor.get("/excerpts?concern=security_compliance").text
    assert f'id="x-{TURN}"' not in visitor.get("/excerpts?concern=price_budget").text
    shown = visitor.get("/calls/first").text
    assert "Security and compliance" in shown[shown.index('id="turn-1"') :]
    form = visitor.get(f"/correct/{TURN}").text
    assert ticked(form) == ["security_compliance", "question", "security_pack"]
    assert "So far: as you said" in form
    past = visitor.get("/review/history").text
    assert "Price and budget, as objection → <strong>Security and compliance" in past


def test_an_objection_that_was_missed_is_found_from_then_on(
    visitor: TestClient, calls: Path
) -> None:
    said = {"concerns": ["competitor"], "stance": "objection"}

    where = correct(visitor, SMALL_TALK, answer="change", back="call", **said)

    assert where.endswith("/calls/first#turn-4")
    assert tags_of(calls, SMALL_TALK) == [("competitor", "objection", "sure")]
    with store.opened(calls) as db:
        raised = [g for g in store.gaps_of_month(db, "2026-10") if g.concern == "competitor"]
    assert any(SMALL_TALK in gap.evidence for gap in raised)


def test_a_turn_that_says_nothing_has_no_tag_and_gets_it_back(
    visitor: TestClient, calls: Path
) -> None:
    correct(visitor, TURN, answer="change", **SECURITY)
    correct(visitor, TURN, answer="reject")
    assert tags_of(calls, TURN) == []
    assert f'id="x-{TURN}"' not in visitor.get("/excerpts?account=Acme").text

    correct(visitor, TURN, answer="undo")  # what was said last
    correct(visitor, TURN, answer="undo")

    assert [label for label, _, status in tags_of(calls, TURN) if status == "sure"] == [
        "price_budget"
    ]


def test_what_cannot_be_said_is_refused_and_what_was_chosen_stays(
    visitor: TestClient, calls: Path
) -> None:
    half = post(visitor, f"/correct/{TURN}", {"answer": "change", "concerns": ["need_fit"]})
    unknown = post(visitor, f"/correct/{TURN}", {"answer": "change", "asks": ["a pony"]})

    assert (half.status_code, unknown.status_code) == (422, 422)
    assert UNFINISHED in half.text
    assert ticked(half.text) == ["need_fit"]
    assert CHANGED in unknown.text
    with store.opened(calls) as db:
        assert store.all_corrections(db) == []


def test_only_what_buyers_say_is_corrected(visitor: TestClient) -> None:
    ours, gone = visitor.get("/correct/first:0000"), visitor.get("/correct/first:0099")

    assert ours.status_code == 409
    assert (
        "Dana Whitfield speaks for our side here, and only buyers&#39; words are tagged; "
        "if that is wrong, mend whose turn it is first"
    ) in ours.text
    assert gone.status_code == 409
    assert "there is no turn &#39;first:0099&#39; any more; open its call again" in gone.text
    assert "/correct/first%3A0000" not in visitor.get("/excerpts/first:0000").text


def test_programs_correct_any_turn_and_take_it_back(calls: Path, visitor: TestClient) -> None:
    add_roles(calls)
    app = create_app(calls, now=visitor.app.state.now)
    with browse(app):
        editor, requester = program(app, "editor"), program(app, "requester")
        sent = {"utterance": TURN, **SECURITY}
        assert requester.post("/api/corrections", json=sent).status_code == 403
        half = editor.post("/api/corrections", json=sent | {"stance": "none"})
        ours = editor.post("/api/corrections", json=sent | {"utterance": "first:0000"})

        made = editor.post("/api/corrections", json=sent)
        app.state.follower.wait()
        then = tags_of(calls, TURN)
        taken = editor.delete(f"/api/corrections/{made.json()['correction']}")
        app.state.follower.wait()

    assert (half.status_code, half.json()) == (422, {"error": UNFINISHED})
    assert ours.status_code == 409
    assert made.status_code == 201
    assert then == [
        ("security_pack", "question", "sure"),
        ("security_compliance", "question", "sure"),
    ]
    assert taken.status_code == 204
    assert "security_compliance" not in [label for label, *_ in tags_of(calls, TURN)]
