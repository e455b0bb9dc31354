"""What changed from one month to another, and whether it is more than noise.

The shares of deals of the two months are compared cell by cell, corrected for the number of cells of
a level (Benjamini-Hochberg). A deal that was heard in both months makes the two shares more alike
than the test takes them to be, so it errs towards "may be chance".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.excerpts import PRESSING
from callinsight.reports.numbers import Count
from callinsight.reports.wording import ANY
from callinsight.shares import benjamini_hochberg, chance_of_difference, difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.reports.numbers import MonthNumbers

RISEN, FALLEN, UNCLEAR = "risen", "fallen", "unclear"
TOO_FEW, NOT_COMPARED = "too_few", "not_compared"
REAL = (RISEN, FALLEN)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One cell in both months; a month in which nobody could have raised it counts zero deals."""

    now: Count
    before: Count
    direction: str  # risen | fallen | unclear | too_few | not_compared
    points: float  # how far the share has risen, -1 to 1
    low: float  # its 95 % interval
    high: float
    p_value: float  # adjusted for the number of cells; 1 where it is not tested

    @property
    def is_pressing(self) -> bool:
        """Whether it became a gap, ceased to be one, or changed from open to weak or back."""
        verdicts = (self.before.verdict, self.now.verdict)
        return verdicts[0] != verdicts[1] and bool({*verdicts} & {*PRESSING})

    @property
    def is_told(self) -> bool:
        """Whether the page shows it; the others are counted there and listed in the sheets."""
        return self.direction in REAL or self.is_pressing


def changes_between(
    now: MonthNumbers, before: MonthNumbers, *, min_deals: int, false_discovery_rate: float
) -> tuple[Change, ...]:
    """Every cell of either month: what is more than noise first, then what changed its verdict."""
    then = {cell.key: cell for cell in before.cells}
    today = {cell.key: cell for cell in now.cells}
    alike = _comparable(now, before)
    pairs = []
    for key in sorted({*then, *today}):
        empty = Count(concern=key[0], persona=key[1], stage=key[2])
        pairs.append((today.get(key, empty), then.get(key, empty)))
    chances = _chances([p for p in pairs if _is_tested(*p, alike, min_deals)])
    changes = []
    for cell, old in pairs:
        tested = _is_tested(cell, old, alike, min_deals)
        changes.append(_change(cell, old, chances, tested, alike, false_discovery_rate))
    changes.sort(
        key=lambda c: (c.direction not in REAL, not c.is_pressing, -abs(c.points), c.now.key)
    )
    return tuple(changes)


def unlike(now: MonthNumbers, before: MonthNumbers) -> tuple[str, ...]:
    """What the two months were read with that differs: definitions, tagger, speech."""
    pairs = (
        ("definitions", _definitions(now) != _definitions(before)),
        ("tagger", now.tagger != before.tagger),
        ("speech engine", now.speech != before.speech),
    )
    return tuple(name for name, differs in pairs if differs)


def changed_meanings(now: MonthNumbers, before: MonthNumbers) -> list[tuple[str, str, str]]:
    """The definitions that differ, as (kind, id, new | changed | gone)."""
    found = []
    for name in sorted({*now.meanings, *before.meanings}):
        kind, id_ = name.split("/", 1)
        if name not in before.meanings:
            found.append((kind, id_, "new"))
        elif name not in now.meanings:
            found.append((kind, id_, "gone"))
        elif now.meanings[name] != before.meanings[name]:
            found.append((kind, id_, "changed"))
    return found


def _definitions(numbers: MonthNumbers) -> object:
    """The meanings, where they are known: a new version that changes none is no other one."""
    return numbers.meanings or numbers.definitions


def _comparable(now: MonthNumbers, before: MonthNumbers) -> set[str] | None:
    """What means the same in both months; None where tagger or speech engine differ: then nothing."""
    if {"tagger", "speech engine"} & {*unlike(now, before)}:
        return None
    return {name for name, digest in now.meanings.items() if before.meanings.get(name) == digest}


def _is_alike(cell: Count, alike: set[str] | None) -> bool:
    if alike is None:
        return False
    parts = (("concern", cell.concern), ("persona", cell.persona), ("stage", cell.stage))
    return all(
        id_ == ANY or id_.startswith("topic:") or f"{kind}/{id_}" in alike for kind, id_ in parts
    )


def _is_tested(now: Count, before: Count, alike: set[str] | None, min_deals: int) -> bool:
    enough = min(now.eligible, before.eligible) >= max(1, min_deals)
    return enough and _is_alike(now, alike)


def _chances(pairs: Sequence[tuple[Count, Count]]) -> dict[tuple[str, str, str], float]:
    """For each cell the chance of its change without any, corrected within its level."""
    levels: dict[tuple[bool, bool], list[tuple[Count, Count]]] = {}
    for pair in pairs:
        levels.setdefault((pair[0].persona == ANY, pair[0].stage == ANY), []).append(pair)
    chances: dict[tuple[str, str, str], float] = {}
    for found in levels.values():
        raw = [
            chance_of_difference((now.raising, now.eligible), (old.raising, old.eligible))
            for now, old in found
        ]
        keys = [now.key for now, _ in found]
        chances.update(zip(keys, benjamini_hochberg(raw), strict=True))
    return chances


def _change(
    now: Count,
    before: Count,
    chances: dict[tuple[str, str, str], float],
    tested: bool,
    alike: set[str] | None,
    false_discovery_rate: float,
) -> Change:
    low, high = difference((now.raising, now.eligible), (before.raising, before.eligible))
    points = _share(now) - _share(before) if now.eligible and before.eligible else 0.0
    direction = UNCLEAR
    if not _is_alike(now, alike):
        direction = NOT_COMPARED
    elif not tested:
        direction = TOO_FEW
    elif chances[now.key] <= false_discovery_rate:
        direction = RISEN if points > 0 else FALLEN
    return Change(
        now=now,
        before=before,
        direction=direction,
        points=round(points, 4),
        low=round(low, 4),
        high=round(high, 4),
        p_value=round(chances.get(now.key, 1.0), 6),
    )


def _share(cell: Count) -> float:
    return cell.raising / cell.eligible
