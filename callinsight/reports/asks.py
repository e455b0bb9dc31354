"""What buyers asked to be sent, and whether anything of the kind has gone to their deal since."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.asking import AT_ONCE, TO_KEEP, is_agreed, wants
from callinsight.reports.wording import many

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from datetime import date

    from callinsight.records import Call, ContentItem, Tag, UsageEvent
    from callinsight.taxonomy import Taxonomy

Talk = Mapping[str, tuple[str, str]]  # by utterance: its words, and what the seller says to them
SENDING = ("share", "buyer_view", "download", "call_mention")
OFFERED = 3  # assets named that could be sent
SURE = 0.8  # probability from which an ask is held against anybody; below, the seller has to agree to it
OFFER = re.compile(  # what the buyer will do for the seller, such as "I'll scan you some on Friday"
    r"\b(?:i|we)(?:'ll|’ll| will| can| could|'m going to)\b(?!.*\b(?:me|us)\b).*\byou\b"
    r"|^you can have\b"
    r"|^\W*(?:(?:and|so|then|well) )*(?:i|we)(?:'ll|’ll| will| can) (?:send|mail|e-?mail"
    r"|forward|drop|scan|bring|find|get)\b(?! .*\bif you\b)",
    re.IGNORECASE,
)
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
    answered: str  # how: an asset's id; empty if nothing fitting went to the account
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
    buyers: Iterable[tuple[str, str, str]],
    items: Sequence[ContentItem],
    usable: Sequence[ContentItem],
    taxonomy: Taxonomy,
    as_of: date,
    talk: Talk,
) -> tuple[Ask, ...]:
    """One row for each deal and kind of content it surely asked for, open ones first.

    `calls` and `days` (their dates) are of the month, `buyers` are all calls there are by time, as
    (call, deal, account); `talk` has what is said in turns that ask. What was only to be shown or told
    at once is no such ask. An ask is answered if an asset of a type that answers it went to the
    account on the same day or later, in whichever of its deals, by the day of the report; a mention in
    the same call has to come after it.
    """
    sent = _sent(events, _buyers(buyers), {item.id: item for item in items}, as_of)
    found = list(tags)
    raised = _raised(found)
    asks = []
    for tag in _last_asks(found, calls, days, taxonomy, talk):
        call, known, asked_on = calls[tag.call], taxonomy.asks[tag.label], days[tag.call]
        types = known.content_types
        buyer = _buyer(call.id, call.deal, call.account)
        went = (e for e, t in sent.get(buyer, ()) if _answers(e, t, types, tag, asked_on))
        answer = next(went, None)
        asks.append(
            Ask(
                kind=tag.label,
                label=known.label,
                deal=tag.deal,
                account=call.account,
                call=call.id,
                utterance=tag.utterance,
                asked_on=asked_on,
                persona=tag.persona,
                outcome=call.outcome,
                answered=answer.item if answer else "",
                answered_on=answer.occurred_at[:10] if answer else "",
                could_send=_could_send(usable, types, raised[tag.utterance], tag),
            )
        )
    return tuple(sorted(asks, key=lambda a: (bool(a.answered), a.label, a.asked_on, a.deal)))


def _raised(tags: Iterable[Tag]) -> dict[str, set[str]]:
    """The concerns that each turn surely raises."""
    concerns: dict[str, set[str]] = defaultdict(set)
    for tag in tags:
        if tag.kind == "concern" and tag.status == "sure":
            concerns[tag.utterance].add(tag.label)
    return concerns


def _last_asks(
    tags: Iterable[Tag],
    calls: Container[str],
    days: Mapping[str, str],
    taxonomy: Taxonomy,
    talk: Talk,
) -> list[Tag]:
    """The last time that each deal surely asked for each kind."""
    last: dict[tuple[str, str], Tag] = {}
    for tag in tags:
        key = (tag.deal, tag.label)
        if tag.call not in calls or not _is_sure(tag, taxonomy, talk):
            continue
        if key not in last or _when(tag, days) >= _when(last[key], days):
            last[key] = tag
    return list(last.values())


def doubtful_asks(
    tags: Iterable[Tag], calls: Container[str], taxonomy: Taxonomy, talk: Talk
) -> int:
    """How many turns of these calls may ask for something to be sent, but are not listed."""
    found = [t for t in tags if t.kind == "ask" and t.status == "sure" and t.call in calls]
    return sum(not _is_sure(tag, taxonomy, talk) and _wants(tag, talk) != AT_ONCE for tag in found)


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


def ask_sentence(asks: Sequence[Ask], *, tracked: bool, doubtful: int = 0) -> str:
    """How many asks nothing answered; `tracked` says whether usage names deals at all.

    `doubtful` is how many turns more may ask for something.
    """
    if not asks:
        return ""
    said = _told(asks, tracked=tracked)
    if not doubtful:
        return said
    turns = many(doubtful, "more turn", "more turns")
    return f"{said} {turns} may ask for something; that is too unsure to be listed."


def _told(asks: Sequence[Ask], *, tracked: bool) -> str:
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
        return f"{text}; something fitting has gone to each account since."
    at_hand = sum(bool(ask.could_send) for ask in open_)
    ready = f"; for {at_hand:,} an asset of the kind is at hand" if at_hand else ""
    return (
        f"{text}. For {len(without):,} nothing fitting has gone to the account since, "
        f"{len(open_):,} in deals that are still open{ready}."
    )


def is_tracked(events: Iterable[UsageEvent]) -> bool:
    """Whether usage says to which deal or in which call an asset went."""
    return any(event.event in SENDING and (event.deal or event.call) for event in events)


def _is_sure(tag: Tag, taxonomy: Taxonomy, talk: Talk) -> bool:
    """Whether somebody may be told that this was asked for: sure enough, and it is known what.

    A turn in which the buyer offers something to the seller reads much like an ask, and so does one
    that asks to be shown or told something at once.
    """
    known = tag.kind == "ask" and tag.status == "sure" and tag.label in taxonomy.asks
    if not known or OFFER.search(tag.evidence):
        return False
    if tag.score < SURE:
        return is_agreed(*talk.get(tag.utterance, ("", "")))  # and so to keep
    return _wants(tag, talk) == TO_KEEP


def _wants(tag: Tag, talk: Talk) -> str:
    """What the turn of an ask wants; its evidence alone where nobody knows the turn."""
    return wants(*talk.get(tag.utterance, (tag.evidence, "")))


def _buyer(call: str, deal: str, account: str) -> str:
    """Who asks: the account, else the deal, else the call."""
    return account or deal or call


def _buyers(calls: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """Who is behind each deal and call."""
    buyers = {}
    for call, deal, account in calls:
        buyers["call", call] = _buyer(call, deal, account)
        if deal:
            buyers["deal", deal] = _buyer(call, deal, account)
    return buyers


def _sent(
    events: Iterable[UsageEvent],
    buyers: Mapping[tuple[str, str], str],
    items: Mapping[str, ContentItem],
    as_of: date,
) -> dict[str, list[tuple[UsageEvent, str]]]:
    """What went to each buyer until the day, the earliest first, with the type of each asset."""
    sent: dict[str, list[tuple[UsageEvent, str]]] = defaultdict(list)
    until = as_of.isoformat()
    known = [e for e in events if e.event in SENDING and e.item in items]
    for event in sorted(known, key=lambda e: (e.occurred_at, e.id)):
        who = buyers.get(("deal", event.deal)) or buyers.get(("call", event.call), event.deal)
        if who and event.occurred_at[:10] <= until:
            sent[who].append((event, items[event.item].content_type))
    return sent


def _answers(
    event: UsageEvent, type_: str, types: tuple[str, ...], tag: Tag, asked_on: str
) -> bool:
    if types and type_ not in types:
        return False
    if event.call == tag.call and event.utterance:  # ids of turns are in the order of the call
        return event.utterance >= tag.utterance
    return event.occurred_at[:10] >= asked_on


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
    types = taxonomy.asks[kind].content_types
    if not types:
        return None
    return sum(item.content_type in types for item in usable)


def _when(tag: Tag, days: Mapping[str, str]) -> tuple[str, str]:
    return days[tag.call], tag.utterance
