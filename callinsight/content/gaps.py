"""Demand against supply, counted in deals: pure functions over plain values.

Many cells are looked at at once, so the share of false discoveries is controlled.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY, FITS, match
from callinsight.records import UNKNOWN, Gap
from callinsight.shares import benjamini_hochberg, chance_below, jeffreys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from callinsight.records import ContentItem

CANDIDATES = 3


@dataclass(frozen=True)
class Presence:
    """A buyer of a persona spoke in a call of a deal: the deal could have raised anything."""

    deal: str
    persona: str
    stage: str


@dataclass(frozen=True)
class Raised:
    """A buyer raised a concern, as an objection, a question or an ask."""

    concern: str
    persona: str
    stage: str
    deal: str
    call: str
    utterance: str
    stance: str  # objection | question
    asks: bool = False


@dataclass(frozen=True)
class Deal:
    """What a deal is worth, and whether a concern raised in it was left standing."""

    amount: float = 0.0
    lost: bool = False


@dataclass(frozen=True)
class Rules:
    """When demand is real and supply enough; see the pipeline file's [gaps]."""

    min_deals: int
    min_share: float
    false_discovery_rate: float
    target_supply: int
    oversupply: int


@dataclass
class Cell:
    """The deals behind one number."""

    eligible: set[str] = field(default_factory=set)
    raised: list[Raised] = field(default_factory=list)


def find_gaps(
    month: str,
    raised: Iterable[Raised],
    present: Iterable[Presence],
    items: Sequence[ContentItem],
    deals: dict[str, Deal],
    *,
    concerns: Iterable[str],
    rules: Rules,
    as_of: date,
) -> list[Gap]:
    """All cells of a month in which a deal could have raised a concern, most pressing first."""
    cells = count(raised, present, list(concerns))
    adjusted = _adjusted_p_values(cells, rules)
    gaps = [
        _gap(month, key, cell, items, deals, adjusted.get(key, 1.0), rules, as_of)
        for key, cell in cells.items()
    ]
    return sorted(gaps, key=lambda gap: (-gap.score, gap.id))


def count(
    raised: Iterable[Raised], present: Iterable[Presence], concerns: Sequence[str]
) -> dict[tuple[str, str, str], Cell]:
    """Deals and what they raise for each (concern, persona, stage), and rolled up over both."""
    cells: dict[tuple[str, str, str], Cell] = defaultdict(Cell)
    for presence, concern in itertools.product(set(present), concerns):
        for persona, stage in _levels(presence.persona, presence.stage):
            cells[concern, persona, stage].eligible.add(presence.deal)
    for one in raised:
        if one.concern not in concerns:
            continue  # the taxonomy has dropped it: who else could have raised it is not known
        for persona, stage in _levels(one.persona, one.stage):
            cells[one.concern, persona, stage].raised.append(one)
            cells[one.concern, persona, stage].eligible.add(one.deal)
    return cells


def _levels(persona: str, stage: str) -> set[tuple[str, str]]:
    """The cell itself and its roll-ups; what is unknown only counts in roll-ups."""
    levels = {(ANY, ANY)}
    if stage != UNKNOWN:
        levels.add((ANY, stage))
        if persona != UNKNOWN:
            levels.add((persona, stage))
    return levels


def _adjusted_p_values(
    cells: dict[tuple[str, str, str], Cell], rules: Rules
) -> dict[tuple[str, str, str], float]:
    """For each cell with enough deals, corrected within its level."""
    levels: dict[tuple[bool, bool], list[tuple[str, str, str]]] = defaultdict(list)
    for key, cell in cells.items():
        if len(cell.eligible) >= rules.min_deals:
            levels[key[1] == ANY, key[2] == ANY].append(key)
    adjusted: dict[tuple[str, str, str], float] = {}
    for keys in levels.values():
        raw = [
            chance_below(
                len({r.deal for r in cells[k].raised}), len(cells[k].eligible), rules.min_share
            )
            for k in keys
        ]
        adjusted.update(zip(keys, benjamini_hochberg(raw), strict=True))
    return adjusted


def _gap(
    month: str,
    key: tuple[str, str, str],
    cell: Cell,
    items: Sequence[ContentItem],
    deals: dict[str, Deal],
    p_value: float,
    rules: Rules,
    as_of: date,
) -> Gap:
    concern, persona, stage = key
    raising = {one.deal for one in cell.raised}
    low, high = jeffreys(len(raising), len(cell.eligible))
    matches = match(items, concern, persona, stage, as_of)
    supply = sum(not m.obstacles for m in matches)
    verdict = _verdict(len(raising), len(cell.eligible), high, p_value, supply, rules)
    unresolved = _unresolved(cell.raised, deals)
    missing = 1 - min(1.0, supply / rules.target_supply)
    return Gap(
        id="/".join((month, concern, persona, stage)),
        month=month,
        concern=concern,
        persona=persona,
        stage=stage,
        raising=len(raising),
        eligible=len(cell.eligible),
        calls=len({one.call for one in cell.raised}),
        objections=_deals(cell.raised, lambda one: one.stance == "objection"),
        questions=_deals(cell.raised, lambda one: one.stance == "question"),
        asks=_deals(cell.raised, lambda one: one.asks),
        share=round(len(raising) / max(1, len(cell.eligible)), 4),
        share_low=round(low, 4),
        share_high=round(high, 4),
        unresolved=round(unresolved, 4),
        amount=sum(deals.get(deal, Deal()).amount for deal in sorted(raising)),
        p_value=round(p_value, 6),
        supply=supply,
        verdict=verdict,
        score=round(low * unresolved * missing, 4) if verdict in ("gap", "weak") else 0.0,
        reason=_reason([m.obstacles for m in matches]),
        candidates=tuple(m.item.id for m in matches[:CANDIDATES]),
        candidate_obstacles=tuple(", ".join(m.obstacles) or FITS for m in matches[:CANDIDATES]),
        evidence=tuple(sorted({one.utterance for one in cell.raised})),
    )


def _verdict(
    raising: int, eligible: int, share_high: float, p_value: float, supply: int, rules: Rules
) -> str:
    if eligible < rules.min_deals:
        return "too_few_calls"
    if p_value <= rules.false_discovery_rate:
        if supply == 0:
            return "gap"
        return "weak" if supply < rules.target_supply else "covered"
    if raising / eligible > rules.min_share:
        return "too_few_calls"  # it may be demand, but chance could have made it as well
    return "oversupplied" if supply >= rules.oversupply and share_high < 0.5 else "low_demand"


def _unresolved(raised: Sequence[Raised], deals: dict[str, Deal]) -> float:
    """Share of the raising deals that are lost, or in which the concern came back in a later call.

    Smoothed by half a deal on each side, so that a few deals never say none or all.
    """
    calls: dict[str, set[str]] = defaultdict(set)
    for one in raised:
        calls[one.deal].add(one.call)
    if not calls:
        return 0.0
    standing = sum(deals.get(deal, Deal()).lost or len(c) > 1 for deal, c in calls.items())
    return (standing + 0.5) / (len(calls) + 1)


def _deals(raised: Sequence[Raised], wanted: Callable[[Raised], bool]) -> int:
    return len({one.deal for one in raised if wanted(one)})


def _reason(obstacles: list[tuple[str, ...]]) -> str:
    """Why the assets that name the concern do not answer it, in words."""
    if not obstacles:
        return "no asset names this concern"
    fitting = sum(not o for o in obstacles)
    others = [" and ".join(o) for o in obstacles if o]
    words = [f"{fitting} fitting asset{'' if fitting == 1 else 's'}"]
    words += [f"{others.count(text)} {text}" for text in dict.fromkeys(others)]
    return ", ".join(words)
