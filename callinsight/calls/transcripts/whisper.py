"""JSON of openai-whisper, faster-whisper and WhisperX, and of this program."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from callinsight.calls.transcripts.fields import (
    Fields,
    channel,
    flag,
    label,
    probability,
    rows,
    seconds,
    words,
)
from callinsight.calls.transcripts.timing import Listed, words_of
from callinsight.calls.transcripts.turns import in_order, join, turn_by
from callinsight.calls.vocabulary import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.turns import Turn
    from callinsight.records import Word


def read_whisper(segments: object, where: str) -> list[Turn]:
    """The turns of Whisper's segments {start, end, text, speaker?, words?}; raises TranscriptError.

    A segment in which WhisperX heard several speakers is cut at its words. Without speakers every
    segment is a turn.
    """
    said = (turn for place, row in rows(segments, where) for turn in _of_segment(row, place))
    return join(in_order(said))


def read_utterances(utterances: object, where: str) -> list[Turn]:
    """The turns that `callinsight transcribe` printed, as they were; raises TranscriptError."""
    return in_order(_of_utterance(row, place) for place, row in rows(utterances, where))


def _of_utterance(row: Fields, where: str) -> Turn:
    number = channel(row, "channel", where)
    start_s, end_s = seconds(row, "start_s", where), seconds(row, "end_s", where)
    turn = turn_by(label(row, "speaker", where), start_s, end_s, words(row, "text", where))
    # early editions did not say the voice; with a channel, the speaker is what that was called
    voice = turn.voice if number is None else ""
    turn = replace(
        turn,
        channel=number,
        voice=label(row, "voice", where) if "voice" in row else voice,
        voice_confidence=probability(row, "voice_confidence", where),
        overlaps=flag(row, "overlaps", where),
        estimated=flag(row, "estimated", where),
    )
    listed = [
        Listed(
            words(word, "text", place),
            (seconds(word, "start_s", place), seconds(word, "end_s", place)),
            probability(word, "probability", place),
        )
        for place, word in _listed_in(row, where)
    ]
    return replace(turn, words=words_of(turn, [word for word in listed if word.text]))


def _of_segment(row: Fields, where: str) -> list[Turn]:
    speaker = label(row, "speaker", where)
    start_s, end_s = seconds(row, "start", where), seconds(row, "end", where)
    whole = turn_by(speaker, start_s, end_s, words(row, "text", where))
    said = [
        (label(word, "speaker", place) or speaker, _listed(word, place))
        for place, word in _listed_in(row, where)
    ]
    said = [(voice, word) for voice, word in said if word.text]
    whole = replace(whole, words=words_of(whole, [word for _, word in said]))
    voices = [voice for voice, _ in said]
    return list(_by_voice(voices, whole.words)) if len(set(voices)) > 1 and whole.words else [whole]


def _listed_in(row: Fields, where: str) -> list[tuple[str, Fields]]:
    return rows(row["words"], f"{where}.words") if row.get("words") else []


def _listed(word: Fields, where: str) -> Listed:
    """A word of Whisper or WhisperX; a number may have no time of its own."""
    times = [seconds(word, k, where) for k in ("start", "end") if word.get(k) is not None]
    sure = "score" if "score" in word else "probability"
    text = words(word, "word" if "word" in word else "text", where)
    span = (times[0], times[1]) if len(times) == 2 else None
    return Listed(text, span, probability(word, sure, where))


def _by_voice(voices: Sequence[str], said: Sequence[Word]) -> Iterator[Turn]:
    """Words of one voice after another."""
    for voice, group in groupby(zip(voices, said, strict=True), key=lambda item: item[0]):
        together = [word for _, word in group]
        first = replace(together[0], text=f" {together[0].text.lstrip()}")
        turn = turn_by(voice, first.start_s, together[-1].end_s, text_of(together))
        yield replace(turn, words=(first, *together[1:]))
