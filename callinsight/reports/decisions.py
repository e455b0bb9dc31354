"""What there is to decide: gaps that press, each with its next step."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.demand import OPEN, deals_of, worth_of
from callinsight.reports.requests import CLOSED, due_of
from callinsight.reports.wording import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.records import ContentItem, Gap
    from callinsight.reports.demand import Demand, Facts
    from callinsight.reports.requests import RequestLine

    Remedies = Mapping[str, tuple[str, str]]

STEPS = {  # what a remedy is called, where there is an asset to start from
    "add": "Write another beside",
    "vouch": "Look at",
    "refresh": "Refresh",
    "finish": "Finish",
    "place": "Give an address or an owner to",
    "widen": "Write one, or widen",
}
WHY = {  # what keeps it from answering
    "vouch": ", which is {}",
    "refresh": ", which is {}",
    "finish": ", still {}",
    "widen": ", made {}",
}
NOTHING = "Write one: there is nothing to start from"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A gap with what to do about it."""

    gap: str  # its id
    demand: Demand
    at_stake: str  # in open deals; empty where no deal says what it is worth
    step: str  # what is under way, else what would answer it with the least work
    request: (
        str  # id of the request for it, with what is due or became of it; empty where there is none
    )
    overdue: bool
    command: str  # that asks for it; empty where a request is open


def decisions_of(
    ranked: Sequence[Gap],
    told: Sequence[Demand],
    facts: Facts,
    remedies: Remedies,
    lines: Sequence[RequestLine],
) -> tuple[Decision, ...]:
    """The gaps in their order, as they are told; `remedies` say, by gap, what to do and with which asset."""
    return tuple(
        _decision(gap, demand, facts, remedies, lines)
        for gap, demand in zip(ranked, told, strict=True)
    )


def next_step(gap: Gap, items: Mapping[str, ContentItem], remedies: Remedies) -> str:
    """What would answer a gap: `Refresh “ROI calculator” (Mara), which is stale`."""
    what, id_ = remedies.get(gap.id, ("", ""))
    item = items.get(id_)
    if item is None:
        return NOTHING
    owner = f" ({item.owner})" if item.owner else ""
    told = gap.candidate_obstacles[gap.candidates.index(id_)].removeprefix("fits, but ")
    told = "a draft" if told == "draft" else told
    return f"{STEPS[what]} “{item.title}”{owner}{WHY.get(what, '').format(told)}"


def request_for(gap: Gap, lines: Iterable[RequestLine]) -> RequestLine | None:
    """The first request for a cell that is open, else the last; one for all roles or stages counts."""
    cell = (gap.concern, gap.persona, gap.stage)
    asked = [line for line in lines if _asks_for(line, cell)]
    return next((line for line in asked if line.state not in CLOSED), asked[-1] if asked else None)


def _decision(
    gap: Gap, demand: Demand, facts: Facts, remedies: Remedies, lines: Sequence[RequestLine]
) -> Decision:
    asked = request_for(gap, lines)
    open_ = asked if asked and asked.state not in CLOSED else None
    return Decision(
        gap=gap.id,
        demand=demand,
        at_stake=worth_of(deals_of(gap, facts), facts, OPEN, gap.amount),
        step=facts.names.sentence(next_step(gap, facts.items, remedies)),
        request=f"{asked.id}: {_standing(asked)}" if asked else "",
        overdue=open_ is not None and open_.overdue,
        command="" if open_ else f"callinsight requests new --gap {shlex.quote(gap.id)}",
    )


def _asks_for(line: RequestLine, cell: tuple[str, str, str]) -> bool:
    concern, *place = line.cell
    return concern == cell[0] and all(
        wanted in ("", ANY, there) for wanted, there in zip(place, cell[1:], strict=True)
    )


def _standing(line: RequestLine) -> str:
    if line.state not in CLOSED:
        return under_way(line)
    if line.state != "delivered":
        return line.state
    return f"delivered as {line.item}{', which does not count yet' if line.not_counted else ''}"


def under_way(line: RequestLine) -> str:
    """`deliver by 12 November 2026, Mara`: what is due of a request, and who writes it."""
    writer = f", {line.owner}" if line.owner else ", nobody writes it yet"
    return f"{due_of(line)}{writer}"
