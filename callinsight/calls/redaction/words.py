"""Placeholders in the place of words, with the words' times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.vocabulary import text_of
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.calls.turns import Turn

Span = tuple[int, int, str]  # characters from, to, and what stands there instead


def with_placeholders(turn: Turn, spans: Iterable[Span]) -> Turn:
    """The turn with placeholders for spans of its text, which do not overlap."""
    ordered = sorted(spans)
    text = turn.text
    if turn.words and text_of(turn.words) == text:
        words = _replaced(turn.words, text, ordered)
        return replace(turn, words=words, text=text_of(words))
    for start, end, mark in reversed(ordered):
        text = f"{text[:start]}{mark}{text[end:]}"
    return replace(turn, text=text, words=())


def _replaced(words: Sequence[Word], text: str, spans: Sequence[Span]) -> tuple[Word, ...]:
    """Words that share a span become one; words that two spans share do, too."""
    places = _places(words, text)
    kept: list[Word] = []
    index, waiting = 0, list(spans)
    while index < len(words):
        inside = [span for span in waiting if _meets(span, places[index])]
        last = index
        while inside and last + 1 < len(words) and _meets(inside[-1], places[last + 1]):
            last += 1
            inside = [span for span in waiting if _meets(span, (places[index][0], places[last][1]))]
        if inside:
            start = places[index][0]
            kept.append(
                _as_one(words[index : last + 1], text[start : places[last][1]], start, inside)
            )
            waiting = [span for span in waiting if span not in inside]
        else:
            kept.append(words[index])
        index = last + 1
    return tuple(kept)


def _places(words: Sequence[Word], text: str) -> list[tuple[int, int]]:
    """Where each word stands in the text, which holds the words' letters in their order."""
    places, at = [], 0
    for word in words:
        letters = "".join(word.text.split())
        if not letters:
            places.append((at, at))
            continue
        while text[at].isspace():
            at += 1
        start = at
        for _ in letters:
            while text[at].isspace():
                at += 1
            at += 1
        places.append((start, at))
    return places


def _meets(span: Span, place: tuple[int, int]) -> bool:
    return span[0] < place[1] and place[0] < span[1]


def _as_one(words: Sequence[Word], text: str, offset: int, spans: Sequence[Span]) -> Word:
    for start, end, mark in reversed(spans):
        text = f"{text[: max(0, start - offset)]}{mark}{text[end - offset :]}"
    blank = " " if words[0].text[:1].isspace() else ""
    return Word(
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        text=blank + text,
        probability=min(word.probability for word in words),
    )
