"""Demand against supply, counted in deals: pure functions over plain values.

Many cells are looked at at once, so the share of false discoveries is controlled: within a level
(cells, stages, over all) and apart for concerns and topics, so that many topics cost the concerns
nothing. It is controlled over all cells of a level, whatever their supply: then an asset more in
one cell changes nothing for another.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.content.demand import (
    DISQUALIFIED,
    LOST,
    OPEN,
    Cell,
    Deal,
    Key,
    Presence,
    Raised,
    count,
    left_open,
)
from callinsight.content.matching import ANY, BULK, DOUBTS, UNDATED, UNOWNED, doubts_in
from callinsight.content.ranks import Ranked, rank_intervals
from callinsight.content.supply import TOPIC, answers, shelve
from callinsight.records import STANCES, Gap
from callinsight.shares import benjamini_hochberg, chance_below, jeffreys, smoothed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from callinsight.content.demand import Open
    from callinsight.content.matching import Match
    from callinsight.records import ContentItem, Judgement

__all__ = ["Deal", "Presence", "Raised", "Rules", "find_gaps", "stakes_of"]

CANDIDATES = 3
PRESSING = ("gap", "weak")
SILENT = "too_few_calls"
ASK = "ask"
PIPELINE = "pipeline"  # the money in the deals weighs


@dataclass(frozen=True)
class Rules:
    """When demand is real and supply enough; see the pipeline file's [gaps]."""

    min_deals: int
    min_share: float
    false_discovery_rate: float
    target_supply: int
    oversupply: int
    weight: str = "none"  # none | pipeline
    count_undated: bool = False  # assets without a date count in full
    count_bulk_tags: bool = False  # assets count in full whose concern was accepted among many

    @property
    def weighing(self) -> tuple[str, ...]:
        """The doubts for which an asset makes nothing covered."""
        counted = {UNDATED: self.count_undated, BULK: self.count_bulk_tags, UNOWNED: True}
        return tuple(doubt for doubt in DOUBTS if not counted[doubt])


@dataclass(frozen=True)
class Supply:
    """How many assets fit a cell, and of how many of them nobody can be sure."""

    fitting: int
    unvouched: int = 0

    @property
    def vouched(self) -> int:
        """The assets that answer for sure."""
        return self.fitting - self.unvouched

    def missing(self, target: int) -> float:
        """The share of the target that is not there.

        What nobody vouches for is better than nothing, and never enough: it counts for all but
        one of the target.
        """
        counted = self.vouched + min(self.unvouched, max(0, target - 1 - self.vouched))
        return 1 - min(1.0, counted / target)


@dataclass(frozen=True)
class Count:
    """What was counted in a cell: sets of deals."""

    cell: Cell
    lost: set[str]
    stalled: set[str]
    returned: set[str]

    @property
    def raising(self) -> set[str]:
        """The deals that raise it."""
        return self.cell.raising

    @functools.cached_property
    def trials(self) -> int:
        """How many deals could have raised it; one that raises it could."""
        return len(self.cell.heard) + len(self.raising - self.cell.heard)

    @property
    def eligible(self) -> set[str]:
        """The deals that could have raised it."""
        return self.raising.union(self.cell.heard)

    @property
    def standing(self) -> set[str]:
        """The raising deals in which it was left standing."""
        return self.lost | self.stalled | self.returned


def find_gaps(
    period: str,
    raised: Iterable[Raised],
    present: Iterable[Presence],
    items: Iterable[ContentItem],
    deals: Mapping[str, Deal],
    *,
    concerns: Iterable[str],
    rules: Rules,
    as_of: date,
    judgements: Iterable[Judgement] = (),
    used: Collection[str] = (),
    bulk: Mapping[str, Collection[str]] | None = None,
    verdicts_only: bool = False,
) -> list[Gap]:
    """All cells of a period in which a deal could have raised a concern, most pressing first.

    `period` begins the ids, such as 2026-10. `concerns` are those of the definitions and topics as
    topic:ID; of topics only cells that a deal raises are given. `deals` are all of the period, by
    id; `used` are assets used lately, `bulk` by asset concerns that were accepted among many. With
    `verdicts_only` nobody asks which turns are behind a cell, nor how far its rank is to be trusted:
    both take a while over many deals; `raised` needs no turns then, and scores mean nothing without
    `deals`. Equal whatever the order of the rows.
    """
    raised = list(raised)
    open_ = left_open(raised, deals)
    counts = {
        key: _count(key[0], cell, open_) for key, cell in count(raised, present, concerns).items()
    }
    adjusted = _adjusted_p_values(counts, rules)
    stakes = stakes_of(deals) if rules.weight == PIPELINE else None
    shelf = shelve(items, judgements, used=used, bulk=bulk or {}, as_of=as_of)
    gaps = [
        _gap(period, key, one, answers(shelf, *key), deals, adjusted.get(key, 1.0), rules, stakes)
        for key, one in counts.items()
        if one.raising or not key[0].startswith(TOPIC)
    ]
    gaps.sort(key=lambda gap: (-gap.score, gap.id))
    if verdicts_only:
        return _with_roll_ups(gaps)
    shown = [_with_evidence(gap, counts[gap.concern, gap.persona, gap.stage]) for gap in gaps]
    return _with_roll_ups(_with_ranks(shown, counts, rules, stakes))


def stakes_of(deals: Mapping[str, Deal]) -> dict[str, float]:
    """The share of the period's pipeline in each open deal; one without amount is the median deal.

    What is won, lost or disqualified is at stake no more; where no deal is open nothing weighs.
    Amounts are added as they stand: one currency is assumed. Without any amount all count alike.
    """
    open_ = {id_: deal.amount for id_, deal in deals.items() if deal.outcome == OPEN}
    known = sorted(amount for amount in open_.values() if amount > 0)
    middle = statistics.median(known) if known else 1.0
    amounts = {id_: amount if amount > 0 else middle for id_, amount in open_.items()}
    total = math.fsum(amounts.values())
    return {id_: amount / total for id_, amount in amounts.items()}


def _money(deals: Iterable[Deal], outcome: str) -> float:
    return math.fsum(deal.amount for deal in deals if deal.outcome == outcome)


def _count(concern: str, cell: Cell, open_: Open) -> Count:
    return Count(
        cell=cell,
        lost=cell.raising & open_.lost,
        stalled=cell.raising & open_.stalled,
        returned=cell.raising & open_.returned.get(concern, set()),
    )


def _adjusted_p_values(counts: Mapping[Key, Count], rules: Rules) -> dict[Key, float]:
    """For each cell with enough deals, corrected within its level."""
    levels: dict[tuple[bool, bool, bool], list[Key]] = defaultdict(list)
    for key, one in counts.items():
        if one.trials >= rules.min_deals:
            levels[key[0].startswith(TOPIC), key[1] == ANY, key[2] == ANY].append(key)
    adjusted: dict[Key, float] = {}
    for keys in levels.values():
        raw = [
            chance_below(len(counts[k].raising), counts[k].trials, rules.min_share) for k in keys
        ]
        adjusted.update(zip(keys, benjamini_hochberg(raw), strict=True))
    return adjusted


def _gap(
    period: str,
    key: Key,
    one: Count,
    matches: Sequence[Match],
    deals: Mapping[str, Deal],
    p_value: float,
    rules: Rules,
    stakes: Mapping[str, float] | None,
) -> Gap:
    raising, eligible = len(one.raising), one.trials
    low, high = jeffreys(raising, eligible)
    supply = _supply(matches, rules)
    verdict = _verdict(raising, eligible, high, p_value, supply, rules)
    weight = math.fsum(stakes.get(deal, 0.0) for deal in one.raising) if stakes else 1.0
    unresolved = smoothed(len(one.standing), raising)  # a few deals are no proof of none or all
    score = low * unresolved * supply.missing(rules.target_supply) * weight
    known = [deals[deal] for deal in one.raising if deal in deals]
    return Gap(
        id="/".join((period, *key)),
        month=period,
        concern=key[0],
        persona=key[1],
        stage=key[2],
        raising=raising,
        calls=0,  # this and the next three are counted with the evidence
        objections=0,
        questions=0,
        asks=0,
        eligible=eligible,
        share=round(raising / max(1, eligible), 4),
        share_low=round(low, 4),
        share_high=round(high, 4),
        unresolved=len(one.standing),
        lost=len(one.lost),
        stalled=len(one.stalled),
        returned=len(one.returned),
        amount=_money(known, OPEN),
        amount_lost=_money(known, LOST),
        disqualified=sum(deal.outcome == DISQUALIFIED for deal in known),
        weight=round(weight, 6),
        p_value=round(p_value, 6),
        supply=supply.fitting,
        unvouched=supply.unvouched,
        undated=_doubted(matches, UNDATED),
        bulk_tagged=_doubted(matches, BULK),
        unowned=_doubted(matches, UNOWNED),
        verdict=verdict,
        score=round(score, 6) if verdict in PRESSING else 0.0,
        reason=_reason(matches, supply, rules),
        candidates=tuple(m.item.id for m in matches[:CANDIDATES]),
        candidate_obstacles=tuple(m.told for m in matches[:CANDIDATES]),
    )


def _with_evidence(gap: Gap, counted: Count) -> Gap:
    """With the turns behind a cell, how each counts, and the deals of each kind."""
    raised = counted.cell.raised
    ways: dict[str, str] = {}
    for one in raised:
        ways[one.utterance] = _way(one, ways.get(one.utterance, ""))
    order = sorted(ways)
    return dataclasses.replace(
        gap,
        calls=len({one.call for one in raised}),
        objections=len({one.deal for one in raised if one.stance == "objection"}),
        questions=len({one.deal for one in raised if one.stance == "question"}),
        asks=len({one.deal for one in raised if one.asks}),
        evidence=tuple(order),
        evidence_as=tuple(ways[id_] for id_ in order),
    )


def _way(one: Raised, known: str) -> str:
    """How a turn counts, such as `objection` or `mention+ask`; the strongest stance says it."""
    stance, _, asks = known.partition("+")
    if not known or STANCES.index(one.stance) < STANCES.index(stance):
        stance = one.stance
    return f"{stance}+{ASK}" if asks or one.asks else stance


def _verdict(
    raising: int, eligible: int, share_high: float, p_value: float, supply: Supply, rules: Rules
) -> str:
    if eligible < rules.min_deals:
        return SILENT
    if p_value <= rules.false_discovery_rate:
        if supply.fitting == 0:
            return "gap"
        return "weak" if supply.vouched < rules.target_supply else "covered"
    if raising / eligible > rules.min_share:
        return SILENT  # it may be demand, but chance could have made it as well
    many = supply.vouched >= rules.oversupply
    return "oversupplied" if many and share_high < 0.5 else "low_demand"


def _supply(matches: Iterable[Match], rules: Rules) -> Supply:
    fitting = [set(m.doubts) for m in matches if not m.obstacles]
    return Supply(len(fitting), sum(not doubts.isdisjoint(rules.weighing) for doubts in fitting))


def _doubted(matches: Iterable[Match], doubt: str) -> int:
    return sum(doubt in m.doubts for m in matches if not m.obstacles)


def _with_ranks(
    gaps: Sequence[Gap],
    counts: Mapping[Key, Count],
    rules: Rules,
    stakes: Mapping[str, float] | None,
) -> list[Gap]:
    """The gaps, with how far the rank of each is to be trusted, within its level."""
    levels: dict[str, list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.verdict in PRESSING:
            levels[gap.level].append(gap)
    spans: dict[str, tuple[int, int]] = {}
    for pressing in levels.values():
        ranked = []
        for gap in pressing:
            one = counts[gap.concern, gap.persona, gap.stage]
            missing = Supply(gap.supply, gap.unvouched).missing(rules.target_supply)
            ranked.append(Ranked(one.eligible, one.raising, one.standing, missing))
        ids = [gap.id for gap in pressing]
        spans.update(zip(ids, rank_intervals(ranked, stakes), strict=True))
    return [
        dataclasses.replace(gap, rank_low=spans[gap.id][0], rank_high=spans[gap.id][1])
        if gap.id in spans
        else gap
        for gap in gaps
    ]


def _with_roll_ups(gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps; where one has too few calls, with the nearest roll-up that has enough."""
    speaking = {
        (g.concern, g.persona, g.stage): g.id
        for g in gaps
        if g.persona == ANY and g.verdict != SILENT
    }
    rolled = []
    for gap in gaps:
        above = [(gap.concern, ANY, gap.stage), (gap.concern, ANY, ANY)]
        ids = [speaking[key] for key in above if key in speaking]
        silent = gap.verdict == SILENT and ids
        rolled.append(dataclasses.replace(gap, rolled_up=ids[0]) if silent else gap)
    return rolled


def _reason(matches: Sequence[Match], supply: Supply, rules: Rules) -> str:
    """Why the assets that name the concern do not answer it, in words."""
    if not matches:
        return "no asset names this concern"
    others = Counter(" and ".join(m.obstacles) for m in matches if m.obstacles)
    words = [f"{supply.fitting} fitting asset{'' if supply.fitting == 1 else 's'}"]
    words[0] += _unsure(matches, supply, rules)
    words += [f"{number} {text}" for text, number in others.items()]
    return ", ".join(words)


def _unsure(matches: Sequence[Match], supply: Supply, rules: Rules) -> str:
    """What is not known of the assets that fit; first what keeps them from covering anything."""
    weighing = doubts_in(matches, rules.weighing)
    others = doubts_in(matches, [doubt for doubt in DOUBTS if doubt not in rules.weighing])
    whom = "them" if supply.fitting == supply.unvouched else f"{supply.unvouched}"
    told = [f"nobody vouches for {whom}: {weighing}"] if weighing else []
    told += [others] if others else []
    return f" ({'; '.join(told)})" if told else ""
