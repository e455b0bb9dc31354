from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from material import write_wave
from typer.testing import CliRunner, Result

from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.cli import app
from callinsight.pipeline.hearing import has_graphics_card

RECORDINGS = Path(__file__).parents[2] / "pipelines" / "demo" / "recordings"
KEYS = [
    *(
        "file",
        "status",
        "duration_s",
        "missing_s",
        "cut_off",
        "unclear_s",
        "language",
        "utterances",
        "error",
    ),
]
UTTERANCE_KEYS = [
    *("start_s", "end_s", "channel", "voice", "voice_confidence", "speaker", "side"),
    *("side_confidence", "overlaps", "estimated", "text"),
]
WORD_KEYS = ["start_s", "end_s", "text", "probability"]
SAID = ("start_s", "end_s", "speaker", "side", "side_confidence", "text")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a call of 14 s, one channel of it, and silence."""
    call = decode(RECORDINGS / "rec-01.flac").read(0, 14 * SAMPLE_RATE)
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
    assert (rep["channel"], rep["speaker"], rep["side"]) == (0, "rep", "rep")
    assert 0.9 <= rep["side_confidence"] < 1  # told by the words
    assert "Marcus" in rep["text"]
    assert "hear" in rep["text"]
    assert {u["channel"] for u in buyer} == {1}
    assert "loud and clear" in " ".join(u["text"] for u in buyer)
    starts = [u["start_s"] for u in call["utterances"]]
    assert starts == sorted(starts)

    first = mono["utterances"][0]
    assert (first["channel"], first["voice"]) == (None, "voice 1")
    assert first["speaker"] in ("voice 1", "uncertain speaker")
    assert (first["side"], first["side_confidence"]) == ("unknown", 0.0)  # one voice tells nothing
    assert "hear" in first["text"]
    assert silence == {
        "file": "./silence.wav",
        "status": "empty",
        "duration_s": 5.0,
        "missing_s": 0.0,
        "cut_off": False,
        "unclear_s": 0.0,
        "language": "en",
        "utterances": [],
        "error": None,
    }
    assert gone == {
        "file": "gone.wav",
        "status": "failed",
        "duration_s": 0.0,
        "missing_s": 0.0,
        "cut_off": False,
        "unclear_s": 0.0,
        "language": "",
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


def test_what_is_printed_of_a_recording_can_be_read_again(folder: Path) -> None:
    (heard,) = lines(transcribe("call.wav", "--workers", "1"))
    for format_ in ("txt", "srt", "vtt"):
        printed = transcribe("call.wav", "--workers", "1", "--format", format_)
        (folder / f"again.{format_}").write_text(printed.stdout, encoding="utf-8")

    again = lines(transcribe("again.txt", "again.srt", "again.vtt", "--workers", "1"))

    # voices stand for channels there; the sides are found again in what they say
    parts = [{key: value for key, value in u.items() if key in SAID} for u in heard["utterances"]]
    assert [line["error"] for line in again] == [None, None, None]
    for line in again:
        assert [{k: v for k, v in u.items() if k in SAID} for u in line["utterances"]] == parts


def test_json_with_words_comes_back_as_it_was(folder: Path) -> None:
    arguments = ["--words", "--workers", "1"]
    printed = transcribe("call.wav", *arguments)
    (folder / "again.json").write_text(printed.stdout, encoding="utf-8")

    (heard,) = lines(printed)
    (again,) = lines(transcribe("again.json", *arguments))

    assert {**again, "file": "call.wav"} == heard
    for utterance in heard["utterances"]:
        assert list(utterance) == [*UTTERANCE_KEYS, "words"]
        words = utterance["words"]
        assert " ".join(word["text"] for word in words) == utterance["text"]
        assert [list(word) for word in words] == [WORD_KEYS] * len(words)
        assert (words[0]["start_s"], words[-1]["end_s"]) == (
            utterance["start_s"],
            utterance["end_s"],
        )
        assert all(0 < word["probability"] <= 1 for word in words)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"status": "partial", "missing_s": 3.0}, "partial"),
        ({"status": "partial", "missing_s": 0.0, "cut_off": True}, "partial"),
        ({"status": "empty", "utterances": []}, "empty"),
    ],
)
def test_what_lacked_when_json_was_printed_lacks_when_it_is_read(
    folder: Path, facts: dict[str, Any], status: str
) -> None:
    said = {"start_s": 1.0, "end_s": 2.0, "channel": 0, "speaker": "rep", "text": "Hello."}
    whole = {"duration_s": 51.1, "missing_s": 0.0, "cut_off": False, "language": "de"}
    printed = {"file": "a.wav", **whole, "utterances": [said], "error": None, **facts}
    (folder / "a.json").write_text(json.dumps(printed), encoding="utf-8")

    (line,) = lines(transcribe("a.json"))

    kept = ("duration_s", "missing_s", "cut_off", "language")
    assert {key: line[key] for key in kept} == {key: printed[key] for key in kept}
    assert line["status"] == status


def test_json_of_a_recording_that_failed_says_why(folder: Path) -> None:
    why = "a.mp3: the file is empty; copy it again from where it was recorded"
    printed = {"status": "failed", "duration_s": 0.0, "missing_s": 0.0, "utterances": []}
    (folder / "a.json").write_text(json.dumps({**printed, "error": why}), encoding="utf-8")

    done = transcribe("a.json")

    assert done.exit_code == 1
    assert lines(done)[0]["error"] == f"a.json: {why}"


def test_words_of_webvtt_have_their_times(folder: Path) -> None:
    arguments = ["call.wav", "--workers", "1"]

    (heard,) = lines(transcribe(*arguments, "--words"))
    timed = transcribe(*arguments, "--words", "--format", "vtt").stdout
    plain = transcribe(*arguments, "--format", "vtt").stdout

    third = heard["utterances"][0]["words"][2]
    assert f"<00:00:0{third['start_s']:.3f}>{third['text']}" in timed
    assert re.sub(r"<\d[^>]*>", "", timed) == plain


def test_names_to_expect_are_heard_as_they_are_spelled() -> None:
    (plain,) = lines(transcribe("call.wav", "--workers", "1"))
    (expecting,) = lines(
        transcribe("call.wav", "--workers", "1", "--vocabulary", " Markus; Tallibruck;")
    )

    assert "Marcus" in plain["utterances"][0]["text"]
    assert "Markus" in expecting["utterances"][0]["text"]


def test_as_many_voices_are_told_apart_as_there_are(folder: Path) -> None:
    write_wave(folder / "talk.wav", decode(RECORDINGS / "rec-07.opus").read(0, 24 * SAMPLE_RATE))

    (found,) = lines(transcribe("talk.wav", "--workers", "1"))
    (alone,) = lines(transcribe("talk.wav", "--workers", "1", "--speakers", "1"))

    assert [u["voice"] for u in found["utterances"]][:4] == ["voice 1", "voice 2"] * 2
    assert {u["voice"] for u in alone["utterances"]} == {"voice 1"}
    assert {u["side"] for u in alone["utterances"]} == {"unknown"}


def test_the_language_is_found_by_listening() -> None:
    (heard,) = lines(
        CliRunner().invoke(app, ["transcribe", "call.wav", "--language", "auto", "--workers", "1"])
    )
    (silence,) = lines(transcribe("silence.wav", "--language", "auto", "--workers", "1"))

    assert (heard["language"], heard["status"]) == ("en", "done")
    assert (silence["language"], silence["status"]) == ("", "empty")


def test_a_rep_on_a_channel_that_is_not_there_is_told_and_nobody_is_a_buyer() -> None:
    result = transcribe("call.wav", "--rep-channel", "2", "--workers", "1")

    (line,) = lines(result)
    assert {(u["side"], u["side_confidence"]) for u in line["utterances"]} == {("unknown", 0.0)}
    assert result.exit_code == 0
    assert (
        "call.wav: the rep's channel is 2, but the recording has the channels 0 and 1; "
        "nobody counts as buyer until it is mended\n" in result.stderr
    )


def test_a_damaged_file_is_partial_and_keeps_the_rest(folder: Path) -> None:
    content = (RECORDINGS / "rec-07.opus").read_bytes()[:60_000]
    (folder / "a.opus").write_bytes(content[:20_000] + bytes(5_000) + content[25_000:])

    result = transcribe("a.opus", "--workers", "1")

    (line,) = lines(result)
    assert (line["status"], line["error"], result.exit_code) == ("partial", None, 0)
    assert 0.5 < line["missing_s"] < 6
    assert line["cut_off"]
    assert "mute" in line["utterances"][0]["text"]


def test_a_file_that_is_cut_off_is_partial(folder: Path) -> None:
    (folder / "a.opus").write_bytes((RECORDINGS / "rec-07.opus").read_bytes()[:40_000])

    (line,) = lines(transcribe("a.opus", "--workers", "1"))
    text = transcribe("a.opus", "--workers", "1", "--format", "txt")

    assert (line["status"], line["missing_s"], line["error"]) == ("partial", 0.0, None)
    assert line["cut_off"]
    assert "partial: a.opus: the file ends before its end: it was cut off\n" in text.stderr


@pytest.mark.skipif(has_graphics_card("faster-whisper"), reason="there is a graphics card")
def test_a_graphics_card_that_is_not_there_is_told_before_any_work() -> None:
    result = transcribe("call.wav", "--device", "cuda")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: device is 'cuda', but faster-whisper finds no graphics card that it can use here; "
        "mend its driver, or set device to 'cpu'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "whisper"], "--engine is 'whisper'; did you mean 'openai-whisper'?"),
        (["--device", "gpu"], "--device is 'gpu'; did you mean 'cpu'?"),
        (["--device", "tpu-v4"], "--device is 'tpu-v4'; it must be one of cpu, cuda"),
        (
            ["--words", "--format", "txt"],
            "--words needs --format json or vtt; txt has no place for the times of words",
        ),
        (["--format", "pdf"], "--format is 'pdf'; it must be one of txt, srt, vtt, json, rttm"),
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
            "'xx' is no language that the models know; write a code such as en or de, or auto",
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
