"""Hostile JSON: an error with its place, and never another exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callinsight.calls.transcripts import read_transcript
from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import text_of
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from pathlib import Path

Read = Callable[[str, str], list[Turn]]
NO_KIND = (
    "call.json: this JSON is no transcript of Whisper, WhisperX, AWS Transcribe, Gong or "
    "callinsight; export the transcript as WebVTT"
)
GOOD = {"start": 0, "end": 1, "text": "Hi."}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", NO_KIND),
        ('{"text": "Hi."}', NO_KIND),
        ('"Hi."', "call.json is text; it must be an object"),
        ("[1]", "call.json: [0] is 1; it must be an object"),
        ("[]", "call.json: the transcript has no words; export it again"),
        (
            "{",
            (
                "call.json: this is no JSON (Expecting property name enclosed in double quotes, "
                "line 1); export the transcript again"
            ),
        ),
        *(
            (
                deep,
                (
                    "call.json: this JSON is too deep or has too long a number; "
                    "export the transcript again"
                ),
            )
            for deep in ('{"segments": ' + "[" * 200_000, '{"segments": [' + "9" * 5000 + "]}")
        ),
        ('{"segments": null}', "call.json: segments is missing; it must be a list"),
        ('{"segments": {"a": 1}}', "call.json: segments is an object; it must be a list"),
        ('{"segments": [[]]}', "call.json: segments[0] is a list; it must be an object"),
        (
            '{"callTranscripts": [{}]}',
            "call.json: callTranscripts[0].transcript is missing; it must be a list",
        ),
    ],
)
def test_a_json_that_is_no_transcript(read: Read, content: str, message: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.json", content)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("start", "NaN", "start is nan; it must be a number from 0 to 3600000"),
        ("start", "-1", "start is -1; it must be a number from 0 to 3600000"),
        ("end", "1e999", "end is a large number; it must be a number from 0 to 3600000"),
        ("end", "true", "end is True; it must be a number from 0 to 3600000"),
        ("end", '"1_0"', "end is text; it must be a number from 0 to 3600000"),
        ("end", "null", "end is missing; it must be a number from 0 to 3600000"),
        ("text", "7", "text is 7; it must be text"),
        (
            "speaker",
            "{}",
            "speaker is an object; it must be a name or id of at most 200 characters",
        ),
        ("words", "7", "words is 7; it must be a list"),
    ],
)
def test_a_value_that_cannot_be(read: Read, key: str, value: str, problem: str) -> None:
    row = ", ".join(f'"{k}": {json.dumps(v)}' for k, v in GOOD.items() if k != key)

    with pytest.raises(TranscriptError) as caught:
        read("call.json", f'{{"segments": [{json.dumps(GOOD)}, {{{row}, "{key}": {value}}}]}}')
    assert str(caught.value) == f"call.json: segments[1].{problem}"


def test_what_utf_8_cannot_say_is_replaced(read: Read) -> None:
    (turn,) = read(
        "call.json", '{"segments": [{"start": 0, "end": 1, "text": "a\\ud800\\u0000b"}]}'
    )

    assert turn.text == "a? b"


KEYS = (
    *("segments", "utterances", "callTranscripts", "transcript", "results", "items", "sentences"),
    *("audio_segments", "channel_labels", "speaker_labels", "channels", "start", "end", "text"),
    *("start_s", "end_s", "speaker", "words", "word", "channel", "channel_label", "alternatives"),
    *("content", "start_time", "end_time", "type", "speakerId", "speaker_label"),
    *("voice", "voice_confidence", "overlaps", "estimated", "probability", "score", "id"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["ch_0", "ch_99", "punctuation", "1.5", "\ud800", 10**400]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


SEGMENTS = st.lists(
    st.fixed_dictionaries(
        {"start": st.integers(0, 3), "end": st.integers(0, 3), "text": st.text("a .-", max_size=4)},
        optional={
            "speaker": st.sampled_from("AB"),
            "words": st.lists(
                st.fixed_dictionaries(
                    {"word": st.text("a .-", max_size=2)},
                    optional={
                        "start": st.floats(0, 4),
                        "end": st.floats(0, 4),
                        "speaker": st.sampled_from("AB"),
                    },
                ),
                max_size=4,
            ),
        },
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(KEYS[:5]), value=VALUES | SEGMENTS)
@example(kind="results", value={"items": [{"alternatives": []}]})
@example(kind="results", value={"speaker_labels": {"segments": [{"items": 3}]}, "items": []})
def test_any_json_gives_turns_or_an_error_for_people(tmp_path: Path, kind: str, value: Any) -> None:
    path = tmp_path / "call.json"
    path.write_text(json.dumps({kind: value}), encoding="utf-8")
    error = ""
    turns = []
    try:
        turns = read_transcript(path)
    except TranscriptError as caught:
        error = str(caught)

    assert bool(turns) != bool(error)
    assert not error or (error.startswith("call.json") and len(error.encode()) < 400)
    assert all(0 <= turn.start_s <= turn.end_s and turn.text.encode() for turn in turns)
    assert all(not turn.words or text_of(turn.words) == turn.text for turn in turns)
