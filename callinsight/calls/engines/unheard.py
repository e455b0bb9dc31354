"""Speech that an engine passed over: it stops early, or leaps, and says nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callinsight.calls.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.calls.engines import Engine, Hearing, Samples
    from callinsight.records import Word

UNHEARD_S = 2.0  # of speech without a word; people do not pause so long in what is left of silence
ROUNDS = 3  # it may stop early again
EDGE_S = 0.1  # the word before may end a little later than it seems
WORD_S = 1.0  # a word that seems longer begins where the engine was still waiting for it


@dataclass(frozen=True)
class Gap:
    """A part of a window without words."""

    window: int
    start_s: float
    end_s: float


def hear_all(
    engine: Engine, windows: Sequence[Samples], *, language: str, vocabulary: Sequence[str] = ()
) -> list[Hearing]:
    """What is said in each window; parts in which nothing was heard are heard once more alone."""
    heard = engine.hear(windows, language=language, vocabulary=vocabulary)
    tried: set[Gap] = set()
    for _ in range(ROUNDS):
        gaps = [
            gap
            for number, (window, hearing) in enumerate(zip(windows, heard, strict=True))
            for gap in gaps_of(number, hearing.words, len(window) / SAMPLE_RATE)
            if gap not in tried
        ]
        if not gaps:
            break
        tried.update(gaps)
        parts = [_part(windows[gap.window], gap) for gap in gaps]
        again = engine.hear(parts, language=language, vocabulary=vocabulary)
        for gap, hearing in zip(gaps, again, strict=True):
            if not hearing.fails and not hearing.is_unlikely:
                heard[gap.window] = _with(heard[gap.window], gap, hearing.words)
    return heard


def gaps_of(window: int, words: Sequence[Word], length_s: float) -> list[Gap]:
    """The parts of a window in which nothing was heard, if anything was heard in it at all."""
    if not words:
        return []
    starts = [0.0, *(word.end_s + EDGE_S for word in words)]
    ends = [*(max(word.start_s, word.end_s - WORD_S) for word in words), length_s]
    return [
        Gap(window, start_s, end_s)
        for start_s, end_s in zip(starts, ends, strict=True)
        if end_s - start_s >= UNHEARD_S
    ]


def _part(samples: Samples, gap: Gap) -> Samples:
    return samples[round(gap.start_s * SAMPLE_RATE) : round(gap.end_s * SAMPLE_RATE)]


def _with(hearing: Hearing, gap: Gap, words: Iterable[Word]) -> Hearing:
    """What was heard, with the words of a gap in their place."""
    found = [
        replace(word, start_s=word.start_s + gap.start_s, end_s=word.end_s + gap.start_s)
        for word in words
    ]
    before = [word for word in hearing.words if word.end_s <= gap.start_s]
    behind = [
        replace(word, start_s=max(word.start_s, gap.end_s)) for word in hearing.words[len(before) :]
    ]
    return replace(hearing, words=(*before, *found, *behind))
