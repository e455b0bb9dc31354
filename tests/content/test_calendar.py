from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import icalendar
from asking import event, request

from callinsight.content.calendar import calendar_of
from callinsight.content.sla import Clock

CLOCKS = {
    3: (
        Clock(3, "acknowledge", "2026-11-03", "2026-11-04", 1),
        Clock(3, "deliver", "2026-12-02", "", 0),
    )
}
EVENTS = {3: [event("new", who="Mara"), event("accept", "2026-11-04T10:00:00+01:00")]}


def parts(content: bytes, kind: str) -> list[icalendar.Component]:
    return icalendar.Calendar.from_ical(content).walk(kind)


def written(one=None, events=None, clocks=None) -> bytes:
    accepted = request(state="accepted", priority="P1", owner="Lena")
    return calendar_of(
        [one or accepted],
        EVENTS if events is None else events,
        CLOCKS if clocks is None else clocks,
        name="Acme content requests",
    )


def test_a_request_is_a_task_with_the_day_it_is_due():
    (task,) = parts(written(), "VTODO")

    assert str(task["summary"]) == "R-3 ROI tool"
    assert task.decoded("due") == date(2026, 12, 2)
    assert (str(task["status"]), task["priority"], task["sequence"]) == ("NEEDS-ACTION", 1, 2)
    assert task.decoded("dtstamp") == datetime(2026, 11, 4, 9, tzinfo=UTC)
    assert str(task["description"]) == (
        "State: accepted\nPriority: P1\nAsked for by: Mara\nWritten by: Lena"
    )


def test_each_date_is_an_event_and_one_that_is_over_is_cancelled():
    told = [
        (str(e["summary"]), e.decoded("dtstart"), e.decoded("dtend"), str(e["status"]))
        for e in parts(written(), "VEVENT")
    ]
    assert told == [
        ("R-3 acknowledge by: ROI tool", date(2026, 11, 3), date(2026, 11, 4), "CANCELLED"),
        ("R-3 deliver by: ROI tool", date(2026, 12, 2), date(2026, 12, 3), "CONFIRMED"),
    ]


def test_uids_stay_whatever_happens_and_no_two_are_alike():
    def uids(content: bytes) -> list[str]:
        return [str(c["uid"]) for kind in ("VTODO", "VEVENT") for c in parts(content, kind)]

    later = request(title="Another title", state="in_progress", priority="P3", owner="Ed", votes=4)
    assert uids(written()) == uids(written(later, {3: [*EVENTS[3], event("start")]}))
    assert len(set(uids(written()))) == 3
    elsewhere = request(requester="Jo")  # number 3 of another database
    assert set(uids(written())).isdisjoint(uids(written(elsewhere)))


def test_what_is_delivered_is_completed():
    done = request(state="delivered", item="A-1")
    events = {3: [*EVENTS[3], event("deliver", "2026-11-20T12:00:00+00:00")]}
    (task,) = parts(written(done, events), "VTODO")
    assert str(task["status"]) == "COMPLETED"
    assert task.decoded("completed") == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_is_declined_is_cancelled_with_all_its_dates():
    content = written(request(state="declined"))
    told = [str(c["status"]) for kind in ("VTODO", "VEVENT") for c in parts(content, kind)]
    assert told == ["CANCELLED"] * 3


def test_hostile_texts_stay_texts():
    title = "a;b,c\\n\r\nEND:VTODO\r\nATTACH:file:///etc/passwd\n\tDTSTART:1"
    content = written(request(title=title, requester="x\nBEGIN:VALARM"))
    (task,) = parts(content, "VTODO")
    assert str(task["summary"]) == ("R-3 a;b,c\\n END:VTODO ATTACH:file:///etc/passwd DTSTART:1")
    assert not parts(content, "VALARM")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_the_same_requests_give_the_same_bytes_in_any_order():
    one, other = request(), request(id=4, title="Käse")
    first = calendar_of([one, other], {}, {}, name="x")
    assert first == calendar_of([other, dataclasses.replace(one)], {}, {}, name="x")
    assert "Käse".encode() in first


def test_no_request_gives_an_empty_calendar():
    assert parts(calendar_of([], {}, {}, name="x"), "VEVENT") == []
