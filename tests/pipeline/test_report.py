"""What a report plays: recordings, and those that lie beside a transcript."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from material import ROOT, Project, call_row, write_vtt, write_wave

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.pipeline.run import Summary

DEALS = 8
SAID = [
    ("Dana Whitfield", "What did you think of the proposal?"),
    ("Ann Lee", "It is far too expensive for us, we do not have the budget for that."),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Transcripts of eight deals with the same objection."""
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
