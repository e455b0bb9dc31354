"""Home and reports for programs: the same numbers and files as the pages."""

import io
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from heard import TURNS, fill
from visiting import add_roles, program

from callinsight import store
from callinsight.web.app import create_app

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")


@pytest.fixture
def viewer(database: Path) -> TestClient:
    """A program with a viewer's token, over two months of calls."""
    fill(database, deals=6)
    add_roles(database)
    return program(create_app(database, now=lambda: NOW), "viewer")


def test_home_says_what_the_first_page_says(viewer: TestClient) -> None:
    home = viewer.get("/api/home").json()

    assert home["month"] == "2026-10"
    assert [(f["number"], f["label"]) for f in home["figures"]] == [
        (6, "calls"),
        (1.0, "of deals object"),
        (2, "proven gaps"),
        (0, "open requests"),
    ]
    assert home["figures"][0]["trend"] == "as many as in September 2026"
    first = home["gaps"][0]
    assert first["gap"]["verdict"] == "gap"
    assert first["text"] in TURNS
    assert (first["speaker"], first["job_title"]) == ("Ann Lee", "CFO")
    assert viewer.get(first["page"]).status_code == 200
    page = viewer.get("/").text
    for one in home["gaps"]:
        gap = one["gap"]
        assert f'href="/gaps/{gap["id"]}"' in page
    for figure in home["figures"]:
        assert figure["trend"] in page


def test_asking_is_no_visit_and_news_are_since_a_moment(viewer: TestClient, database: Path) -> None:
    home = viewer.get("/api/home").json()
    assert (home["since"], home["news"]) == ("", [])
    with store.opened(database) as db:
        assert store.visit(db, "viewer") is None
        db.execute("UPDATE runs SET finished_at = '2026-11-02T12:00:00Z'")
        db.conn.commit()

    told = viewer.get("/api/home", params={"since": "2026-11-02T12:30:00+01:00"}).json()
    later = viewer.get("/api/home", params={"since": "2026-11-02T14:30:00+01:00"}).json()

    assert told["since"] == "2026-11-02T11:30:00+00:00"
    assert told["news"] == [
        {"text": "12 calls were read; buyers object in 6 deals", "page": "/excerpts"}
    ]
    assert later["news"] == []
    for moment in ("yesterday", "2026-11-02T12:30:00"):
        assert viewer.get("/api/home", params={"since": moment}).status_code == 422
    far = viewer.get("/api/home", params={"since": "0001-01-01T00:00:00+14:00"})
    assert (far.status_code, far.json()) == (
        409,
        {"error": "'0001-01-01T00:00:00+14:00' is too far away; name a later moment"},
    )


def test_before_the_first_call_home_is_empty(database: Path) -> None:
    add_roles(database)
    empty = program(create_app(database, now=lambda: NOW), "viewer").get("/api/home").json()

    assert (empty["month"], empty["figures"], empty["gaps"], empty["playlist"]) == (
        "",
        [],
        [],
        None,
    )


def test_a_report_is_the_file_of_its_page_and_noted_as_an_export(
    viewer: TestClient, database: Path
) -> None:
    told = viewer.get("/api/reports/2026-10.json")
    tables = viewer.get("/api/reports/2026-10.csv")

    assert told.headers["content-type"] == "application/json"
    assert json.loads(told.content)["month"] == "2026-10"
    assert told.content == viewer.get("/gaps/2026-10/report.json").content
    assert re.fullmatch(
        r'attachment; filename="[a-z0-9-]*2026-10-report\.zip"',
        tables.headers["content-disposition"],
    )
    with zipfile.ZipFile(io.BytesIO(tables.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) > 1
    with store.opened(database) as db:
        noted = {(entry.action, entry.subject) for entry in store.audit_log(db, limit=9)}
    assert ("export", "/api/reports/2026-10.json") in noted


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("2026-13.csv", 404, "'2026-13' is no month; write it as 2026-10."),
        ("0000-01.csv", 404, "'0000-01' is no month; write it as 2026-10."),
        ("9999-12.csv", 404, "'9999-12' is no month; write it as 2026-10."),
        ("2199-12.csv", 409, None),
        ("1990-01.csv", 409, None),
        ("2026-10.pdf", 422, None),
    ],
)
def test_a_report_that_there_is_not_is_told(
    viewer: TestClient, name: str, status: int, error: str | None
) -> None:
    answer = viewer.get(f"/api/reports/{name}")

    assert answer.status_code == status
    assert answer.json()["error"]
    if error:
        assert answer.json() == {"error": error}
