from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from callinsight.calls.speakers import Turn
from callinsight.errors import TranscriptError

Read = Callable[[str, str], list[Turn]]


def segment(start: float, end: float, text: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, **more}


def test_whisper_without_speakers_has_a_turn_a_segment(read: Read) -> None:
    segments = [segment(0.0, 2.5, " Good morning."), segment(2.5, 4, " Hello."), segment(4, 5, "")]
    expected = [Turn(None, 0.0, 2.5, "Good morning."), Turn(None, 2.5, 4.0, "Hello.")]
    whole = {"text": " Good morning. Hello.", "segments": segments, "language": "en"}

    assert read("call.json", json.dumps(whole)) == expected
    assert read("call.txt", json.dumps(whole, indent=2)) == expected
    assert read("call.json", json.dumps(segments)) == expected


def test_whisperx_speakers_are_voices_and_cut_segments(read: Read) -> None:
    words = [
        {"word": "Shall", "start": 3.0, "end": 3.4, "score": 0.9, "speaker": "SPEAKER_00"},
        {"word": "we?", "start": 3.4, "end": 3.9, "speaker": "SPEAKER_00"},
        {"word": "In", "start": 4.0, "end": 4.2, "speaker": "SPEAKER_01"},
        {"word": "2027."},
    ]
    words[3]["speaker"] = "SPEAKER_01"
    segments = [
        segment(0.5, 2.9, "Good morning.", speaker="SPEAKER_00"),
        segment(3.0, 4.5, "Shall we? In 2027.", speaker="SPEAKER_00", words=words),
    ]

    assert read("call.json", json.dumps({"segments": segments, "word_segments": []})) == [
        Turn(None, 0.5, 3.9, "Good morning. Shall we?", "SPEAKER_00"),
        Turn(None, 4.0, 4.2, "In 2027.", "SPEAKER_01"),
    ]


def test_what_this_program_prints_is_read_as_it_was(read: Read) -> None:
    said = [
        {"start_s": 0.5, "end_s": 2, "channel": 0, "speaker": "rep", "side": "rep", "text": "One."},
        {"start_s": 2.1, "end_s": 3, "channel": 0, "speaker": "rep", "side": "rep", "text": "Two."},
        {"start_s": 3, "end_s": 4, "channel": None, "speaker": "Jo", "side": "x", "text": "Three."},
        {"start_s": 4, "end_s": 5, "channel": None, "speaker": "unknown", "text": "Four."},
    ]
    line = json.dumps({"file": "a.wav", "status": "done", "utterances": said, "error": None})

    assert read("call.json", line) == [
        Turn(0, 0.5, 2.0, "One."),
        Turn(0, 2.1, 3.0, "Two."),
        Turn(None, 3.0, 4.0, "Three.", "Jo"),
        Turn(None, 4.0, 5.0, "Four."),
    ]
    with pytest.raises(TranscriptError) as caught:
        read("call.json", f"{line}\n{line}\n")
    assert str(caught.value) == (
        "call.json: there is more after the JSON, in line 2; save each call in its own file"
    )
