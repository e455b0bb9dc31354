"""What one voice says over several turns, with what was said before each place of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.calls.redaction.asked import SECRET, asked_in
from callinsight.calls.redaction.spoken import BREAK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.calls.turns import Turn

LEAD = 160  # characters before a place that may say what stands there
TURNS_BEFORE = 3
NEAR_TURNS = 4  # a number may go on behind so many turns of others
NEAR_S = 20.0  # or so many seconds


@dataclass(frozen=True)
class Found:
    """Personal data in a text."""

    start: int
    end: int
    kind: str
    value: str  # in one form, however it is said; never kept


@dataclass(frozen=True)
class Talk:
    """Turns of one voice as one text."""

    text: str
    turns: tuple[int, ...] = (0,)  # which turn of the call each part is
    starts: tuple[int, ...] = (0,)  # where in the text each part starts
    before: tuple[str, ...] = ("",)  # what was said before each part, by anybody
    asked: tuple[str, ...] = ("",)  # the kind that was asked for when each part begins
    secret: tuple[bool, ...] = (False,)  # whether a secret is spoken of near each part

    def lead(self, position: int) -> str:
        """What was said before a place, in lower case."""
        before = self.before[self._part(position)]
        return f"{before}\n{self.own(position)}"[-LEAD:].casefold().replace("’", "'")

    def own(self, position: int) -> str:
        """What was said before a place in the same turn."""
        return self.text[self.starts[self._part(position)] : position]

    def asked_at(self, position: int) -> str:
        """The kind that was asked for when the turn of a place began."""
        return self.asked[self._part(position)]

    def tells_secret_at(self, position: int) -> bool:
        """Whether a secret is spoken of in a turn or near it."""
        return self.secret[self._part(position)]

    def _part(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def trail(self, position: int) -> str:
        """What the same voice says behind a place, in lower case."""
        return self.text[position : position + 60].casefold().replace("’", "'")

    def parts(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """A span as (turn, start, end), in the characters of each turn that it lies in."""
        ends = [*(start - 1 for start in self.starts[1:]), len(self.text)]
        return [
            (turn, max(start, first) - first, min(end, last) - first)
            for turn, first, last in zip(self.turns, self.starts, ends, strict=True)
            if max(start, first) < min(end, last)
        ]


def talks_of(turns: Sequence[Turn]) -> list[Talk]:
    """The turns of each voice as one talk, broken where too much lies between them."""
    voices: dict[tuple[int | None, str], list[int]] = defaultdict(list)
    for number, turn in enumerate(turns):
        voices[turn.channel, turn.voice].append(number)
    asked = asked_in(turn.text for turn in turns)
    named = [bool(SECRET.search(turn.text.casefold())) for turn in turns]
    near = [any(named[max(0, n - NEAR_TURNS) : n + NEAR_TURNS + 1]) for n in range(len(turns))]
    return [_talk(turns, numbers, asked, near) for numbers in voices.values()]


def _talk(
    turns: Sequence[Turn], numbers: Sequence[int], asked: Sequence[str], near: Sequence[bool]
) -> Talk:
    text, starts = "", []
    for place, number in enumerate(numbers):
        if place:
            text += "\n" if _is_near(turns, numbers[place - 1], number) else f"{BREAK}\n"
        starts.append(len(text))
        text += turns[number].text
    before = tuple(
        "\n".join(turn.text for turn in turns[max(0, n - TURNS_BEFORE) : n])[-LEAD:]
        for n in numbers
    )
    of_turns = tuple(asked[n] for n in numbers), tuple(near[n] for n in numbers)
    return Talk(text, tuple(numbers), tuple(starts), before, *of_turns)


def _is_near(turns: Sequence[Turn], one: int, other: int) -> bool:
    gap_s = turns[other].start_s - turns[one].end_s
    return other - one <= NEAR_TURNS and (gap_s <= NEAR_S or turns[other].estimated)
