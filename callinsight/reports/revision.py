"""What is different from what an earlier report said of the same month, and why it could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.changes import unlike
from callinsight.reports.comparison import definitions_note
from callinsight.reports.demand import VERDICTS
from callinsight.reports.numbers import Count
from callinsight.reports.wording import count, day, listing, many, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.reports.numbers import MonthNumbers
    from callinsight.reports.wording import Names

SHOWN = 12
RULES = {
    "min_deals": "the fewest deals of a verdict",
    "min_share": "the share that counts as demand",
    "false_discovery_rate": "the share of findings that may be chance",
    "target_supply": "the assets that cover a cell",
    "count_undated": "whether an asset without a date counts in full",
    "count_bulk_tags": "whether one whose tags were accepted in bulk counts in full",
    "oversupply": "the assets that are too many",
    "grace_days": "the days a new asset is given",
    "window_days": "the days without use",
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that the earlier report said otherwise."""

    what: str
    where: str
    then: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Revision:
    """The past of a month, changed since its earlier report."""

    told_on: str  # day of that report
    causes: tuple[str, ...]
    differences: tuple[Difference, ...]  # all of them
    shown: int
    rest: str


def revision_of(now: MonthNumbers, then: MonthNumbers, told_at: str, names: Names) -> Revision:
    """What differs between a month as it stands and as a report of `told_at` said it was."""
    differences = (*_totals(now, then), *_cells(now, then, names), *_others(now, then))
    more = len(differences) - SHOWN
    rest = (
        f"{many(more, 'more difference is', 'more differences are')} in the sheets."
        if more > 0
        else ""
    )
    if not differences:
        rest = "No count and no verdict differs."
    return Revision(
        told_on=day(told_at),
        causes=_causes(now, then, names, differences),
        differences=differences,
        shown=SHOWN,
        rest=rest,
    )


def _totals(now: MonthNumbers, then: MonthNumbers) -> list[Difference]:
    return [
        Difference(what=name.capitalize(), where="the month", then=f"{old:,}", now=f"{new:,}")
        for name, old, new in (
            ("calls read", then.calls, now.calls),
            ("deals", then.deals, now.deals),
            ("accounts", then.accounts, now.accounts),
            ("live assets", then.live, now.live),
        )
        if old != new
    ]


def _cells(now: MonthNumbers, then: MonthNumbers, names: Names) -> list[Difference]:
    """Cells with another verdict, then those with other counts."""
    old = {cell.key: cell for cell in then.cells}
    new = {cell.key: cell for cell in now.cells}
    verdicts, counts = [], []
    for key in sorted({*old, *new}):
        empty = Count(concern=key[0], persona=key[1], stage=key[2])
        was, is_ = old.get(key, empty), new.get(key, empty)
        where = names.place(key[1], key[2])
        if was.verdict != is_.verdict:
            verdicts.append(
                Difference(
                    what=names.concern(key[0]), where=where, then=_verdict(was), now=_verdict(is_)
                )
            )
        elif _counts(was) != _counts(is_):
            counts.append(
                Difference(
                    what=names.concern(key[0]), where=where, then=_counts(was), now=_counts(is_)
                )
            )
    return verdicts + counts


def _others(now: MonthNumbers, then: MonthNumbers) -> list[Difference]:
    """Assets and requests in another state."""
    found = []
    for what, old, new in (
        ("Idle asset", then.idle, now.idle),
        ("Request", then.requests, now.requests),
    ):
        for id_ in sorted({*old, *new}):
            if old.get(id_) != new.get(id_):
                was, is_ = (_states(states.get(id_, "")) for states in (old, new))
                found.append(Difference(what=what, where=id_, then=was, now=is_))
    return found


def _causes(
    now: MonthNumbers, then: MonthNumbers, names: Names, differences: Sequence[Difference]
) -> tuple[str, ...]:
    """What differs of what the numbers are made from."""
    causes = []
    changed = definitions_note(now, then, names)
    if changed:
        causes.append(f"The definitions have changed: {changed}.")
    if "tagger" in unlike(now, then):
        causes.append(
            "Another tagger read the calls: a new version, or one that has learnt from corrections."
        )
    if "speech engine" in unlike(now, then):
        causes.append(f"The calls were heard with {now.speech}, then with {then.speech}.")
    if now.calls != then.calls:
        more = now.calls - then.calls
        have = "has" if abs(more) == 1 else "have"
        how = "come in" if more > 0 else "gone"
        causes.append(f"{many(abs(more), 'call')} of the month {have} {how} since.")
    rules = [
        RULES.get(n, readable(n)) for n in sorted(now.rules) if now.rules[n] != then.rules.get(n)
    ]
    if rules:
        causes.append(f"The pipeline file sets otherwise: {listing(rules)}.")
    if now.live != then.live or _supplies(now) != _supplies(then) or now.idle != then.idle:
        causes.append("The inventory or its usage has changed: assets, their tags, dates or uses.")
    if differences and not causes:
        causes.append("The sheets say other things of calls, deals or people than they did.")
    return tuple(causes)


def _supplies(numbers: MonthNumbers) -> dict[tuple[str, str, str], int]:
    return {cell.key: cell.supply for cell in numbers.cells if cell.supply}


def _verdict(cell: Count) -> str:
    word = VERDICTS.get(cell.verdict, "Not heard")
    return f"{word}, {_counts(cell)}" if cell.verdict else word


def _counts(cell: Count) -> str:
    supply = count(cell.supply, "asset")
    return f"{cell.raising:,} of {count(cell.eligible, 'deal')}, {supply}"


def _states(states: str) -> str:
    return ", ".join(readable(state) for state in states.split(";") if state) or "not so"
