from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from material import write_wave
from typer.testing import CliRunner, Result

from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.cli import app

RECORDINGS = Path(__file__).parents[2] / "pipelines" / "demo" / "recordings"
KEYS = ["file", "status", "duration_s", "missing_s", "utterances", "error"]
UTTERANCE_KEYS = ["start_s", "end_s", "channel", "speaker", "side", "text"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a call of 14 s, one channel of it, and silence."""
    call = decode(RECORDINGS / "rec-01.flac").samples[:, : 14 * SAMPLE_RATE]
    write_wave(tmp_path / "call.wav", call)
    write_wave(tmp_path / "mono.wav", call[:1])
    write_wave(tmp_path / "silence.wav", np.zeros((1, 5 * SAMPLE_RATE), dtype=np.float32))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def transcribe(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["transcribe", "--model", "tiny.en", *arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_json_object_a_file_in_the_order_given(folder: Path) -> None:
    (folder / "text.mp3").write_text("We met, we spoke, we parted.\n" * 20, encoding="utf-8")
    files = ["./silence.wav", "text.mp3", str(folder / "call.wav"), "mono.wav", "gone.wav"]

    result = transcribe(*files, "--workers", "2", "--format", "json")

    silence, text, call, mono, gone = lines(result)
    assert [line["file"] for line in (silence, text, call, mono, gone)] == files
    assert all(list(line) == KEYS for line in (silence, text, call, mono, gone))
    assert result.exit_code == 1

    assert (call["status"], call["duration_s"], call["missing_s"]) == ("done", 14.0, 0.0)
    assert call["error"] is None
    rep, *buyer = call["utterances"]
    assert list(rep) == UTTERANCE_KEYS
    assert (rep["channel"], rep["speaker"], rep["side"]) == (0, "channel 0", "unknown")
    assert "Marcus" in rep["text"]
    assert "hear" in rep["text"]
    assert {u["channel"] for u in buyer} == {1}
    assert "loud and clear" in " ".join(u["text"] for u in buyer)
    starts = [u["start_s"] for u in call["utterances"]]
    assert starts == sorted(starts)

    first = mono["utterances"][0]
    assert (first["channel"], first["speaker"]) == (None, "unknown")
    assert "hear" in first["text"]
    assert silence == {
        "file": "./silence.wav",
        "status": "empty",
        "duration_s": 5.0,
        "missing_s": 0.0,
        "utterances": [],
        "error": None,
    }
    assert gone == {
        "file": "gone.wav",
        "status": "failed",
        "duration_s": 0.0,
        "missing_s": 0.0,
        "utterances": [],
        "error": "gone.wav: there is no such file; mend the path or remove the row",
    }
    assert (text["status"], text["utterances"]) == ("failed", [])
    assert text["error"] == (
        "text.mp3: this is no recording that can be read, or it is cut off "
        "(Invalid data found when processing input); "
        "open it in a player, and export the call again"
    )


def test_progress_is_on_stderr_and_success_is_0() -> None:
    result = transcribe("silence.wav", "--workers", "1")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.startswith("Transcribe ")
    assert " 1/1 " in result.stderr


def test_the_reps_channel_gives_the_sides() -> None:
    (call,) = lines(transcribe("call.wav", "--rep-channel", "0", "--workers", "1"))

    assert {(u["channel"], u["side"], u["speaker"]) for u in call["utterances"]} == {
        (0, "rep", "rep"),
        (1, "buyer", "buyer"),
    }


def test_transcripts_need_no_sound_and_have_the_reps_channel_too(folder: Path) -> None:
    segments = [
        {"transcript": "Hi.", "start_time": "0", "end_time": "1", "channel_label": "ch_0"},
        {"transcript": "Yes.", "start_time": "1", "end_time": "2.5", "channel_label": "ch_1"},
    ]
    (folder / "a.json").write_text(json.dumps({"results": {"audio_segments": segments}}))
    (folder / "b.txt").write_text("Jo: Hello there.\nDana: Yes.\n")

    result = transcribe("a.json", "b.txt", "--rep-channel", "1", "--workers", "1")

    a, b = lines(result)
    assert (result.exit_code, a["duration_s"], a["error"]) == (0, 2.5, None)
    assert [(u["channel"], u["side"], u["text"]) for u in a["utterances"]] == [
        (0, "buyer", "Hi."),
        (1, "rep", "Yes."),
    ]
    assert [(u["speaker"], u["side"]) for u in b["utterances"]] == [
        ("Jo", "unknown"),
        ("Dana", "unknown"),
    ]


def test_files_follow_one_another_as_text_and_a_failed_one_is_on_stderr(folder: Path) -> None:
    (folder / "a.txt").write_text("Jo: Hello there.\n")
    (folder / "b.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Dana>Yes.</v>\n")
    arguments = ["a.txt", "gone.txt", "b.vtt", "--workers", "1", "--format"]

    text, who = transcribe(*arguments, "txt"), transcribe(*arguments, "rttm")

    assert text.stdout == (
        "# a.txt\n\n[00:00:00.00 - 00:00:00.80] Jo: Hello there.\n\n"
        "# b.vtt\n\n[00:00:01.00 - 00:00:02.00] Dana: Yes.\n\n"
    )
    assert who.stdout == (
        "SPEAKER a 1 0.00 0.80 <NA> <NA> Jo <NA> <NA>\n"
        "SPEAKER b 1 1.00 1.00 <NA> <NA> Dana <NA> <NA>\n"
    )
    for result in (text, who):
        assert result.exit_code == 1
        assert (
            "failed: gone.txt: there is no such file; mend the path or remove the row\n"
            in result.stderr
        )


@pytest.mark.parametrize("format_", ["txt", "srt", "vtt"])
def test_what_is_printed_of_a_recording_can_be_read_again(folder: Path, format_: str) -> None:
    printed = transcribe("call.wav", "--workers", "1", "--format", format_)
    (folder / f"again.{format_}").write_text(printed.stdout, encoding="utf-8")

    (heard,) = lines(transcribe("call.wav", "--workers", "1"))
    (again,) = lines(transcribe(f"again.{format_}", "--workers", "1"))

    assert again["utterances"] == heard["utterances"]


def test_a_damaged_file_is_partial_and_keeps_the_rest(folder: Path) -> None:
    content = (RECORDINGS / "rec-07.opus").read_bytes()[:60_000]
    (folder / "a.opus").write_bytes(content[:20_000] + bytes(5_000) + content[25_000:])

    result = transcribe("a.opus", "--workers", "1")

    (line,) = lines(result)
    assert (line["status"], line["error"], result.exit_code) == ("partial", None, 0)
    assert 0.5 < line["missing_s"] < 6
    assert "mute" in line["utterances"][0]["text"]


def test_a_file_that_is_cut_off_is_partial(folder: Path) -> None:
    (folder / "a.opus").write_bytes((RECORDINGS / "rec-07.opus").read_bytes()[:40_000])

    (line,) = lines(transcribe("a.opus", "--workers", "1"))
    text = transcribe("a.opus", "--workers", "1", "--format", "txt")

    assert (line["status"], line["missing_s"], line["error"]) == ("partial", 0.0, None)
    assert "partial: a.opus: the file ends before its end: it was cut off\n" in text.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "whisper"], "--engine is 'whisper'; did you mean 'openai-whisper'?"),
        (["--format", "pdf"], "--format is 'pdf'; it must be txt or srt or vtt or json or rttm"),
        (
            ["b.wav", "--format", "srt"],
            (
                "--format srt holds one file and 2 are named; "
                "name one at a time, or take txt, json or rttm"
            ),
        ),
        (
            ["b/call.mp3", "--format", "rttm"],
            (
                "RTTM names files without folder and suffix, and 'call' is there twice; "
                "name these files one at a time"
            ),
        ),
        (
            ["--model", "tiny"],
            "model 'tiny' does not hear speech; it must be base or tiny.en",
        ),
        (["--language", "de"], "model 'tiny.en' hears English only; take 'base' for 'de'"),
        (
            ["--language", "xx"],
            "'xx' is no language that the models know; write a code such as en or de",
        ),
        (
            ["--model", "all-MiniLM-L6-v2"],
            "model 'all-MiniLM-L6-v2' does not hear speech; it must be base or tiny.en",
        ),
    ],
)
def test_an_option_that_cannot_be_used(arguments: list[str], message: str) -> None:
    result = transcribe("call.wav", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {message}\n"
