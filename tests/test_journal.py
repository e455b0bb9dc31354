"""The log of a run: whole lines with ids and numbers, and never a word of a call."""

import json
import re
import stat
from pathlib import Path

import pytest
from material import Project, call_row, write_vtt
from typer.testing import CliRunner

from callinsight.cli import app
from callinsight.errors import InputError
from callinsight.journal import LogFormat, journal, note, timed
from callinsight.progress import silent

runner = CliRunner()
PLANTED = ("zanzibar", "mulberry", "Quentin", "Featherstone", "Wobblecorp", "quarterly-secret")


@pytest.fixture
def planted(project: Project) -> Project:
    """Words that are in no log unless somebody put them there: said, named, in a title and a file."""
    files = project.folder / "files"
    said = "It is far too expensive for us here in zanzibar, we have no budget for mulberry."
    write_vtt(files / "talk-1.vtt", [("Quentin Featherstone", said)])
    (files / "talk-2.vtt").write_text("WEBVTT\n\n00:00 --> zanzibar\nmulberry\n")
    facts = {"title": "Quentin and the quarterly-secret", "account": "Wobblecorp"}
    project.write_calls(
        [
            call_row("talk-1", "talk-1.vtt", **facts),
            call_row("talk-2", "talk-2.vtt", **facts),
            call_row("talk-3", "zanzibar.vtt", recorded_at="mulberry"),
        ]
    )
    (project.folder / "participants.csv").write_text(
        "call_id,name,side,title,persona\ntalk-1,Quentin Featherstone,buyer,CFO,\n"
        "talk-1,Quentin,buyer,,zanzibar\n"
    )
    return project


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_log_says_what_became_of_each_call_and_nothing_that_was_said(
    planted: Project, shape: str
) -> None:
    log = planted.folder / "run.log"

    result = runner.invoke(
        app, ["run", str(planted.pipeline), "--log", str(log), "--log-format", shape]
    )

    text = log.read_text(encoding="utf-8")
    assert result.exit_code == 1
    assert [word for word in PLANTED if word.casefold() in text.casefold()] == []
    assert "talk-1" in text
    assert text.endswith("\n")


def test_each_line_of_a_json_log_is_an_object_of_one_run(planted: Project) -> None:
    log = planted.folder / "run.log"
    for _ in range(2):
        runner.invoke(app, ["run", str(planted.pipeline), "--log", str(log), "--log-format=json"])

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    first = [line for line in lines if line["run"] == lines[0]["run"]]
    assert len({line["run"] for line in lines}) == 2
    assert (first[0]["event"], first[-1]["event"]) == ("run started", "run done")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", x["time"]) for x in lines)
    heard = next(line for line in first if line["event"] == "call heard")
    assert (heard["call"], heard["status"], heard["audio_s"]) == ("talk-1", "done", 4.0)
    failed = next(line for line in first if line["event"] == "call failed")
    assert (failed["call"], failed["stage"], failed["level"]) == ("talk-2", "speech", "warning")
    assert failed["error"] == "TranscriptError"
    inputs = {(x["stage"], x["subject"]) for x in first if x["event"] == "input failed"}
    assert inputs == {
        ("manifest", "calls.csv:4"),
        ("manifest", "participants.csv:3"),
        ("speech", "talk-2"),
    }
    steps = {line["step"]: line["seconds"] for line in first if line["event"] == "step done"}
    assert {"Transcribe", "Tag"} <= steps.keys()
    assert first[-1]["seconds"] >= sum(steps.values()) > 0


def test_a_bug_is_told_by_its_place_and_not_by_its_message(tmp_path: Path) -> None:
    log = tmp_path / "run.log"

    with (
        pytest.raises(ValueError, match="mulberry"),
        journal(log, shape=LogFormat.TEXT, run="r1"),
    ):
        raise ValueError("the buyer said mulberry")

    last = log.read_text(encoding="utf-8").splitlines()[-1]
    assert re.fullmatch(
        r"\S+Z error run=r1 run stopped error=ValueError where=test_journal\.py:\d+", last
    )


def test_an_id_cannot_forge_a_line(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    with journal(log, shape=LogFormat.TEXT, run="r1"):
        note("call heard", call="a\n2026-01-01T00:00:00.000Z info run=r1 forged")

    lines = log.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(r'call="a\n2026-01-01T00:00:00.000Z info run=r1 forged"')


def test_a_log_that_cannot_be_written_stops_a_run_before_it_starts(tmp_path: Path) -> None:
    place = tmp_path / "none" / "run.log"

    with pytest.raises(InputError) as caught, journal(place, shape=LogFormat.TEXT, run="r1"):
        pytest.fail("it went on")

    assert str(caught.value) == (
        f"{place}: no log can be written there (No such file or directory); "
        "name another file with --log"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no disk that is always full")
def test_a_disk_that_fills_up_does_not_stop_a_run(capfd: pytest.CaptureFixture[str]) -> None:
    done = []
    with (
        journal(Path("/dev/full"), shape=LogFormat.JSON, run="r1"),
        timed(silent)("Tag", 1) as advance,
    ):
        advance(0.0)
        done.append(1)

    assert done == [1]
    assert capfd.readouterr() == ("", "")


def test_without_a_log_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    note("run stopped", level=40, error="ValueError")

    assert capfd.readouterr() == ("", "")


SAMPLE = re.compile(
    r'([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+]+)'
)


def test_metrics_are_numbers_of_the_run_that_prometheus_reads(planted: Project) -> None:
    metrics = planted.folder / "callinsight.prom"

    result = runner.invoke(app, ["run", str(planted.pipeline), "--metrics", str(metrics)])

    assert result.exit_code == 1
    text = metrics.read_text(encoding="utf-8")
    assert text.endswith("\n")
    told: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            told[f"{name} {labels or ''}".strip()] = float(value)
            assert f"# TYPE {name} gauge\n" in text
    assert told['callinsight_calls status="done"'] == 1
    assert told['callinsight_calls status="failed"'] == 1
    assert told['callinsight_problems stage="manifest"'] == 2
    assert told['callinsight_problems stage="speech"'] == 1
    assert told["callinsight_audio_seconds"] == 4.0
    assert told['callinsight_tags kind="concern",status="sure"'] >= 1
    assert any(name.startswith('callinsight_gaps month="2026-10",verdict=') for name in told)
    assert 0 < told["callinsight_run_duration_seconds"] < 600
    assert abs(told["callinsight_last_success_timestamp_seconds"] - metrics.stat().st_mtime) < 60
    assert [word for word in PLANTED if word.casefold() in text.casefold()] == []
    assert stat.S_IMODE(metrics.stat().st_mode) == 0o644
    assert list(planted.folder.glob("*.part")) == []


def test_a_run_that_cannot_start_leaves_the_metrics_of_the_last(planted: Project) -> None:
    metrics = planted.folder / "callinsight.prom"
    metrics.write_text("before\n")
    (planted.folder / "files").rename(planted.folder / "unmounted")

    result = runner.invoke(app, ["run", str(planted.pipeline), "--metrics", str(metrics)])

    assert result.exit_code == 2
    assert metrics.read_text() == "before\n"


def test_metrics_that_cannot_be_written_are_told_and_leave_nothing(planted: Project) -> None:
    place = planted.folder / "none" / "callinsight.prom"

    result = runner.invoke(app, ["run", str(planted.pipeline), "--metrics", str(place)])

    assert result.exit_code == 2
    assert result.stderr == (  # before anything is done
        f"Error: {place}: the metrics cannot be written there (No such file or directory); "
        "name another file with --metrics\n"
    )
