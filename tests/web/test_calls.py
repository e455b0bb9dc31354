"""A call: what it shows, and what is mended in it is seen everywhere."""

import dataclasses
import html
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from visiting import post

from callinsight import store


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def test_a_call_shows_words_times_people_and_deal(visitor: TestClient) -> None:
    page = visitor.get("/calls/first").text

    assert '<span data-t="4.0" class="ev">The</span> <span data-t="4.29" class="ev">price' in page
    assert 'aria-label="Our side 40 %' in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "<strong>Ann Lee</strong>, Chief Financial Officer" in page
    assert "Buyer · Economic buyer, by the title" in page
    assert "<dt>Deal</dt><dd>D-1</dd>" in page
    assert "not sure" in page  # tags that do not count are shown as such
    assert "&lt;b&gt;price" in page


def test_a_call_without_sound_or_words_says_so(visitor: TestClient) -> None:
    assert "There is no recording of this call: words only." in visitor.get("/calls/second").text
    refused = visitor.get("/calls/third").text
    assert "This call is left out: there is no consent to use it." in refused
    assert "data-src" not in refused
    assert visitor.get("/calls/nobody").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/calls/first", "/api/calls/first", "/excerpts", "/excerpts/first:0001", "/audio/first"),
        *("/clips/first:0001", "/excerpts/export.csv", "/calls/nobody"),
    ],
)
def test_no_browser_keeps_words_or_sound_on_its_disk(visitor: TestClient, path: str) -> None:
    for headers in ({}, {"range": "bytes=100-199"}):
        assert visitor.get(path, headers=headers).headers["cache-control"] == "no-store"


def test_words_of_a_call_that_is_held_without_consent_are_shown_to_nobody(
    visitor: TestClient, calls: Path
) -> None:
    shown = dict.fromkeys(("/calls/first", "/api/calls/first"), 200)
    shown |= {"/api/calls/first/mendings": 403, "/correct/first:0001": 409}
    for place in ("excerpts", "api/excerpts", "mend/turn", "clips"):
        shown[f"/{place}/first:0001"] = 404
    shown["/audio/first"] = 404
    assert {visitor.get(at).status_code for at in shown} == {200}
    with store.opened(calls) as db, store.transaction(db):
        said = [turn.text for turn in store.utterances_of(db, "first")]
        held = dataclasses.replace(store.get_call(db, "first"), status="refused", legal_hold=True)
        store.update_call(db, held, store.participants_of(db, "first"))
    answers = {at: visitor.get(at) for at in shown}

    assert {at: answer.status_code for at, answer in answers.items()} == shown
    for answer in answers.values():
        assert "Ann Lee" not in answer.text
        assert not any(text in html.unescape(answer.text) for text in said)


def test_a_mended_title_is_seen_on_the_excerpts(visitor: TestClient) -> None:
    form = {"name": "Ann Lee", "title": "Head of <Finance>", "persona": "champion"}

    back = post(visitor, "/mend/person/first", form)
    visitor.app.state.follower.wait()

    assert back.url.path == "/calls/first"
    assert "Head of &lt;Finance&gt;" in visitor.get("/excerpts?account=Acme").text
    assert "Ann Lee has the role Champion" in visitor.get("/calls/first").text


def test_a_voice_that_no_sheet_names_gets_a_role(visitor: TestClient, calls: Path) -> None:
    assert "/mend/role/" not in visitor.get("/calls/first").text  # people have theirs
    with store.opened(calls) as db, store.transaction(db):
        store.update_call(db, store.get_call(db, "second"), [])

    def shown() -> str:
        return visitor.get("/calls/second").text

    post(visitor, "/mend/voice/second", {"voice": "Ann Lee", "side": "buyer"})
    visitor.app.state.follower.wait()
    assert 'action="/mend/role/second"' in shown()
    post(visitor, "/mend/role/second", {"voice": "Ann Lee", "persona": "champion"})
    visitor.app.state.follower.wait()

    assert "Ann Lee has the role Champion" in shown()
    assert '<option value="champion" selected>Champion</option>' in shown()


def test_mended_words_are_found_and_the_tag_follows(visitor: TestClient, calls: Path) -> None:
    shown = visitor.get("/mend/turn/first%3A0001").text
    assert "The price is far too high for us. We have no budget for that.</textarea>" in shown
    words = "Our lawyers will not sign a contract with this liability clause."

    back = post(visitor, "/mend/turn/first%3A0001", {"text": words, "side": "buyer"})
    visitor.app.state.follower.wait()

    assert str(back.url).endswith("/calls/first#turn-1")
    with store.opened(calls) as db:
        labels = {tag.label for tag in store.tags_of_turn(db, "first:0001")}
        turn = store.utterances_of(db, "first")[1]
        assert "legal_procurement" in labels
        assert "price_budget" not in labels
        assert (turn.words[0].start_s, turn.words[-1].end_s) == (4.0, 8.0)
    assert 'id="x-first:0001"' in visitor.get("/excerpts?q=liability").text
    assert 'id="x-first:0001"' not in visitor.get("/excerpts?q=budget&account=Acme").text
    assert 'id="x-first:0001"' in visitor.get("/excerpts?concern=legal_procurement").text

    post(visitor, "/mend/undo/1", {})
    visitor.app.state.follower.wait()
    assert 'id="x-first:0001"' in visitor.get("/excerpts?q=budget&account=Acme").text


def test_a_form_of_another_page_changes_nothing(visitor: TestClient, calls: Path) -> None:
    assert visitor.post("/mend/swap/first").status_code == 403
    with store.opened(calls) as db:
        assert store.all_mendings(db) == []
