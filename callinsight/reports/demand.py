"""A cell of demand in words: who raises what, why it counts, what comes closest, and the evidence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from callinsight.records import INFERRED
from callinsight.reports.quotes import Quote, quote_of
from callinsight.reports.wording import (
    ANY,
    NBSP,
    Names,
    clock,
    count,
    day,
    listing,
    money,
    percent,
    readable,
    sentence_case,
    slug,
    web_address,
)
from callinsight.shares import smoothed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.records import Call, ContentItem, Gap, Judgement, Utterance
    from callinsight.reports.basis import Heard
    from callinsight.reports.excerpts import Excerpt

VERDICTS = {  # most pressing first
    "gap": "Gap",
    "weak": "Weak",
    "covered": "Covered",
    "too_few_calls": "Too few calls",
    "oversupplied": "Oversupplied",
    "low_demand": "Low demand",
}
OPEN, LOST = "open", "lost"  # outcomes of deals
INTERVAL = f"95{NBSP}% interval"
LONGEST_WORDS = 200  # characters of a turn in the list of evidence
MOST_TURNS = 100  # of a cell on the page; all of them are in the sheets


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An asset that names the concern, and what keeps it from answering."""

    title: str
    url: str
    content_type: str
    obstacle: str
    judged: str = ""  # what a person said of it here, such as "confirmed by Anna on 3 March 2026"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One utterance behind a count."""

    deal: str
    call: str
    at: str
    speaker: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A concern raised by a role at a stage, with all that the report says of it."""

    anchor: str
    rank: int  # 0 outside the ranking
    concern: str
    place: str
    verdict: str
    verdict_word: str
    deals: str  # 8 of 10 deals
    share: str
    interval: str
    share_pct: float  # for the bar
    low_pct: float
    high_pct: float
    supply: str
    sentence: str
    why: str
    candidates: tuple[Candidate, ...]
    quotes: tuple[Quote, ...]
    turns: tuple[Turn, ...]
    turns_rest: str
    arithmetic: str
    stability: str  # how firm the rank is; empty outside the ranking


class Worth(NamedTuple):
    """What a deal is worth, and how it stands."""

    amount: float
    currency: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the parts of a report look things up in."""

    names: Names
    calls: dict[str, Call]
    utterances: Mapping[str, Utterance]
    items: dict[str, ContentItem]
    excerpts: dict[str, list[Excerpt]]  # by gap
    inferred: dict[tuple[str, str], str]  # by persona and stage: in how many calls it is inferred
    usable: Sequence[ContentItem]  # assets that can answer a buyer
    worth: dict[str, Worth]  # by deal, of those that say what they are worth
    # people's last word, by cell and asset
    judged: Mapping[tuple[str, str, str, str], Judgement] = field(default_factory=dict)


def gather(
    calls: Sequence[Call],
    heard: Sequence[Heard],
    utterances: Mapping[str, Utterance],
    items: Sequence[ContentItem],
    usable: Sequence[ContentItem],
    excerpts: Sequence[Excerpt],
    names: Names,
    judgements: Iterable[Judgement] = (),
) -> Facts:
    """Put together what the parts of a report look things up in."""
    by_gap: dict[str, list[Excerpt]] = defaultdict(list)
    for excerpt in excerpts:
        by_gap[excerpt.gap].append(excerpt)
    return Facts(
        names=names,
        calls={call.id: call for call in calls},
        utterances=utterances,
        items={item.id: item for item in items},
        excerpts=by_gap,
        inferred=_inferred(calls, heard),
        usable=usable,
        worth=worth_by_deal(calls),
        judged={(j.concern, j.persona, j.stage, j.item): j for j in judgements},
    )


def worth_by_deal(calls: Iterable[Call]) -> dict[str, Worth]:
    """What each deal is worth, by the last of its calls that says so, and how it stands by the last."""
    found: dict[str, Worth] = {}
    for call in sorted(calls, key=lambda c: (c.recorded_at, c.id)):
        deal = call.deal or call.id
        if call.amount is not None:
            found[deal] = Worth(call.amount, call.currency, call.outcome)
        elif deal in found:
            found[deal] = found[deal]._replace(outcome=call.outcome)
    return found


def _inferred(calls: Sequence[Call], said: Sequence[Heard]) -> dict[tuple[str, str], str]:
    """What is to be said beside the numbers of a role at a stage that rest on inferred stages."""
    usable = {call.id: call for call in calls if call.is_read}
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in said:
        if one.side == "buyer" and one.call in usable:
            for persona in (ANY, one.persona):
                heard[persona, usable[one.call].stage].add(one.call)
    found = {
        place: sum(usable[id_].stage_source == INFERRED for id_ in ids)
        for place, ids in heard.items()
    }
    return {
        place: f"stage inferred in {number:,} of {count(len(heard[place]), 'call')}"
        for place, number in found.items()
        if number
    }


def _place(gap: Gap, facts: Facts) -> str:
    inferred = facts.inferred.get((gap.persona, gap.stage), "")
    place = facts.names.place(gap.persona, gap.stage)
    return f"{place} ({inferred})" if inferred else place


def describe(gap: Gap, facts: Facts, rank: int = 0) -> Demand:
    """All that the report says of a cell."""
    return Demand(
        anchor=anchor_of(gap),
        rank=rank,
        concern=facts.names.concern(gap.concern),
        place=_place(gap, facts),
        verdict=gap.verdict,
        verdict_word=VERDICTS[gap.verdict],
        deals=of_deals(gap),
        share=percent(gap.share),
        interval=_interval(gap),
        share_pct=pct(gap.share),
        low_pct=pct(gap.share_low),
        high_pct=pct(gap.share_high),
        supply=supply_of(gap),
        sentence=_sentence(gap, facts),
        why=_why(gap, facts),
        candidates=tuple(
            _candidate(gap, facts.items[id_], obstacle, facts)
            for id_, obstacle in zip(gap.candidates, gap.candidate_obstacles, strict=True)
            if id_ in facts.items
        ),
        quotes=tuple(quote_of(excerpt, facts.names) for excerpt in facts.excerpts.get(gap.id, [])),
        turns=_turns(gap, facts),
        turns_rest=_turns_rest(gap),
        arithmetic=_arithmetic(gap),
        stability=_stability(gap),
    )


def _sentence(gap: Gap, facts: Facts) -> str:
    how = [
        f"{number:,} {words}"
        for number, words in (
            (gap.objections, "as an objection"),
            (gap.questions, "as a question"),
            (gap.asks, "asked for material"),
        )
        if number
    ]
    text = f"{of_deals(gap)} ({percent(gap.share)}, {INTERVAL} {_interval(gap)}) "
    text += f"raised it in {count(gap.calls, 'call')}"
    text += f": {', '.join(how)}." if how else "."
    deals = deals_of(gap, facts)
    worth = worth_of(deals, facts, OPEN, gap.amount)
    lost = worth_of(deals, facts, LOST, gap.amount_lost)
    told = [f"{worth} at stake in open deals"] if worth else []
    told += [f"lost: {lost}"] if lost else []
    told += [_unresolved(gap)]
    if gap.disqualified:
        told.append(f"{gap.disqualified:,} disqualified")
    return f"{text} {sentence_case('; '.join(told))}."


def _unresolved(gap: Gap) -> str:
    """`2 of 8 unresolved (25 %)`: as counted; only the score smooths it."""
    share = f" ({percent(gap.unresolved / gap.raising)})" if gap.raising else ""
    return f"{gap.unresolved:,} of {gap.raising:,} unresolved{share}"


def _why(gap: Gap, facts: Facts) -> str:
    reason = facts.names.sentence(gap.reason)
    if gap.verdict == "gap":
        known = reason.removeprefix("0 fitting assets, ")
        if known == reason:
            return f"The deals prove the demand, and {reason}."
        return (
            f"The deals prove the demand, and no live asset fits. What names this concern: {known}."
        )
    if gap.verdict == "weak":
        lacking = "in doubt" if gap.unvouched else "thin"
        return f"The deals prove the demand, and the supply is {lacking}: {reason}."
    return f"{sentence_case(reason)}."


def _arithmetic(gap: Gap) -> str:
    """How the rank comes about; of a cell without score, only how sure its demand is."""
    chance = "under 0.0001" if gap.p_value < 0.0001 else f"{gap.p_value:.4f}"
    text = (
        f"{gap.raising:,} raising of {count(gap.eligible, 'eligible deal')} in {count(gap.calls, 'call')}; "
        f"chance of seeing this without real demand, corrected for the number of cells: {chance}"
    )
    if gap.verdict not in ("gap", "weak"):
        return f"{text}."
    unresolved = smoothed(gap.unresolved, gap.raising)
    whole = gap.share_low * unresolved * gap.weight
    missing = gap.score / whole if gap.supply and whole else 1.0
    weight = "" if gap.weight == 1 else f" × weight {gap.weight:.2f}"
    return (
        f"{text}. Score {gap.score:.3f} = lower end of the interval {gap.share_low:.3f} "
        f"× unresolved {unresolved:.3f} ({gap.unresolved:,} of {gap.raising:,}, with half a deal added on "
        f"each side) × supply that is missing {missing:.2f}{weight}."
    )


def judged_in(gap: Gap, item: str, facts: Facts) -> str:
    """What a person last said of an asset in a cell; empty where nobody did."""
    said = facts.judged.get((gap.concern, gap.persona, gap.stage, item))
    return told_by(said) if said else ""


def told_by(said: Judgement) -> str:
    """A person's judgement as such, with who and when."""
    who = f" by {said.who}" if said.who else ""
    return f"{'confirmed' if said.answers else 'denied'}{who} on {day(said.at)}"


def _candidate(gap: Gap, item: ContentItem, obstacle: str, facts: Facts) -> Candidate:
    return Candidate(
        title=item.title,
        url=web_address(item.url),
        content_type=readable(item.content_type),
        obstacle=facts.names.sentence(obstacle),
        judged=judged_in(gap, item.id, facts),
    )


def _stability(gap: Gap) -> str:
    """Which ranks the cell takes when the deals are drawn again and again."""
    if not gap.rank_low:
        return ""
    if gap.rank_low == gap.rank_high:
        return f"Rank {gap.rank_low:,} in nine of ten redraws of the deals: its place is firm."
    return f"Rank {gap.rank_low:,} to {gap.rank_high:,} in nine of ten redraws of the deals."


def _turns_rest(gap: Gap) -> str:
    more = len(gap.evidence) - MOST_TURNS
    return f"{more:,} more turns are listed in the sheets (evidence)." if more > 0 else ""


def _turns(gap: Gap, facts: Facts) -> tuple[Turn, ...]:
    turns = []
    for utterance in (facts.utterances[id_] for id_ in gap.evidence[:MOST_TURNS]):
        words = utterance.text
        if len(words) > LONGEST_WORDS:
            words = words[:LONGEST_WORDS].rsplit(" ", 1)[0] + " …"
        turns.append(
            Turn(
                deal=_deal(utterance, facts),
                call=utterance.call,
                at=clock(utterance.start_s, estimated=utterance.estimated),
                speaker=utterance.speaker or facts.names.persona(utterance.persona),
                words=words,
            )
        )
    return tuple(sorted(turns, key=lambda t: t.deal))


def _deal(utterance: Utterance, facts: Facts) -> str:
    return facts.calls[utterance.call].deal or utterance.call


def deals_of(gap: Gap, facts: Facts) -> set[str]:
    """The deals that raise it."""
    return {_deal(facts.utterances[id_], facts) for id_ in gap.evidence}


def worth_of(deals: set[str], facts: Facts, outcome: str, known: float | None = None) -> str:
    """The money in deals that stand so, by currency; `known` is their sum as counted before, in one.

    Only what is open is pipeline; what is lost is told apart.
    """
    told = [facts.worth[deal] for deal in sorted(deals) if deal in facts.worth]
    if known is not None and len({one.currency for one in told}) == 1:
        return money(known, told[0].currency) if known else ""
    sums: dict[str, float] = defaultdict(float)
    for one in told:
        if one.outcome == outcome:
            sums[one.currency] += one.amount
    return listing([money(amount, currency) for currency, amount in sorted(sums.items()) if amount])


def of_deals(gap: Gap) -> str:
    """`8 of 10 deals`."""
    return f"{gap.raising:,} of {count(gap.eligible, 'deal')}"


def _interval(gap: Gap) -> str:
    return f"{gap.share_low * 100:.0f} to {percent(gap.share_high)}"


def supply_of(gap: Gap) -> str:
    """`2 assets fit`, and how many of them are vouched for if not all are."""
    sure = f", {gap.vouched or 'none'} vouched for" if gap.unvouched else ""
    return f"{fitting(gap.supply)}{sure}"


def fitting(assets: int) -> str:
    """The same for a number of assets."""
    if assets == 0:
        return "no asset fits"
    return "1 asset fits" if assets == 1 else f"{assets:,} assets fit"


def pct(share: float) -> float:
    """A share as the length of a bar."""
    return round(share * 100, 1)


def anchor_of(gap: Gap) -> str:
    """Where in the page a cell is told."""
    return "cell-" + slug("/".join((gap.concern, gap.persona, gap.stage)))
