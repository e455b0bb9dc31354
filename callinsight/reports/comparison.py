"""A month beside the one it is compared with, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.months import month_name
from callinsight.reports.changes import (
    FALLEN,
    NOT_COMPARED,
    REAL,
    RISEN,
    TOO_FEW,
    changed_meanings,
    changes_between,
    unlike,
)
from callinsight.reports.demand import VERDICTS, fitting
from callinsight.reports.wording import ANY, count, day, listing, many, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.reports.changes import Change
    from callinsight.reports.numbers import Count, MonthNumbers
    from callinsight.reports.wording import Names

SHOWN = 15  # changes on the page
NAMED = 3  # in the sentence
GAP, UNTOLD = "gap", ("too_few_calls", "")  # verdicts; the latter say of no cell what it is
DIRECTIONS = {
    RISEN: "Risen",
    FALLEN: "Fallen",
    "unclear": "May be chance",
    TOO_FEW: "Too few deals to tell",
    NOT_COMPARED: "Not compared",
}


@dataclass(frozen=True, kw_only=True)
class Past:
    """The month that a report compares with."""

    month: str
    numbers: MonthNumbers | None  # None: nothing is known of it
    counted_anew: bool = True  # from the calls; else what its report said
    told: MonthNumbers | None = None  # what its last report said, if there was one
    told_at: str = ""  # moment of that


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """A cell that changed, in words."""

    concern: str
    place: str
    direction: str
    word: str  # of the direction
    before: str
    now: str
    points: str
    verdicts: str
    why: str
    before_pct: float
    now_pct: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the report says of a month beside another."""

    month: str
    month_name: str
    known: bool
    notes: tuple[str, ...]
    sentence: str
    totals: tuple[tuple[str, str, str], ...]  # what, then, now
    rows: tuple[ChangeRow, ...]
    rest: str
    changes: tuple[Change, ...]  # all of them


def comparison_of(
    now: MonthNumbers, past: Past, names: Names, *, min_deals: int, false_discovery_rate: float
) -> Comparison:
    """What changed since `past`, and whether it is more than noise."""
    called = month_name(past.month)
    if past.numbers is None:
        note = f"There are no calls of {called} to compare with."
        return Comparison(
            month=past.month,
            month_name=called,
            known=False,
            notes=(note,),
            sentence="",
            totals=(),
            rows=(),
            rest="",
            changes=(),
        )
    changes = changes_between(
        now, past.numbers, min_deals=min_deals, false_discovery_rate=false_discovery_rate
    )
    told = _once([c for c in changes if c.is_told and c.direction != NOT_COMPARED])
    return Comparison(
        month=past.month,
        month_name=called,
        known=True,
        notes=_notes(now, past, names),
        sentence=_sentence(told, changes, called, names),
        totals=_totals(now, past.numbers),
        rows=tuple(change_row(change, names) for change in told[:SHOWN]),
        rest=_rest(told, changes),
        changes=changes,
    )


def _once(told: Sequence[Change]) -> list[Change]:
    """Without totals of which a part is told that is as sure."""
    return [
        change
        for change in told
        if not any(
            _is_part(other.now, change.now)
            and (other.direction in REAL or change.direction not in REAL)
            for other in told
        )
    ]


def _is_part(cell: Count, total: Count) -> bool:
    within = total.persona in (ANY, cell.persona) and total.stage in (ANY, cell.stage)
    return cell.key != total.key and cell.concern == total.concern and within


def change_row(change: Change, names: Names) -> ChangeRow:
    """A change in words."""
    then, now = change.before, change.now
    tested = change.direction in (*REAL, "unclear")
    points = f"{change.points * 100:+.0f} points" if tested else ""
    if tested:
        points += f", between {change.low * 100:+.0f} and {change.high * 100:+.0f}"
    same = then.verdict == now.verdict
    old, new = (VERDICTS.get(cell.verdict, "Not heard") for cell in (then, now))
    return ChangeRow(
        concern=names.concern(now.concern),
        place=names.place(now.persona, now.stage),
        direction=change.direction,
        word=DIRECTIONS[change.direction],
        before=_of(then),
        now=_of(now),
        points=points,
        verdicts=new if same else f"{old} → {new}",
        why=_why(change),
        before_pct=_share(then),
        now_pct=_share(now),
    )


def definitions_note(now: MonthNumbers, before: MonthNumbers, names: Names) -> str:
    """Which definitions differ, in words; empty if none does."""
    found = changed_meanings(now, before)
    if not found:
        return ""
    words = [f"{_definition(kind, id_, names)} ({how})" for kind, id_, how in found]
    more = len(words) - 6
    return listing([*words[:6], f"{more} more"] if more > 0 else words)


def _definition(kind: str, id_: str, names: Names) -> str:
    said = {"concern": names.concern, "persona": names.persona, "stage": names.stage}
    return f"{kind} {said[kind](id_) if kind in said else id_}"


def _notes(now: MonthNumbers, past: Past, names: Names) -> tuple[str, ...]:
    """What a reader must know before taking a change for one of the market."""
    assert past.numbers is not None
    called = month_name(past.month)
    notes = []
    differing = unlike(now, past.numbers)
    if not past.counted_anew:
        notes.append(
            f"The calls of {called} are in the database no more. It is compared as its report of "
            f"{day(past.told_at)} said it was."
        )
    elif past.told is not None and (others := unlike(now, past.told)):
        notes.append(
            f"The report of {day(past.told_at)} on {called} was made with {_other(others)}. Both "
            "months are counted here with the same ones, today's, so that a new tagger is not read "
            "as a new market; its numbers may differ from that report's."
        )
    if differing:
        notes.append(_unlike_note(differing, called, counted_anew=past.counted_anew))
    changed = definitions_note(now, past.told or past.numbers, names)
    if changed:
        notes.append(f"Definitions that changed since: {changed}.")
    return tuple(notes)


def _unlike_note(differing: Sequence[str], called: str, *, counted_anew: bool) -> str:
    text = f"{called} was read with {_other(differing)}: a difference may be that, not the market."
    if differing == ("definitions",):
        return f"{text} Only what is defined as it was is compared."
    text += " Demand is not compared; calls and assets are."
    if counted_anew:
        text += " Run the pipeline again to read both months alike."
    return text


def _other(things: Sequence[str]) -> str:
    words = ["other definitions" if t == "definitions" else f"another {t}" for t in things]
    return listing(words)


def _totals(now: MonthNumbers, before: MonthNumbers) -> tuple[tuple[str, str, str], ...]:
    def pressing(numbers: MonthNumbers, verdict: str) -> int:
        return sum(c.verdict == verdict and ANY not in c.key for c in numbers.cells)

    pairs = (
        ("Calls read", before.calls, now.calls),
        ("Deals", before.deals, now.deals),
        ("Accounts", before.accounts, now.accounts),
        ("Gaps proven", pressing(before, GAP), pressing(now, GAP)),
        ("Weak", pressing(before, "weak"), pressing(now, "weak")),
        ("Covered", pressing(before, "covered"), pressing(now, "covered")),
        ("Live assets", before.live, now.live),
        ("Unused assets", before.unused, now.unused),
    )
    return tuple((name, f"{then:,}", f"{today:,}") for name, then, today in pairs)


def _sentence(told: Sequence[Change], changes: Sequence[Change], called: str, names: Names) -> str:
    if changes and all(change.direction == NOT_COMPARED for change in changes):
        return f"Demand is not compared with {called}: see what changed, and why."
    real = [change for change in told if change.direction in REAL]
    cells = [change for change in told if ANY not in change.now.key]
    parts = _gaps_told([(c.before.verdict, c.now.verdict) for c in cells])
    text = f"Against {called}: {listing(parts)}. " if parts else f"Against {called}: "
    if not real:
        return text + ("No" if parts else "no") + " share of deals moved more than chance explains."
    moved = listing([_named(change, names) for change in real[:NAMED]])
    more = len(real) - NAMED
    tail = f", and {count(more, 'other cell')}" if more > 0 else ""
    return f"{text}{'More' if parts else 'more'} than chance explains: {moved}{tail}."


def _gaps_told(verdicts: Iterable[tuple[str, str]]) -> list[str]:
    """How many gaps there are more and fewer, by the verdicts then and now.

    What too few calls could tell of is not known to have been no gap then, nor to be none now.
    """
    new = shown = gone = lost = 0
    for then, now in verdicts:
        if now == GAP and then != GAP:
            shown += then in UNTOLD
            new += then not in UNTOLD
        elif then == GAP and now != GAP:
            lost += now in UNTOLD
            gone += now not in UNTOLD
    told = (
        (new, count(new, "new gap")),
        (shown, f"{count(shown, 'gap')} proven only now, for want of calls then"),
        (gone, f"{gone:,} {'is a gap' if gone == 1 else 'are gaps'} no longer"),
        (lost, f"{count(lost, 'gap')} proven no more, for want of calls now"),
    )
    return [words for number, words in told if number]


def _named(change: Change, names: Names) -> str:
    verb = "rose" if change.direction == RISEN else "fell"
    place = names.place(change.now.persona, change.now.stage)
    return (
        f"{names.concern(change.now.concern)} ({place}) {verb} from {_percent(change.before)} "
        f"to {_percent(change.now)} of deals"
    )


def _why(change: Change) -> str:
    """Why a verdict changed, as far as the numbers say it."""
    then, now = change.before, change.now
    if then.verdict == now.verdict:
        return ""
    if not then.verdict or not now.verdict:
        return "nobody was heard there " + ("then" if not then.verdict else "now")
    if then.supply != now.supply:
        return f"{fitting(now.supply)} now, {then.supply or 'none'} then"
    if then.unvouched != now.unvouched:
        sure, before = now.supply - now.unvouched, then.supply - then.unvouched
        return f"{sure or 'none'} of {count(now.supply, 'asset')} vouched for now, {before or 'none'} then"
    if change.direction in REAL:
        return "demand rose" if change.direction == RISEN else "demand fell"
    if change.direction == TOO_FEW:
        return "too few deals in one of the months to say why"
    return "the number of deals that raise it crossed the line, which chance can do"


def _rest(told: Sequence[Change], changes: Sequence[Change]) -> str:
    compared = [c for c in changes if c.direction in (*REAL, "unclear")]
    hidden = max(0, len(told) - SHOWN)
    still = sum(not change.is_told for change in compared)
    few = sum(c.direction == TOO_FEW and not c.is_told for c in changes)
    parts = []
    if hidden:
        parts.append(f"{many(hidden, 'more change is', 'more changes are')} in the sheets only.")
    if still:
        were = many(still, "other cell was", "other cells were")
        parts.append(f"{were} compared, and did not move more than chance explains.")
    if few:
        were = many(few, "cell has", "cells have")
        parts.append(f"{were} too few deals in one of the months.")
    return " ".join(parts)


def _of(cell: Count) -> str:
    if not cell.eligible:
        return "not heard"
    return f"{cell.raising:,} of {cell.eligible:,} ({_percent(cell)})"


def _percent(cell: Count) -> str:
    return percent(cell.raising / cell.eligible) if cell.eligible else "none"


def _share(cell: Count) -> float:
    return round(cell.raising / cell.eligible, 4) if cell.eligible else 0.0
