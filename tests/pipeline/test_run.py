"""The pipeline over a small project: what it stores, skips, redoes, and how it takes bad input."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from material import (
    Project,
    call_row,
    calls_stored,
    children_of,
    still_alive,
    write_vtt,
    write_wave,
)

from callinsight import store
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.errors import ConfigError, InputError
from callinsight.pipeline.run import run


def words_of(project: Project, call: str, side: str) -> str:
    with store.opened(project.database) as db:
        said = store.utterances_of(db, call)
    return " ".join(u.text for u in said if u.side == side).lower()


def finished(project: Project) -> dict[tuple[str, str], str]:
    with store.opened(project.database) as db:
        rows = db.execute("SELECT stage, subject, settings_hash FROM runs").fetchall()
    return {(stage, subject): hash_ for stage, subject, hash_ in rows}


def test_recordings_and_transcripts_become_tagged_utterances(project: Project) -> None:
    summary = project.run()

    assert summary.statuses == {"done": 4}
    assert summary.problems == ()
    assert "hosted" in words_of(project, "rec-01", "buyer")
    assert "hosted" not in words_of(project, "rec-01", "rep")
    assert words_of(project, "talk-2", "buyer") == "lovely, we went to the lake."
    with store.opened(project.database) as db:
        tags = store.tags_of_call(db, "talk-1")
        people = {u.speaker: u.persona for u in store.utterances_of(db, "talk-1")}
    concern = next(tag for tag in tags if tag.label == "price_budget")
    assert (concern.stance, concern.status) == ("objection", "sure")
    assert (concern.persona, concern.stage) == ("economic_buyer", "decision")
    assert concern.month == "2026-10"
    assert [tag.label for tag in tags if tag.kind == "ask"] == ["pricing_sheet"]
    assert people == {"Dana Whitfield": "unknown", "Ann Lee": "economic_buyer"}


def test_a_second_run_changes_no_row_and_no_byte(project: Project) -> None:
    first = project.run()
    rows = project.rows()
    before = {p: p.read_bytes() for p in first.report.parent.rglob("*") if p.is_file()}
    changes = sqlite_changes(project)

    project.run()

    assert project.rows() == rows
    assert sqlite_changes(project) == changes
    assert {p: p.read_bytes() for p in first.report.parent.rglob("*") if p.is_file()} == before


def sqlite_changes(project: Project) -> int:
    """SQLite's counter of committed changes to the file."""
    with store.opened(project.database) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return int.from_bytes(project.database.read_bytes()[24:28], "big")


def test_any_number_of_workers_gives_the_same_rows(project: Project, tmp_path: Path) -> None:
    project.run(workers=2)
    alone = Project(tmp_path / "alone")
    shutil.copytree(project.folder, alone.folder, ignore=shutil.ignore_patterns("*.db*"))
    alone.run(workers=1)

    assert alone.rows() | {"settings": []} == project.rows() | {"settings": []}


def test_an_option_of_speech_redoes_the_recordings_and_no_transcript(project: Project) -> None:
    project.run()
    before = finished(project)
    text = project.pipeline.read_text(encoding="utf-8")
    project.pipeline.write_text(text.replace("[speech]\n", "[speech]\nbeam_size = 1\n"))

    project.run()

    changed = {key for key, hash_ in finished(project).items() if before.get(key) != hash_}
    assert {key for key in changed if key[0] == "speech"} == {
        ("speech", "rec-01"),
        ("speech", "rec-02"),
    }
    assert not {"talk-1", "talk-2"} & {subject for _, subject in changed}


def test_what_the_manifest_says_may_change_without_hearing_a_call_again(project: Project) -> None:
    project.run()
    before = finished(project)
    sheet = project.folder / "calls.csv"
    sheet.write_text(sheet.read_text().replace("D-talk-1,Negotiation", "D-talk-1,Demo"))

    project.run()

    changed = {key for key, hash_ in finished(project).items() if before[key] != hash_}
    with store.opened(project.database) as db:
        assert {tag.stage for tag in store.tags_of_call(db, "talk-1")} == {"consideration"}
    assert changed == {("tags", "talk-1"), ("topics", "all")}


def test_a_new_word_for_a_person_renames_and_tags_again(project: Project) -> None:
    project.run()
    people = project.folder / "participants.csv"
    people.write_text(people.read_text().replace("Chief Financial Officer", "Head of Legal"))

    project.run()

    with store.opened(project.database) as db:
        assert {tag.persona for tag in store.tags_of_call(db, "talk-1")} == {"legal_procurement"}


def test_bad_files_are_named_and_the_others_go_on(project: Project) -> None:
    files = project.folder / "files"
    (files / "empty.wav").write_bytes(b"")
    (files / "letter.mp3").write_text("Dear Sir or Madam, this is no sound.\n" * 20)
    (files / "cut.wav").write_bytes((files / "rec-01.wav").read_bytes()[:30])
    shutil.copy(files / "rec-01.wav", files / "copy.wav")
    write_wave(files / "silence.wav", np.zeros((1, 16_000 * 3), dtype=np.float32))
    (files / "notes.vtt").write_text("these are notes\n")
    project.write_calls(
        [
            call_row("rec-01", "rec-01.wav"),
            call_row("talk-1", "talk-1.vtt"),
            call_row("empty", "empty.wav"),
            call_row("letter", "letter.mp3"),
            call_row("cut", "cut.wav"),
            call_row("gone", "gone.wav"),
            call_row("copy", "copy.wav"),
            call_row("secret", "rec-02.wav", consent=""),
            call_row("silence", "silence.wav"),
            call_row("notes", "notes.vtt"),
            call_row("when", "talk-2.vtt", recorded_at="31/10/2026"),
        ]
    )
    (project.folder / "participants.csv").write_text(
        "call_id,name,side,title,persona\n"
        "talk-1,Dana Whitfield,rep,,\n"
        "talk-1,Ann Lee,buyer,CFO,economic_byer\n"
    )

    summary = project.run()

    assert summary.statuses == {"done": 2, "empty": 1, "failed": 5, "refused": 2}
    assert [call.reason for call in summary.noted] == [
        (
            "calls.csv:8: 'copy.wav' holds the same bytes as 'rec-01.wav' (calls.csv:2); "
            "remove one of the rows"
        ),
        (
            "calls.csv:9: consent is empty, so rec-02.wav was not opened; "
            "fill in the basis of consent, or remove the row"
        ),
        "calls.csv:10: nobody speaks in silence.wav",
    ]
    assert [problem.error for problem in summary.problems] == [
        (
            "calls.csv:12: recorded_at is '31/10/2026'; write date and time such as "
            "2026-10-31T14:30 or 2026-10-31T14:30+01:00"
        ),
        "participants.csv:3: persona is 'economic_byer'; did you mean 'economic_buyer'?",
        (
            "calls.csv:6: cut.wav: this is no recording that can be read, or it is cut off "
            "(Invalid data found when processing input); open it in a player, and export the call again"
        ),
        "calls.csv:4: empty.wav: the file is empty; copy it again from where it was recorded",
        "calls.csv:7: gone.wav: there is no such file; mend the path or remove the row",
        (
            "calls.csv:5: letter.mp3: this is no recording that can be read, or it is cut off "
            "(Invalid data found when processing input); open it in a player, and export the call again"
        ),
        (
            "calls.csv:11: notes.vtt: this is no WebVTT transcript (its first line is not WEBVTT); "
            "export the transcript again"
        ),
    ]
    assert "hosted" in words_of(project, "rec-01", "buyer")
    with store.opened(project.database) as db:
        refused = store.get_call(db, "secret")
        assert store.utterances_of(db, "secret") == []
    assert (refused.title, refused.deal, refused.fingerprint) == ("", "", "")


def test_a_failed_call_is_named_on_every_run_until_it_is_mended(project: Project) -> None:
    good = (project.folder / "files" / "talk-2.vtt").read_text()
    (project.folder / "files" / "talk-2.vtt").write_text("no transcript")
    assert project.run().statuses == {"done": 3, "failed": 1}

    again = project.run()
    (project.folder / "files" / "talk-2.vtt").write_text(good)
    mended = project.run()

    assert len(again.problems) == 1
    assert mended.problems == ()
    assert mended.statuses == {"done": 4}


def test_retry_failed_tries_a_call_again_that_has_not_changed(project: Project) -> None:
    (project.folder / "files" / "talk-2.vtt").write_text("no transcript")
    project.run()
    tried = {}

    @contextlib.contextmanager
    def count(step: str, total: int) -> Iterator[Callable[[float], None]]:
        tried[step] = total
        yield lambda _seconds: None

    for retry_failed, due in ((False, 0), (True, 1)):
        run(
            project.config(),
            database=project.database,
            workers=1,
            retry_failed=retry_failed,
            progress=count,
        )
        assert tried["Transcribe"] == due


def test_a_call_that_is_listed_no_more_leaves_nothing(project: Project) -> None:
    project.run()
    project.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("talk-2", "talk-2.vtt")])
    people = project.folder / "participants.csv"
    people.write_text(
        "".join(line for line in people.read_text().splitlines(True) if not line.startswith("rec"))
    )

    summary = project.run()

    assert summary.removed == 2
    held = repr({table: rows for table, rows in project.rows().items() if table != "settings"})
    assert "rec-0" not in held


def test_a_file_that_is_gone_keeps_what_was_heard_of_it(project: Project) -> None:
    sheet = project.folder / "calls.csv"
    sheet.write_text(sheet.read_text().replace("rec-01,rec-01.wav", ",rec-01.wav"))
    people = project.folder / "participants.csv"
    people.write_text(people.read_text().replace("rec-01,Ingrid Halvorsen,buyer,CISO\n", ""))
    project.run()
    rows = project.rows()
    recording = project.folder / "files" / "rec-01.wav"
    recording.rename(project.folder / "elsewhere.wav")

    summary = project.run()

    assert [problem.error for problem in summary.problems] == [
        (
            "calls.csv:2: rec-01.wav is not there any more; what was heard of it is kept. "
            "Bring the file back, or remove the row"
        )
    ]
    assert summary.statuses == {"done": 4}
    assert project.rows() | {"runs": []} == rows | {"runs": []}
    (project.folder / "elsewhere.wav").rename(recording)
    assert project.run().problems == ()
    assert project.rows() == rows


def test_a_folder_out_of_reach_stops_before_anything_is_written(project: Project) -> None:
    project.run()
    rows = project.rows()
    (project.folder / "files").rename(project.folder / "unmounted")

    with pytest.raises(InputError) as caught:
        project.run()

    assert str(caught.value) == (
        f"{project.folder}/files: there is no such folder of recordings; connect its drive, "
        f"or mend 'files' under [calls] in {project.pipeline}"
    )
    assert project.rows() == rows


def test_a_list_without_any_known_call_removes_nothing(project: Project) -> None:
    project.run()
    rows = project.rows()
    project.write_calls([])
    (project.folder / "participants.csv").write_text("call_id,name,side\n")

    with pytest.raises(InputError) as caught:
        project.run()

    assert str(caught.value) == (
        "none of the 4 calls in the database is in the list of calls. Is it the right database? "
        "Name another with --db FILE, or delete it if its calls shall go"
    )
    assert project.rows() == rows


def test_a_rep_on_a_channel_that_is_not_there_makes_nobody_a_buyer(project: Project) -> None:
    sheet = project.folder / "calls.csv"
    text = sheet.read_text()
    sheet.write_text(
        text.replace(
            "rec-01.wav,2026-10-05T10:00,,,D-rec-01,Negotiation,,,notice,0",
            "rec-01.wav,2026-10-05T10:00,,,D-rec-01,Negotiation,,,notice,2",
        )
    )
    assert sheet.read_text() != text

    summary = project.run()

    assert [problem.error for problem in summary.problems] == [
        (
            "calls.csv:2: rec-01.wav: the rep's channel is 2, but the recording has the channels "
            "0 and 1; nobody counts as buyer until it is mended"
        )
    ]
    with store.opened(project.database) as db:
        assert {u.side for u in store.utterances_of(db, "rec-01")} == {"unknown"}
        assert {tag.status for tag in store.tags_of_call(db, "rec-01")} <= {
            "uncertain_speaker",
            "unsure",
        }
    sheet.write_text(text)
    assert project.run().problems == ()
    assert "hosted" in words_of(project, "rec-01", "buyer")


def test_gaps_of_a_month_without_calls_go(project: Project) -> None:
    project.run()
    sheet = project.folder / "calls.csv"
    sheet.write_text(sheet.read_text().replace("2026-10-05", "2026-09-05"))

    project.run()

    with store.opened(project.database) as db:
        assert store.gaps_of_month(db, "2026-10") == []
        assert store.gaps_of_month(db, "2026-09")


def test_an_unknown_column_stops_before_any_work(project: Project) -> None:
    sheet = project.folder / "calls.csv"
    sheet.write_text(sheet.read_text().replace("deal_stage", "dealstage"))

    with pytest.raises(InputError) as caught:
        project.run()

    assert str(caught.value).startswith(
        "calls.csv: there is no column 'dealstage'; did you mean 'deal_stage'? The columns are file, "
    )
    assert not project.database.exists()


def test_an_unknown_setting_names_the_nearest(project: Project) -> None:
    text = project.pipeline.read_text(encoding="utf-8")
    project.pipeline.write_text(text.replace('model = "tiny.en"', 'modle = "tiny.en"'))

    with pytest.raises(ConfigError) as caught:
        project.run()

    assert str(caught.value) == (
        f"{project.pipeline}: [speech] has no setting 'modle'; did you mean 'model'?"
    )


def test_search_finds_words_and_follows_a_call_that_changes(project: Project) -> None:
    project.run()
    with store.opened(project.database) as db:
        assert [u.call for u in store.search_utterances(db, "lakes")] == ["talk-2"]  # stemmed
    write_vtt(project.folder / "files" / "talk-2.vtt", [("Bo Berg", "We went to the mountains.")])

    project.run()

    with store.opened(project.database) as db:
        assert store.search_utterances(db, "lake") == []
        assert [u.text for u in store.search_utterances(db, 'the "mountain')] == [
            "We went to the mountains."
        ]


def heard(rows: dict[str, list[tuple]]) -> list[tuple]:
    """The utterances without whose they are, which is told once all calls are heard."""
    return [(*u[:6], *u[10:15], *u[16:]) for u in rows["utterances"]]


def kill_when_stored(project: Project, calls: int) -> set[int]:
    """Kill a run once so many calls are stored; the processes that it had started."""
    command = [sys.executable, "-m", "callinsight.cli", "run", str(project.pipeline)]
    silence = subprocess.DEVNULL
    with subprocess.Popen([*command, "--workers", "1"], stdout=silence, stderr=silence) as process:
        while calls_stored(project) < calls:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.01)
        started = children_of(process.pid)
        process.kill()
    return started


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_a_killed_run_loses_only_the_call_in_work_and_leaves_no_process(
    project: Project, tmp_path: Path
) -> None:
    listed = [call_row(f"rec-0{number}", f"rec-0{number}.wav") for number in (1, 2, 3, 4)]
    for number in (1, 2):  # more recordings: transcripts are read too fast to be killed between
        short = decode(project.folder / "files" / f"rec-0{number}.wav").read(0, 5 * SAMPLE_RATE)
        write_wave(project.folder / "files" / f"rec-0{number + 2}.wav", short)
    project.write_calls([*listed, call_row("talk-1", "talk-1.vtt")])
    folders = [tmp_path / f"killed-after-{calls}" for calls in (1, 2, 3)]
    for folder in folders:
        shutil.copytree(project.folder, folder)
    project.run()
    undisturbed = project.rows() | {"settings": []}

    for calls, killed in enumerate(map(Project, folders), start=1):
        started = kill_when_stored(killed, calls)
        assert started
        assert still_alive(started, within_s=5) == set()

        kept = killed.rows()
        killed.run()

        rows = killed.rows()
        assert rows | {"settings": []} == undisturbed
        ids = {row[0] for row in kept["calls"]}
        assert calls <= len(ids) < len(rows["calls"])
        assert kept["utterances"]
        assert heard(kept) == [u for u in heard(rows) if u[0].split(":")[0] in ids]
        assert all(set(kept[name]) <= set(rows[name]) for name in kept if name != "utterances")
