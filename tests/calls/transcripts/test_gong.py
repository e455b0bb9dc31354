from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from callinsight.calls.turns import Turn
from callinsight.errors import TranscriptError

Read = Callable[[str, str], list[Turn]]

TRANSCRIPT = [
    {
        "speakerId": "632821",
        "topic": "Objections",
        "sentences": [
            {"start": 460, "end": 1001, "text": "No wait."},
            {"start": 1100, "end": 3000, "text": "I think we should check."},
        ],
    },
    {"speakerId": 7, "topic": None, "sentences": [{"start": 3100, "end": 4000, "text": "OK."}]},
]
TURNS = [
    Turn(None, 0.46, 3.0, "No wait. I think we should check.", "632821"),
    Turn(None, 3.1, 4.0, "OK.", "7"),
]


def test_monologues_are_turns_by_the_speakers_id(read: Read) -> None:
    call = {"callId": "7", "transcript": TRANSCRIPT}

    assert read("call.json", json.dumps({"requestId": "a", "callTranscripts": [call]})) == TURNS
    assert read("call.json", json.dumps(call)) == TURNS
    assert read("call.json", json.dumps(TRANSCRIPT)) == TURNS


def test_several_calls_in_one_answer(read: Read) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.json", json.dumps({"callTranscripts": [{"transcript": TRANSCRIPT}] * 2}))
    assert str(caught.value) == (
        "call.json: callTranscripts holds 2 calls; save each call in its own file"
    )
