"""By when requests are answered: business days, due dates, and what is late."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from callinsight.content.requests import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from zoneinfo import ZoneInfo

    from callinsight.records import ContentRequest, RequestEvent

ACKNOWLEDGE, DECIDE, DELIVER = "acknowledge", "decide", "deliver"
REPLY, USE = "reply", "use"  # what sales promises: to answer a question, to use what was delivered
OF_SALES = (REPLY, USE)
DAY = timedelta(days=1)
WEEKEND = (5, 6)
Past = Sequence[tuple[date, "RequestEvent"]]  # what happened, with its day


@dataclass(frozen=True)
class Promises:
    """The business days until each step, and what a business day is."""

    acknowledge: int
    decide: int
    deliver: Mapping[str, int]  # by priority
    is_open: Callable[[date], bool]  # whether a day is a business day
    zone: ZoneInfo  # that cuts days
    reply: int | None = None  # of whoever asked, to a question; None where nothing is promised
    use: int | None = None  # of an asset that was delivered, or a word on it


@dataclass(frozen=True)
class Clock:
    """One promise about a request, as it stands on a day."""

    request: int
    promise: str  # acknowledge | decide | deliver; of sales: reply | use
    due: str  # date
    done_on: str  # date; empty while it is open
    late_days: int  # business days past the due date, until it was done or the day that was asked

    @property
    def is_open(self) -> bool:
        """Whether it is still to be kept."""
        return not self.done_on

    @property
    def is_overdue(self) -> bool:
        """Whether it is still to be kept, and late."""
        return self.is_open and self.late_days > 0


def business_days(country: str, region: str, own: Collection[str]) -> Callable[[date], bool]:
    """Whether a day is a business day: no weekend or holiday of the country, nor one of one's own."""
    closed = set(own)
    if not country:
        return functools.cache(
            lambda day: day.weekday() not in WEEKEND and day.isoformat() not in closed
        )
    import holidays

    known = holidays.country_holidays(country, subdiv=region or None)
    return functools.cache(lambda day: known.is_working_day(day) and day.isoformat() not in closed)


def clocks(
    request: ContentRequest,
    events: Sequence[RequestEvent],
    promises: Promises,
    *,
    as_of: date,
    used: Collection[date] = (),
    usable_from: date | None = date.min,
) -> tuple[Clock, ...]:
    """The promises about a request, in order; what happened after the day is not known yet.

    `used` are the days on which the asset was used that it was delivered as, `usable_from` is the
    first on which it could be sent; None if it cannot, such as a draft: sales then owes no use.

    Somebody else than the requester acknowledges it by accepting, declining or commenting. What is
    declined is not delivered. None before it was asked for.
    """
    past = [(day_of(event.at, promises.zone), event) for event in events]
    past = [(day, event) for day, event in past if day <= as_of]
    asked = day_of(request.created_at, promises.zone)
    if asked > as_of:
        return ()

    def first(*kinds: str, by_others: bool = False) -> date | None:
        for day, event in past:
            own = event.who.casefold() == request.requester.casefold()
            if event.event in kinds and not (by_others and own and event.event == "comment"):
                return day
        return None

    decided, accepted = first("accept", "decline"), first("accept")
    answered = first("comment", *DONE, by_others=True)
    told = [
        (ACKNOWLEDGE, asked, promises.acknowledge, answered),
        (DECIDE, asked, promises.decide, decided),
    ]
    delivered, declined = first("deliver"), first("decline")
    if accepted and not declined:
        told.append((DELIVER, accepted, promises.deliver[request.priority], delivered))
    askers = _askers(request, past)
    if promises.reply is not None and (question := _question(past, askers)):
        asked_on, replied = question
        if replied or not (delivered or declined):  # else it does not matter any more
            told.append((REPLY, asked_on, promises.reply, replied))
    if promises.use is not None and delivered and usable_from is not None:
        words = [day for day, one in past if one.event == "comment" and _is_by(one, askers)]
        taken = [day for day in (*words, *used) if delivered <= day <= as_of]
        told.append((USE, max(delivered, usable_from), promises.use, min(taken, default=None)))
    return tuple(
        _clock(request.id, name, start, days, done, promises, as_of)
        for name, start, days, done in told
    )


def _askers(request: ContentRequest, past: Past) -> set[str]:
    """Who asked for it or voted for it."""
    votes = [event.who for _, event in past if event.event == "vote"]
    return {name.casefold() for name in (request.requester, *votes)}


def _question(past: Past, askers: Collection[str]) -> tuple[date, date | None] | None:
    """The oldest question to them that waits, else the last: when it was asked and answered."""
    waiting: date | None = None
    last: tuple[date, date | None] | None = None
    for day, event in past:
        if _is_by(event, askers):
            if waiting and event.event == "comment":
                last, waiting = (waiting, day), None
        elif event.event == "comment" and "?" in event.note and waiting is None:
            waiting = day
    return (waiting, None) if waiting else last


def _is_by(event: RequestEvent, askers: Collection[str]) -> bool:
    return event.who.casefold() in askers


def running(clocks: Sequence[Clock]) -> Clock | None:
    """The promise to keep next; None if all are kept."""
    return min((clock for clock in clocks if clock.is_open), key=lambda c: c.due, default=None)


def add_days(start: date, days: int, is_open: Callable[[date], bool]) -> date:
    """The day that many business days after a day; none after it is the day itself."""
    day = start
    for _ in range(days):
        day += DAY
        while not is_open(day):
            day += DAY
    return day


@functools.lru_cache(maxsize=10_000)  # many promises are late since the same day
def days_between(start: date, end: date, is_open: Callable[[date], bool]) -> int:
    """Business days after the one day, up to the other; 0 if that is no later."""
    days = range(start.toordinal() + 1, end.toordinal() + 1)
    return sum(map(is_open, map(date.fromordinal, days)))


def day_of(moment: str, zone: ZoneInfo) -> date:
    """The day of an ISO 8601 moment where the company is."""
    return datetime.fromisoformat(moment).astimezone(zone).date()


def _clock(
    request: int,
    name: str,
    start: date,
    days: int,
    done: date | None,
    promises: Promises,
    as_of: date,
) -> Clock:
    due = add_days(start, days, promises.is_open)
    late = days_between(due, done or as_of, promises.is_open)
    return Clock(request, name, due.isoformat(), done.isoformat() if done else "", late)
