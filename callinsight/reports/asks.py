"""What buyers asked to be sent, and whether anything of the kind has gone to their deal since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from callinsight.records import Call, ContentItem, Tag, UsageEvent
    from callinsight.taxonomy import Taxonomy

SENDING = ("share", "buyer_view", "download", "call_mention")
OFFERED = 3  # assets named that could be sent
OTHER = "Something else"  # what no kind of the taxonomy fits
SHOWN = 40  # asks listed on the page


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A deal that asked for a kind of content in the month."""

    kind: str  # id
    label: str
    deal: str
    account: str
    call: str
    utterance: str  # the last in which it asked
    asked_on: str  # date
    persona: str
    outcome: str  # of the deal
    answered: str  # how: an asset's id; empty if nothing fitting went to the deal
    answered_on: str
    could_send: tuple[str, ...]  # ids of usable assets of a fitting type, best first


@dataclass(frozen=True, kw_only=True)
class AskKindLine:
    """All that was asked of one kind."""

    label: str
    deals: int
    unanswered: int
    assets: int | None  # usable ones of a fitting type; None where no type is told


def asks_of(
    tags: Iterable[Tag],
    calls: Mapping[str, Call],
    days: Mapping[str, str],
    events: Iterable[UsageEvent],
    deal_of: Mapping[str, str],
    items: Sequence[ContentItem],
    usable: Sequence[ContentItem],
    taxonomy: Taxonomy,
    as_of: date,
) -> tuple[Ask, ...]:
    """One row for each deal and kind of content it surely asked for, open ones first.

    `calls` and `days` (their dates) are of the month, `deal_of` is of all calls. An ask is answered
    if an asset of a type that answers it went to the deal on the same day or later, by the day of
    the report. What no kind fits is answered by any asset.
    """
    sent = _sent(events, deal_of, {item.id: item for item in items}, as_of)
    concerns: dict[str, set[str]] = defaultdict(set)
    last: dict[tuple[str, str], Tag] = {}
    for tag in tags:
        if tag.status != "sure" or tag.call not in calls:
            continue
        if tag.kind == "concern":
            concerns[tag.utterance].add(tag.label)
        elif tag.kind == "ask":
            key = (tag.deal, tag.label)
            if key not in last or _when(tag, days) >= _when(last[key], days):
                last[key] = tag
    asks = []
    for (deal, kind), tag in last.items():
        known = taxonomy.asks.get(kind)
        types = known.content_types if known else ()
        answer = next(
            (e for e, type_ in sent.get(deal, ()) if _answers(e, type_, types, days[tag.call])),
            None,
        )
        call = calls[tag.call]
        asks.append(
            Ask(
                kind=kind,
                label=known.label if known else OTHER,
                deal=deal,
                account=call.account,
                call=call.id,
                utterance=tag.utterance,
                asked_on=days[tag.call],
                persona=tag.persona,
                outcome=call.outcome,
                answered=answer.item if answer else "",
                answered_on=answer.occurred_at[:10] if answer else "",
                could_send=_could_send(usable, types, concerns[tag.utterance], tag),
            )
        )
    return tuple(sorted(asks, key=lambda a: (bool(a.answered), a.label, a.asked_on, a.deal)))


def kinds_of(
    asks: Sequence[Ask], usable: Sequence[ContentItem], taxonomy: Taxonomy
) -> tuple[AskKindLine, ...]:
    """One row a kind, the most unanswered first."""
    by_kind: dict[str, list[Ask]] = defaultdict(list)
    for ask in asks:
        by_kind[ask.kind].append(ask)
    lines = [
        AskKindLine(
            label=found[0].label,
            deals=len(found),
            unanswered=sum(not ask.answered for ask in found),
            assets=_at_hand(kind, usable, taxonomy),
        )
        for kind, found in by_kind.items()
    ]
    return tuple(sorted(lines, key=lambda k: (-k.unanswered, -k.deals, k.label)))


def ask_sentence(asks: Sequence[Ask], *, tracked: bool) -> str:
    """How many asks nothing answered; `tracked` says whether usage names deals at all."""
    if not asks:
        return ""
    without = [ask for ask in asks if not ask.answered]
    open_ = [ask for ask in without if ask.outcome == "open"]
    things = "one thing" if len(asks) == 1 else f"{len(asks):,} things"
    text = f"{many(len({ask.deal for ask in asks}), 'deal')} asked for {things} to be sent"
    if not tracked:
        return (
            f"{text}. Whether anything was sent is not known: no row of the usage sheet names a "
            "deal or a call."
        )
    if not without:
        return f"{text}; something fitting has gone to each since."
    at_hand = sum(bool(ask.could_send) for ask in open_)
    ready = f"; for {at_hand:,} an asset of the kind is at hand" if at_hand else ""
    return (
        f"{text}. For {len(without):,} nothing fitting has gone to the deal since, "
        f"{len(open_):,} in deals that are still open{ready}."
    )


def is_tracked(events: Iterable[UsageEvent]) -> bool:
    """Whether usage says to which deal or in which call an asset went."""
    return any(event.event in SENDING and (event.deal or event.call) for event in events)


def _sent(
    events: Iterable[UsageEvent],
    deal_of: Mapping[str, str],
    items: Mapping[str, ContentItem],
    as_of: date,
) -> dict[str, list[tuple[UsageEvent, str]]]:
    """What went to each deal until the day, the earliest first, with the type of each asset."""
    sent: dict[str, list[tuple[UsageEvent, str]]] = defaultdict(list)
    for event in sorted(events, key=lambda e: (e.occurred_at, e.id)):
        deal = event.deal or deal_of.get(event.call, "")
        known = event.event in SENDING and event.item in items
        if deal and known and event.occurred_at[:10] <= as_of.isoformat():
            sent[deal].append((event, items[event.item].content_type))
    return sent


def _answers(event: UsageEvent, type_: str, types: tuple[str, ...], asked_on: str) -> bool:
    return event.occurred_at[:10] >= asked_on and (not types or type_ in types)


def _could_send(
    usable: Sequence[ContentItem], types: tuple[str, ...], concerns: set[str], tag: Tag
) -> tuple[str, ...]:
    """Usable assets of a fitting type: those on the concern first, then those for the buyer."""
    fitting = [item for item in usable if item.content_type in types]
    fitting.sort(
        key=lambda i: (
            not concerns & set(i.concerns),
            bool(i.personas) and tag.persona not in i.personas,
            bool(i.stages) and tag.stage not in i.stages,
            i.id,
        )
    )
    return tuple(item.id for item in fitting[:OFFERED])


def _at_hand(kind: str, usable: Sequence[ContentItem], taxonomy: Taxonomy) -> int | None:
    if kind not in taxonomy.asks:
        return None
    types = taxonomy.asks[kind].content_types
    return sum(item.content_type in types for item in usable)


def _when(tag: Tag, days: Mapping[str, str]) -> tuple[str, str]:
    return days[tag.call], tag.utterance
