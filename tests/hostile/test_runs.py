"""Whatever rows their readers accept, a run and all that follows it takes them."""

import base64
import csv
import json
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from material import Project, small_project
from visiting import browse

from callinsight import store
from callinsight.pipeline.agenda import write_month_agenda
from callinsight.pipeline.doctor import check_up
from callinsight.pipeline.gaps import list_gaps
from callinsight.pipeline.lint import lint_inventory
from callinsight.pipeline.purge import plan_purge
from callinsight.pipeline.report import report_month
from callinsight.pipeline.run import run
from callinsight.pipeline.unused import list_unused
from callinsight.progress import silent
from callinsight.web.access import rules
from callinsight.web.app import create_app

NOW = "2026-11-20T02:00:00+00:00"
DAYS = ("2026-10-05", "1989-12-31", "1990-01-01", "2199-12-31", "2200-01-01", "0001-01-01")
ODD_DAYS = (*DAYS, "9999-12-31", "1970-01-01", "1899-12-30", "2026-11-21", "2026-W44-6", "20261031")
CLOCKS = ("", "T09:30", "T00:00:00+14:00", "T23:59:59.999999-12:00", "T10:00Z", "T02:30+23:59")
CALLS, ROWS = 12, 60
CALL = {"recorded_at": "2026-10-05T10:00", "consent": "written", "deal": "D-1"}
ASSET = {
    "title": "Prices",
    "content_type": "pricing_sheet",
    "concerns": "price_budget",
    "updated_on": "2026-10-01",
    "review_period_days": "90",
}
USE = {"asset_id": "A-0", "occurred_at": "2026-10-02", "event": "share"}
ASKED = ("month", "page", "before", "limit", "year", "from", "to", "as_of", "then", "state")
Cells = dict[str, str]


def odd(**columns: st.SearchStrategy[str]) -> st.SearchStrategy[Cells]:
    """One or two odd cells of a row: with more of them most rows would be refused."""
    cells = [st.tuples(st.just(name), values) for name, values in columns.items()]
    return st.lists(st.one_of(cells), min_size=1, max_size=2).map(dict)


days = st.one_of(st.sampled_from(ODD_DAYS), st.dates().map(date.isoformat))
moments = st.builds("{}{}".format, st.sampled_from(ODD_DAYS), st.sampled_from(CLOCKS))
numbers = st.sampled_from(("0", "1", "36500", "36501", "999999999999999", "-1", "1e9", "12,500.50"))
calls = odd(
    deal=st.sampled_from(("D-2", "=1+1")),
    outcome=st.sampled_from(("won", "lost", "disqualified")),
    amount=numbers,
    retention_until=days,
    rep_channel=numbers,
)
recorded = st.builds(dict, recorded_at=moments)
items = odd(
    published_on=days,
    updated_on=days,
    expires_on=days,
    review_period_days=numbers,
    cost=numbers,
    status=st.sampled_from(("draft", "archived")),
)
uses = odd(
    occurred_at=moments,
    event=st.sampled_from(("mention", "buyer_view")),
    deal=st.sampled_from(("D-1", "=1+1")),
    call_id=st.sampled_from(("c0", "nobody")),
)


def write(path: Path, rows: list[Cells]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.DictWriter(file, sorted({name for row in rows for name in row}), restval="")
        sheet.writeheader()
        sheet.writerows(rows)


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A transcript for each call; the same bytes would be the same call."""
    made = small_project(tmp_path_factory.mktemp("hostile") / "project")
    said = (made.folder / "files" / "talk-1.vtt").read_text()
    for number in range(CALLS):
        (made.folder / "files" / f"c{number}.vtt").write_text(f"{said}\nNOTE {number}\n")
    people = (f"c{number},Ann Lee,buyer,CFO\n" for number in range(CALLS))
    (made.folder / "participants.csv").write_text("call_id,name,side,title\n" + "".join(people))
    return made


def test_no_rows_break_a_run_or_what_follows(talks: Project) -> None:
    @settings(
        max_examples=3,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        called=st.lists(
            st.one_of(recorded, recorded, calls), min_size=CALLS - 1, max_size=CALLS - 1
        ),
        listed=st.lists(items, min_size=ROWS, max_size=ROWS),
        used=st.lists(uses, min_size=ROWS, max_size=ROWS),
    )
    def tried(called: list[Cells], listed: list[Cells], used: list[Cells]) -> None:
        names = [(f"c{n}", f"c{n}.vtt") for n in range(CALLS)]
        told = [{"call_id": id_, "file": file} for id_, file in names]
        rows = [CALL | name | cells for name, cells in zip(told, [{}, *called], strict=True)]
        write(talks.folder / "calls.csv", rows)
        assets = [{"asset_id": f"A-{n}"} | ASSET | cells for n, cells in enumerate([{}, *listed])]
        write(talks.folder / "items.csv", assets)
        write(talks.folder / "usage.csv", [USE | cells for cells in used])
        follow(talks)

    tried()


def follow(project: Project) -> None:
    """A run, and whatever reckons with dates of what it keeps."""
    config, out = project.config(), project.folder / "out"
    summary = run(
        config,
        database=project.database,
        workers=1,
        retry_failed=False,
        progress=silent,
        now=NOW,
    )
    sheets = {problem.error.partition(":")[0] for problem in summary.problems}
    assert sheets <= {"calls.csv", "items.csv", "usage.csv"}, summary.problems
    check_up(project.pipeline, project.database, now=NOW)
    with store.opened(project.database) as db:
        for day in (date(1990, 1, 1), date(2026, 11, 20), date(2199, 12, 31)):
            lint_inventory(db, as_of=day)
            list_unused(db, config, day, shape="text")
            list_gaps(db, config, None, day, shape="csv", today=day)
            plan_purge(db, config, day, older_than=36_500)
        for month in store.months_with_gaps(db):
            report_month(db, config, month, out, formats=("html", "md", "csv", "xlsx", "json"))
            report_month(db, config, month, out, as_of=date(1990, 1, 1), formats=("md",))
            write_month_agenda(db, config, month, out, as_of=date(2199, 12, 31))


@pytest.mark.parametrize(
    "odd", ["0001-01", "9999-12", "1000-01", "2026-13", "0001-01-01", "9" * 30]
)
def test_no_time_or_number_in_an_address_breaks_a_page(talks: Project, odd: str) -> None:
    if not talks.database.exists():
        write(talks.folder / "calls.csv", [CALL | {"call_id": "c0", "file": "c0.vtt"}])
        follow(talks)
    app = create_app(talks.database, now=lambda: datetime.fromisoformat(NOW))
    cursor = base64.urlsafe_b64encode(json.dumps([int("9" * 30)]).encode()).decode()
    query = dict.fromkeys(ASKED, odd) | {"cursor": cursor}
    with browse(app) as client:
        for at in rules(app):
            method, address = at.split(maxsplit=1)
            if method == "GET":
                for asked in ({}, query, *({name: value} for name, value in query.items())):
                    answer = client.get(re.sub(r"\{[^}]*\}", odd, address), params=asked)
                    assert answer.status_code < 500, (address, asked)
