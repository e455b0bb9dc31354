"""Every call is listed, the latest first, and found by what it is called and who took part."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from told import call
from visiting import browse

from callinsight import store
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def listed(page: str) -> list[str]:
    return re.findall(r'<a class="strong" href="/calls/([^"]+)">', page)


def test_calls_are_listed_the_latest_first_with_what_became_of_them(visitor: TestClient) -> None:
    page = visitor.get("/calls").text

    assert listed(page) == ["second", "third", "first"]
    assert "Bexley &amp; Sons · Decision · Won" in page
    assert '<option value="refused">Left out (1)</option>' in page
    assert '<span class="pill plain">Left out</span>' in page
    assert 'aria-current="page">Calls</a>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bexley", ["second"]),
        ("q=Proposal+ACME", ["first"]),
        ("q=D-1", ["first"]),
        ("q=dana+second", ["second"]),
        ("q=ann+whitfield", ["second", "first"]),
        ("q=%25", []),
        ("q=f_rst", []),
        ("q=%5C", []),
        ("status=refused", ["third"]),
        ("status=nonsense", ["second", "third", "first"]),
        ("q=first&status=refused", []),
    ],
)
def test_a_call_is_found(visitor: TestClient, query: str, found: list[str]) -> None:
    page = visitor.get(f"/calls?{query}").text

    assert listed(page) == found
    assert ("No call is like that" in page) == (not found)
    answered = visitor.get(f"/api/calls?{query}").json()
    if "nonsense" not in query:
        assert [one["id"] for one in answered["items"]] == found


def test_a_long_list_comes_in_parts_and_loses_none(visitor: TestClient, calls: Path) -> None:
    with store.opened(calls) as db, store.transaction(db):
        for number in range(120):
            many = call(f"many-{number:03}", "gone.wav", day=1 + number % 9, title="Many <b>")
            store.save_call(db, many, [], [])
    seen, address = [], "/calls?q=many"
    while address:
        page = visitor.get(address).text
        seen += listed(page)
        more = re.search(r'<a class="button" href="([^"]+)">Show more', page)
        address = more[1].replace("&amp;", "&") if more else ""

    assert len(seen) == len(set(seen)) == 120
    assert "Many &lt;b&gt;" in page
    assert "That is all" in visitor.get("/calls?after=2000-01-01+x").text


def test_an_empty_database_says_how_calls_come(tmp_path: Path, calls: Path) -> None:
    path = tmp_path / "new.db"
    with store.opened(calls) as db, store.opened(path, create=True) as new:
        store.save_setting(new, "settings", str(store.setting(db, "settings")))
        new.conn.commit()
    with browse(create_app(path, now=lambda: NOW)) as client:
        assert "callinsight run PIPELINE.toml" in client.get("/calls").text


def test_the_runs_lead_to_their_calls(visitor: TestClient) -> None:
    page = visitor.get("/runs").text

    assert '<a href="/calls?status=refused">left out</a>' in page
    assert "status=failed" not in page  # there is none
