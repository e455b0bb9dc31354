"""Whether a theme says what no concern names, or is a concern under other words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callinsight.shares import jeffreys

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 0.5  # of its turns


@dataclass
class Told:
    """How many turns of a theme surely carry which concerns, and how many carry none."""

    turns: int = 0
    unnamed: int = 0
    named: Counter[str] = field(default_factory=Counter)  # by concern; a turn may carry several


def told_of(rows: Iterable[tuple[int, tuple[str, ...], int]]) -> dict[int, Told]:
    """By theme; `rows` are (theme, concerns of a turn, how many turns)."""
    told: dict[int, Told] = {}
    for theme, concerns, turns in rows:
        one = told.setdefault(theme, Told())
        one.turns += turns
        one.unnamed += turns if not concerns else 0
        for concern in set(concerns):
            one.named[concern] += turns
    return told


def named_by(told: Told) -> str:
    """The concern that names most of a theme's turns that any names; empty if it is one of its own.

    That no list names it is for its turns to prove: most of them must carry no concern, by the lower
    end of the interval, so that a coin for each turn makes a theme of its own once in forty times.
    """
    if not told.named or jeffreys(told.unnamed, told.turns)[0] > MOST:
        return ""
    return min(told.named, key=lambda concern: (-told.named[concern], concern))
