"""JSON of AWS Transcribe, with channels or speakers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.transcripts.fields import (
    Fields,
    channel,
    fields,
    ids,
    label,
    probability,
    rows,
    seconds,
    words,
)
from callinsight.calls.transcripts.timing import Listed, words_of
from callinsight.calls.transcripts.turns import in_order, join
from callinsight.calls.turns import Turn
from callinsight.errors import TranscriptError
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels = dict[tuple[object, object], str]  # by the start and end of an item, as they are written


def read_aws(value: object, where: str) -> list[Turn]:
    """The turns of `results`, by its audio segments or else its items; raises TranscriptError.

    Channels go before speakers where a file has both.
    """
    results = fields(value, where)
    if results.get("audio_segments"):
        segments = rows(results["audio_segments"], f"{where}.audio_segments")
        items = rows(results.get("items") or [], f"{where}.items")
        known = {label(item, "id", place): (place, item) for place, item in items}
        return join(in_order(_of_segment(row, place, known) for place, row in segments))
    if results.get("channel_labels"):
        labels = fields(results["channel_labels"], f"{where}.channel_labels")
        return _of_channels(labels, f"{where}.channel_labels")
    if results.get("items") is None:
        raise TranscriptError(
            f"{where} has neither items nor audio_segments; it must be the JSON of AWS Transcribe"
        )
    items = rows(results["items"], f"{where}.items")
    turns = _spoken(items, _speakers(results, where), None)
    by_source: dict[int | None, list[Turn]] = {}
    for turn in turns:  # each channel's words follow one another; all together they may not
        by_source.setdefault(turn.channel, []).append(turn)
    return in_order(turn for said in by_source.values() for turn in join(said, nobody=True))


def _of_segment(row: Fields, where: str, items: Mapping[str, tuple[str, Fields]]) -> Turn:
    number = channel(row, "channel_label", where)
    voice = label(row, "speaker_label", where) if number is None else ""
    start_s, end_s = seconds(row, "start_time", where), seconds(row, "end_time", where)
    turn = Turn(number, start_s, max(start_s, end_s), words(row, "transcript", where), voice)
    listed = [items[id_] for id_ in ids(row, "items", where) if id_ in items]
    said = [word for turn in _spoken(listed, {}, number) for word in turn.words]
    heard = [Listed(w.text.strip(), (w.start_s, w.end_s), w.probability) for w in said]
    return replace(turn, words=words_of(turn, heard))


def _of_channels(labels: Fields, where: str) -> list[Turn]:
    turns: list[Turn] = []
    for place, row in rows(labels.get("channels"), f"{where}.channels"):
        number = channel(row, "channel_label", place)
        items = rows(row.get("items"), f"{place}.items")
        turns += join(_spoken(items, {}, number), nobody=True)
    return in_order(turns)


def _speakers(results: Fields, where: str) -> Labels:
    """Who says the items, where only the segments of `speaker_labels` tell it."""
    if not results.get("speaker_labels"):
        return {}
    where = f"{where}.speaker_labels"
    segments = fields(results["speaker_labels"], where).get("segments")
    found: Labels = {}
    for place, segment in rows(segments, f"{where}.segments"):
        for item_place, item in rows(segment.get("items") or [], f"{place}.items"):
            found[_times(item)] = label(item, "speaker_label", item_place)
    return found


def _spoken(
    items: list[tuple[str, Fields]], speakers: Mapping[tuple[object, object], str], of: int | None
) -> list[Turn]:
    """A turn for each word; a punctuation mark belongs to the word before it."""
    turns: list[Turn] = []
    for place, item in items:
        _, best = (rows(item.get("alternatives"), f"{place}.alternatives") or [(place, {})])[0]
        text = words(best, "content", f"{place}.alternatives[0]")
        if not text:
            continue
        if item.get("type") == "punctuation":
            if turns:
                turns[-1] = _with_mark(turns[-1], text)
            continue
        number = of if of is not None else channel(item, "channel_label", place)
        voice = ""
        if number is None:
            voice = label(item, "speaker_label", place) or speakers.get(_times(item), "")
        start_s, end_s = seconds(item, "start_time", place), seconds(item, "end_time", place)
        sure = probability(best, "confidence", f"{place}.alternatives[0]")
        word = Word(start_s, max(start_s, end_s), f" {text}", sure)
        turns.append(Turn(number, start_s, word.end_s, text, voice, words=(word,)))
    return turns


def _with_mark(turn: Turn, mark: str) -> Turn:
    (word,) = turn.words
    return replace(turn, text=turn.text + mark, words=(replace(word, text=word.text + mark),))


def _times(item: Fields) -> tuple[object, object]:
    return str(item.get("start_time")), str(item.get("end_time"))
