"""The frame of the pages, and what is said where a page cannot be shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from visiting import browse, post

from callinsight import store
from callinsight.records import Call, Problem
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


def test_definitions_say_what_is_meant(visitor: TestClient) -> None:
    page = visitor.get("/definitions")

    assert page.status_code == 200
    assert (
        "<dt>Price and budget</dt><dd>Cost, discount, affordability, no budget. "
        '<a href="/excerpts?concern=price_budget"' in page.text
    )
    assert '<a href="/definitions" aria-current="page">Definitions</a>' in page.text


def test_runs_name_what_failed(visitor: TestClient, database: Path) -> None:
    with store.opened(database) as db:
        call = Call(id="c1", file="c1.wav", recorded_at="2026-10-06T10:00:00+00:00", status="empty")
        store.save_call(db, call, [], [])
        problem = Problem(stage="inventory", subject="items.csv:4", error="items.csv:4: <b>no</b>")
        store.replace_problems(db, "inventory", [problem])

    page = visitor.get("/runs").text

    assert '<a href="/calls?status=empty">without speech</a></dt><dd class="num">1</dd>' in page
    assert "items.csv:4: &lt;b&gt;no&lt;/b&gt;" in page


def failed_call(database: Path) -> Call:
    """A call whose recording could not be read."""
    call = Call(
        id="c 1",
        file="c1.wav",
        recorded_at="2026-10-06T10:00:00+00:00",
        status="failed",
        reason="calls.csv:2: c1.wav: this is no sound",
    )
    with store.opened(database) as db, store.transaction(db):
        store.save_call(db, call, [], [])
        store.record_run(db, "speech", call.id, "settings", error=call.reason)
    return call


def test_a_failed_call_is_due_on_the_next_run_once_asked_for(
    visitor: TestClient, database: Path
) -> None:
    call = failed_call(database)
    page = visitor.get("/runs").text
    assert "calls.csv:2: c1.wav: this is no sound" in page
    assert 'action="/runs/c%201/retry"' in page

    after = post(visitor, "/runs/c 1/retry", {}).text

    assert '<span class="pill plain">due on the next run</span>' in after
    assert "/retry" not in after
    with store.opened(database) as db:
        assert not store.has_failed(db, "speech", call.id, "settings")
        assert store.audit_log(db, limit=9)[0].subject == "/runs/c 1/retry"


def test_only_what_failed_is_tried_again(visitor: TestClient) -> None:
    answer = post(visitor, "/runs/c9/retry", {})

    assert answer.status_code == 409
    assert "there is no call &#39;c9&#39;; /runs lists those that failed" in answer.text


def test_a_page_that_is_not_there_says_so(visitor: TestClient) -> None:
    page = visitor.get("/gasp")

    assert page.status_code == 404
    assert "<h1>There is no such page</h1>" in page.text


@pytest.mark.parametrize("address", ["/excerpts", "/gaps", "/content", "/requests", "/runs"])
def test_before_the_first_run_each_page_names_the_next_command(
    tmp_path: Path, address: str
) -> None:
    path = tmp_path / "empty.db"
    with store.opened(path, create=True):
        pass

    with browse(create_app(path, now=lambda: NOW)) as client:
        page = client.get(address)

    assert page.status_code == 200
    assert "<h1>No call has been read yet</h1>" in page.text
    assert "<code>callinsight run PIPELINE.toml</code>" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/excerpts", 200), ("/calls/nobody", 404), ("/api/calls", 200)],
)
def test_a_look_at_the_head_answers_as_the_page_without_its_body(
    visitor: TestClient, path: str, status: int
) -> None:
    head, page = visitor.head(path), visitor.get(path)

    assert (head.status_code, head.content) == (status, b"")
    assert page.content
    for name in ("content-type", "content-length", "content-security-policy"):
        assert head.headers[name] == page.headers[name]


def test_only_what_is_taken_along_is_noted(visitor: TestClient, database: Path) -> None:
    assert visitor.head("/excerpts/export.csv").status_code == 200
    with store.opened(database) as db:
        assert store.audit_log(db, limit=9) == []

    assert visitor.get("/excerpts/export.csv").status_code == 200
    with store.opened(database) as db:
        assert [entry.action for entry in store.audit_log(db, limit=9)] == ["export"]
