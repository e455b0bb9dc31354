"""The frame of the pages, and what is said where a page cannot be shown."""

from pathlib import Path

from fastapi.testclient import TestClient
from visiting import browse

from callinsight import store
from callinsight.records import Call, Problem
from callinsight.web.app import create_app


def test_definitions_say_what_is_meant(visitor: TestClient) -> None:
    page = visitor.get("/definitions")

    assert page.status_code == 200
    assert (
        "<dt>Price and budget</dt><dd>Cost, discount, affordability, no budget.</dd>" in page.text
    )
    assert '<a href="/definitions" aria-current="page">Definitions</a>' in page.text


def test_runs_name_what_failed(visitor: TestClient, database: Path) -> None:
    with store.opened(database) as db:
        call = Call(id="c1", file="c1.wav", recorded_at="2026-10-06T10:00:00+00:00", status="empty")
        store.save_call(db, call, [], [])
        problem = Problem(stage="inventory", subject="items.csv:4", error="items.csv:4: <b>no</b>")
        store.replace_problems(db, "inventory", [problem])

    page = visitor.get("/runs").text

    assert '<dt>without speech</dt><dd class="num">1</dd>' in page
    assert "items.csv:4: &lt;b&gt;no&lt;/b&gt;" in page


def test_a_page_that_is_not_there_says_so(visitor: TestClient) -> None:
    page = visitor.get("/gasp")

    assert page.status_code == 404
    assert "<h1>There is no such page</h1>" in page.text


def test_before_the_first_run_the_next_command_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with store.opened(path, create=True):
        pass

    with browse(create_app(path, now=lambda: None)) as client:
        page = client.get("/definitions")

    assert page.status_code == 409
    assert "no pipeline has run into this database yet" in page.text
