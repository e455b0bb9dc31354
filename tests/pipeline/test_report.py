"""What a report plays: recordings, and those that lie beside a transcript."""

import dataclasses
import json
import re
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from material import ROOT, Project, call_row, write_vtt, write_wave

from callinsight import store
from callinsight.calls.audio import SAMPLE_RATE
from callinsight.errors import InputError
from callinsight.pipeline.report import report_month
from callinsight.pipeline.requests import new_request
from callinsight.pipeline.run import Summary, request_settings, stored_config
from callinsight.pipeline.unused import list_unused
from callinsight.records import Call, ContentItem, ContentRequest

DEALS = 8
SAID = [
    ("Dana Whitfield", "What did you think of the proposal?"),
    ("Ann Lee", "It is far too expensive for us, we do not have the budget for that."),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Transcripts of eight deals with the same objection."""
    return eight_deals(tmp_path)


def eight_deals(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    (tmp_path / "files").mkdir()
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", tmp_path / "taxonomy.toml")
    for number in range(DEALS):
        write_vtt(tmp_path / "files" / f"call-{number}.vtt", SAID)
    rows = [call_row(f"c{number}", f"call-{number}.vtt") for number in range(DEALS)]
    for number in range(1, DEALS):  # the same bytes would be the same call
        with (tmp_path / "files" / f"call-{number}.vtt").open("a") as file:
            file.write(f"\nNOTE {number}\n")
    made.write_calls(rows)
    people = (
        f"c{n},Dana Whitfield,rep,Account Executive\nc{n},Ann Lee,buyer,Chief Financial Officer\n"
        for n in range(DEALS)
    )
    (tmp_path / "participants.csv").write_text("call_id,name,side,title\n" + "".join(people))
    made.pipeline.write_text(
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n[report]\nexcerpts = 9\nembed_limit_mb = 0\n'
    )
    return made


def write_sound(path: Path, *, seconds: float = 12.0) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (1, round(seconds * SAMPLE_RATE)))
    write_wave(path, noise.astype(np.float32))


def calls_with_clips(summary: Summary) -> set[str]:
    clips = summary.report.parent / "clips"
    return {path.name.rpartition("-")[0] for path in clips.glob("*.mp3")}


def test_a_recording_beside_its_transcript_is_played(project: Project) -> None:
    files = project.folder / "files"
    write_sound(files / "call-3.wav")
    write_sound(files / "call-4.WAV")
    write_sound(files / "call-5.wav", seconds=2)  # ends before the words: of another call
    (files / "call-6.mp3").write_bytes(b"no sound at all")
    write_sound(files / "call-33.wav")

    summary = project.run(workers=1)

    assert summary.problems == ()
    assert calls_with_clips(summary) == {"c3-0001", "c4-0001"}


def test_a_recording_whose_call_is_refused_stays_closed(project: Project) -> None:
    write_sound(project.folder / "files" / "call-3.wav")
    write_sound(project.folder / "files" / "call-4.wav")
    rows = [call_row(f"c{number}", f"call-{number}.vtt") for number in range(DEALS)]
    project.write_calls([*rows, call_row("sound", "call-3.wav", consent="no")])

    assert calls_with_clips(project.run(workers=1)) == {"c4-0001"}


def test_estimated_times_are_not_played_and_said_to_be_so(project: Project) -> None:
    files = project.folder / "files"
    for number in range(DEALS):
        turns = "".join(f"{name}: {words}\n" for name, words in [*SAID, *SAID])
        (files / f"call-{number}.txt").write_text(f"# {number}\n{turns}")
        write_sound(files / f"call-{number}.wav")
    rows = [call_row(f"c{number}", f"call-{number}.txt") for number in range(DEALS)]
    timed = "[00:01] Dana Whitfield: {}\n[00:04] Ann Lee: {}\n".format(*(said for _, said in SAID))
    (files / "call-7.txt").write_text(timed)
    project.write_calls(rows)

    summary = project.run(workers=1)

    page = summary.report.read_text(encoding="utf-8")
    assert calls_with_clips(summary) == {"c7-0001"}
    assert set(re.findall(r'<span class="num">([^<]*\d\d:\d\d)</span>', page)) == {
        *("00:04", "about 00:02", "about 00:11"),
    }


# What is kept of a month, and what changed since

MADE_AT = "2026-11-02T09:00:00+00:00"
LATER = "2026-12-01T09:00:00+00:00"
ALL = ("html", "md", "csv", "xlsx", "json")


@pytest.fixture(scope="module")
def two_months_run(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Six deals in September, eight in October, run once."""
    project = eight_deals(tmp_path_factory.mktemp("two months"))
    rows = []
    for number in range(6):
        name = f"early-{number}.vtt"
        write_vtt(project.folder / "files" / name, SAID)
        with (project.folder / "files" / name).open("a") as file:
            file.write(f"\nNOTE early {number}\n")
        row = call_row(f"e{number}", name, deal=f"E-{number}")
        rows.append(row | {"recorded_at": "2026-09-08T10:00"})
    rows += [call_row(f"c{number}", f"call-{number}.vtt") for number in range(DEALS)]
    project.write_calls(rows)
    with (project.folder / "participants.csv").open("a") as file:
        for number in range(6):
            file.write(f"e{number},Ann Lee,buyer,Chief Financial Officer\n")
            file.write(f"e{number},Dana Whitfield,rep,Account Executive\n")
    assert project.run(workers=1).problems == ()
    shutil.copy(project.database, project.folder / "as run.db")
    return project


@pytest.fixture
def two_months(two_months_run: Project) -> Project:
    """The same for a test to change."""
    shutil.copy(two_months_run.folder / "as run.db", two_months_run.database)
    shutil.rmtree(two_months_run.folder / "out", ignore_errors=True)
    return two_months_run


def told(project: Project, month: str = "2026-10", **options) -> dict:
    """The JSON of a report, and the bytes of all its files by name."""
    with store.opened(project.database) as db:
        options = {"formats": ALL, "now": MADE_AT, **options}
        report_month(db, stored_config(db), month, project.folder / "out", **options)
    folder = project.folder / "out" / month
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return {**json.loads(files["report.json"]), "files": files}


def snapshots(project: Project, month: str = "2026-10") -> list:
    with store.opened(project.database) as db:
        return store.snapshots_of(db, month)


def change(project: Project, sql: str, *values: str) -> None:
    with store.opened(project.database) as db, store.transaction(db):
        db.execute(sql, list(values))


def test_a_month_is_kept_once_and_a_change_of_the_past_is_told(two_months: Project) -> None:
    first = told(two_months)
    again = told(two_months, now=LATER)

    (kept,) = snapshots(two_months)
    assert (kept.taken_at, kept.as_of, kept.speech) == (
        MADE_AT,
        "2026-10-31",
        "faster-whisper base",
    )
    assert first["files"] == again["files"]
    assert first["past_changed"] is None
    assert "Ann Lee" not in kept.content
    assert "expensive" not in kept.content

    with store.opened(two_months.database) as db, store.transaction(db):
        items = [
            ContentItem(
                id=f"A-{n}",
                title="Prices",
                content_type="pricing_sheet",
                concerns=("price_budget",),
                owner="Mara",
                published_on="2026-10-01",
            )
            for n in range(2)
        ]
        store.replace_content(db, items, [])
    changed = told(two_months, now=LATER)

    assert changed["past_changed"] == {
        "report_of": "2 November 2026",
        "causes": ["The inventory or its usage has changed: assets, their tags, dates or uses."],
    }
    where = "Economic buyer at Decision"
    assert next((d["then"], d["now"]) for d in changed["past"] if d["where"] == where) == (
        "Gap, 8 of 8 deals, 0 assets",
        "Covered, 8 of 8 deals, 2 assets",
    )
    page = changed["files"]["index.html"].decode()
    assert "This month was reported otherwise on 2 November 2026" in page
    assert told(two_months, now=LATER)["files"] == changed["files"]
    assert [s.taken_at for s in snapshots(two_months)] == [MADE_AT, LATER]


def test_a_report_of_another_day_is_no_change_of_the_past(two_months: Project) -> None:
    told(two_months)

    assert told(two_months, as_of=date(2026, 11, 15))["past_changed"] is None
    assert [s.as_of for s in snapshots(two_months)] == ["2026-10-31", "2026-11-15"]
    assert told(two_months)["past_changed"] is None
    assert len(snapshots(two_months)) == 2


def test_the_month_before_is_compared_by_what_is_known_of_it(two_months: Project) -> None:
    told(two_months, "2026-09")
    now = told(two_months)
    rows = [
        r
        for r in now["changes"]
        if (r["concern_id"], r["persona"]) == ("price_budget", "All roles")
    ]

    assert now["compared_with"] == {"month": "2026-09", "known": True, "notes": []}
    assert {(r["deals_raising_before"], r["deals_heard_before"], r["direction"]) for r in rows} == {
        (6, 6, "unclear")
    }

    change(two_months, "DELETE FROM tags WHERE month = ?", "2026-09")
    change(two_months, "DELETE FROM utterances WHERE call LIKE ?", "e%")
    change(two_months, "DELETE FROM participants WHERE call LIKE ?", "e%")
    change(two_months, "DELETE FROM calls WHERE id LIKE ?", "e%")
    forgotten = told(two_months)

    assert forgotten["compared_with"]["notes"] == [
        (
            "The calls of September 2026 are in the database no more. It is compared as its report of "
            "2 November 2026 said it was."
        )
    ]
    assert [r["deals_heard_before"] for r in forgotten["changes"]] == [
        r["deals_heard_before"] for r in now["changes"]
    ]


def test_months_that_two_taggers_read_are_not_compared(two_months: Project) -> None:
    change(two_months, "UPDATE tags SET source = 'another' WHERE month = ?", "2026-09")

    now = told(two_months)

    assert {row["direction"] for row in now["changes"]} == {"not_compared"}
    assert now["compared_with"]["notes"][0].startswith(
        "September 2026 was read with another tagger: a difference may be that, not the market."
    )


def test_what_a_month_can_be_compared_with(two_months: Project) -> None:
    assert told(two_months, compare="none")["compared_with"] is None
    assert told(two_months, "2026-09")["compared_with"] == {
        "month": "2026-08",
        "known": False,
        "notes": ["There are no calls of August 2026 to compare with."],
    }
    assert told(two_months, "2026-09", compare="2026-10")["compared_with"]["month"] == "2026-10"
    with pytest.raises(InputError) as raised:
        told(two_months, compare="2026-10")
    assert str(raised.value) == (
        "2026-10 cannot be compared with itself; name another month with --compare"
    )


def test_a_month_without_calls_between_others_still_tells_of_the_inventory(
    two_months: Project,
) -> None:
    call = Call(id="late", file="late.vtt", recorded_at="2026-12-03T10:00:00+00:00", language="en")
    with store.opened(two_months.database) as db, store.transaction(db):
        store.save_call(db, call, [], [])
        item = ContentItem(
            id="A-1",
            title="Prices",
            content_type="pricing_sheet",
            concerns=("price_budget",),
            owner="Mara",
            published_on="2026-01-01",
        )
        store.replace_content(db, [item], [])

    silent = told(two_months, "2026-11")

    assert silent["totals"] == {"calls": 0, "deals": 0, "accounts": 0}
    assert silent["gaps"] == []
    (idle,) = silent["unused"]
    assert idle["why"] == "never used; buyers ask for this, but it has no address: unfindable"
    one_call = told(two_months, "2026-12")
    assert one_call["totals"]["calls"] == 1


def test_requests_stand_as_they_were_last_heard_of_and_change_no_past(two_months: Project) -> None:
    """October's report is read in November, when requests were made since."""
    before = told(two_months)
    with store.opened(two_months.database) as db:
        config = request_settings(db)
        draft = ContentRequest(title="ROI sheet for boards", requester="", created_at="")
        new_request(db, config, draft, who="Mara", now="2026-11-03T09:00:00+00:00")

    after = told(two_months, now=LATER)
    as_it_was = told(two_months, as_of=date(2026, 10, 31), now="")

    assert before["requests"] == []
    assert [(r["request"], r["due"], r["age_days"]) for r in after["requests"]] == [
        ("R-1", "2026-11-04", 0)
    ]
    open_ = "One content request is open as of 3 November 2026, none of them past its due date."
    assert open_ in after["summary"]
    assert open_ in after["files"]["index.html"].decode()
    assert after["past_changed"] is None
    assert len(snapshots(two_months)) == 1
    assert as_it_was["requests"] == []
    assert told(two_months, now=LATER)["files"] == after["files"]


def test_idle_assets_are_those_that_the_command_lists(two_months: Project) -> None:
    items = [
        ContentItem(id="A-1", title="Prices", content_type="pricing_sheet", **facts)
        for facts in [
            {"concerns": ("price_budget",), "published_on": "2026-01-01", "owner": "Mara"}
        ]
    ]
    with store.opened(two_months.database) as db, store.transaction(db):
        store.replace_content(db, items, [])
        change = "UPDATE calls SET recorded_at = '2026-09-08T10:00:00+00:00' WHERE id LIKE 'c%'"
        db.execute(change)
        db.execute("UPDATE tags SET month = '2026-09'")
        db.execute("UPDATE calls SET recorded_at = '2026-10-05T10:00:00+00:00' WHERE id = 'c0'")
        db.execute("UPDATE tags SET month = '2026-10' WHERE call = 'c0'")
        config = stored_config(db)
        listed = json.loads(list_unused(db, config, date(2026, 10, 31), shape="json"))

    report = told(two_months)  # of a month in which one deal spoke

    assert [(u["asset_id"], u["why"], u["advice"]) for u in report["unused"]] == [
        (u["item"], u["why"], u["advice"]) for u in listed["assets"]
    ]
    assert report["unused"][0]["advice"] == "promote"
    period = "Use and demand from 4 May 2026 to 31 October 2026 count."
    assert period in report["files"]["index.html"].decode()
    assert period in report["files"]["report.md"].decode()
    assert listed["since"] == "2026-05-04"


def test_a_snapshot_is_kept_only_with_a_moment(two_months: Project) -> None:
    told(two_months, now="")

    assert snapshots(two_months) == []


def test_what_is_kept_is_never_changed(two_months: Project) -> None:
    told(two_months)
    (kept,) = snapshots(two_months)
    with store.opened(two_months.database) as db, store.transaction(db):
        assert not store.add_snapshot(db, dataclasses.replace(kept, id=0, taken_at=LATER))
        assert store.add_snapshot(db, dataclasses.replace(kept, id=0, digest="other"))
        assert store.add_snapshot(db, dataclasses.replace(kept, id=0))

    assert [(s.id, s.digest == kept.digest) for s in snapshots(two_months)] == [
        *((1, True), (2, False), (3, True)),
    ]
