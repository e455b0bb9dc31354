"""Due dates of requests as a calendar (.ics, RFC 5545) that other programs subscribe to or import."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from callinsight.content.requests import one_line, shown
from callinsight.content.sla import OF_SALES, running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import icalendar

    from callinsight.content.sla import Clock
    from callinsight.records import ContentRequest, RequestEvent

STATUSES = {  # of a task, by the state of its request
    "new": "NEEDS-ACTION",
    "accepted": "NEEDS-ACTION",
    "in_progress": "IN-PROCESS",
    "delivered": "COMPLETED",
    "declined": "CANCELLED",
}
PRIORITIES = {"P1": 1, "P2": 5, "P3": 9}


def calendar_of(
    requests: Sequence[ContentRequest],
    events: Mapping[int, Sequence[RequestEvent]],
    clocks: Mapping[int, Sequence[Clock]],
    *,
    name: str,
) -> bytes:
    """A task a request, and a whole-day event for each date by which something is promised.

    An entry keeps its UID whatever happens, so that importing again changes it. A date that no
    longer matters is marked as cancelled, for calendars to drop it. No words of buyers are in it.
    """
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//callinsight//content requests//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for request in sorted(requests, key=lambda one: one.id):
        happened = events.get(request.id, ())
        calendar.add_component(_task(request, happened, clocks.get(request.id, ())))
        for clock in clocks.get(request.id, ()):
            calendar.add_component(_date(request, happened, clock))
    return bytes(calendar.to_ical())


def _task(
    request: ContentRequest, events: Sequence[RequestEvent], clocks: Sequence[Clock]
) -> icalendar.Todo:
    import icalendar

    task = icalendar.Todo()
    _describe(task, request, events, "task")
    task.add("summary", f"{shown(request.id)} {one_line(request.title)}")
    task.add("status", STATUSES[request.state])
    task.add("priority", PRIORITIES[request.priority])
    clocks = [clock for clock in clocks if clock.promise not in OF_SALES]
    clock = running(clocks) or (clocks[-1] if clocks else None)
    if clock is not None:
        task.add("due", date.fromisoformat(clock.due))
    if request.state == "delivered":
        delivered = [event.at for event in events if event.event == "deliver"]
        task.add("completed", _utc(delivered[-1]))
        task.add("percent-complete", 100)
    return task


def _date(request: ContentRequest, events: Sequence[RequestEvent], clock: Clock) -> icalendar.Event:
    import icalendar

    day = date.fromisoformat(clock.due)
    event = icalendar.Event()
    _describe(event, request, events, clock.promise)
    event.add("summary", f"{shown(request.id)} {clock.promise} by: {one_line(request.title)}")
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    moot = not clock.is_open or request.state == "declined"
    event.add("status", "CANCELLED" if moot else "CONFIRMED")
    return event


def _describe(
    entry: icalendar.Component,
    request: ContentRequest,
    events: Sequence[RequestEvent],
    part: str,
) -> None:
    first = "\x1f".join((str(request.id), request.created_at, request.requester))
    digest = hashlib.sha256(first.encode()).hexdigest()[:16]
    entry.add("uid", f"{shown(request.id)}-{part}-{digest}@callinsight")
    entry.add("dtstamp", _utc(events[-1].at if events else request.created_at))
    entry.add("sequence", len(events))
    about = {
        "State": request.state.replace("_", " "),
        "Priority": request.priority,
        "Asked for by": one_line(request.requester),
        "Written by": one_line(request.owner),
        "Content type": request.content_type,
        "Needed by": request.needed_by,
    }
    entry.add("description", "\n".join(f"{name}: {text}" for name, text in about.items() if text))


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)
