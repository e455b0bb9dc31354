"""Months and other periods, cut in the pipeline's time zone."""

from __future__ import annotations

import calendar
import functools
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from callinsight.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


YEARS = range(1990, 2200)  # of calls, assets and reports: any other is a slip
MONTH = "(199[0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])"
MIDDLE = ("03", "26")  # days that lie in the same month in any zone
TWO = timedelta(days=2)
TO = ".."  # between the ends of a period
NAMES = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Period:
    """Some days, under the name that ids begin with: 2026-10, or 2026-04..2026-06."""

    name: str
    first: date
    last: date

    def holds(self, moment: str, zone: ZoneInfo) -> bool:
        """Whether an ISO 8601 moment lies in it."""
        day = moment[:10]
        (first, last), (inner_first, inner_last) = self._widest, self._surest
        if not first <= day <= last:  # most moments, without asking the zone
            return False
        if inner_first <= day <= inner_last:
            return True
        return self.first.isoformat() <= day_of(moment, zone) <= self.last.isoformat()

    @functools.cached_property
    def _widest(self) -> tuple[str, str]:
        """The first and last day that any clock may show in it: none is more than two days off."""
        return first_shown(self.first), (min(self.last, date.max - TWO) + TWO).isoformat()

    @functools.cached_property
    def _surest(self) -> tuple[str, str]:
        """The first and last day that lie in it whatever the clock."""
        first = min(self.first, date.max - TWO) + TWO
        return first.isoformat(), (max(self.last, date.min + TWO) - TWO).isoformat()


def first_shown(day: date) -> str:
    """The first day that any clock may show on a day."""
    return (max(day, date.min + TWO) - TWO).isoformat()


def period_of(name: str) -> Period:
    """The period of this name; raises InputError if it is none."""
    first, between, last = name.partition(TO)
    return period_between(first, last if between else first)


def period_between(first: str, last: str) -> Period:
    """From a month or day to a month or day, both included; raises InputError."""
    begin, end = _span(first), _span(last)
    if begin.first > end.last:
        raise InputError(f"the period ends before it begins: {first} to {last}")
    if begin == end:
        return begin
    return Period(f"{begin.name}{TO}{end.name}", begin.first, end.last)


def _span(text: str) -> Period:
    """A month or a day."""
    if re.fullmatch(MONTH, text):
        return Period(text, date.fromisoformat(f"{text}-01"), last_day(text))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"'{text}' is no month and no day; write it as 2026-10 or 2026-10-31"
        ) from None
    return Period(day.isoformat(), day, day)


def month_of(moment: str, zone: ZoneInfo) -> str:
    """The month of an ISO 8601 moment."""
    if MIDDLE[0] <= moment[8:10] <= MIDDLE[1]:
        return moment[:7]
    return day_of(moment, zone)[:7]


def day_of(moment: str, zone: ZoneInfo) -> str:
    """The day of an ISO 8601 moment, as YYYY-MM-DD."""
    return datetime.fromisoformat(moment).astimezone(zone).date().isoformat()


def month_before(month: str) -> str:
    """`2025-12` for `2026-01`."""
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def last_day(month: str) -> date:
    """The last day of a month: the day that a month's report speaks of."""
    year, number = map(int, month.split("-"))
    return date(year, number, calendar.monthrange(year, number)[1])


def check_day(text: str) -> date:
    """The day a user wrote; raises InputError if it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no date; write it as 2026-10-31") from None
    if day.year not in YEARS:
        raise InputError(f"'{text}' is in no year from {YEARS[0]} to {YEARS[-1]}")
    return day


def check_month(text: str) -> str:
    """The month a user wrote; raises InputError if it is none."""
    if not re.fullmatch(MONTH, text):
        raise InputError(f"'{text}' is no month; write it as 2026-10")
    return text


def month_name(month: str) -> str:
    """`2026-10` as `October 2026`."""
    year, number = month.split("-")
    return f"{NAMES[int(number) - 1]} {year}"
