from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from callinsight.errors import InputError
from callinsight.months import (
    Period,
    check_day,
    check_month,
    day_of,
    last_day,
    month_name,
    month_of,
    period_between,
    period_of,
)


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        ("2026-10-31T23:30:00+00:00", "UTC", "2026-10"),
        ("2026-10-31T23:30:00+00:00", "Europe/Berlin", "2026-11"),
        ("2026-11-01T00:30:00+01:00", "UTC", "2026-10"),
        ("2026-11-01T03:30:00+00:00", "America/New_York", "2026-10"),
        ("2027-01-01T00:30:00+01:00", "Europe/London", "2026-12"),
    ],
)
def test_a_moment_is_in_the_month_of_the_zone(moment, zone, month):
    assert month_of(moment, ZoneInfo(zone)) == month


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2026-02", date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 29)),
        ("2026-04", date(2026, 4, 30)),
        ("2026-12", date(2026, 12, 31)),
    ],
)
def test_the_last_day_of_a_month(month, day):
    assert last_day(month) == day


def test_a_day_and_a_month_that_can_be_read():
    assert check_day("2026-10-31") == date(2026, 10, 31)
    assert check_month("2026-10") == "2026-10"


@pytest.mark.parametrize("text", ["", "2026-10", "2026-02-30", "31/10/2026", "today"])
def test_what_is_no_day(text):
    with pytest.raises(InputError) as caught:
        check_day(text)
    assert str(caught.value) == f"'{text}' is no date; write it as 2026-10-31"


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-13", "2026-00", "2026-1", "10-2026", "2026-10-31", "0000-01", "٢٠٢٦-10"],
)
def test_what_is_no_month(text):
    with pytest.raises(InputError) as caught:
        check_month(text)
    assert str(caught.value) == f"'{text}' is no month; write it as 2026-10"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-04..2026-06", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-04-10..2026-06", date(2026, 4, 10), date(2026, 6, 30)),
        ("2026-04-10..2026-04-10", date(2026, 4, 10), date(2026, 4, 10)),
        ("2026-04..2026-04", date(2026, 4, 1), date(2026, 4, 30)),
    ],
)
def test_a_period_is_known_by_its_name(name, first, last):
    period = period_of(name)

    assert (period.first, period.last) == (first, last)
    assert period_of(period.name) == period


def test_a_period_of_one_month_is_that_month():
    assert period_between("2026-04", "2026-04") == period_of("2026-04")
    assert period_between("2026-04", "2026-06").name == "2026-04..2026-06"


def test_a_period_is_cut_in_the_zone():
    period = Period("2026-10", date(2026, 10, 1), date(2026, 10, 31))

    assert period.holds("2026-10-31T23:30:00+00:00", ZoneInfo("UTC"))
    assert not period.holds("2026-10-31T23:30:00+00:00", ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2026-06..2026-04", "the period ends before it begins: 2026-06 to 2026-04"),
        ("2026-13", "'2026-13' is no month and no day; write it as 2026-10 or 2026-10-31"),
        ("2026-10..", "'' is no month and no day; write it as 2026-10 or 2026-10-31"),
        ("spring", "'spring' is no month and no day; write it as 2026-10 or 2026-10-31"),
    ],
)
def test_what_is_no_period(name, message):
    with pytest.raises(InputError) as caught:
        period_of(name)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London"]
)
def test_months_and_periods_are_cut_alike_on_every_day_and_in_every_offset(zone: str):
    here = ZoneInfo(zone)
    october = period_of("2026-10")
    start = datetime(2026, 9, 26, 0, 30, tzinfo=UTC)
    for hours in range(0, 24 * 45, 5):
        for offset in (-23, -11, 0, 14, 23):
            moment = start + timedelta(hours=hours)
            there = moment.astimezone(timezone(timedelta(hours=offset))).isoformat()
            day = moment.astimezone(here).date().isoformat()
            assert (month_of(there, here), day_of(there, here)) == (day[:7], day)
            assert october.holds(there, here) == (day[:7] == "2026-10")


def test_the_first_and_last_days_there_are_make_a_period():
    assert period_of("0001-01-01..9999-12-31").holds("2026-10-05T10:00:00+00:00", ZoneInfo("UTC"))


def test_a_month_is_named_for_people():
    assert month_name("2026-01") == "January 2026"
