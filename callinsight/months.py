"""Months as YYYY-MM, cut in the pipeline's time zone."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from callinsight.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def month_of(moment: str, zone: ZoneInfo) -> str:
    """The month of an ISO 8601 moment."""
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m")


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
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no date; write it as 2026-10-31") from None


def check_month(text: str) -> str:
    """The month a user wrote; raises InputError if it is none."""
    if not re.fullmatch(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", text):
        raise InputError(f"'{text}' is no month; write it as 2026-10")
    return text
