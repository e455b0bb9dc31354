"""Gaps: the map, the ranking, a cell with all it rests on, and the month's report to take along."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asking import GAP, gap, make_desk
from fastapi.testclient import TestClient
from heard import fill
from visiting import browse, post, token_in

from callinsight import store
from callinsight.records import ContentItem, ContentRequest, Topic, User
from callinsight.web.access import HEADER
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A gap with three deals behind it; its months are kept with more cells."""
    database = make_desk(tmp_path)
    more = [
        gap(),
        _cell("price_budget", verdict="covered", score=0.0, supply=2, raising=4),
        _cell("need_fit", verdict="low_demand", score=0.0, raising=1, share=0.25),
        _cell("value_roi", persona="any", verdict="weak", score=0.1, supply=1),
        _cell("topic:7", verdict="gap", score=0.15),
    ]
    with store.opened(database) as db:
        store.replace_gaps(db, "2026-10", more)
        earlier = _cell("value_roi", month="2026-09", raising=1, share=0.25, share_low=0.02)
        store.replace_gaps(db, "2026-09", [earlier])
        store.save_topics(
            db, [Topic(id=7, label="month end", terms="month;end", centroid=b"", size=3)]
        )
    return database


@pytest.fixture
def visitor(desk: Path) -> Iterator[TestClient]:
    with browse(create_app(desk, now=lambda: NOW)) as client:
        yield client


def _cell(
    concern: str, *, month: str = "2026-10", persona: str = "economic_buyer", **facts: object
) -> object:
    id_ = f"{month}/{concern}/{persona}/decision"
    return gap(id=id_, month=month, concern=concern, persona=persona, **facts)


def test_without_a_month_the_page_says_what_comes_next(database: Path) -> None:
    with browse(create_app(database, now=lambda: NOW)) as client:
        page = client.get("/gaps")

    assert page.status_code == 200
    assert "No month is counted yet" in page.text
    assert "callinsight run PIPELINE.toml" in page.text


def test_the_last_month_is_shown_ranked_with_what_is_covered_after(visitor: TestClient) -> None:
    page = visitor.get("/gaps").text

    assert '<a href="/gaps?month=2026-10" aria-current="page">October 2026</a>' in page
    ranking = page[page.index('id="ranking"') :]
    assert ranking.index(f'href="/gaps/{GAP}"') < ranking.index("Price and budget")
    assert "3 of 4 deals" in ranking
    assert (
        'aria-label="75\N{NO-BREAK SPACE}%, 95 % interval 28 to 97\N{NO-BREAK SPACE}%"' in ranking
    )
    assert "£30,000" in ranking
    assert "Need and fit" not in ranking
    assert "1 without proven demand" in ranking


def test_a_month_that_moved_by_little_may_be_chance(visitor: TestClient) -> None:
    page = visitor.get("/gaps").text

    assert "Too few deals to tell" in page
    assert "September 2026: 1 of 4 (25" in page


@pytest.mark.parametrize(
    ("address", "shown", "hidden"),
    [
        ("?verdict=all", "need_fit", "topic%3A7"),
        ("?about=topics", "topic%3A7", "price_budget/e"),
        ("?about=price_budget", "price_budget/e", "value_roi/e"),
        ("?level=stage", "value_roi/any", "value_roi/e"),
        ("?stage=awareness", "Nothing like that in October 2026.", "rank num"),
        ("?month=2026-09", "2026-09/value_roi", "2026-10/value_roi"),
    ],
)
def test_the_address_says_what_is_shown(
    visitor: TestClient, address: str, shown: str, hidden: str
) -> None:
    page = visitor.get(f"/gaps{address}").text
    ranking = page[page.index('id="ranking"') :].partition('<p class="small quiet below">')[0]

    ranking = ranking.partition("</form>")[2]
    assert shown in ranking
    assert hidden not in ranking


def test_a_cell_counts_what_stands_unresolved_and_smooths_it_for_the_score_only(
    visitor: TestClient,
) -> None:
    page = visitor.get(f"/gaps/{GAP}").text.replace("\N{NO-BREAK SPACE}", " ")

    assert "2 of 3 unresolved (67 %)." in page
    assert '<dt>Unresolved</dt><dd class="num">2 of 3 (67 %)</dd>' in page
    assert "× unresolved 0.625 (2 of 3, with half a deal added on each side) ×" in page


def test_the_map_has_the_cell_that_presses_most(visitor: TestClient) -> None:
    page = visitor.get("/gaps").text
    heat = page[page.index('<table class="heat">') : page.index("</table>")]

    assert heat.count('class="tile gap') == 1
    assert f'href="/gaps/{GAP}"' in heat
    assert "3 of 4 deals (75" in heat
    assert heat.count("Not heard") == 27


@pytest.mark.parametrize("path", ["/gaps?month=2020-01", "/gaps/2026-10/nope/any/any"])
def test_what_is_not_there_is_told(visitor: TestClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


def test_a_gap_shows_what_it_rests_on(visitor: TestClient) -> None:
    page = visitor.get(f"/gaps/{GAP}").text

    assert "3 of 4 deals" in page
    for turn in ("c1:0001", "c2:0001", "c3:0001"):
        assert f'id="x-{turn}"' in page
    assert "&lt;b&gt;months&lt;/b&gt;" in page
    assert "<b>months</b>" not in page
    assert "Return calculator" in page
    assert '<span class="no">stale</span>' in page
    assert "Score 0.200 = lower end of the interval 0.280" in page
    assert page.count('href="/calls/c1"') == 1
    assert "Nobody asks for content on this yet." in page
    months = page[page.index('id="months"') :]
    assert months.index("October 2026") < months.index("September 2026")


def test_a_gap_names_the_requests_on_it(desk: Path) -> None:
    with store.opened(desk) as db:
        asked = ContentRequest(
            title="Return, in one page",
            concern="value_roi",
            persona="economic_buyer",
            stage="decision",
            requester="Mara",
            created_at=NOW.isoformat(),
            state="accepted",
        )
        store.add_request(db, asked)
    with browse(create_app(desk, now=lambda: NOW)) as client:
        page = client.get(f"/gaps/{GAP}").text

    assert '<a href="/requests/R-1">R-1 Return, in one page</a>' in page
    assert '<span class="pill state-accepted">Accepted</span>' in page


def test_an_editor_says_what_answers_and_the_latest_word_is_shown(desk: Path) -> None:
    with browse(create_app(desk, now=lambda: NOW)) as client:
        for said in ("confirm", "deny"):
            answer = post(client, f"/gaps/{GAP}/judge", {"item": "A-40", "said": said})
        unknown = post(client, f"/gaps/{GAP}/judge", {"item": "A-99", "said": "deny"})
        client.app.state.follower.wait()
        counted = client.get(f"/gaps/{GAP}").text

    for page in (answer.text, counted):  # also once it is near no more
        assert "you says it does not answer this" in page
        assert "you says it answers this" not in page
    assert (unknown.status_code, "there is no asset &#39;A-99&#39;" in unknown.text) == (409, True)
    with store.opened(desk) as db:
        said = [(one.item, one.answers, one.who) for one in store.all_judgements(db)]
    assert said == [("A-40", True, "you"), ("A-40", False, "you")]


def test_gaps_follow_what_is_said_of_an_asset_by_page_and_by_api(desk: Path) -> None:
    new = ContentItem(
        id="N-1",
        title="Return, in a page",
        content_type="one_pager",
        url="https://content.example/n",
        updated_on="2026-10-01",
        owner="Dana",
    )
    with store.opened(desk) as db:
        store.save_items(db, [new])
    with browse(create_app(desk, now=lambda: NOW)) as client:

        def counted() -> tuple[int, bool]:
            client.app.state.follower.wait()
            cell = client.get(f"/api/gaps/{GAP}").json()
            fits = dict(zip(cell["candidates"], cell["candidate_obstacles"], strict=True))
            return cell["supply"], fits.get(new.id) == "fits"

        client.app.state.follower.recount()
        untold = counted()
        headers = {HEADER: token_in(client.get("/definitions").text)}
        given = {"item": new.id, "answers": True}
        said = client.post(f"/api/gaps/{GAP}/judgements", json=given, headers=headers)
        confirmed = counted()
        post(client, f"/gaps/{GAP}/judge", {"item": new.id, "said": "deny"})
        denied = counted()

    assert (said.status_code, said.json()["who"], said.json()["answers"]) == (200, "you", True)
    assert (untold, confirmed, denied) == ((0, False), (1, True), (0, False))


def test_evidence_that_is_gone_is_left_out(desk: Path) -> None:
    with store.opened(desk) as db:
        store.replace_gaps(db, "2026-10", [gap(evidence=("c1:0001", "gone:0001"))])
    with browse(create_app(desk, now=lambda: NOW)) as client:
        page = client.get(f"/gaps/{GAP}")

    assert page.status_code == 200
    assert "1 of 1 turn" in page.text


def test_what_may_be_about_something_else_is_heard_last(desk: Path) -> None:
    with store.opened(desk) as db:
        db.execute("UPDATE tags SET score = 0.6 WHERE call = 'c1'")
        db.conn.commit()
    with browse(create_app(desk, now=lambda: NOW)) as client:
        page = client.get(f"/gaps/{GAP}").text

    places = [page.index(f'id="x-{turn}"') for turn in ("c2:0001", "c3:0001", "c1:0001")]
    assert places == sorted(places)


def test_an_excerpt_with_sound_plays_at_its_second(desk: Path) -> None:
    with store.opened(desk) as db:
        db.execute("UPDATE calls SET file = 'c2.wav' WHERE id = 'c2'")
        db.conn.commit()
    with browse(create_app(desk, now=lambda: NOW)) as client:
        page = client.get(f"/gaps/{GAP}").text

    first = page[page.index('<li class="excerpt') :]
    assert 'id="x-c2:0001"' in first[:200]
    assert 'data-src="/audio/c2"' in first[:600]
    assert 'href="/audio/c2#t=' in first


def test_only_who_may_ask_is_offered_to(desk: Path) -> None:
    with store.opened(desk) as db, store.transaction(db):
        for role in ("viewer", "requester"):
            store.save_user(db, User(name=role, role=role, added_at=NOW.isoformat()))
    app = create_app(desk, now=lambda: NOW)
    offered = {}
    for role in ("viewer", "requester"):
        with browse(app) as client:
            client.headers["authorization"] = f"Bearer {_token(desk, role)}"
            offered[role] = "Request content" in client.get(f"/gaps/{GAP}").text

    assert offered == {"viewer": False, "requester": True}


def _token(database: Path, name: str) -> str:
    from callinsight.pipeline.users import make_token

    with store.opened(database) as db:
        return make_token(db, name, at=NOW.isoformat())


def test_the_report_comes_in_each_form_and_is_noted(database: Path) -> None:
    fill(database, months=("2026-10",))
    with browse(create_app(database, now=lambda: NOW)) as client:
        text = client.get("/gaps/2026-10/report.md")
        sheets = client.get("/gaps/2026-10/report.csv")
        again = client.get("/gaps/2026-10/report.csv")
        wrong = client.get("/gaps/2026-10/report.pdf")

    assert text.headers["content-disposition"] == (
        'attachment; filename="tallybrook-2026-10-report.md"'
    )
    assert "October 2026" in text.text
    with zipfile.ZipFile(io.BytesIO(sheets.content)) as archive:
        assert all(name.endswith(".csv") for name in archive.namelist())
        assert len(archive.namelist()) > 3
    assert sheets.content == again.content
    assert "reports come as html, md, csv, xlsx, json, not as &#39;pdf&#39;" in wrong.text
    with store.opened(database) as db:
        noted = [(entry.action, entry.subject) for entry in store.audit_log(db, limit=9)]
        assert ("export", "/gaps/2026-10/report.md") in noted
        assert store.snapshots_of(db, "2026-10") == []
