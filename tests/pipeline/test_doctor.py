"""What doctor finds where something is missing, and what it says to do."""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from material import Project, call_row
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.pipeline import machine
from callinsight.pipeline.doctor import TIMER, as_text, check_up
from callinsight.pipeline.machine import BROKEN, LOOK, OK, Finding
from callinsight.pipeline.run import run
from callinsight.progress import silent

runner = CliRunner()
RUN_AT = "2026-11-03T02:00:00+00:00"
NOW = "2026-11-03T09:00:00+00:00"


@pytest.fixture
def talks(project: Project) -> Project:
    project.write_calls([call_row("talk-1", "talk-1.vtt")])
    (project.folder / "participants.csv").write_text("call_id,name,side\ntalk-1,Ann Lee,buyer\n")
    return project


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without models, whose sums take a while: they are worth a look then, and not broken."""
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "no models"))
    monkeypatch.delenv("CALLINSIGHT_OFFLINE", raising=False)


def findings(project: Project, *, now: str = NOW) -> dict[str, Finding]:
    return {one.name: one for one in check_up(project.pipeline, None, now=now)}


@pytest.fixture
def ran(talks: Project) -> Project:
    """A project with a run of the third of November."""
    run(
        talks.config(),
        database=talks.database,
        workers=1,
        retry_failed=False,
        progress=silent,
        now=RUN_AT,
    )
    return talks


def test_a_set_up_that_works_is_ok_in_all(ran: Project) -> None:
    found = findings(ran)

    assert {name: one.state for name, one in found.items() if one.state == BROKEN} == {}
    assert found["python"].told == f"Python {sys.version.split()[0]}"
    assert found["models"].told == (
        "tiny.en, voice-embedding, all-mpnet-base-v2, en_core_web_sm, all-MiniLM-L6-v2: "
        "complete, sha256 as pinned"
    )
    assert found["pipeline"].told == f"{ran.pipeline} and its definitions can be used"
    assert found["sheets"].told == "4 sheets of sales_calls.toml, 4 rows"
    assert found["recordings"].told == f"{ran.folder}/files is there"
    assert found["calls"] == Finding("calls", OK, "1 row of calls.csv, all can be used")
    assert found["database"].told == f"{ran.database} is sound, its schema up to date"
    assert found["schedule"].told == f"the last run was started {RUN_AT}"
    assert found["report"].told == f"2026-10 was reported {RUN_AT}"


def test_a_folder_is_no_database(talks: Project, quick: None) -> None:
    told = {one.name: one for one in check_up(talks.pipeline, talks.folder, now=NOW)}
    assert told["database"] == Finding(
        "database", BROKEN, f"{talks.folder} is a folder", "name the database in it with --db FILE"
    )


def test_it_changes_nothing(talks: Project, quick: None) -> None:
    with closing(sqlite3.connect(talks.database)) as db:
        db.execute("CREATE TABLE letters (text TEXT)")
        db.commit()
    before = {p: p.read_bytes() for p in talks.folder.rglob("*") if p.is_file()}

    found = findings(talks)

    assert found["database"] == Finding(
        "database",
        BROKEN,
        f"{talks.database} holds nothing of callinsight",
        "name the right one with --db FILE",
    )
    assert {p: p.read_bytes() for p in talks.folder.rglob("*") if p.is_file()} == before


def test_before_the_first_run_it_says_how_to_make_a_database(talks: Project, quick: None) -> None:
    assert findings(talks)["database"] == Finding(
        "database",
        LOOK,
        f"{talks.database}: there is no database yet",
        "'callinsight run PIPELINE.toml' makes one",
    )
    assert not talks.database.exists()


def test_a_run_that_was_missed_and_a_month_without_a_report_are_told(
    ran: Project, quick: None
) -> None:
    with store.opened(ran.database) as db:
        db.execute("UPDATE snapshots SET taken_at = '2026-10-31T02:00:00+00:00'")
        db.conn.commit()

    found = findings(ran, now="2026-11-06T09:00:00+00:00")

    assert found["schedule"] == Finding(
        "schedule", LOOK, f"the last run was started {RUN_AT}, 3 days ago", TIMER
    )
    assert found["report"] == Finding(
        "report",
        LOOK,
        "2026-10 was not reported since it was over",
        f"'callinsight report --month 2026-10 --out DIR --db {ran.database}'; {TIMER}",
    )


def test_a_report_that_is_not_in_its_folder_is_told(ran: Project, quick: None) -> None:
    folder = ran.config().report.folder
    shutil.rmtree(folder)

    assert findings(ran)["report"] == Finding(
        "report",
        LOOK,
        f"2026-10 was reported {RUN_AT}, but is not where it was written",
        f"'callinsight report --month 2026-10 --out DIR --db {ran.database}'; "
        "if it was moved, all is well",
    )


def test_rows_that_a_run_cannot_use_are_told(talks: Project, quick: None) -> None:
    talks.write_calls(
        [
            call_row("talk-1", "talk-1.vtt"),
            call_row("late", "late.vtt"),
            call_row("closed", "talk-2.vtt", consent="see CRM"),
            call_row("out", "../talk-2.vtt"),
        ]
    )

    found = findings(talks)["calls"]

    assert (found.state, found.told) == (
        LOOK,
        "4 rows of calls.csv; cannot be used: 1, refused: 1, without a file: 1",
    )
    assert found.mend.split("; calls.csv:") == [
        (
            "such as calls.csv:5: file is '../talk-2.vtt'; name it relative to the folder of the "
            "recordings, without '..'"
        ),
        (
            "4: consent is '…', which names no basis that is known (write it out, such as written, verbal "
            "or notice, with its date and by whom, or name it with accepted under [consent]), so talk-2.vtt "
            "was not opened; "
            "fill in the basis of consent, or remove the row"
        ),
        f"3: there is no file {talks.folder / 'files' / 'late.vtt'}",
    ]


def test_a_region_without_rules_is_told(talks: Project, quick: None) -> None:
    sheet = talks.folder / "calls.csv"
    header, row = sheet.read_text(encoding="utf-8").splitlines()
    sheet.write_text(f"{header},region\n{row},Germny\n", encoding="utf-8")
    assert "consent" not in findings(talks)
    with talks.pipeline.open("a", encoding="utf-8") as file:
        file.write('[consent]\naccepted = ["notice"]\nregions = { DE = ["written"] }\n')

    told = "no rule under [consent.regions] is for 'Germny' (1 call), so notice is a basis of consent there"
    mend = f"name them under [consent.regions] in {talks.pipeline}, or mend {sheet}"
    assert findings(talks)["consent"] == Finding("consent", LOOK, told, mend)
    summary = run(
        talks.config(), database=talks.database, workers=1, retry_failed=False, progress=silent
    )
    assert summary.regions == told


def test_a_clock_that_is_behind_is_told(ran: Project, quick: None) -> None:
    found = findings(ran, now="2026-10-20T09:00:00+00:00")

    assert found["clock"] == Finding(
        "clock",
        LOOK,
        f"it is 2026-10-20T09:00+00:00, but {RUN_AT} is in the database",
        "set the clock (timedatectl set-ntp true): reports and due dates go by it",
    )


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("pipeline", "is not valid TOML"),
        ("column", "there is no column 'dealstage'; did you mean 'deal_stage'?"),
        ("folder", "there is no such folder"),
    ],
)
def test_what_people_wrote_and_cannot_be_used_is_broken(
    talks: Project, quick: None, damage: str, told: str
) -> None:
    sheet = talks.folder / "calls.csv"
    if damage == "pipeline":
        talks.pipeline.write_text("company = \n")
    elif damage == "column":
        sheet.write_text(sheet.read_text().replace("deal_stage", "dealstage"))
    else:
        (talks.folder / "files").rename(talks.folder / "unmounted")

    broken = [one for one in findings(talks).values() if one.state == BROKEN]

    assert [one.name for one in broken] == [
        {"pipeline": "pipeline", "column": "sheets", "folder": "recordings"}[damage]
    ]
    assert told in broken[0].told
    assert broken[0].mend


def test_a_database_in_use_is_told_by_whom(talks: Project, quick: None) -> None:
    with store.opened(talks.database, create=True):
        pass
    with (
        store.claimed(talks.database, now=RUN_AT) as _,
        closing(sqlite3.connect(talks.database, isolation_level=None)) as other,
    ):
        claim = findings(talks)["database"]
        other.execute("BEGIN IMMEDIATE")
    with closing(sqlite3.connect(talks.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        busy = findings(talks)["database"]

    assert "is at work on it since 2026-11-03T02:00:00+00:00" in claim.told
    assert (claim.state, busy.state) == (OK, LOOK)
    assert busy.told == f"{talks.database}: another program is writing to it"


def test_a_newer_an_older_and_a_damaged_database_are_told(talks: Project, quick: None) -> None:
    with store.opened(talks.database, create=True) as db:
        db.execute("UPDATE _sqlite_migrations SET name = 'of_tomorrow' WHERE rowid = 1")
        db.conn.commit()
    newer = findings(talks)["database"]
    with closing(sqlite3.connect(talks.database)) as db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'of_tomorrow'")
        db.commit()
    older = findings(talks)["database"]
    with closing(sqlite3.connect(talks.database)) as db:
        db.execute("INSERT INTO participants (call, name) VALUES ('gone', 'Ann')")
        db.commit()
    damaged = findings(talks)["database"]

    assert (newer.state, newer.told) == (
        BROKEN,
        f"{talks.database} was made by a newer callinsight",
    )
    assert (older.state, older.told) == (
        LOOK,
        f"{talks.database} was made by an older callinsight",
    )
    assert (damaged.state, damaged.told) == (
        BROKEN,
        f"{talks.database}: a row of participants belongs to no row of calls",
    )


def test_models_that_are_missing_or_damaged_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path))
    monkeypatch.delenv("CALLINSIGHT_OFFLINE", raising=False)
    absent = machine.check_weights(["tiny.en"])
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")
    offline = machine.check_weights(["tiny.en"])
    (tmp_path / "tiny.en").mkdir()
    (tmp_path / "tiny.en" / "config.json").write_text("{}")
    damaged = machine.check_weights(["tiny.en"])

    assert absent == Finding(
        "models",
        LOOK,
        f"tiny.en: not in {tmp_path}; the next run fetches them",
        "'callinsight models pull tiny.en' does it now",
    )
    assert (offline.state, damaged.state) == (BROKEN, BROKEN)
    assert offline.told == f"tiny.en: not in {tmp_path}, and CALLINSIGHT_OFFLINE is set"
    assert "config.json was damaged (its sha256 is not the expected one)" in damaged.told


def test_libraries_of_other_versions_are_named() -> None:
    assert machine._unmet(["numpy>=999", "nowhere-to-be-found", "torch; extra == 'x'"]) == [
        f"numpy is {machine.version('numpy')}, but >=999 is needed",
        "nowhere-to-be-found is missing",
    ]
    assert machine._unloadable(["json", "nowhere_to_be_found"]) == [
        "nowhere_to_be_found cannot be loaded (No module named 'nowhere_to_be_found')"
    ]
    assert machine.check_libraries().state == OK
    assert machine.check_ffmpeg().state == OK


@pytest.mark.parametrize(
    ("workers", "free", "state", "mend"),
    [
        (1, 1500, OK, ""),
        (2, 1500, LOOK, "run with --workers 1"),
        (
            *(1, 900, BROKEN),
            "free 1100 MB: end other programs, or raise the limit of the container",
        ),
    ],
)
def test_memory_for_the_workers(workers: int, free: int, state: str, mend: str) -> None:
    told = f"{free} MB free, {workers} workers"

    assert machine.check_memory(workers, free) == Finding("memory", state, told, mend)


def test_memory_is_what_the_container_leaves(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal: 9 kB\nMemAvailable:    8000000 kB\n")
    most, used = tmp_path / "max", tmp_path / "current"
    most.write_text("3000000000\n")
    used.write_text("1000000000\n")

    assert machine.available_mb(told, []) == 8192
    assert machine.available_mb(told, [(str(most), str(used))]) == 2000
    most.write_text("max\n")
    assert machine.available_mb(told, [(str(most), str(used))]) == 8192
    assert machine.available_mb(tmp_path / "none", []) is None


def test_a_disk_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LITTLE_MB", 10**12)
    little = machine.check_disk([tmp_path / "made" / "later"])
    monkeypatch.setattr(machine, "TOO_LITTLE_MB", 10**12)
    full = machine.check_disk([tmp_path / "made" / "later"])

    assert (little.state, full.state) == (LOOK, BROKEN)
    assert f"{tmp_path} has " in little.told


def test_the_command_prints_and_ends_with_1_where_something_is_broken(
    talks: Project, quick: None
) -> None:
    good = runner.invoke(app, ["doctor", str(talks.pipeline), "--format", "json"])
    (talks.folder / "files").rename(talks.folder / "unmounted")
    bad = runner.invoke(app, ["doctor", str(talks.pipeline)])

    assert good.exit_code == 0
    assert {"name", "state", "told", "mend"} == set(json.loads(good.stdout)[0])
    assert bad.exit_code == 1
    assert (
        f"broken        recordings {talks.folder}/files: there is no such folder\n"
        f"                         → connect its drive, mend its permissions, or mend 'files' under "
        f"[calls] in {talks.pipeline}\n" in bad.stdout
    )
    assert bad.stdout.endswith(" 1 broken\n")


def test_a_page_of_findings_has_a_line_each() -> None:
    text = as_text([Finding("python", OK, "Python 3.12"), Finding("disk", LOOK, "3 MB", "free it")])

    assert text == (
        "ok            python     Python 3.12\n"
        "worth a look  disk       3 MB\n"
        "                         → free it\n"
        "\n"
        "1 ok, 1 worth a look, 0 broken"
    )
