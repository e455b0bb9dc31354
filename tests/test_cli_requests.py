"""`callinsight requests` as a person meets it: what is printed where, and the exit codes."""

from __future__ import annotations

import getpass
import json
import re
import socket
from typing import TYPE_CHECKING

import icalendar
import pytest
from asking import GAP, make_desk
from typer.testing import CliRunner, Result

from callinsight.cli import app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLINSIGHT_DB", str(make_desk(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def requests(*args: str) -> Result:
    return CliRunner().invoke(app, ["requests", *args])


def line(result: Result) -> str:
    """What was printed, with single spaces and without dates."""
    assert result.exit_code == 0, result.stderr
    return re.sub(r"\d{4}-\d\d-\d\d", "DATE", " ".join(result.stdout.split()))


TITLE = "ROI tool: Value and return (Economic buyer at Decision)"


@pytest.mark.usefixtures("desk")
def test_the_way_from_a_gap_to_the_asset_that_answers_it():
    told = [
        line(requests(*command))
        for command in (
            ("new", "--gap", GAP, "--priority", "P1", "--who", "Mara"),
            ("vote", "R-1", "--who", "Jo"),
            ("accept", "R-1", "--owner", "Ed", "--who", "Lena"),
            ("comment", "R-1", "Numbers come on Friday", "--who", "Mara"),
            ("start", "R-1", "--who", "Ed"),
            ("deliver", "R-1", "--asset", "A-41", "--who", "Ed"),
        )
    ]
    assert told == [
        f"R-1 P1 new acknowledge by DATE {TITLE}",
        f"R-1 P1 new acknowledge by DATE {TITLE} · 1 vote",
        f"R-1 P1 accepted deliver by DATE {TITLE} · Ed · 1 vote",
        f"R-1 P1 accepted deliver by DATE {TITLE} · Ed · 1 vote",
        f"R-1 P1 in progress deliver by DATE {TITLE} · Ed · 1 vote",
        f"R-1 P1 delivered as A-41 {TITLE} · Ed · 1 vote",
    ]
    shown = requests("show", "R-1").stdout
    assert "  must say:" not in shown
    assert "  tried:" not in shown
    assert "  exists:        A-40 Return calculator: stale\n" in shown
    assert (
        "  effect:        too early to say: no later month has calls; 3 of 4 deals before, in October 2026"
        in shown
    )
    assert re.search(r"  \S+  Mara  comment: Numbers come on Friday\n", shown)


@pytest.mark.usefixtures("desk")
def test_every_field_of_the_form_is_kept():
    fields = {
        "title": "Comparison with Paperlane",
        "content-type": "comparison_guide",
        "concern": "competitor",
        "persona": "champion",
        "stage": "consideration",
        "deals": "D-1; D-2",
        "evidence": "c1:0001;c2:0001",
        "competitor": "Paperlane",
        "claims": "Faster\nCheaper",
        "tried": "A-40: too old",
        "use": "The board",
        "priority": "P3",
        "needed-by": "2199-01-01",
    }
    options = [part for name, value in fields.items() for part in (f"--{name}", value)]
    line(requests("new", *options))

    (kept,) = json.loads(requests("show", "1", "--format", "json").stdout)

    lists = {"deals": ["D-1", "D-2"], "evidence": ["c1:0001", "c2:0001"]}
    wanted = {name.replace("-", "_"): value for name, value in fields.items()} | lists
    assert {name: kept[name] for name in wanted} == wanted
    assert (kept["id"], kept["state"], kept["requester"]) == ("R-1", "new", getpass.getuser())


@pytest.mark.usefixtures("desk")
def test_a_duplicate_is_offered_as_a_vote():
    requests("new", "--gap", GAP, "--who", "Mara")
    again = requests("new", "--gap", GAP, "--who", "Jo")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr == (
        f"Error: this is asked for already: R-1 '{TITLE}'; vote for it with 'callinsight requests "
        "vote R-1', or add --anyway to ask for it all the same\n"
    )
    assert line(requests("new", "--gap", GAP, "--who", "Jo", "--anyway")).startswith("R-2 ")


@pytest.mark.usefixtures("desk")
def test_the_list_shows_what_is_open_unless_asked_for_more():
    nothing = requests("list", "--state", "all")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == "Nothing is asked for yet: 'callinsight requests new' does.\n"

    requests("new", "--title", "One pager on security")
    requests("decline", "R-1", "--note", "exists")

    assert requests("list").stderr == (
        "No request is open; 'callinsight requests list --state all' shows them all.\n"
    )
    assert requests("list", "--overdue").stderr == (
        "No request is overdue; 'callinsight requests list --state all' shows them all.\n"
    )
    assert line(requests("list", "--state", "declined")) == "R-1 P2 declined One pager on security"
    assert json.loads(requests("list", "--format", "json").stdout) == []
    listed = json.loads(requests("list", "--state", "all", "--format", "json").stdout)
    assert [one["id"] for one in listed] == ["R-1"]


def test_what_is_late_says_by_how_many_days(tmp_path, monkeypatch):
    from callinsight import store
    from callinsight.pipeline.requests import new_request
    from callinsight.pipeline.run import request_settings
    from callinsight.records import ContentRequest

    database = make_desk(tmp_path)
    monkeypatch.setenv("CALLINSIGHT_DB", str(database))
    with store.opened(database) as db:
        draft = ContentRequest(title="Old one", requester="", created_at="")
        at = "2020-01-01T10:00:00+00:00"
        new_request(db, request_settings(db), draft, who="Mara", now=at)

    late = line(requests("list", "--overdue"))

    assert re.fullmatch(r"R-1 P2 new acknowledge by DATE, \d{4} business days late Old one", late)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("show", "x"), "'x' is no request; write its number, such as R-3"),
        (
            ("accept", "R-9"),
            "there is no request R-9; 'callinsight requests list --state all' shows them all",
        ),
        (("new",), "a request needs a title: say what is missing (--title TEXT)"),
        (
            ("new", "--title", "x", "--needed-by", "soon"),
            "'soon' is no date; write it as 2026-10-31",
        ),
        (
            ("new", "--title", "x", "--who", " "),
            "it is not known who you are; say it with --who NAME",
        ),
        (
            ("brief", "R-1", "--out", "no/such/folder.md"),
            "there is no request R-1; 'callinsight requests list --state all' shows them all",
        ),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_cannot_be_done_is_told_and_gives_2(command, message):
    result = requests(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {message}\n"


def test_a_brief_and_exports_go_to_stdout_or_a_file(desk: Path):
    requests("new", "--gap", GAP)
    text = requests("brief", "R-1").stdout
    assert text.startswith(f"# Brief R-1: {TITLE}\n")

    result = requests("brief", "R-1", "--out", "brief.md")
    assert result.stdout == "brief.md\n"
    assert (desk / "brief.md").read_text(encoding="utf-8") == text

    for shape in ("ics", "csv", "json"):
        line(requests("export", "--format", shape, "--out", f"all.{shape}"))
        assert (desk / f"all.{shape}").read_bytes() == requests(
            "export", "--format", shape
        ).stdout_bytes
    calendar = icalendar.Calendar.from_ical((desk / "all.ics").read_bytes())
    assert len(calendar.walk("VEVENT")) == 2

    failed = requests("brief", "R-1", "--out", "no/such/folder.md")
    assert failed.exit_code == 2
    assert failed.stderr == (
        "Error: no/such/folder.md: this cannot be written (No such file or directory); "
        "name another file with --out\n"
    )


def test_a_request_is_kept_where_nobody_could_be_told(tmp_path, monkeypatch):
    with socket.socket() as free:  # a port that nobody listens on
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = make_desk(tmp_path, f'notify = ["json://ann:hush@127.0.0.1:{port}"]')
    monkeypatch.setenv("CALLINSIGHT_DB", str(database))

    result = requests("new", "--title", "Case study", "--who", "Mara")

    assert result.exit_code == 1
    assert result.stdout.startswith("R-1   P2  new ")
    assert result.stderr == (
        f"Not told: address 1 of 'notify' under [requests] in {tmp_path}/sales_calls.toml (JSON) "
        "was not reached; mend it there.\n"
        "The request is kept all the same; nothing needs to be done again.\n"
    )
    assert "Case study" in requests("list").stdout


@pytest.mark.usefixtures("desk")
def test_an_asset_that_does_not_name_the_concern_is_told_when_it_is_delivered():
    requests("new", "--gap", GAP)
    requests("accept", "1")
    requests("start", "1")
    result = requests("deliver", "1", "--asset", "A-40")
    assert result.exit_code == 0
    assert result.stderr == (
        "A-40 does not name “Value and return” (value_roi) among its concerns: "
        "until it does, no report counts it as an answer.\n"
    )


@pytest.mark.usefixtures("desk")
def test_reminders_need_an_address():
    result = requests("remind")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: nobody is named to remind; write addresses into")
