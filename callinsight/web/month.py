"""The month in four numbers, each with how sure it is and how it compares with the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.months import last_day, month_before, month_name, month_of
from callinsight.records import TAGGED_LANGUAGES, Gap
from callinsight.reports.excerpts import roll_ups
from callinsight.reports.wording import ANY, count, percent
from callinsight.shares import difference, jeffreys

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlite_utils import Database

    from callinsight.config import Config

READ = ("done", "partial")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of the month, and how it compares with the month before."""

    value: str
    label: str
    note: str = ""  # how sure it is
    trend: str = ""
    address: str = ""
    number: float | None = None  # the value; of a share, 0 to 1; None where it cannot be said


@dataclass(frozen=True, kw_only=True)
class Month:
    """What was heard in a month."""

    name: str  # YYYY-MM
    calls: int
    deals: int  # in which something was read


def ranked(db: Database, month: str) -> list[Gap]:
    """The gaps that a month's report ranks: cells, and totals that no cell below tells already."""
    pressing = store.pressing_gaps(db, month)
    totals = {gap.id for gap in roll_ups(pressing)}
    return [gap for gap in pressing if gap.persona != ANY or gap.id in totals]


def figures(
    db: Database, config: Config, month: str, gaps: list[Gap], *, today: date
) -> tuple[Figure, ...]:
    """Calls, deals that object, proven gaps and open requests, each against the month before."""
    before = month_before(month)
    now, past = (_heard(db, name, config.zone) for name in (month, before))
    proven = sum(gap.verdict == "gap" for gap in gaps)
    was = sum(gap.verdict == "gap" for gap in ranked(db, before))
    waiting, late = store.open_requests(db, today.isoformat())
    return (
        Figure(
            value=f"{now.calls:,}",
            number=now.calls,
            label="calls" if now.calls != 1 else "call",
            note=f"with {count(now.deals, 'deal')} in which a buyer was heard",
            trend=_more(now.calls, past.calls, past) if past.calls else "",
            address=f"/excerpts?month={month}",
        ),
        _objecting(db, now, past, least=config.gaps.min_deals),
        Figure(
            value=f"{proven:,}",
            number=proven,
            label="proven gap" if proven == 1 else "proven gaps",
            note="raised by enough deals, answered by no asset",
            trend=_more(proven, was, past) if past.calls else "",
            address="/gaps",
        ),
        Figure(
            value=f"{waiting:,}",
            number=waiting,
            label="open request" if waiting == 1 else "open requests",
            note=f"{late:,} late"
            if late
            else "none is late"
            if waiting
            else "nobody waits for content",
            address="/requests",
        ),
    )


def _heard(db: Database, month: str, zone: ZoneInfo) -> Month:
    """The calls of a month, cut in its zone."""
    first, last = date.fromisoformat(f"{month}-01"), last_day(month)
    around = store.calls_between(  # a day more at both ends, for moments have zones of their own
        db, (first - timedelta(days=1)).isoformat(), (last + timedelta(days=1)).isoformat()
    )
    inner = (
        f"{month}-03",
        f"{month}-{last.day - 1:02d}",
    )  # days that no zone moves out of the month
    within = [
        row
        for row in around
        if inner[0] <= row[0][:10] < inner[1] or month_of(row[0], zone) == month
    ]
    read = {
        deal
        for _, deal, status, language in within
        if status in READ and language in TAGGED_LANGUAGES
    }
    return Month(name=month, calls=len(within), deals=len(read))


def _objecting(db: Database, now: Month, past: Month, *, least: int) -> Figure:
    label, address = "of deals object", f"/excerpts?stance=objection&month={now.name}"
    if now.deals < least:
        note = f"{count(now.deals, 'deal')}: too few to say"
        return Figure(value="–", label=label, note=note, address=address)
    objecting, before = (min(store.objecting_deals(db, m.name), m.deals) for m in (now, past))
    low, high = jeffreys(objecting, now.deals)
    trend = ""
    if past.deals >= least:
        fell, rose = difference((objecting, now.deals), (before, past.deals))
        share = percent(before / past.deals)
        word = "surely more" if fell > 0 else "surely fewer" if rose < 0 else "no sure change"
        trend = f"{word} against {share} in {month_name(past.name)}"
    elif past.deals:
        trend = f"too few deals in {month_name(past.name)} to compare"
    return Figure(
        value=percent(objecting / now.deals),
        number=objecting / now.deals,
        label=label,
        note=f"{percent(low)} to {percent(high)}, from {count(now.deals, 'deal')}",
        trend=trend,
        address=address,
    )


def _more(now: int, before: int, past: Month) -> str:
    if now == before:
        return f"as many as in {month_name(past.name)}"
    word = "more" if now > before else "fewer"
    return f"{abs(now - before):,} {word} than in {month_name(past.name)}"
