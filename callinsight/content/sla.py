"""By when requests are answered: business days, due dates, and what is late."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from callinsight.content.requests import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from callinsight.records import ContentRequest, RequestEvent

ACKNOWLEDGE, DECIDE, DELIVER = "acknowledge", "decide", "deliver"
DAY = timedelta(days=1)
WEEKEND = (5, 6)


@dataclass(frozen=True)
class Promises:
    """The business days until each step, and what a business day is."""

    acknowledge: int
    decide: int
    deliver: Mapping[str, int]  # by priority
    is_open: Callable[[date], bool]  # whether a day is a business day
    zone: ZoneInfo  # that cuts days


@dataclass(frozen=True)
class Clock:
    """One promise about a request, as it stands on a day."""

    request: int
    promise: str  # acknowledge | decide | deliver
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
    request: ContentRequest, events: Sequence[RequestEvent], promises: Promises, *, as_of: date
) -> tuple[Clock, ...]:
    """The promises about a request, in order; what happened after the day is not known yet.

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
    if accepted and not first("decline"):
        days = promises.deliver[request.priority]
        told.append((DELIVER, accepted, days, first("deliver")))
    return tuple(
        _clock(request.id, name, start, days, done, promises, as_of)
        for name, start, days, done in told
    )


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


def days_between(start: date, end: date, is_open: Callable[[date], bool]) -> int:
    """Business days after the one day, up to the other; 0 if that is no later."""
    return sum(is_open(start + n * DAY) for n in range(1, (end - start).days + 1))


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
