"""Requests for content that are open, against the times that were agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.wording import count, day, many, readable, sentence_case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

NOBODY = "Nobody"  # who writes what nobody writes yet
CLOSED = ("delivered", "declined")


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A content request as it stands on the day of the report."""

    id: str
    title: str
    state: str
    priority: str
    due: str  # date of the next step; empty where none is agreed
    overdue: bool
    age_days: int
    next_step: str = ""  # what is due: decide, deliver
    requester: str = ""
    owner: str = ""  # who writes it
    gap: str = ""
    cell: tuple[str, str, str] = ("", "", "")  # concern, persona and stage it is for
    votes: int = 0
    item: str = ""  # the asset it was delivered as
    needed_by: str = ""  # date by which it is wanted
    not_counted: str = ""  # why the asset it was delivered as answers nothing, in a sentence
    owed: str = ""  # what sales is late with: reply or use, and the day it was due
    effect: str = ""  # what became of the demand, in words; empty where nothing is to be said


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """An open request, in words."""

    id: str
    title: str
    state: str
    priority: str
    due: str
    overdue: bool
    age: str
    owner: str
    wanted_by: str
    needed_by: str  # day; empty where nobody says


@dataclass(frozen=True, kw_only=True)
class RequestNote:
    """What is to be said of a request beside its due date."""

    id: str
    title: str
    text: str  # sentences


def request_rows(lines: Sequence[RequestLine]) -> tuple[RequestRow, ...]:
    """The open ones: what is overdue first, then what is due first."""
    open_ = [line for line in lines if line.state not in CLOSED]
    open_.sort(key=lambda r: (not r.overdue, r.due or "9", r.priority, r.id))
    return tuple(
        RequestRow(
            id=line.id,
            title=line.title,
            state=readable(line.state),
            priority=line.priority,
            due=due_of(line),
            overdue=line.overdue,
            age=count(line.age_days, "day"),
            owner=line.owner or NOBODY,
            wanted_by=_wanted_by(line),
            needed_by=day(line.needed_by),
        )
        for line in open_
    )


def request_sentence(lines: Sequence[RequestLine], as_of: date) -> str:
    """How many are open and how many are late on a day; empty where nothing was asked for."""
    if not lines:
        return ""
    open_ = [line for line in lines if line.state not in CLOSED]
    late = sum(line.overdue for line in open_)
    on = f"as of {day(as_of.isoformat())}"
    if not open_:
        return f"No content request is open {on}."
    are = "content request is open" if len(open_) == 1 else "content requests are open"
    text = f"{many(len(open_), are, are)} {on}"
    if not late:
        return f"{text}, none of them past its due date."
    if len(open_) == 1:
        return f"{text}, and past its due date."
    return f"{text}, {many(late, 'is', 'are').lower()} past {'its' if late == 1 else 'their'} due date."


def request_notes(lines: Sequence[RequestLine]) -> tuple[RequestNote, ...]:
    """What is to be said of those that ask for more than their due date.

    What was delivered and still answers nothing, with what mends it; what sales owes in its turn and is
    late with; what became of the demand since a delivery.
    """
    told = (
        (line, [*filter(None, (_uncounted(line), _owed(line), _effect(line)))]) for line in lines
    )
    return tuple(
        RequestNote(
            id=line.id,
            title=line.title,
            text=" ".join(f"{sentence_case(note)}." for note in notes),
        )
        for line, notes in told
        if notes
    )


def _uncounted(line: RequestLine) -> str:
    if line.state != "delivered" or not line.not_counted:
        return ""
    return f"delivered, but {line.not_counted.removesuffix('.')}"


def _owed(line: RequestLine) -> str:
    promise, _, due = line.owed.partition(" ")
    if promise == "reply":
        return f"a question waits for {line.requester}, whose answer was due {day(due)}"
    if promise == "use":
        return f"nobody in sales used {line.item} or said why not; that was due {day(due)}"
    return ""


def _effect(line: RequestLine) -> str:
    if line.state != "delivered" or not line.effect:
        return ""
    return f"delivered as {line.item}: {line.effect}"


def due_of(line: RequestLine) -> str:
    """`deliver by 12 November 2026`: what is to be done next."""
    if not line.due:
        return "not agreed"
    return f"{line.next_step} by {day(line.due)}".strip() if line.next_step else day(line.due)


def _wanted_by(line: RequestLine) -> str:
    if not line.votes:
        return line.requester
    return f"{line.requester} and {count(line.votes, 'other')}".strip()
