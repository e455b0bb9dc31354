"""JSON of openai-whisper, faster-whisper and WhisperX, and of this program."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from callinsight.calls.speakers import Turn
from callinsight.calls.transcripts.fields import Fields, channel, label, rows, seconds, words
from callinsight.calls.transcripts.turns import in_order, join, turn_by
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_whisper(segments: object, where: str) -> list[Turn]:
    """The turns of Whisper's segments {start, end, text, speaker?, words?}; raises TranscriptError.

    A segment in which WhisperX heard several speakers is cut at its words. Without speakers every
    segment is a turn.
    """
    said = (turn for place, row in rows(segments, where) for turn in _of_segment(row, place))
    return join(in_order(said))


def read_utterances(utterances: object, where: str) -> list[Turn]:
    """The turns that `callinsight transcribe` printed, as they were; raises TranscriptError."""
    turns = []
    for place, row in rows(utterances, where):
        number = channel(row, "channel", place)
        speaker = label(row, "speaker", place)
        # with a channel, the speaker is what that channel was called
        voice = "" if number is not None or speaker in (UNKNOWN, "") else speaker
        start_s, end_s = seconds(row, "start_s", place), seconds(row, "end_s", place)
        text = words(row, "text", place)
        turns.append(Turn(number, start_s, max(start_s, end_s), text, voice))
    return in_order(turns)


def _of_segment(row: Fields, where: str) -> list[Turn]:
    speaker = label(row, "speaker", where)
    start_s, end_s = seconds(row, "start", where), seconds(row, "end", where)
    whole = turn_by(speaker, start_s, end_s, words(row, "text", where))
    spoken = rows(row["words"], f"{where}.words") if row.get("words") else []
    voices = [label(word, "speaker", place) or speaker for place, word in spoken]
    if len(set(voices)) < 2:
        return [whole]
    return list(_by_word(zip(voices, spoken, strict=True), whole))


def _by_word(spoken: Iterable[tuple[str, tuple[str, Fields]]], whole: Turn) -> Iterable[Turn]:
    """Words of one voice after another; a number may have no time of its own."""
    clock_s = whole.start_s
    for voice, together in groupby(spoken, key=lambda item: item[0]):
        texts, times = [], [clock_s]
        for _, (place, word) in together:
            texts.append(words(word, "word", place))
            times += [seconds(word, k, place) for k in ("start", "end") if word.get(k) is not None]
        start_s, clock_s = times[1 if len(times) > 1 else 0], times[-1]
        yield turn_by(voice, start_s, clock_s, " ".join(filter(None, texts)))
