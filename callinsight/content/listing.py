"""Requests as people read them in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.content.requests import shown
from callinsight.content.sla import running
from callinsight.months import month_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callinsight.content.effects import Effect
    from callinsight.content.sla import Clock
    from callinsight.records import ContentRequest, RequestEvent

FACTS = (
    *("gap", "content_type", "concern", "persona", "stage", "competitor", "tried"),
    *("use", "needed_by", "requester", "created_at"),
)
VERDICTS = {
    "fell": "the demand fell",
    "rose": "the demand rose",
    "no_clear_change": "no change beyond chance",
    "too_few": "too few deals to show any change",
    "too_early": "too early to say: no later month has calls",
}


def line_of(request: ContentRequest, clocks: Sequence[Clock], *, not_counted: str = "") -> str:
    """A request in one line: what is due next, and how late it is; why its asset answers nothing yet."""
    owner = f" · {request.owner}" if request.owner else ""
    votes = f" · {_count(request.votes, 'vote')}" if request.votes else ""
    needed = f" · needed by {request.needed_by}" if _is_needed(request) else ""
    wrong = f" · does not count: {not_counted}" if not_counted else ""
    state = request.state.replace("_", " ")
    return (
        f"{shown(request.id):<5} {request.priority}  {state:<11}  {_due(request, clocks):<47}  "
        f"{request.title}{owner}{votes}{needed}{wrong}"
    )


def sheet_of(
    request: ContentRequest,
    events: Sequence[RequestEvent],
    clocks: Sequence[Clock],
    effect: Effect | None,
    exists: Iterable[str] = (),
) -> Iterator[str]:
    """A request in lines, with what there is for it and everything that happened to it."""
    yield line_of(request, clocks)
    for name in FACTS:
        if value := getattr(request, name):
            yield f"  {name.replace('_', ' ') + ':':<15}{' '.join(value.split())}"
    for name, values in (("deals", request.deals), ("evidence", request.evidence)):
        if values:
            yield f"  {name + ':':<15}{'; '.join(values)}"
    for asset in exists:
        yield f"  {'exists:':<15}{asset}"
    for claim in request.claims.splitlines():
        yield f"  {'must say:':<15}{claim}"
    for clock in clocks:
        yield f"  {clock.promise + ':':<15}by {clock.due}{_kept(clock)}"
    if effect is not None:
        yield f"  {'effect:':<15}{effect_words(effect)}"
    for event in events:
        note = f": {' '.join(event.note.split())}" if event.note else ""
        yield f"  {event.at}  {event.who}  {event.event}{note}"


def _is_needed(request: ContentRequest) -> bool:
    return bool(request.needed_by) and request.state not in ("delivered", "declined")


def _due(request: ContentRequest, clocks: Sequence[Clock]) -> str:
    if request.state == "delivered":
        return f"as {request.item}"
    clock = running(clocks)
    if clock is None or request.state == "declined":
        return ""
    late = f", {_count(clock.late_days, 'business day')} late" if clock.is_overdue else ""
    return f"{clock.promise} by {clock.due}{late}"


def _kept(clock: Clock) -> str:
    late = f", {_count(clock.late_days, 'business day')} late" if clock.late_days else ""
    return (f", done {clock.done_on}" if clock.done_on else "") + late


def effect_words(effect: Effect) -> str:
    """What became of the demand, with the months, deals and interval of their share on each side."""
    told = [
        f"{one.raising} of {one.eligible} deals {when}, in {_window(one.months)} "
        f"({one.low:.0%} to {one.high:.0%})"
        for one, when in ((effect.before, "before"), (effect.after, "after"))
        if one.eligible
    ]
    return "; ".join(filter(None, (VERDICTS[effect.verdict], ", ".join(told))))


def _window(months: Sequence[str]) -> str:
    first, last = month_name(months[0]), month_name(months[-1])
    return first if first == last else f"{first} to {last}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
