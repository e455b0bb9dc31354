"""Gong's transcript JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.calls.transcripts.fields import label, rows, seconds, words
from callinsight.calls.transcripts.turns import in_order, join, turn_by
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from callinsight.calls.turns import Turn

PER_S = 1000  # times are in milliseconds


def read_gong_calls(calls: object, where: str) -> list[Turn]:
    """The turns of an answer of Gong's API, which must be about one call; raises TranscriptError."""
    found = rows(calls, where)
    if len(found) != 1:
        raise TranscriptError(f"{where} holds {len(found)} calls; save each call in its own file")
    place, call = found[0]
    return read_gong(call.get("transcript"), f"{place}.transcript")


def read_gong(monologues: object, where: str) -> list[Turn]:
    """The turns of monologues {speakerId, topic, sentences}; raises TranscriptError."""
    turns = []
    for place, monologue in rows(monologues, where):
        voice = label(monologue, "speakerId", place)
        for at, row in rows(monologue.get("sentences"), f"{place}.sentences"):
            start_s = seconds(row, "start", at, per_s=PER_S)
            end_s = seconds(row, "end", at, per_s=PER_S)
            turns.append(turn_by(voice, start_s, end_s, words(row, "text", at)))
    return join(in_order(turns))
