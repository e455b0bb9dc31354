"""The funnel at a glance: for each role and stage, the concern that presses most."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.demand import VERDICTS, anchor_of, of_deals, supply_of
from callinsight.reports.excerpts import PRESSING, SHOWN
from callinsight.reports.wording import TOPIC, count, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.records import ContentItem, Gap
    from callinsight.reports.demand import Facts


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A role at a stage: the concern that presses most, and what answers it."""

    verdict: str  # `silent` where no buyer of the role was heard
    verdict_word: str
    concern: str = ""
    demand: str = ""
    supply: str = ""
    more: str = ""
    anchor: str = ""
    heard: str = ""  # deals in which the role was heard there, and assets made for it
    gap: str = ""  # id of what it shows


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of the matrix."""

    role: str
    meaning: str
    cells: tuple[Cell, ...]


def lines_of(cells: Sequence[Gap], facts: Facts) -> tuple[Line, ...]:
    """One row a role, one cell a stage; themes only where their demand is proven.

    A concern is looked for everywhere, a theme is there because somebody spoke of it: one deal in two
    would always be the largest share of a place where little was heard.
    """
    by_place: dict[tuple[str, str], list[Gap]] = defaultdict(list)
    for gap in cells:
        if gap.verdict in SHOWN or not gap.concern.startswith(TOPIC):
            by_place[gap.persona, gap.stage].append(gap)
    taxonomy = facts.names.taxonomy
    return tuple(
        Line(
            role=facts.names.persona(persona),
            meaning=meaning,
            cells=tuple(
                _cell(
                    by_place[persona, stage],
                    _heard(by_place[persona, stage], persona, stage, facts),
                    facts,
                )
                for stage in taxonomy.stages
                for found in (by_place[persona, stage],)
            ),
        )
        for persona, meaning in taxonomy.personas.items()
    )


def serving(items: Sequence[ContentItem], persona: str, stage: str) -> tuple[int, int]:
    """How many assets are made for a role at a stage, and how many there for anybody."""
    there = [item for item in items if not item.stages or stage in item.stages]
    return (
        sum(persona in item.personas for item in there),
        sum(not item.personas for item in there),
    )


def _heard(gaps: Sequence[Gap], persona: str, stage: str, facts: Facts) -> str:
    theirs, anybodys = serving(facts.usable, persona, stage)
    deals = max((gap.eligible for gap in gaps), default=0)
    told = [f"{count(deals, 'deal')} heard"] if deals else []
    told.append(f"{count(theirs, 'asset')} for them")
    return ", ".join([*told, f"{anybodys:,} for anybody"] if anybodys else told)


def _cell(gaps: Sequence[Gap], heard: str, facts: Facts) -> Cell:
    if not gaps:
        return Cell(verdict="silent", verdict_word="Not heard", heard=heard)
    order = list(VERDICTS)
    top = min(gaps, key=lambda g: (order.index(g.verdict), -g.share, -g.supply, g.id))
    told = facts.inferred.get((top.persona, top.stage), "")
    inferred = f", {told}" if told else ""
    if not top.raising:
        deals = count(max(gap.eligible for gap in gaps), "deal") + inferred
        return Cell(
            verdict=top.verdict,
            verdict_word=VERDICTS[top.verdict],
            demand=f"nothing raised in {deals}",
            heard=heard,
        )
    others = sum(gap.verdict in PRESSING for gap in gaps) - (top.verdict in PRESSING)
    return Cell(
        verdict=top.verdict,
        verdict_word=VERDICTS[top.verdict],
        concern=facts.names.concern(top.concern),
        demand=f"{of_deals(top)} ({percent(top.share)}){inferred}",
        supply=supply_of(top),
        more=f"and {count(others, 'more concern')} below" if others else "",
        anchor=anchor_of(top) if top.verdict in SHOWN else "",
        heard=heard,
        gap=top.id,
    )
