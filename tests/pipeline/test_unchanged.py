"""A run after which nothing has changed makes only the report; whatever changes is seen."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from material import Project, call_row, write_vtt

from callinsight import store
from callinsight.pipeline.run import run
from callinsight.pipeline.unchanged import keep_unchanged, program_of, unchanged
from callinsight.progress import silent
from callinsight.records import Correction, Judgement, Mending
from callinsight.taxonomy import load_taxonomy

LONG_AGO = 1_700_000_000
NOW = "2026-10-20T08:00:00+00:00"
LATER = "2026-10-21T08:00:00+00:00"
NO_RUN_GOES_BY = {  # tables that a run neither reads nor makes rows of, or only for people to look at
    *("_sqlite_migrations", "settings", "users", "tokens", "visits", "audit", "snapshots"),
    *("content_requests", "request_events", "playlists", "playlist_items", "embeddings"),
    *(
        "changed_calls",
        "content_edition",
        "outputs",
        "receipts",
        "editions",
        "item_changes",
        "topic_changes",
    ),
}


@pytest.fixture
def talks(project: Project) -> Project:
    """Two transcripts that were written long ago."""
    project.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("talk-2", "talk-2.vtt")])
    people = project.folder / "participants.csv"
    lines = people.read_text().splitlines(keepends=True)
    people.write_text("".join(line for line in lines if not line.startswith("rec-")))
    for path in (project.folder / "files").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    return project


def told(project: Project, *, now: str = LATER) -> bool:
    """Whether a run would find all as the last one left it."""
    config = project.config()
    program = program_of(config, load_taxonomy(config.tagging.taxonomy))
    with store.opened(project.database) as db:
        return unchanged(db, config, program, now=now) is not None


def run_now(project: Project, *, now: str = NOW, check_all: bool = False):
    return run(
        project.config(),
        database=project.database,
        workers=1,
        retry_failed=False,
        progress=silent,
        now=now,
        check_all=check_all,
    )


def swap_a_word(project: Project) -> None:
    """Another word of the same length in a file whose size and time stay."""
    path = project.folder / "files" / "talk-1.vtt"
    state = path.stat()
    path.write_text(path.read_text().replace("expensive", "lucrative"))
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))


def words(project: Project) -> str:
    with store.opened(project.database) as db:
        return " ".join(turn.text for turn in store.utterances_of(db, "talk-1"))


def test_a_second_run_looks_at_no_file_whose_size_and_time_are_as_they_were(talks: Project) -> None:
    first = run_now(talks)
    rows = talks.rows()
    page = first.report.read_bytes()
    swap_a_word(talks)
    first.report.unlink()

    second = run_now(talks, now=LATER)

    assert (second.statuses, second.problems, second.noted) == ({"done": 2}, (), ())
    assert "expensive" in words(talks)
    assert first.report.read_bytes() == page  # it is made anew all the same
    assert talks.rows() | {"settings": []} == rows | {"settings": []}

    run_now(talks, now=LATER, check_all=True)

    assert "lucrative" in words(talks)


def test_calls_to_be_told_of_are_told_of_again_in_the_order_of_the_list(talks: Project) -> None:
    talks.write_calls(
        [
            call_row("z-refused", "talk-2.vtt", consent=""),
            call_row("talk-1", "talk-1.vtt"),
            call_row("a-refused", "gone.vtt", consent="no"),
            call_row("failed", "none.vtt"),
        ]
    )
    first, second = run_now(talks), run_now(talks, now=LATER)

    assert told(talks)
    assert [call.id for call in first.noted] == ["z-refused", "a-refused"]
    assert second == first


def add_row(project: Project) -> None:
    write_vtt(project.folder / "files" / "talk-3.vtt", [("Ann Lee", "How long does it take?")])
    project.write_calls([call_row(f"talk-{n}", f"talk-{n}.vtt") for n in (1, 2, 3)])


def add_to(name: str, text: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        path = project.folder / name
        path.write_text(path.read_text() + text)

    return change


def touch(project: Project) -> None:
    os.utime(project.folder / "files" / "talk-1.vtt", (LONG_AGO + 1, LONG_AGO))
    os.utime(project.folder / "files" / "talk-1.vtt", (LONG_AGO, LONG_AGO + 1))


def replace_file(project: Project) -> None:
    """By one of the same size and time."""
    path = project.folder / "files" / "talk-1.vtt"
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, (LONG_AGO, LONG_AGO))
    other.replace(path)


def correct(project: Project) -> None:
    with store.opened(project.database) as db, store.transaction(db):
        said = store.utterances_of(db, "talk-1")[1]
        facts = {"context": "", "text": said.text, "at": NOW, "who": "Mara", "before": "/none/"}
        store.add_correction(
            db,
            Correction(
                call="talk-1",
                utterance=said.id,
                action="change",
                after="timing_priority/objection/",
                **facts,
            ),
        )


def mend(project: Project) -> None:
    facts = {"at": NOW, "who": "Mara", "what": "title", "before": "", "after": "CEO"}
    with store.opened(project.database) as db, store.transaction(db):
        store.add_mending(db, Mending(call="talk-1", subject="Ann Lee", **facts))


def judge(project: Project) -> None:
    cell = {"concern": "price_budget", "persona": "any", "stage": "any"}
    with store.opened(project.database) as db, store.transaction(db):
        store.add_judgement(db, Judgement(**cell, item="A-1", answers=False, who="Mara", at=NOW))


def retry(project: Project) -> None:
    with store.opened(project.database) as db, store.transaction(db):
        store.forget_run(db, "speech", "talk-1")


@pytest.mark.parametrize(
    "change",
    [
        *(add_row, touch, replace_file, correct, mend, judge, retry),
        add_to("sales_calls.toml", "\n[gaps]\nmin_deals = 1\n"),
        add_to("taxonomy.toml", "\n[competitors.x]\nlabel = 'Xacta'\nnames = ['Xacta']\n"),
        add_to("participants.csv", "talk-1,Cy Holt,buyer,CTO\n"),
        add_to("items.csv", "A-2,Guide,guide,price_budget,Mara,2026-10-01,2026-01-10\n"),
        add_to("usage.csv", "A-1,2026-10-03,view\n"),
        lambda project: (project.folder / "files" / "talk-1.vtt").unlink(),
    ],
)
def test_every_change_is_seen(talks: Project, change: Callable[[Project], object]) -> None:
    run_now(talks)
    assert told(talks)

    change(talks)

    assert not told(talks)


def test_a_call_whose_time_is_over_leaves(talks: Project) -> None:
    sheet = talks.folder / "calls.csv"
    lines = sheet.read_text().splitlines()
    ends = ["retention_until", "", "2026-10-21"]
    sheet.write_text("\n".join(f"{line},{end}" for line, end in zip(lines, ends, strict=True)))
    run_now(talks)

    assert told(talks, now="2026-10-21T23:00:00+00:00")
    assert not told(talks, now="2026-10-22T01:00:00+00:00")
    assert run_now(talks, now="2026-10-22T01:00:00+00:00").statuses == {"done": 1, "refused": 1}


def test_a_call_that_is_yet_to_come_is_looked_at_again(talks: Project) -> None:
    talks.write_calls(
        [
            call_row("talk-1", "talk-1.vtt"),
            call_row("talk-2", "talk-2.vtt", recorded_at="2026-10-30"),
        ]
    )

    assert run_now(talks).statuses == {"done": 1}
    assert run_now(talks, now="2026-10-30T08:00:00+00:00").statuses == {"done": 2}


def test_a_file_that_was_just_written_is_looked_at_again(talks: Project) -> None:
    path = talks.folder / "files" / "talk-1.vtt"
    os.utime(path, (LONG_AGO + 3, LONG_AGO + 3))
    talks.write_calls([call_row("talk-1", path.name, recorded_at="2023-10-05T10:00")])

    for second, sure in ((3, False), (4, False), (6, True)):
        moment = f"2023-11-14T22:13:{20 + second}+00:00"  # so long after LONG_AGO
        run_now(talks, now=moment, check_all=True)
        assert told(talks, now=moment) is sure


def test_without_a_clock_and_with_addresses_each_call_is_looked_at(talks: Project) -> None:
    run_now(talks, now="")
    assert not told(talks)

    config = talks.config()
    afar = dataclasses.replace(config, calls=dataclasses.replace(config.calls, files="s3://calls"))
    with store.opened(talks.database) as db:
        keep_unchanged(db, afar, "program", [], now=NOW)
        assert store.setting(db, store.UNCHANGED) is None
        keep_unchanged(db, config, "program", [], now=NOW)
        assert store.setting(db, store.UNCHANGED) is not None


def test_every_table_is_watched_or_known_not_to_matter(tmp_path: Path) -> None:
    with store.opened(tmp_path / "a.db", create=True) as db:
        tables = {name for name in db.table_names() if "_fts" not in name}
        triggers = {trigger.name for trigger in db.triggers}
    watched = {
        table
        for table in tables
        if {f"{table}_{event}_changes" for event in ("insert", "update", "delete")} <= triggers
    }
    assert watched | NO_RUN_GOES_BY == tables
    assert not watched & NO_RUN_GOES_BY
