"""Whether an engine got stuck and printed the same words again and again."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPRESSION_RATIO = 2.4  # more than this is repetitive text (Radford et al., 2022, section 4.5)
# A person repeats a word or phrase too: "no no no", "can you hear me?", the ones of an account
# number. So few rounds count only at a pace at which nobody speaks, and many at any pace.
# Words in the phrase (or more): rounds and words a second that together are impossible; rounds
# that nobody says at any pace.
LIMITS = ((1, 7, 8.0, 20), (2, 5, 8.0, 8), (3, 4, 4.5, 6))


class Timed(Protocol):
    """A word with its times in seconds."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def text(self) -> str: ...


W = TypeVar("W", bound=Timed)


@dataclass(frozen=True)
class Loop:
    """A phrase said over and over: words[start:start + size] again until words[end]."""

    start: int
    end: int  # behind the last word that repeats, be the last round whole or not
    size: int


def is_loop(words: Sequence[Timed]) -> bool:
    """Whether a phrase repeats as nobody speaks; times are those of the sound, pauses cut out."""
    return next_loop(words) is not None


def first_round(words: Sequence[W]) -> list[W]:
    """The words with each loop cut down to its first round."""
    kept: list[W] = []
    rest = list(words)
    while (loop := next_loop(rest)) is not None:
        kept += rest[: loop.start + loop.size]
        rest = rest[loop.end :]
    return kept + rest


def next_loop(words: Sequence[Timed]) -> Loop | None:
    """The first loop; of those that begin at the same word, that of the shortest phrase."""
    said = [re.sub(r"[^\w']", "", word.text).casefold() for word in words]
    for start in range(len(said)):
        for size in range(1, (len(said) - start) // 2 + 1):
            end = _end_of_repeats(said, start, size)
            if _impossible(words[start:end], size):
                return Loop(start, end, size)
    return None


def compression_ratio(text: str) -> float:
    """Bytes of a text over those of its compressed form, as in openai-whisper; 0 without text."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0


def _end_of_repeats(said: list[str], start: int, size: int) -> int:
    end = start + size
    while end < len(said) and said[end] == said[end - size]:
        end += 1
    return end


def _impossible(words: Sequence[Timed], size: int) -> bool:
    rounds = len(words) // size
    _, some, pace, many = next(limit for limit in reversed(LIMITS) if size >= limit[0])
    if rounds < some:
        return False
    lasted_s = words[-1].end_s - words[0].start_s
    return rounds >= many or len(words) > pace * lasted_s
