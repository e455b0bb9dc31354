"""What a cell of demand rests on: its turns to play, the deals behind its count, its candidates."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.matching import FITS
from callinsight.content.supply import DENIED
from callinsight.pipeline.matching import judged_of
from callinsight.records import INFERRED
from callinsight.reports.demand import LOST, OPEN, Facts, describe, worth_by_deal, worth_of
from callinsight.reports.excerpts import is_doubtful
from callinsight.reports.wording import money, readable, web_address
from callinsight.web.cards import cards_of, playable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call, ContentItem, Gap, Judgement, Tag, Utterance
    from callinsight.reports.demand import Demand
    from callinsight.reports.wording import Names
    from callinsight.web.cards import Card

FIRST = 5  # turns that are shown at once
MOST = 100  # and at most
DEALS = 100  # that are listed
STANCES = ("objection", "question", "mention", "none")  # the most telling first


@dataclass(frozen=True, kw_only=True)
class DealLine:
    """A deal that raises it."""

    id: str
    account: str
    worth: str
    outcome: str
    calls: tuple[Call, ...]
    turns: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An asset that comes near, and what keeps it from answering."""

    item: ContentItem
    type: str
    url: str  # empty unless it is safe to follow
    obstacle: str
    fits: bool
    judged: Judgement | None  # what people last said of it here


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Everything behind a cell."""

    told: Demand  # in words
    worth: str  # of the deals that are open
    lost: str  # of those that are lost
    cards: tuple[Card, ...]
    turns: int  # all of them
    deals: tuple[DealLine, ...]  # those that say it most
    all_deals: int
    candidates: tuple[Candidate, ...]
    inferred: int  # calls whose stage no CRM says
    calls: int


def proof_of(db: Database, config: Config, names: Names, gap: Gap, *, every: bool) -> Proof:
    """Gather what a cell rests on; the first turns, or `every` one up to a limit."""
    said = store.utterances_by_id(db, gap.evidence)
    calls = _calls(db, said.values())
    ways = dict(zip(gap.evidence, gap.evidence_as, strict=False))
    gap = dataclasses.replace(gap, evidence=tuple(i for i in gap.evidence if i in said))
    judged = judged_of(db, gap)
    items = store.items_by_id(db, [*gap.candidates, *judged])
    facts = Facts(
        names=names,
        calls=calls,
        utterances=said,
        items=items,
        excerpts={},
        inferred={},
        usable=(),
        worth=worth_by_deal(calls.values()),
    )
    doubtful = {tag.utterance for tag in _tags(db, gap.concern, said) if is_doubtful(tag)}
    order = order_of(db, gap.evidence, ways, said, calls, config, doubtful=doubtful)
    turns = order[: MOST if every else FIRST]
    all_deals, deals = _deals(said.values(), calls)
    deals_behind = {calls[one.call].deal or one.call for one in said.values()}
    return Proof(
        told=describe(gap, facts),
        worth=worth_of(deals_behind, facts, OPEN, gap.amount),
        lost=worth_of(deals_behind, facts, LOST, gap.amount_lost),
        cards=tuple(cards_of(db, config, names, [(said[t].call, said[t].position) for t in turns])),
        turns=len(said),
        deals=deals,
        all_deals=all_deals,
        candidates=_candidates(gap, items, names, judged),
        inferred=sum(call.stage_source == INFERRED for call in calls.values()),
        calls=len(calls),
    )


def order_of(
    db: Database,
    ids: Iterable[str],
    ways: Mapping[str, str],
    said: Mapping[str, Utterance],
    calls: Mapping[str, Call],
    config: Config,
    *,
    doubtful: Collection[str],
) -> list[str]:
    """Turns in the order to hear them: each deal once before any twice, those with sound first.

    `ways` say how each counts, as far as that is known. Those that are `doubtful` come last.
    """
    heard: dict[str, int] = defaultdict(int)
    plays = playable(db, config, list(calls.values()))

    def telling(id_: str) -> tuple[bool, bool, int, str]:
        stance = ways.get(id_, STANCES[-1]).partition("+")[0]
        return id_ in doubtful, said[id_].call not in plays, STANCES.index(stance), id_

    rounds = []
    for id_ in sorted(ids, key=telling):
        deal = calls[said[id_].call].deal or said[id_].call
        rounds.append((id_ in doubtful, heard[deal], id_))
        heard[deal] += 1
    return [id_ for *_, id_ in sorted(rounds, key=lambda row: row[:2])]


def still_said(
    db: Database, config: Config, names: Names, concern: str, evidence: Sequence[str], most: int
) -> tuple[list[Card], int]:
    """Turns that still say what they were picked for, at `most` so many, and how many there are.

    A call that is heard again numbers its turns anew: what raises the concern no more is left out.
    """
    tags = _tags(db, concern, evidence) if concern else []
    ways = {tag.utterance: tag.stance for tag in tags}
    said = store.utterances_by_id(db, evidence)
    calls = _calls(db, said.values())
    ids = [id_ for id_ in said if not concern or id_ in ways]
    doubtful = {tag.utterance for tag in tags if is_doubtful(tag)}
    turns = order_of(db, ids, ways, said, calls, config, doubtful=doubtful)[:most]
    return cards_of(db, config, names, [(said[t].call, said[t].position) for t in turns]), len(ids)


def _tags(db: Database, concern: str, turns: Iterable[str]) -> list[Tag]:
    """The sure tags by which these turns raise a concern or a theme."""
    kind, _, label = concern.rpartition(":")
    return store.sure_tags(db, turns, kind or "concern", label)


def _calls(db: Database, said: Iterable[Utterance]) -> dict[str, Call]:
    return store.calls_by_id(db, [one.call for one in said])


def _deals(
    said: Iterable[Utterance], calls: Mapping[str, Call]
) -> tuple[int, tuple[DealLine, ...]]:
    """How many deals, and those that say it most."""
    by_deal: dict[str, list[Utterance]] = defaultdict(list)
    for one in said:
        by_deal[calls[one.call].deal or one.call].append(one)
    lines = []
    for deal, turns in sorted(by_deal.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:DEALS]:
        ids = {one.call for one in turns}
        within = sorted((calls[i] for i in ids), key=lambda c: (c.recorded_at, c.id))
        lines.append(_deal(deal, within, len(turns)))
    return len(by_deal), tuple(lines)


def _deal(id_: str, calls: Sequence[Call], turns: int) -> DealLine:
    last = calls[-1]
    return DealLine(
        id=id_,
        account=last.account,
        worth=money(last.amount, last.currency) if last.amount is not None else "",
        outcome=last.outcome,
        calls=tuple(calls),
        turns=turns,
    )


def _candidates(
    gap: Gap,
    items: Mapping[str, ContentItem],
    names: Names,
    judged: Mapping[str, Judgement],
) -> tuple[Candidate, ...]:
    """The nearest assets, and what people denied: it is near no more, and may be said otherwise."""
    near = [*zip(gap.candidates, gap.candidate_obstacles, strict=True)]
    denied = sorted(id_ for id_, one in judged.items() if not one.answers)
    near += [(id_, DENIED) for id_ in denied if id_ not in gap.candidates]
    return tuple(
        Candidate(
            item=items[id_],
            type=readable(items[id_].content_type),
            url=web_address(items[id_].url),
            obstacle=names.sentence(obstacle),
            fits=obstacle.startswith(FITS),
            judged=judged.get(id_),
        )
        for id_, obstacle in near
        if id_ in items
    )
