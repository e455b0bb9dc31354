from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from asking import event, request
from hypothesis import given
from hypothesis import strategies as st

from callinsight.content.sla import (
    OF_SALES,
    Clock,
    Promises,
    add_days,
    business_days,
    clocks,
    days_between,
    running,
)

WEEKDAYS = business_days("", "", ())
PROMISES = Promises(1, 5, {"P1": 10, "P2": 20, "P3": 60}, WEEKDAYS, ZoneInfo("Europe/London"))
MONDAY = date(2026, 11, 2)
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def at(day: int, month: int = 11) -> str:
    return f"2026-{month:02}-{day:02}T09:00:00+00:00"


def told(*events, as_of: date, **changes) -> list[tuple[str, str, str, int]]:
    found = clocks(request(created_at=at(2), **changes), events, PROMISES, as_of=as_of)
    return [(c.promise, c.due, c.done_on, c.late_days) for c in found]


class TestWhatSalesPromises:
    """The one who asked replies within 2 business days, uses what is delivered within 10."""

    def told(
        self, *events, as_of: date, used=(), usable_from=date.min, **changes
    ) -> list[tuple[str, str, str, int]]:
        both = replace(PROMISES, reply=2, use=10)
        found = clocks(
            request(created_at=at(2), **changes),
            events,
            both,
            as_of=as_of,
            used=used,
            usable_from=usable_from,
        )
        return [(c.promise, c.due, c.done_on, c.late_days) for c in found if c.promise in OF_SALES]

    def test_a_question_is_to_be_answered_by_who_asked_or_voted(self):
        ask = event("comment", at(3), "Ed", "For which size of firm?")
        remark = event("comment", at(3), "Ed", "Fine.")
        assert self.told(remark, as_of=date(2026, 11, 30)) == []
        assert self.told(ask, as_of=date(2026, 11, 6)) == [("reply", "2026-11-05", "", 1)]
        others = event("comment", at(4), "Lena", "Large ones")
        assert self.told(ask, others, as_of=date(2026, 11, 4)) == [("reply", "2026-11-05", "", 0)]
        for who in ("mara", "Jo"):
            voted = event("vote", at(2), "Jo")
            reply = event("comment", at(6), who, "Small ones")
            assert self.told(voted, ask, reply, as_of=date(2026, 11, 9)) == [
                ("reply", "2026-11-05", "2026-11-06", 1)
            ]

    def test_what_cannot_be_sent_yet_is_not_owed_a_use(self):
        steps = (event("accept", at(3), "Ed"), event("deliver", at(4), "Ed"))
        for usable_from, found in (
            (None, []),
            (date(2026, 11, 9), [("use", "2026-11-23", "", 5)]),
            (date(2026, 1, 1), [("use", "2026-11-18", "", 8)]),
        ):
            assert self.told(*steps, as_of=date(2026, 11, 30), usable_from=usable_from) == found

    def test_a_question_that_came_too_late_to_matter_is_none(self):
        ask = event("comment", at(3), "Ed", "Which size?")
        decline = event("decline", at(4), "Ed")
        assert self.told(ask, decline, as_of=date(2026, 11, 30)) == []

    def test_what_is_delivered_is_to_be_used_or_spoken_of(self):
        steps = event("accept", at(3), "Ed"), event("deliver", at(4), "Ed")
        due = "2026-11-18"
        assert self.told(*steps, as_of=date(2026, 11, 20)) == [("use", due, "", 2)]
        before, after = date(2026, 11, 3), date(2026, 11, 17)
        assert self.told(*steps, as_of=date(2026, 11, 20), used=[before]) == [("use", due, "", 2)]
        assert self.told(*steps, as_of=date(2026, 11, 20), used=[before, after]) == [
            ("use", due, "2026-11-17", 0)
        ]
        word = event("comment", at(19), "Mara", "The figures are those of last year")
        assert self.told(*steps, word, as_of=date(2026, 11, 20)) == [("use", due, "2026-11-19", 1)]

    def test_nothing_is_promised_where_nobody_agreed_on_it(self):
        ask = event("comment", at(3), "Ed", "Which size?")
        assert [name for name, *_ in told(ask, as_of=MONDAY)] == ["acknowledge", "decide"]


class TestBusinessDays:
    def test_weekends_are_none(self):
        assert [WEEKDAYS(MONDAY + timedelta(n)) for n in range(7)] == [True] * 5 + [False] * 2

    def test_holidays_are_those_of_the_country_and_region(self):
        st_andrews, boxing_day = date(2026, 11, 30), date(2026, 12, 28)  # substitute day
        assert WEEKDAYS(st_andrews)
        assert business_days("GB", "ENG", ())(st_andrews)
        assert not business_days("GB", "SCT", ())(st_andrews)
        assert not business_days("GB", "ENG", ())(boxing_day)

    def test_weekends_too_are_those_of_the_country(self):
        friday, sunday = date(2026, 11, 6), date(2026, 11, 8)
        assert [business_days("SA", "", ())(day) for day in (friday, sunday)] == [False, True]

    def test_own_dates_are_none(self):
        for country in ("", "GB"):
            assert not business_days(country, "", ["2026-11-03"])(date(2026, 11, 3))

    @pytest.mark.parametrize(
        ("start", "days", "due"),
        [
            ("2026-11-02", 1, "2026-11-03"),
            ("2026-11-06", 1, "2026-11-09"),  # Friday
            ("2026-11-07", 1, "2026-11-09"),  # Saturday
            ("2026-11-02", 5, "2026-11-09"),
            ("2026-11-02", 10, "2026-11-16"),
            ("2026-11-07", 0, "2026-11-07"),
        ],
    )
    def test_days_are_counted_from_the_day_after(self, start, days, due):
        assert add_days(date.fromisoformat(start), days, WEEKDAYS) == date.fromisoformat(due)

    def test_the_year_ends_without_holidays_being_lost(self):
        is_open = business_days("DE", "BY", ["2026-12-24", "2026-12-31"])
        # 25, 26 December, 1, 6 January are holidays in Bavaria; 24, 31 are one's own
        assert add_days(date(2026, 12, 23), 5, is_open) == date(2027, 1, 5)
        assert add_days(date(2026, 12, 23), 6, is_open) == date(2027, 1, 7)

    @given(dates, st.integers(1, 80))
    def test_as_many_days_lie_between_as_were_added(self, start, days):
        due = add_days(start, days, WEEKDAYS)
        assert WEEKDAYS(due)
        assert days_between(start, due, WEEKDAYS) == days
        assert days_between(due, start, WEEKDAYS) == 0


class TestClocks:
    def test_a_new_request_is_to_be_answered_and_decided(self):
        assert told(as_of=MONDAY) == [
            ("acknowledge", "2026-11-03", "", 0),
            ("decide", "2026-11-09", "", 0),
        ]

    def test_what_is_late_counts_business_days(self):
        assert told(as_of=date(2026, 11, 16)) == [
            ("acknowledge", "2026-11-03", "", 9),
            ("decide", "2026-11-09", "", 5),
        ]

    def test_a_comment_of_another_acknowledges_but_not_ones_own(self):
        own, other = event("comment", at(2), "MARA"), event("comment", at(4), "Lena")
        assert told(own, other, as_of=date(2026, 11, 5))[0] == (
            "acknowledge",
            "2026-11-03",
            "2026-11-04",
            1,
        )
        assert told(own, as_of=MONDAY)[0] == ("acknowledge", "2026-11-03", "", 0)

    @pytest.mark.parametrize(
        ("priority", "due"), [("P1", "2026-11-18"), ("P2", "2026-12-02"), ("P3", "2027-01-27")]
    )
    def test_delivery_is_due_by_priority_from_acceptance(self, priority, due):
        found = told(event("accept", at(4)), as_of=date(2026, 11, 5), priority=priority)
        assert found[1:] == [("decide", "2026-11-09", "2026-11-04", 0), ("deliver", due, "", 0)]

    def test_what_is_declined_is_not_delivered(self):
        accepted, declined = event("accept", at(4)), event("decline", at(5))
        found = told(accepted, declined, as_of=date(2026, 12, 31))
        assert [(name, late) for name, _, _, late in found] == [("acknowledge", 1), ("decide", 0)]

    def test_what_was_late_stays_so(self):
        found = told(
            event("accept", at(3)),
            event("start", at(3)),
            event("deliver", at(19)),
            as_of=date(2027, 6, 1),
            priority="P1",
        )
        assert found[2] == ("deliver", "2026-11-17", "2026-11-19", 2)

    def test_what_comes_later_is_not_known_yet(self):
        accepted = event("accept", at(4))
        assert told(accepted, as_of=date(2026, 11, 3)) == told(as_of=date(2026, 11, 3))
        assert told(accepted, as_of=date(2026, 11, 1)) == []

    def test_days_are_those_of_the_company(self):
        tokyo = Promises(1, 5, {"P2": 20}, WEEKDAYS, ZoneInfo("Asia/Tokyo"))
        late_on_sunday = request(created_at="2026-11-01T16:00:00+00:00")  # Monday in Tokyo
        (first, _) = clocks(late_on_sunday, (), tokyo, as_of=date(2026, 11, 2))
        assert first.due == "2026-11-03"

    def test_the_promise_to_keep_next_is_the_one_due_first(self):
        late, soon, done = (
            Clock(1, "decide", "2026-11-09", "", 2),
            Clock(1, "acknowledge", "2026-11-03", "", 6),
            Clock(1, "deliver", "2026-11-01", "2026-11-01", 0),
        )
        assert running([late, soon, done]) == soon
        assert running([done]) is None
        assert (late.is_overdue, done.is_overdue) == (True, False)
        assert not Clock(1, "deliver", "2026-11-01", "2026-11-05", 3).is_overdue
