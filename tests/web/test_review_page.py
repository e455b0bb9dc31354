"""The review in a browser: what is asked, what becomes of the answers, all without script."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from heard import fill
from visiting import add_roles, browse, post, program

from callinsight import store
from callinsight.web.app import create_app
from callinsight.web.review import UNFINISHED, UNTICKED

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")


@pytest.fixture
def filled(database: Path) -> Path:
    fill(database)
    return database


def asked(page: str) -> str:
    """The utterance that a page asks about."""
    return re.search(r'action="/review/turns/([^"]+)"', page)[1].replace("%3A", ":")


def corrections(database: Path) -> list[tuple[str, str, str]]:
    with store.opened(database) as db:
        return [(c.action, c.who, c.after) for c in store.all_corrections(db)]


def answer(visitor: TestClient, turn: str, **data: object) -> str:
    return post(visitor, f"/review/turns/{turn}", data).text


def test_a_turn_is_shown_with_what_the_tagger_thinks(visitor: TestClient, filled: Path) -> None:
    page = visitor.get("/review").text

    assert '<span class="small">The seller:</span> And legal?' in page
    assert re.search(r"<mark>Our lawyer in number 2026-\d\d \d looks at such things</mark>", page)
    assert "Ann Lee, CFO" in page
    assert "<strong>Contract and procurement</strong>, as mention" in page
    assert "like “&lt;i&gt;that&lt;/i&gt;”" in page
    assert "Demo &lt;" in page
    assert "0 of 16 answered" in page


def test_answers_are_kept_and_lead_to_the_next_turn(visitor: TestClient, filled: Path) -> None:
    first = asked(visitor.get("/review").text)
    page = answer(visitor, first, answer="accept", keep=["concern:legal_procurement"])
    second = asked(page)
    assert second != first
    assert "1 of 16 answered" in page
    page = answer(visitor, second, answer="reject")
    third = asked(page)
    changed = {"answer": "change", "stance": "objection", "asks": "contract"}
    answer(visitor, third, **changed | {"concerns": ["price_budget", "legal_procurement"]})

    assert corrections(filled) == [
        ("accept", "you", "legal_procurement/mention/"),
        ("reject", "you", "/none/"),
        ("change", "you", "legal_procurement;price_budget/objection/contract"),
    ]


def test_a_skipped_turn_comes_again_at_the_end(visitor: TestClient, filled: Path) -> None:
    first = asked(visitor.get("/review").text)
    turn = asked(visitor.get(f"/review?after={first}").text)
    seen = {first}
    while turn not in seen:
        seen.add(turn)
        page = visitor.get(f"/review?after={turn}").text
        if "That was the last turn of this round" in page:
            break
        turn = asked(page)

    assert len(seen) == 16
    assert "See those that were skipped" in page
    assert asked(visitor.get("/review").text) == first


def test_an_answer_is_taken_back_and_asked_again(visitor: TestClient, filled: Path) -> None:
    first = asked(visitor.get("/review").text)
    page = answer(visitor, first, answer="reject")
    assert "<strong>Nothing</strong>" in page
    number = re.search(r'action="/review/undo/(\d+)"', page)[1]

    page = post(visitor, f"/review/undo/{number}", {}).text

    assert asked(page) == first
    assert "/review/undo/" not in page
    again = post(visitor, f"/review/undo/{number}", {})
    assert again.status_code == 409
    assert f"there is no correction {number} to take back" in again.text


def test_a_change_is_said_to_the_end(visitor: TestClient, filled: Path) -> None:
    turn = asked(visitor.get("/review").text)

    page = answer(visitor, turn, answer="change", concerns=["price_budget"])

    assert UNFINISHED in page
    assert '<details class="change" open>' in page
    assert corrections(filled) == []


def test_accepting_keeps_only_what_is_ticked(visitor: TestClient, filled: Path) -> None:
    with store.opened(filled) as db:
        db.execute("UPDATE tags SET score = 0.51 WHERE utterance = '2026-10-7:0005'")
        turn = store.tags_of_turn(db, "2026-10-7:0005")[0]
        more = replace(turn, label="security_compliance", score=0.49)
        store.replace_tags(db, turn.call, ("concern",), [turn, more])
        db.conn.commit()
    page = visitor.get(f"/review?turn={turn.utterance}").text

    assert asked(page) == turn.utterance
    ticked = re.findall(r'name="keep" value="([^"]+)"( checked)?', page)
    assert ticked == [
        ("concern:legal_procurement", " checked"),
        ("concern:security_compliance", ""),
    ]
    assert "What is ticked is kept, and nothing else." in page
    page = answer(visitor, turn.utterance, answer="accept")
    assert UNTICKED in page
    assert " checked" not in page.partition("</fieldset>")[0]
    answer(visitor, turn.utterance, answer="accept", keep=["concern:security_compliance"])

    assert corrections(filled) == [("change", "you", "security_compliance/mention/")]


def test_a_turn_that_is_not_in_doubt_is_not_corrected(visitor: TestClient, filled: Path) -> None:
    token_page = post(visitor, "/review/turns/2026-10-0:0001", {"answer": "accept"})

    assert token_page.status_code == 404
    assert corrections(filled) == []


def test_only_one_concern_is_asked_about(visitor: TestClient, filled: Path) -> None:
    page = visitor.get("/review?concern=price_budget").text

    assert "Nothing is in doubt" in page or "Price and budget" in page
    wrong = visitor.get("/review?concern=price_budgets")
    assert wrong.status_code == 409
    assert "did you mean &#39;price_budget&#39;?" in wrong.text


def test_all_that_was_corrected_is_listed(visitor: TestClient, filled: Path) -> None:
    assert "Nothing has been corrected yet." in visitor.get("/review/history").text
    turn = asked(visitor.get("/review").text)
    answer(visitor, turn, answer="reject")

    page = visitor.get("/review/history").text

    assert "Contract and procurement, as mention → <strong>nothing</strong>" in page
    assert "Take back" in page


def test_what_is_not_in_the_numbers_yet_is_said(visitor: TestClient, filled: Path) -> None:
    turn = asked(visitor.get("/review").text)
    with store.opened(filled) as db:
        db.execute("UPDATE runs SET finished_at = '2026-11-01T00:00:00Z' WHERE stage = 'tags'")
        db.conn.commit()

    page = answer(visitor, turn, answer="reject")

    assert "1 corrected turn is not in the numbers yet." in page
    assert 'action="/review/relearn"' in page


def test_a_program_has_calls_read_anew(database: Path) -> None:
    fill(database, months=("2026-10",), deals=2)
    add_roles(database)
    app = create_app(database, now=lambda: NOW)
    with browse(app):
        editor, requester = program(app, "editor"), program(app, "requester")
        assert requester.post("/api/review/relearn").status_code == 403
        before = editor.get("/api/review/effect").json()
        begun = editor.post("/api/review/relearn")
        assert app.state.relearning.wait(seconds=240)
        after = editor.get("/api/review/effect").json()

    assert before == {"running": False, "tags": None, "calls": None, "problem": "", "waiting": 0}
    assert (begun.status_code, begun.json()["running"]) == (202, True)
    assert (after["running"], after["calls"]) == (False, 2)
    assert after["tags"] > 0


def test_reading_anew_says_what_it_changed(database: Path) -> None:
    fill(database, months=("2026-10",), deals=2)  # with tags that no tagger gave
    app = create_app(database, now=lambda: NOW)
    with browse(app) as client:
        page = post(client, "/review/relearn", {}).text
        assert "All calls are being read anew with what you said." in page
        assert app.state.relearning.wait(seconds=240)
        page = client.get("/review/effect").text

    told = re.search(r"<strong>(\d+) tags?</strong> in 2 calls changed", page)
    assert told, page
    assert int(told[1]) > 0
