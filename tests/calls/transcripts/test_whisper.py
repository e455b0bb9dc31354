from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from callinsight.calls.turns import Turn
from callinsight.errors import TranscriptError
from callinsight.records import Word

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
        Turn(
            *(None, 4.0, 4.5, "In 2027.", "SPEAKER_01"),
            words=(Word(4.0, 4.2, " In"), Word(4.2, 4.5, " 2027.")),
        ),
    ]


@pytest.mark.parametrize(
    ("text_key", "sure_key", "space"),
    [("word", "probability", " "), ("word", "score", ""), ("text", "probability", " ")],
    ids=["whisper", "whisperx", "other"],
)
def test_words_keep_their_times(read: Read, text_key: str, sure_key: str, space: str) -> None:
    said = [("Good", 0.5, 0.9, 0.8), ("morning.", 0.9, 1.4, 0.7)]
    words = [
        {text_key: space + text, "start": start, "end": end, sure_key: sure}
        for text, start, end, sure in said
    ]

    (turn,) = read("call.json", json.dumps([segment(0.5, 1.5, " Good morning.", words=words)]))

    assert turn == Turn(
        *(None, 0.5, 1.5, "Good morning."),
        words=(Word(0.5, 0.9, " Good", 0.8), Word(0.9, 1.4, " morning.", 0.7)),
    )


def test_joined_turns_keep_their_words(read: Read) -> None:
    hi = [{"word": "Hi.", "start": 0, "end": 1}]
    so = [{"word": "So?", "start": 1.5, "end": 2}]

    def joined(first: Any, second: Any) -> Turn:
        segments = [
            segment(0, 1, "Hi.", speaker="A", words=first),
            segment(1.5, 2, "So?", speaker="A", words=second),
        ]
        (turn,) = read("call.json", json.dumps(segments))
        return turn

    assert joined(hi, so).words == (Word(0, 1, " Hi."), Word(1.5, 2, " So?"))
    assert joined(hi, so).text == joined(hi, None).text == "Hi. So?"
    assert joined(hi, None).words == joined([], so).words == ()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([7], "words[0] is 7; it must be an object"),
        ([{"start": 0}], "words[0].text is missing; it must be text"),
        ([{"word": 7}], "words[0].word is 7; it must be text"),
        (
            [{"word": "Hi.", "start": "x"}],
            "words[0].start is text; it must be a number from 0 to 3600000",
        ),
        (
            [{"word": "Hi.", "start": 0, "end": 1, "score": 1.5}],
            "words[0].score is 1.5; it must be a number from 0 to 1",
        ),
        (
            [{"word": "Hi.", "probability": float("nan")}],
            "words[0].probability is nan; it must be a number from 0 to 1",
        ),
    ],
)
def test_words_that_cannot_be(read: Read, words: Any, problem: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.json", json.dumps([segment(0, 1, "Hi.", words=words)]))
    assert str(caught.value) == f"call.json: [0].{problem}"


def test_words_of_several_voices_that_contradict_the_text_cut_nothing(read: Read) -> None:
    words = [
        {"word": "Yes.", "start": 0, "end": 1, "speaker": "A"},
        {"word": "No.", "start": 1, "end": 2, "speaker": "B"},
    ]

    assert read("call.json", json.dumps([segment(0, 2, "Yes. Or.", speaker="A", words=words)])) == [
        Turn(None, 0.0, 2.0, "Yes. Or.", "A")
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


SAID = {
    "start_s": 0.5,
    "end_s": 2,
    "channel": 1,
    "voice": "voice 2",
    "voice_confidence": 0.61,
    "speaker": "uncertain speaker",
    "side": "unknown",
    "side_confidence": 0.0,
    "overlaps": True,
    "text": "Cloud-based?",
    "words": [
        {"start_s": 0.5, "end_s": 0.9, "text": "Cloud", "probability": 0.98},
        {"start_s": 0.9, "end_s": 1.9, "text": "-based?", "probability": 0.5},
    ],
}


def test_what_this_program_knows_of_a_turn_is_kept(read: Read) -> None:
    nobody = {**SAID, "voice": "", "channel": None, "estimated": True, "words": []}

    assert read("call.json", json.dumps({"utterances": [SAID, nobody]})) == [
        Turn(
            *(1, 0.5, 2.0, "Cloud-based?", "voice 2"),
            voice_confidence=0.61,
            overlaps=True,
            words=(Word(0.5, 0.9, " Cloud", 0.98), Word(0.9, 1.9, "-based?", 0.5)),
        ),
        Turn(
            *(None, 0.5, 2.0, "Cloud-based?"),
            voice_confidence=0.61,
            overlaps=True,
            estimated=True,
        ),
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"voice": []}, "voice is a list; it must be a name or id of at most 200 characters"),
        ({"voice_confidence": 2}, "voice_confidence is 2; it must be a number from 0 to 1"),
        ({"overlaps": "no"}, "overlaps is text; it must be true or false"),
        ({"words": {"a": 1}}, "words is an object; it must be a list"),
        (
            {"words": [{"text": "Cloud", "end_s": 1}]},
            "words[0].start_s is missing; it must be a number from 0 to 3600000",
        ),
    ],
)
def test_what_this_program_never_printed(read: Read, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.json", json.dumps({"utterances": [{**SAID, **changes}]}))
    assert str(caught.value) == f"call.json: utterances[0].{problem}"
