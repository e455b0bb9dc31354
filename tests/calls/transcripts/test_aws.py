from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import text_of
from callinsight.errors import TranscriptError

Read = Callable[[str, str], list[Turn]]


def word(content: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    times = {"start_time": str(start), "end_time": str(end)}
    spoken = {"type": "pronunciation", "alternatives": [{"confidence": "0.9", "content": content}]}
    return spoken | times | more


def mark(content: str, **more: Any) -> dict[str, Any]:
    return {"type": "punctuation", "alternatives": [{"content": content}], **more}


def times(turn: Turn) -> list[tuple[float, float, str]]:
    """The words of a turn."""
    assert all(word.probability == 0.9 for word in turn.words)
    return [(word.start_s, word.end_s, word.text) for word in turn.words]


def untimed(turns: list[Turn]) -> list[Turn]:
    """The turns without their words, which must say the same."""
    assert all(text_of(turn.words) == turn.text for turn in turns)
    return [replace(turn, words=()) for turn in turns]


def aws(**results: Any) -> str:
    return json.dumps({"jobName": "a", "accountId": "1", "results": results, "status": "COMPLETED"})


def test_audio_segments_with_channels(read: Read) -> None:
    segments = [
        {"id": 0, "transcript": "Hello.", "start_time": "0.5", "end_time": "1.0"},
        {"id": 1, "transcript": "Hi.", "start_time": "0.8", "end_time": "1.5"},
    ]
    for label, row in zip(("ch_0", "ch_1"), segments, strict=True):
        row |= {"channel_label": label, "speaker_label": "spk_0"}

    assert read("call.json", aws(items=[], audio_segments=segments)) == [
        Turn(0, 0.5, 1.0, "Hello."),
        Turn(1, 0.8, 1.5, "Hi."),
    ]


def test_channel_labels_hold_the_words_of_each_channel(read: Read) -> None:
    channels = [
        {"channel_label": "ch_0", "items": [word("Hello", 0.5, 1), mark("."), word("So", 9, 10)]},
        {"channel_label": "ch_1", "items": [word("Good", 0.8, 1.1), word("day", 1.2, 1.5)]},
    ]
    labels = {"number_of_channels": 2, "channels": channels}

    turns = read("call.json", aws(items=[], channel_labels=labels))

    assert untimed(turns) == [
        Turn(0, 0.5, 1.0, "Hello."),
        Turn(1, 0.8, 1.5, "Good day"),
        Turn(0, 9.0, 10.0, "So"),
    ]
    assert times(turns[0]) == [(0.5, 1.0, " Hello.")]
    assert times(turns[1]) == [(0.8, 1.1, " Good"), (1.2, 1.5, " day")]


def test_items_with_channels_of_their_own(read: Read) -> None:
    items = [
        *(word("Good", 0.5, 1, channel_label="ch_0"), word("Yes", 0.7, 1, channel_label="ch_1")),
        word("day", 1, 2, channel_label="ch_0"),
    ]

    assert untimed(read("call.json", aws(items=items))) == [
        Turn(0, 0.5, 2.0, "Good day"),
        Turn(1, 0.7, 1.0, "Yes"),
    ]


@pytest.mark.parametrize("own", [True, False], ids=["at the items", "in speaker_labels"])
def test_speakers(read: Read, own: bool) -> None:
    who = ["spk_0", "spk_0", "spk_1"]
    items = [word("Good", 0.5, 1), word("day", 1, 2), word("Yes", 2.1, 3)]
    listed = [
        {"start_time": item["start_time"], "end_time": item["end_time"], "speaker_label": label}
        for item, label in zip(items, who, strict=True)
    ]
    if own:
        items = [i | {"speaker_label": label} for i, label in zip(items, who, strict=True)]
    more = {} if own else {"speaker_labels": {"speakers": 2, "segments": [{"items": listed}]}}

    turns = read("call.json", aws(items=[*items[:2], mark("?"), items[2]], **more))

    assert untimed(turns) == [
        Turn(None, 0.5, 2.0, "Good day?", "spk_0"),
        Turn(None, 2.1, 3.0, "Yes", "spk_1"),
    ]


def test_nobody_in_particular(read: Read) -> None:
    (turn,) = read("call.json", aws(items=[word("Good", 0.5, 1), mark(""), word("day", 1, 2)]))

    assert untimed([turn]) == [Turn(None, 0.5, 2.0, "Good day")]


def test_audio_segments_have_the_words_of_their_items(read: Read) -> None:
    items = [
        {"id": number} | item
        for number, item in enumerate([word("Two", 0.5, 1), mark(":"), word("24-7", 1.1, 2)])
    ]
    segment = {"start_time": "0.5", "end_time": "2", "speaker_label": "spk_0", "items": [0, 1, 2]}

    (turn,) = read(
        "call.json", aws(items=items, audio_segments=[segment | {"transcript": "Two: 24-7."}])
    )
    (other,) = read(
        "call.json", aws(items=items, audio_segments=[segment | {"transcript": "Two: 25-7."}])
    )

    assert (turn.voice, turn.text) == ("spk_0", "Two: 24-7.")
    assert times(turn) == [(0.5, 1.0, " Two:"), (1.1, 2.0, " 24-7.")]
    assert (other.text, other.words) == ("Two: 25-7.", ())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"items": 7},
            "call.json: results.audio_segments[0].items is 7; it must be a list",
        ),
        (
            {"items": [{}]},
            (
                "call.json: results.audio_segments[0].items[0].id is an object; "
                "it must be a name or id of at most 200 characters"
            ),
        ),
    ],
)
def test_items_that_cannot_be(read: Read, more: dict[str, Any], message: str) -> None:
    segment = {"start_time": "0", "end_time": "1", "transcript": "Hi."} | more

    with pytest.raises(TranscriptError) as caught:
        read("call.json", aws(audio_segments=[segment]))
    assert str(caught.value) == message


def test_a_confidence_that_cannot_be(read: Read) -> None:
    item = word("Good", 0.5, 1)
    item["alternatives"][0]["confidence"] = "high"

    with pytest.raises(TranscriptError) as caught:
        read("call.json", aws(items=[item]))
    assert str(caught.value) == (
        "call.json: results.items[0].alternatives[0].confidence is text; "
        "it must be a number from 0 to 1"
    )


def test_results_of_another_tool(read: Read) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.json", aws(channels=[]))
    assert str(caught.value) == (
        "call.json: results has neither items nor audio_segments; "
        "it must be the JSON of AWS Transcribe"
    )
