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
from callinsight.weights import MODELS

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


def test_a_damaged_file_is_partial_and_keeps_the_rest(folder: Path) -> None:
    content = (RECORDINGS / "rec-07.opus").read_bytes()[:60_000]
    (folder / "a.opus").write_bytes(content[:20_000] + bytes(5_000) + content[25_000:])

    result = transcribe("a.opus", "--workers", "1")

    (line,) = lines(result)
    assert (line["status"], line["error"], result.exit_code) == ("partial", None, 0)
    assert 0.5 < line["missing_s"] < 6
    assert "mute" in line["utterances"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "whisper"], "--engine is 'whisper'; did you mean 'openai-whisper'?"),
        (["--format", "srt"], "--format is 'srt'; it must be json"),
        (
            ["--model", "tiny"],
            "unknown model 'tiny'; did you mean 'tiny.en'? (known: " + ", ".join(MODELS) + ")",
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
