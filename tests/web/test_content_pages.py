"""Content: the inventory narrowed and ordered, an asset with its uses, links taken, tags answered."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asking import gap, make_desk
from fastapi.testclient import TestClient
from visiting import browse, post

from callinsight import store
from callinsight.records import ContentItem, ItemChange, Suggestion, UsageEvent
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
ITEMS = [
    ContentItem(
        id="A-1",
        title="Payback <in> months",
        content_type="roi_tool",
        url="https://content.example/payback?a=1&b=2",
        summary="A sheet for the savings of a year.",
        concerns=("value_roi",),
        personas=("economic_buyer",),
        stages=("decision",),
        owner="Hazel",
        published_on="2026-01-10",
        updated_on="2026-09-01",
        cost=100.0,
    ),
    ContentItem(
        id="A-2",
        title="Old return sheet",
        content_type="roi_tool",
        url="javascript:alert(1)",
        concerns=("value_roi",),
        owner="Hazel",
        published_on="2025-01-10",
        updated_on="2025-01-10",
        review_period_days=90,
        cost=300.0,
    ),
    ContentItem(
        id="A-3", title="Untagged blog", content_type="blog", published_on="2026-01-10", cost=0.0
    ),
    ContentItem(id="A-4", title="A draft", content_type="blog", status="draft", owner="Tom"),
]
EVENTS = [
    UsageEvent(id="e1", item="A-1", occurred_at="2026-10-02", event="share", actor="Dana"),
    UsageEvent(
        id="e2",
        item="A-1",
        occurred_at="2026-10-03T10:00:00+00:00",
        event="call_mention",
        deal="D-2",
        call="c2",
        source="call",
        utterance="c2:0001",
        confidence=0.9,
    ),
    UsageEvent(id="e3", item="A-1", occurred_at="2025-10-02", event="download", call="gone"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    database = make_desk(tmp_path)
    with store.opened(database) as db:
        store.replace_content(db, ITEMS, EVENTS)
        answered = gap(verdict="weak", supply=1, candidates=("A-1", "A-2"))
        store.replace_gaps(db, "2026-10", [answered])
    return database


@pytest.fixture
def visitor(desk: Path) -> Iterator[TestClient]:
    with browse(create_app(desk, now=lambda: NOW)) as client:
        yield client


def listed(page: str) -> list[str]:
    return re.findall(r'<a class="strong" href="/content/([^"]+)">', page)


def test_an_empty_inventory_says_what_comes_next(database: Path) -> None:
    with browse(create_app(database, now=lambda: NOW)) as client:
        page = client.get("/content").text

    assert "The inventory is empty" in page
    assert "callinsight inventory import FILE" in page


def test_what_needs_attention_comes_first_with_its_share_of_the_cost(visitor: TestClient) -> None:
    page = visitor.get("/content").text

    assert listed(page) == ["A-2", "A-3", "A-1", "A-4"]
    assert "Payback &lt;in&gt; months" in page
    figures = page[page.index('<dl class="figures') : page.index("</dl>")]
    assert "of 4 listed" in figures
    assert re.search(
        r"out of date<.*?33.%.*?75.% of their cost.*?<dd class=\"num\">1</dd>", figures
    )
    assert '<span class="pill covered">Answers 1 demand</span>' in page
    assert '<strong class="num">2 uses</strong>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=used", ["A-1"]),
        ("state=unused", ["A-2", "A-3"]),
        ("state=stale", ["A-2"]),
        ("state=low+use", ["A-1"]),
        ("state=unowned", ["A-3"]),
        ("state=answers", ["A-1"]),
        ("state=draft", ["A-4"]),
        ("type=blog", ["A-3", "A-4"]),
        ("owner=Hazel&order=title", ["A-2", "A-1"]),
        ("concern=value_roi&order=used", ["A-1", "A-2"]),
        ("q=savings+YEAR", ["A-1"]),
        ("order=newest", ["A-1", "A-3", "A-2", "A-4"]),
        ("state=expired", []),
        ("state=nonsense&order=nonsense&start=x", ["A-2", "A-3", "A-1", "A-4"]),
    ],
)
def test_the_inventory_is_narrowed_and_ordered(
    visitor: TestClient, query: str, found: list[str]
) -> None:
    page = visitor.get(f"/content?{query}").text

    assert listed(page) == found
    assert ("No asset is like that." in page) == (not found)


def test_the_states_are_counted_within_what_is_chosen(visitor: TestClient) -> None:
    page = visitor.get("/content?owner=Hazel").text

    assert 'aria-current="true">All <span class="num">2</span>' in page
    assert 'state=used&amp;owner=Hazel">Used <span class="num">1</span>' in page
    assert "Drafts" not in page[page.index('class="states"') :]


def test_an_asset_says_where_it_was_used_and_what_it_answers(visitor: TestClient) -> None:
    page = visitor.get("/content/A-1").text

    assert 'href="https://content.example/payback?a=1&amp;b=2" target="_blank"' in page
    assert 'rel="noopener noreferrer"' in page
    assert '<span class="yes">Answers it</span>' in page
    assert 'href="/gaps/2026-10/value_roi/economic_buyer/decision"' in page
    assert 'id="x-c2:0001"' in page
    assert re.findall(r'<td class="num">([^<]+)</td><td>([A-Z][^<]+)', page) == [
        ("3 October 2026", "Mentioned in a call "),
        ("2 October 2026", "Sent"),
        ("2 October 2025", "Downloaded"),
    ]
    assert '<a href="/calls/c2">the call</a>, D-2' in page
    assert "/calls/gone" not in page


def test_a_link_that_is_not_of_the_web_is_none(visitor: TestClient) -> None:
    page = visitor.get("/content/A-2").text

    assert "javascript:" not in page
    assert "It has no address: ask Hazel." in page
    assert "Not counted: stale" in page
    assert "review was due after 90 days" in page


def test_an_asset_that_is_not_there_is_told(visitor: TestClient) -> None:
    assert visitor.get("/content/A-9").status_code == 404
    gone = post(visitor, "/content/A-9/share", {})
    assert gone.status_code == 409
    assert "there is no asset &#39;A-9&#39; in the inventory any more" in gone.text


def test_taking_a_link_is_a_use(visitor: TestClient, desk: Path) -> None:
    page = post(visitor, "/content/A-1/share", {"call": "c1", "deal": "lie"})

    assert "Noted as sent. Here is the link:" in page.text
    assert '<strong class="num">3 uses</strong>' in visitor.get("/content?q=payback").text
    with store.opened(desk) as db:
        latest = store.events_of_item(db, "A-1")[0]
        assert (latest.actor, latest.deal, latest.call, latest.channel) == (
            *("you", "D-1", "c1", "link"),
        )
        assert [e.action for e in store.audit_log(db, limit=1)] == ["share"]


def test_links_that_several_take_at_once_are_all_noted(desk: Path) -> None:
    app = create_app(desk, now=lambda: NOW)

    def take(who: int) -> list[int]:
        visitor = browse(app)
        deals = [f"D-{who}-{number}" for number in range(8)]
        answers = [post(visitor, "/content/A-2/share", {"deal": deal}) for deal in deals]
        return [answer.status_code for answer in answers]

    with store.opened(desk) as db:
        before = len(store.events_of_item(db, "A-2"))
    with ThreadPoolExecutor(4) as pool:
        assert [code for codes in pool.map(take, range(4)) for code in codes] == [200] * 32

    with store.opened(desk) as db:
        assert len(store.events_of_item(db, "A-2")) == before + 32
        assert [entry.action for entry in store.audit_log(db, limit=100)] == ["share"] * 32


def test_a_suggested_tag_is_accepted_or_rejected(visitor: TestClient, desk: Path) -> None:
    with store.opened(desk) as db, store.transaction(db):
        store.save_suggestions(
            db,
            [
                Suggestion(
                    item="A-3", field="concerns", value="price_budget", score=0.8, why="says"
                ),
                Suggestion(item="A-3", field="personas", value="end_user", score=0.6, why=""),
            ],
        )
    page = visitor.get("/content/A-3").text
    assert re.findall(r'name="value" value="([^"]+)"', page) == [
        "concerns=price_budget",
        "personas=end_user",
    ]

    post(visitor, "/content/A-3/tags", {"value": "concerns=price_budget", "said": "accept"})
    after = post(
        visitor, "/content/A-3/tags", {"value": "personas=end_user", "said": "reject"}
    ).text

    assert "Price and budget: accepted by you" in after
    assert "End user: rejected by you" in after
    with store.opened(desk) as db:
        known = {item.id: item for item in store.all_items(db)}
    assert (known["A-3"].concerns, known["A-3"].personas) == (("price_budget",), ())
    assert "<strong>Concerns</strong>: empty" in after


def test_what_changed_is_told_the_latest_first(visitor: TestClient, desk: Path) -> None:
    with store.opened(desk) as db, store.transaction(db):
        changes = [
            ItemChange(item="A-1", at=at, source="items.csv", field="owner", before=was, after=new)
            for at, was, new in (
                ("2026-09-01T10:00:00+00:00", "", "Jude"),
                ("2026-10-01T10:00:00+00:00", "Jude", "Hazel"),
            )
        ]
        store.add_item_changes(db, changes)
    page = visitor.get("/content/A-1").text

    assert page.index("Jude → Hazel") < page.index("empty → Jude")


def test_programs_read_the_inventory_and_note_use(visitor: TestClient, desk: Path) -> None:
    first = visitor.get("/api/content", params={"limit": 3}).json()
    rest = visitor.get("/api/content", params={"cursor": first["next"]}).json()
    asset = visitor.get("/api/content/A-1").json()
    missing = visitor.get("/api/content/A-9")

    assert [one["id"] for one in (*first["items"], *rest["items"])] == ["A-1", "A-2", "A-3", "A-4"]
    assert rest["next"] is None
    assert (asset["times"], asset["last"]) == (2, "2026-10-03")
    assert asset["answers"] == ["2026-10/value_roi/economic_buyer/decision"]
    assert (missing.status_code, missing.json()) == (404, {"error": "There is no asset 'A-9'."})


def test_programs_read_gaps(visitor: TestClient) -> None:
    found = visitor.get("/api/gaps").json()
    one = visitor.get("/api/gaps/2026-10/value_roi/economic_buyer/decision").json()
    missing = visitor.get("/api/gaps", params={"month": "2020-01"})

    assert (found["month"], found["months"], found["next"]) == ("2026-10", ["2026-10"], None)
    assert found["items"] == [one]
    assert one["evidence"] == ["c1:0001", "c2:0001", "c3:0001"]
    assert missing.json() == {"error": "There are no gaps of '2020-01'."}


def test_an_id_with_a_stroke_has_its_page_its_link_and_its_tags(
    visitor: TestClient, desk: Path
) -> None:
    guide = ContentItem(
        id="docs/guide?v=1",
        title="The guide",
        content_type="blog",
        url="https://content.example/guide",
        owner="Tom",
    )
    with store.opened(desk) as db, store.transaction(db):
        store.replace_content(db, [*ITEMS, guide], EVENTS)
        proposed = {"field": "concerns", "value": "need_fit", "score": 0.9, "why": "says"}
        store.save_suggestions(db, [Suggestion(item=guide.id, **proposed)])
    listing = visitor.get("/content").text

    address = next(one for one in listed(listing) if one.startswith("docs"))
    page = visitor.get(f"/content/{address}")
    post(visitor, f"/content/{address}/share", {"deal": "D-1"})
    said = {"value": "concerns=need_fit", "said": "accept"}
    post(visitor, f"/content/{address}/tags", said)

    assert page.status_code == 200
    assert "<h1>The guide</h1>" in page.text
    whole = visitor.get(f"/api/content/{address}").json()
    assert whole["item"]["concerns"] == ["need_fit"]
    assert [event["deal"] for event in whole["events"]] == ["D-1"]
