"""Requests: the board, a rep's calls, asking, and each step; who may do what; once in a real browser."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asking import GAP, make_desk
from browsing import ready, visit, window
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect
from visiting import browse, post, token_in

from callinsight import store
from callinsight.pipeline.users import hash_password, make_token
from callinsight.records import ROLES, ContentItem, Participant, User
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
FORM = {"title": "A one-pager on return", "content_type": "one_pager", "priority": "P1"}
PASSWORD = "correct horse battery"


class Clock:
    """A clock that tests move on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return make_desk(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visitor(desk: Path, clock: Clock) -> Iterator[TestClient]:
    with browse(create_app(desk, now=clock)) as client:
        yield client


def ask(client: TestClient, **fields: str) -> str:
    """Ask for content; where the answer leads."""
    answer = post(client, "/requests", FORM | fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_an_empty_board_says_where_to_begin(visitor: TestClient) -> None:
    page = visitor.get("/requests").text

    assert "Nobody has asked for anything" in page
    assert 'href="/requests/calls"' in page


def test_a_request_stands_on_the_board_with_its_clock(visitor: TestClient, clock: Clock) -> None:
    assert ask(visitor, title="Terms for <b>councils</b>") == "/requests/R-1"

    page = visitor.get("/requests").text
    assert "Terms for &lt;b&gt;councils&lt;/b&gt;" in page
    assert "Answer by 4 November 2026" in page
    assert "Nothing is late." in page

    clock.now = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
    late = visitor.get("/requests?overdue=true").text
    assert "1 request late" in late
    assert "Answer 3 business days late, was due 4 November 2026" in late


def test_the_form_is_filled_in_from_a_gap(visitor: TestClient) -> None:
    page = visitor.get("/requests/new", params={"gap": GAP}).text

    assert f'<input type="hidden" name="gap" value="{GAP}">' in page
    assert 'value="ROI tool: Value and return (Economic buyer at Decision)"' in page
    assert '<option value="value_roi" selected>' in page
    assert '<option value="economic_buyer" selected>' in page
    assert 'value="D-1; D-2; D-3"' in page
    assert "3 turns as evidence" in page


def test_the_form_is_filled_in_from_what_a_buyer_said(visitor: TestClient) -> None:
    page = visitor.get("/requests/new", params={"utterance": "c3:0001"}).text

    assert '<input type="hidden" name="utterance" value="c3:0001">' in page
    assert 'value="D-3"' in page
    assert "Could you send us a savings calculator?" in page

    where = ask(visitor, title="Savings", utterance="c3:0001", concern="value_roi", deals="D-3")
    assert "Could you send us a savings calculator?" in visitor.get(where).text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"gap": "2026-10/none/any/any"}, "there is no gap &#39;2026-10/none/any/any&#39;"),
        (
            {"utterance": "c9:0001"},
            "there is no turn &#39;c9:0001&#39; in any call; choose another excerpt",
        ),
    ],
)
def test_what_a_form_cannot_start_from_is_told(
    visitor: TestClient, query: dict[str, str], told: str
) -> None:
    answer = visitor.get("/requests/new", params=query)

    assert answer.status_code == 409
    assert told in answer.text


def test_what_is_wrong_is_told_and_what_was_written_stays(visitor: TestClient) -> None:
    answer = post(visitor, "/requests", FORM | {"needed_by": "2020-01-01", "use": "Tenders"})

    assert answer.status_code == 422
    assert "&#39;2020-01-01&#39; lies in the past" in answer.text
    assert 'value="A one-pager on return"' in answer.text
    assert ">Tenders</textarea>" in answer.text
    assert "Nobody has asked" in visitor.get("/requests").text


def test_a_duplicate_is_offered_as_a_vote_and_asked_for_all_the_same(visitor: TestClient) -> None:
    ask(visitor)
    again = post(visitor, "/requests", FORM)

    assert again.status_code == 409
    assert "Somebody asks for much the same" in again.text
    assert 'href="/requests/R-1"' in again.text
    assert ask(visitor, anyway="true") == "/requests/R-2"


def test_duplicates_are_shown_while_typing(visitor: TestClient) -> None:
    ask(visitor)

    alike = visitor.get("/requests/similar", params={"title": "One-pager about return"}).text
    other = visitor.get("/requests/similar", params={"title": "Peppol in Belgium"}).text

    assert "R-1 A one-pager on return" in alike
    assert "<form" not in alike  # it stands inside one
    assert other.strip() == ""


def test_a_request_goes_from_new_to_delivered(visitor: TestClient, desk: Path) -> None:
    cell = {"concern": "value_roi", "persona": "economic_buyer", "stage": "decision"}
    where = ask(visitor, gap=GAP, title="Return tool", **cell)

    post(visitor, f"{where}/accept", {"owner": "Tom"})
    post(visitor, f"{where}/comment", {"note": "Legal first.\n=1+1"})
    post(visitor, f"{where}/start", {"owner": ""})
    picker = visitor.get(f"{where}/assets", params={"q": "return calc"}).text
    assert re.findall(r'name="item" value="([^"]+)"', picker) == ["A-40"]
    post(visitor, f"{where}/deliver", {"item": "A-40"})

    page = visitor.get(where).text
    assert '<span class="pill state-delivered">Delivered</span>' in page
    assert '<a class="strong" href="/content/A-40">Return calculator</a>' in page
    assert "A-40 does not name “Value and return” (value_roi) among its concerns" in page
    assert "<p>Too early to say: no later month has calls.</p>" in page
    assert (
        "Before, in October 2026: 3 of 4 deals raised it (95 % interval 28\u00a0% to 97\u00a0%)"
        in page
    )
    assert "Legal first.\n=1+1" in page
    assert re.findall(r"<strong>you</strong> (.+?) <span", page) == [
        "asked for it",
        "accepted it",
        "said",
        "started to write it",
        "delivered it",
    ]
    assert "Tom" in page
    with store.opened(desk) as db:
        (kept,) = store.all_requests(db)
    assert (kept.state, kept.item, kept.evidence) == (
        *("delivered", "A-40"),
        ("c1:0001", "c2:0001", "c3:0001"),
    )


def test_a_step_out_of_turn_changes_nothing(visitor: TestClient, desk: Path) -> None:
    where = ask(visitor)

    answer = post(visitor, f"{where}/deliver", {"item": "A-40"})

    assert answer.status_code == 409
    assert "R-1 is new and cannot be delivered" in answer.text
    with store.opened(desk) as db:
        assert store.all_requests(db)[0].state == "new"


def test_a_request_that_is_not_there_is_told(visitor: TestClient) -> None:
    unknown = (
        ("R-9", "There is no request R-9."),
        ("xyz", "&#39;xyz&#39; is no request; write its number, such as R-3"),
    )
    for number, told in unknown:
        for path in (f"/requests/{number}", f"/requests/{number}/brief.md"):
            missing = visitor.get(path)
            assert (missing.status_code, told in missing.text) == (404, True)
        assert post(visitor, f"/requests/{number}/vote", {}).status_code == 404
        assert visitor.get(f"/api/requests/{number}").status_code == 404


def test_the_brief_calendar_and_sheet_are_taken_along_and_noted(
    visitor: TestClient, desk: Path
) -> None:
    where = ask(visitor, title="=cmd()", gap=GAP, concern="value_roi", persona="economic_buyer")

    brief = visitor.get(f"{where}/brief.md")
    sheet = visitor.get("/requests/export.csv")
    calendar = visitor.get("/requests/export.ics")

    assert brief.headers["content-disposition"] == 'attachment; filename="R-1-brief.md"'
    assert "What return did others see?" in brief.text
    assert "\nR-1,'=cmd(),new," in sheet.text
    assert calendar.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:R-1 =cmd()" in calendar.text
    with store.opened(desk) as db:
        noted = {(e.action, e.subject) for e in store.audit_log(db, limit=20)}
    assert {
        ("export", "/requests/R-1/brief.md"),
        ("export", "/requests/export.csv"),
        ("export", "/requests/export.ics"),
        ("ask", "/requests"),
    } <= noted


def test_a_rep_sees_what_was_asked_and_what_answers_it(desk: Path) -> None:
    _answered(desk, by="Dana Whitfield")
    with browse(create_app(desk, now=lambda: NOW)) as client:
        nobody = client.get("/requests/calls").text
        page = client.get("/requests/calls", params={"rep": "Dana Whitfield"}).text
        answer = post(client, "/content/A-50/share", {"call": "c1"}, headers={"hx-request": "true"})
        after = client.get("/requests/calls", params={"rep": "Dana Whitfield"}).text

    assert "Whose calls?" in nobody
    assert (
        '<a class="button" href="/requests/calls?rep=Dana+Whitfield">Dana Whitfield'
        in nobody.replace("%20", "+")
    )
    assert page.index("Proposal c2") < page.index("Proposal c1")
    assert "Proposal c3" not in page
    assert "What return did others see?" in page
    assert 'data-url="https://content.example/payback"' in page
    assert answer.status_code == 204
    assert "Sent on 3 November 2026 by you" in after
    assert after.count("Sent on") == 1
    with store.opened(desk) as db:
        (event,) = store.events_of_item(db, "A-50")
    assert (event.event, event.actor, event.deal, event.call, event.source) == (
        *("share", "you", "D-1", "c1", "page"),
    )


def test_what_nothing_answers_can_be_asked_for_once(desk: Path) -> None:
    with store.opened(desk) as db:
        _held(db, "c1", by="Dana Whitfield")
        store.replace_content(db, [], [])
    with browse(create_app(desk, now=lambda: NOW)) as client:
        page = client.get("/requests/calls", params={"rep": "Dana Whitfield"}).text
        ask(client, concern="value_roi", persona="economic_buyer", utterance="c1:0001")
        after = client.get("/requests/calls", params={"rep": "Dana Whitfield"}).text

    assert 'href="/requests/new?utterance=c1%3A0001"' in page
    assert '<a href="/requests/R-1">R-1 asks for it</a>' in after
    assert "utterance=c1%3A0001" not in after


def _answered(desk: Path, *, by: str) -> None:
    """Two calls of a rep, and an asset for what was asked in them."""
    fits = ContentItem(
        id="A-50",
        title="Payback in months",
        content_type="roi_tool",
        url="https://content.example/payback",
        concerns=("value_roi",),
    )
    with store.opened(desk) as db:
        _held(db, "c1", "c2", by=by)
        store.replace_content(db, [fits], [])


def _held(db: object, *calls: str, by: str) -> None:
    for id_ in calls:
        call = store.get_call(db, id_)
        said = store.utterances_of(db, id_)
        tags = store.tags_of_call(db, id_)
        store.save_call(db, call, [Participant(call=id_, name=by, side="rep")], said)
        store.replace_tags(db, id_, ("concern", "ask"), tags)


# Who may do what


@pytest.fixture
def team(desk: Path) -> FastAPI:
    """A user of each role."""
    with store.opened(desk) as db, store.transaction(db):
        for role in ROLES:
            store.save_user(db, User(name=role, role=role, added_at=NOW.isoformat()))
    return create_app(desk, now=lambda: NOW)


def by(app: FastAPI, name: str) -> TestClient:
    client = browse(app)
    with store.opened(app.state.database) as db:
        client.headers["authorization"] = f"Bearer {make_token(db, name, at=NOW.isoformat())}"
    return client


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("viewer", "GET", "/requests", 200),
        ("viewer", "GET", "/requests/R-1", 200),
        ("viewer", "GET", "/requests/new", 403),
        ("viewer", "POST", "/requests", 403),
        ("viewer", "POST", "/requests/R-1/vote", 403),
        ("viewer", "POST", "/requests/R-1/comment", 403),
        ("viewer", "POST", "/content/A-40/share", 403),
        ("requester", "GET", "/requests/new", 200),
        ("requester", "POST", "/requests/R-1/accept", 403),
        ("requester", "POST", "/requests/R-1/decline", 403),
        ("requester", "POST", "/requests/R-1/start", 403),
        ("requester", "POST", "/requests/R-1/deliver", 403),
        ("requester", "GET", "/requests/R-1/assets", 403),
        ("requester", "POST", "/content/A-40/tags", 403),
        ("requester", "POST", f"/gaps/{GAP}/judge", 403),
        ("viewer", "POST", "/api/requests", 403),
        ("requester", "POST", "/api/requests/R-1/accept", 403),
        ("requester", "POST", "/api/content/A-40/tags", 403),
    ],
)
def test_each_role_does_what_it_may(
    team: FastAPI, name: str, method: str, path: str, status: int
) -> None:
    by(team, "editor").post("/api/requests", json={"title": "A one-pager on return"})
    body = {"json": {}} if path.startswith("/api/") else {}

    answer = by(team, name).request(method, path, **body)

    assert answer.status_code == status
    with store.opened(team.state.database) as db:
        (kept,) = store.all_requests(db)
        assert (kept.state, kept.votes) == ("new", 0)
        assert store.events_of_item(db, "A-40") == []


def test_the_form_itself_can_vote_for_another(team: FastAPI) -> None:
    requester, editor = by(team, "requester"), by(team, "editor")
    requester.post("/requests", data=FORM)
    again = editor.post("/requests", data=FORM).text

    (where,) = re.findall(r'formaction="([^"]+)"', again)
    page = editor.post(where, data=FORM).text

    assert where == "/requests/R-1/vote"
    assert "requester, editor</p>" in page


def test_nobody_votes_twice_or_for_what_is_theirs(team: FastAPI) -> None:
    requester, editor = by(team, "requester"), by(team, "editor")
    requester.post("/requests", data=FORM)

    assert "I need it too" not in requester.get("/requests/R-1").text
    assert "I need it too" in editor.get("/requests/R-1").text
    editor.post("/requests/R-1/vote")
    assert "I need it too" not in editor.get("/requests/R-1").text
    again = editor.post("/requests/R-1/vote")
    assert (again.status_code, "Editor has voted for R-1 already" in again.text) == (409, True)


def test_programs_go_the_same_way(team: FastAPI) -> None:
    requester, editor = by(team, "requester"), by(team, "editor")
    made = requester.post("/api/requests", json={"gap": GAP, "claims": "Payback"})
    assert (made.status_code, made.json()["request"]["persona"]) == (201, "economic_buyer")
    twice = requester.post("/api/requests", json={"gap": GAP})
    assert twice.status_code == 409
    assert twice.json() == {
        "error": f"this is asked for already: R-1 '{made.json()['request']['title']}'; vote for it "
        'with POST /api/requests/R-1/voices/vote, or send "anyway": true to ask for it all the same'
    }
    anyway = requester.post("/api/requests", json={"gap": GAP, "anyway": True})
    assert (anyway.status_code, anyway.json()["number"]) == (201, "R-2")

    for step, said in (("accept", {}), ("start", {}), ("deliver", {"item": "A-41"})):
        assert editor.post(f"/api/requests/R-1/{step}", json=said).status_code == 200

    (ticket,) = editor.get("/api/requests", params={"state": "delivered"}).json()["items"]
    assert (ticket["number"], ticket["request"]["item"]) == ("R-1", "A-41")
    assert ticket["effect"] == (
        "too early to say: no later month has calls; 3 of 4 deals before, in October 2026 (28% to 97%)"
    )
    assert [one["event"] for one in ticket["events"]] == ["new", "accept", "start", "deliver"]
    assert editor.get("/api/requests/R-9").json() == {"error": "There is no request R-9."}
    assert "Payback" in editor.get("/api/requests/R-1/brief").json()["markdown"]


def test_requests_come_to_programs_page_by_page(team: FastAPI) -> None:
    client = by(team, "admin")
    for title in ("Peppol", "Payback in a month", "Works councils"):
        client.post("/api/requests", json={"title": title, "anyway": True})
    seen, cursor = [], ""
    while cursor is not None:
        found = client.get("/api/requests", params={"limit": 2, "cursor": cursor}).json()
        seen.append([one["number"] for one in found["items"]])
        cursor = found["next"]

    assert seen == [["R-1", "R-2"], ["R-3"]]


# In a real browser


def test_from_a_gap_to_a_request_to_delivered(
    browser: Browser, desk: Path, served: Callable[[FastAPI], str]
) -> None:
    with store.opened(desk) as db, store.transaction(db):
        user = User(
            name="mara", role="editor", password=hash_password(PASSWORD), added_at=NOW.isoformat()
        )
        store.save_user(db, user)
    address = served(create_app(desk, now=lambda: NOW))
    with window(browser, viewport={"width": 1280, "height": 900}) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        visit(page, f"{address}/gaps")
        page.get_by_label("Name").fill("mara")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

        page.locator(".ranked").get_by_role("link", name="Value and return").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Value and return")
        page.get_by_role("link", name="Request content").click()
        page.get_by_label("What must it say?").fill("Months until it pays")
        page.get_by_role("button", name="Ask for it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "ROI tool: Value and return (Economic buyer at Decision)"
        )

        visit(page, f"{address}/requests/new")
        page.get_by_label("What is missing?").press_sequentially("ROI tool value and return")
        page.get_by_label("Which concern").select_option("value_roi")
        page.get_by_label("As what?").select_option("roi_tool")
        expect(page.locator("#alike")).to_contain_text("R-1 ROI tool")
        assert page.locator("#ask #stage").count() == 1  # nothing has cut the form in two

        visit(page, f"{address}/requests/R-1")
        page.get_by_label("Who writes it?").fill("Tom")
        page.get_by_role("button", name="Accept").click()
        page.get_by_role("button", name="Start writing").click()
        expect(page.get_by_role("button", name="Start writing")).to_have_count(0)
        ready(page)
        page.get_by_label("Which asset is it?").fill("savings")
        expect(page.locator(".pick-one")).to_have_count(1)
        page.get_by_label("Savings | blog").check()
        page.get_by_role("button", name="Deliver").click()
        expect(page.locator(".head .pill")).to_have_text("Delivered")

        visit(page, f"{address}/gaps/{GAP}")
        expect(page.locator("[aria-labelledby=asked]")).to_contain_text("Delivered")
        assert said == []
    with store.opened(desk) as db:
        (kept,) = store.all_requests(db)
    assert (kept.state, kept.item, kept.owner, kept.claims) == (
        *("delivered", "A-41", "Tom", "Months until it pays"),
    )


def test_programs_see_what_buyers_asked_of_a_rep_and_who_asks_for_the_same(desk: Path) -> None:
    _answered(desk, by="Dana Whitfield")
    with browse(create_app(desk, now=lambda: NOW)) as client:
        listing = client.get("/api/reps").json()["items"]
        name = listing[0]["name"]
        seen, cursor = [], ""
        while cursor is not None:
            part = client.get(f"/api/reps/{name}/calls", params={"limit": 1, "cursor": cursor})
            seen += part.json()["items"]
            cursor = part.json()["next"]
        page = client.get("/requests/calls", params={"rep": name}).text
        nobody = client.get("/api/reps/Nobody/calls")
        client.headers["x-csrf-token"] = token_in(page)
        client.post("/api/requests", json={"title": "A return sheet for finance"})
        alike = client.get("/api/requests/similar", params={"title": "return sheet finance"}).json()
        other = client.get("/api/requests/similar", params={"title": "a pony for the office"})

    assert len(seen) == listing[0]["calls"]
    assert all(f'href="/calls/{one["call"]["id"]}"' in page for one in seen)
    offered = {asset for one in seen for wish in one["wishes"] for asset in wish["assets"]}
    assert offered
    assert all(f'href="/content/{asset}"' in page for asset in offered)
    assert (nobody.status_code, nobody.json()["error"]) == (
        *(404, "Nobody called 'Nobody' takes part in a call on our side."),
    )
    assert [one["number"] for one in alike] == ["R-1"]
    assert other.json() == []
