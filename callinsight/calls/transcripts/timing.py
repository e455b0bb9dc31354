"""Words with times, as a transcript lists them beside its text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.calls.turns import Turn

SLACK_S = 1.0  # by so much a word may lie outside its turn


@dataclass(frozen=True)
class Listed:
    """A word as the file lists it: punctuation and space may be missing, and so may its times."""

    text: str  # on one line
    span: tuple[float, float] | None  # its start and end
    probability: float = 1.0


def words_of(turn: Turn, listed: Sequence[Listed]) -> tuple[Word, ...]:
    """The words of a turn, one for each that is listed, spelt and spaced as in its text.

    A word without times shares the gap between its neighbours with others like it. There are no
    words if the list contradicts the turn: other words, or times that run backwards or lie
    elsewhere.
    """
    texts = _cut(turn.text, [word.text for word in listed])
    spans = _spans(listed, turn.start_s, turn.end_s)
    starts = [start_s for start_s, _ in spans]
    if not texts or starts != sorted(starts) or not all(_lies_in(turn, *span) for span in spans):
        return ()
    return tuple(
        Word(start_s, max(start_s, end_s), text, word.probability)
        for text, (start_s, end_s), word in zip(texts, spans, listed, strict=True)
    )


def evenly(texts: Sequence[str], start_s: float, end_s: float) -> list[Listed]:
    """Words that share a time."""
    spans = _shared(start_s, end_s, len(texts))
    return [Listed(text, span) for text, span in zip(texts, spans, strict=True)]


def _cut(text: str, words: Sequence[str]) -> list[str]:
    """The text cut into these words, each with its punctuation; empty if it has other words."""
    cuts, position = [0], 0
    for number, word in enumerate(words):
        behind = position
        while not text.startswith(word, position):
            if position >= len(text) or text[position].isalnum():
                return []
            position += 1
        if number:
            space = text.rfind(" ", behind, position)  # punctuation up to it ends the word before
            cuts.append(position if space < 0 else space)
        position += len(word)
    if any(character.isalnum() for character in text[position:]):
        return []
    pieces = [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]
    return [f" {pieces[0]}", *pieces[1:]] if words else []


def _spans(listed: Sequence[Listed], start_s: float, end_s: float) -> list[tuple[float, float]]:
    """When each word is said."""
    spans: list[tuple[float, float]] = []
    for _, group in groupby(listed, key=lambda word: word.span is None):
        together = list(group)
        known = [word.span for word in together if word.span]
        if not known:
            first_s = spans[-1][1] if spans else start_s
            following = listed[len(spans) + len(together) :]
            last_s = following[0].span[0] if following and following[0].span else end_s
            known = _shared(first_s, max(first_s, last_s), len(together))
        spans += known
    return spans


def _shared(start_s: float, end_s: float, number: int) -> list[tuple[float, float]]:
    edges = [round(start_s + (end_s - start_s) * n / number, 3) for n in range(number)]
    return list(zip(edges, [*edges[1:], end_s], strict=True)) if edges else []


def _lies_in(turn: Turn, start_s: float, end_s: float) -> bool:
    return turn.start_s - SLACK_S <= start_s and end_s <= turn.end_s + SLACK_S
