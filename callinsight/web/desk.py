"""Content requests as the pages show them: their clocks in words, their columns, the form's fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.config import DELIVER_DAYS
from callinsight.content.requests import OPEN, shown
from callinsight.content.sla import ACKNOWLEDGE, DECIDE, DELIVER, REPLY, USE, running
from callinsight.reports.wording import ANY, count, day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.config import Config
    from callinsight.content.sla import Clock
    from callinsight.records import ContentRequest
    from callinsight.reports.wording import Names

STATES = {
    "new": "New",
    "accepted": "Accepted",
    "in_progress": "In progress",
    "delivered": "Delivered",
    "declined": "Declined",
}
TO_DO = {
    ACKNOWLEDGE: "Answer",
    DECIDE: "Decide",
    DELIVER: "Deliver",
    REPLY: "Sales replies",
    USE: "Sales uses it",
}
NOUNS = {
    ACKNOWLEDGE: "answer",
    DECIDE: "decision",
    DELIVER: "delivery",
    REPLY: "reply of sales",
    USE: "use by sales",
}
CLOSED = 12  # requests that are done, in a column


@dataclass(frozen=True, kw_only=True)
class ClockShown:
    """A promise in words."""

    promise: str
    words: str
    state: str  # late | open | kept | kept_late


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A request on the board."""

    request: ContentRequest
    number: str
    place: str
    next: ClockShown | None  # the promise to keep next, while it is open
    not_counted: str = ""  # why the asset it was delivered as answers nothing

    @property
    def address(self) -> str:
        """Its page."""
        return f"/requests/{self.number}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """The requests of one state."""

    state: str
    name: str
    tickets: tuple[Ticket, ...]
    more: int  # that are not shown


def told(clock: Clock) -> ClockShown:
    """A promise and how it stands."""
    if clock.is_overdue:
        late = count(clock.late_days, "business day")
        words = f"{NOUNS[clock.promise].capitalize()} {late} late, was due {day(clock.due)}"
        return ClockShown(promise=clock.promise, words=words, state="late")
    if clock.is_open:
        words = f"{TO_DO[clock.promise]} by {day(clock.due)}"
        return ClockShown(promise=clock.promise, words=words, state="open")
    done = f"{NOUNS[clock.promise].capitalize()} on {day(clock.done_on)}"
    if clock.late_days:
        late = count(clock.late_days, "business day")
        return ClockShown(promise=clock.promise, words=f"{done}, {late} late", state="kept_late")
    return ClockShown(promise=clock.promise, words=f"{done}, in time", state="kept")


def ticket_of(
    request: ContentRequest, clocks: Sequence[Clock], names: Names, *, not_counted: str = ""
) -> Ticket:
    """A request with what is due next."""
    clock = running(clocks) if request.state != "declined" else None
    if request.state not in OPEN and clock and not clock.is_overdue:
        clock = None  # what was delivered only shows where it is owed a use
    return Ticket(
        request=request,
        number=shown(request.id),
        place=place_of(request, names),
        next=told(clock) if clock else None,
        not_counted=not_counted,
    )


def place_of(request: ContentRequest, names: Names) -> str:
    """The concern, role and stage that it is for."""
    parts = [names.concern(request.concern)] if request.concern else []
    if request.persona or request.stage:
        parts.append(names.place(request.persona or ANY, request.stage or ANY))
    return ": ".join(parts)


def columns_of(tickets: Iterable[Ticket]) -> tuple[Column, ...]:
    """The board: each state with its requests, of those that are done the latest."""
    found = list(tickets)
    columns = []
    for state, name in STATES.items():
        within = [ticket for ticket in found if ticket.request.state == state]
        if state not in OPEN:
            within.sort(key=lambda ticket: -ticket.request.id)
        most = len(within) if state in OPEN else CLOSED
        columns.append(
            Column(
                state=state,
                name=name,
                tickets=tuple(within[:most]),
                more=max(0, len(within) - most),
            )
        )
    return tuple(columns)


def days_of(config: Config) -> dict[str, int]:
    """Within how many business days each priority is delivered."""
    return dict(sorted((DELIVER_DAYS | config.requests.deliver_days).items()))
