"""Markup, scripts and formulas in every text that others write: shown everywhere, obeyed nowhere."""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import openpyxl
import pytest
from fastapi.testclient import TestClient
from material import ROOT, Project, call_row, write_vtt
from visiting import browse, post

from callinsight import store
from callinsight.pipeline.report import report_month
from callinsight.sheets import is_formula
from callinsight.web.app import create_app

MARK = "x-hostile"
HOSTILE = (
    f"\"'><{MARK} onload=alert(1)><script>alert(1)</script> [a](javascript:alert(1)) "
    "{{7*7}} ${7*7} </textarea></title></style><!-- %0d%0a"
)
FORMULA = '=HYPERLINK("http://evil.example","x")'
URL = "javascript:alert(1)"
DEALS = 14
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
MOST_PAGES = 400
FORMATS = ("html", "md", "csv", "xlsx", "json")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Calls whose sheets, transcripts and inventory hold hostile texts wherever text may be."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "files").mkdir()
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder / "taxonomy.toml")
    (folder / "pipeline.toml").write_text(
        f"company = '''{HOSTILE}'''\ntimezone = 'Europe/London'\n"
        "[calls]\nmanifest = 'calls.csv'\nparticipants = 'participants.csv'\nfiles = 'files'\n"
        "[tagging]\ntaxonomy = 'taxonomy.toml'\n"
        "[content]\nitems = ['items.csv']\nusage = ['usage.csv']\n"
        "[report]\nfolder = 'report'\n",
        encoding="utf-8",
    )
    made = _Hostile(folder)
    made.write()
    made.run(workers=1)
    return made


class _Hostile(Project):
    @property
    def pipeline(self) -> Path:
        return self.folder / "pipeline.toml"

    def write(self) -> None:
        rows = []
        for number in range(DEALS):
            file = f"talk-{number}.vtt"
            write_vtt(
                self.folder / "files" / file,
                [
                    ("Dana Whitfield", f"What did you think of the proposal? {_said(number)}"),
                    (
                        "Ann Lee",
                        f"It is far too expensive, we have no budget for it. {_said(number)}",
                    ),
                    ("Dana Whitfield", "I see. I will send you the price list."),
                    ("Ann Lee", f"Could you send me a pricing sheet? {_said(number)}"),
                ],
            )
            rows.append(
                call_row(
                    f"talk-{number}",
                    file,
                    title=HOSTILE,
                    account=f"{FORMULA}{number}",
                    deal=f"{HOSTILE}{number}",
                    amount="1000",
                    outcome="lost",
                    vocabulary=HOSTILE,
                )
            )
        rows.append(call_row("gone", f"{FORMULA}.wav", title=HOSTILE))
        self.write_calls(rows)
        _write(
            self.folder / "participants.csv",
            ["call_id", "name", "side", "title", "person"],
            [
                person
                for n in range(DEALS)
                for person in (
                    [f"talk-{n}", "Dana Whitfield", "rep", HOSTILE, FORMULA],
                    [f"talk-{n}", "Ann Lee", "buyer", f"Chief Financial Officer {HOSTILE}", ""],
                )
            ],
        )
        items = [
            *("asset_id", "title", "content_type", "url", "summary", "concerns", "topics", "owner"),
            *("published_on", "updated_on", "language"),
        ]
        _write(
            self.folder / "items.csv",
            items,
            [
                [
                    *(f"A{n}{'<b>' * n}", HOSTILE + "x" * n, "pricing_sheet", URL, HOSTILE),
                    *("price_budget", HOSTILE, FORMULA, "2024-01-10", "2024-10-01", HOSTILE),
                ]
                for n in range(3)
            ],
        )
        _write(
            self.folder / "usage.csv",
            ["asset_id", "occurred_at", "event", "actor", "deal", "channel"],
            [["A0", "2026-10-02", "share", FORMULA, HOSTILE, HOSTILE]],
        )


def _said(number: int) -> str:
    """In captions a tag is markup, so that it must be written as they write it."""
    text = HOSTILE if number % 2 else FORMULA
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("--", "- -")


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


class _Page(HTMLParser):
    """What a browser would obey on a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.obeyed: list[str] = []
        self.links: list[str] = []
        self.script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"
        if tag == MARK:
            self.obeyed.append(f"<{tag}>")
        for name, value in attrs:
            told = (value or "").strip().casefold()
            if name.startswith("on") or told.startswith(("javascript:", "vbscript:")):
                self.obeyed.append(f"<{tag} {name}={value}>")
            if name in ("href", "hx-get", "src", "data-src") and value:
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        if self.script and "alert(1)" in data:
            self.obeyed.append(f"<script>{data}")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self.script = False


@pytest.fixture(scope="module")
def visitor(project: Project) -> Iterator[TestClient]:
    with browse(create_app(project.database, now=lambda: NOW)) as client:
        asked = post(
            client,
            "/requests",
            {"title": HOSTILE, "content_type": "blog", "why": HOSTILE, "by": FORMULA},
        )
        assert asked.status_code in (200, 303), asked.text
        yield client


def test_no_page_and_no_download_obeys_what_it_shows(visitor: TestClient) -> None:
    waiting = ["/", "/excerpts", "/gaps", "/content", "/requests", "/review", "/runs", "/playlists"]
    waiting += ["/definitions", "/requests/calls", "/excerpts/export.csv", "/requests/export.csv"]
    waiting += ["/requests/export.ics", "/excerpts/export.md", "/review/history"]
    seen, told = set(waiting), 0
    while waiting:
        path = waiting.pop(0)
        answer = visitor.get(path)
        assert answer.status_code < 500, path
        kind = answer.headers.get("content-type", "").partition(";")[0]
        told += MARK in answer.text if kind.startswith("text") else 0
        if kind == "text/html":
            page = _Page(answer.text)
            assert page.obeyed == [], path
            for link in page.links:
                found = urlsplit(urljoin(path, link))
                next_ = found.path + (f"?{found.query}" if found.query else "")
                if not found.netloc and next_ not in seen and len(seen) < MOST_PAGES:
                    seen.add(next_)
                    waiting.append(next_)
        elif kind == "text/csv":
            _no_formula(csv.reader(io.StringIO(answer.text)), path)
        elif kind == "text/calendar":
            _only_known_lines(answer.text)
        elif kind == "text/markdown":
            _harmless_markdown(answer.text)
    assert told > 20  # else the texts were shown nowhere, and nothing was tried
    assert {"/calls/talk-1", "/content/A0"} <= seen


def test_no_report_obeys_what_it_shows(project: Project, tmp_path: Path) -> None:
    with store.opened(project.database) as db:
        report_month(db, project.config(), "2026-10", tmp_path, formats=FORMATS)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {p.suffix for p in files} >= {f".{ending}" for ending in FORMATS}
    for path in files:
        if path.suffix == ".html":
            assert _Page(path.read_text(encoding="utf-8")).obeyed == [], path
        elif path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as file:
                _no_formula(csv.reader(file), path.name)
        elif path.suffix == ".md":
            _harmless_markdown(path.read_text(encoding="utf-8"))
        elif path.suffix == ".xlsx":
            _no_formula_cell(path)


def test_what_failed_is_told_without_obeying_it(project: Project, visitor: TestClient) -> None:
    page = visitor.get("/runs").text

    assert "&lt;" in page or "HYPERLINK" in page
    assert _Page(page).obeyed == []


def _no_formula(rows: Iterator[list[str]], where: str) -> None:
    for row in rows:
        assert not [cell for cell in row if is_formula(cell) and not _is_number(cell)], where


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None


def _no_formula_cell(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert cells
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert [
        c.coordinate for c in cells if c.hyperlink and "javascript" in str(c.hyperlink.target)
    ] == []


def _only_known_lines(text: str) -> None:
    """Every line of a calendar begins with a property or goes on with the one before."""
    for line in text.split("\r\n"):
        assert not line or re.match(r"[A-Z-]+[;:]| ", line), line


def _harmless_markdown(text: str) -> None:
    """Outside of code, no tag and no link to a script; a backslash before it takes its meaning."""
    bare = re.sub(r"\\.", "", re.sub(r"`[^`\n]*`", "", text))
    assert f"<{MARK}" not in bare
    assert "<script" not in bare
    assert "](javascript:" not in bare
