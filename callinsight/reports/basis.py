"""What a month rests on: how much was heard, and what must be known before believing a share."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.records import INFERRED, UNKNOWN
from callinsight.reports.wording import count, listing, many, talk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import Call, Participant, Redaction

READ = ("done", "partial")  # states of a call whose words count
FOUND = ((50, "three in five"), (100, "four in five"))  # deals; see _unseen
FEW_DEALS = 20  # with fewer, most shares are uncertain by a quarter or more
PERSONAL = {
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "card": ("card number", "card numbers"),
    "bank": ("bank number", "bank numbers"),
    "government": ("government number", "government numbers"),
    "address": ("address", "addresses"),
    "link": ("link with a secret", "links with a secret"),
    "password": ("password or PIN", "passwords or PINs"),
    "name": ("name", "names"),
}
STATES = {
    "done": "in full",
    "partial": "in part",
    "empty": "without speech",
    "failed": "not read",
    "refused": "left out",
}


@dataclass(frozen=True)
class Heard:
    """How much one role of a side said in a call."""

    call: str
    side: str
    persona: str
    turns: int
    end_s: float  # of the last of them


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of the band at the top."""

    value: str
    label: str
    note: str = ""
    number: int | None = None  # what the value says, where it is a plain number


def band(
    calls: Sequence[Call], participants: Sequence[Participant], heard: Sequence[Heard]
) -> tuple[Figure, ...]:
    """How much was heard: calls, talk, deals, accounts, turns of buyers."""
    read = [call for call in calls if call.status in READ]
    ends: dict[str, float] = defaultdict(float)
    for one in heard:
        ends[one.call] = max(ends[one.call], one.end_s)
    length_s = sum(call.duration_s or ends[call.id] for call in read)
    turns = sum(one.turns for one in heard if one.side == "buyer")
    ids = {call.id for call in read}
    buyers = {p.person or p.name for p in participants if p.side == "buyer" and p.call in ids}
    found = Counter(call.status for call in calls)
    states = [f"{found[state]:,} {word}" for state, word in STATES.items() if found[state]]
    deals = {call.deal or call.id for call in read}
    loose = sum(not call.deal for call in read)
    as_deals = "counts as a deal" if loose == 1 else "count as a deal each"
    return (
        _figure(len(calls), "call", ", ".join(states)),
        Figure(value=talk(length_s), label="of talk"),
        _figure(
            len(deals), "deal", f"{count(loose, 'call')} without a deal {as_deals}" if loose else ""
        ),
        _figure(len({call.account for call in read if call.account}), "account"),
        _figure(
            turns,
            "buyers' turn",
            f"by {count(len(buyers), 'person', 'people')}" if buyers else "",
        ),
    )


def _figure(number: int, noun: str, note: str = "") -> Figure:
    label = noun if number == 1 else noun + "s"
    return Figure(value=f"{number:,}", label=label, note=note, number=number)


def notices_of(calls: Sequence[Call], said: Sequence[Heard], min_deals: int) -> tuple[str, ...]:
    """What a reader must know before believing a share."""
    spoken = [call for call in calls if call.status in READ]
    read = {call.id: call for call in spoken if call.is_read}
    sides: dict[str, set[str]] = defaultdict(set)
    for one in said:
        sides[one.call].add(one.side)
    heard = {id_ for id_ in read if "buyer" in sides[id_]}
    lost = sum(UNKNOWN in sides[id_] for id_ in read if id_ not in heard)
    roleless = heard & {one.call for one in said if _is_roleless(one)}
    inferred = sum(read[id_].stage_source == INFERRED for id_ in heard)
    stageless = sum(read[id_].stage == UNKNOWN for id_ in heard)
    failed = sum(call.status == "failed" for call in calls)
    foreign, languages = _foreign(calls)
    deals = len({read[id_].deal or id_ for id_ in heard})
    notices = []
    if calls and deals < FEW_DEALS:
        notices.append(
            f"Buyers were heard in {count(deals, 'deal')} only. Read every share as a hint: with so few, "
            f"chance moves it a long way. A cell with fewer than {count(min_deals, 'deal')} gets no verdict."
        )
    elif calls and deals <= FOUND[-1][0]:
        notices.append(_unseen(deals))
    if lost:
        notices.append(
            f"{many(lost, 'call counts', 'calls count')} for nothing, because it is not known who speaks: "
            "all voices share one channel, or the names are not those in participants.csv."
        )
    if foreign:
        notices.append(
            f"{many(foreign, 'call counts', 'calls count')} for nothing, because only what is "
            f"said in English is tagged: {languages}."
        )
    if failed:
        notices.append(
            f"{many(failed, 'call')} could not be read. What to do stands under “What did not count”."
        )
    if roleless:
        notices.append(
            f"In {count(len(roleless), 'call')} a buyer's role is unknown. What such buyers say counts in "
            "the totals over all roles only; write their job titles into participants.csv."
        )
    if inferred:
        have, their = ("has", "its") if inferred == 1 else ("have", "their")
        notices.append(
            f"{inferred:,} of {count(len(heard), 'call')} {have} {their} stage from what was said, not from "
            "the CRM. Numbers that count them say so; write deal_stage into the calls sheet."
        )
    if stageless:
        notices.append(
            f"The stage of {count(stageless, 'call')} is unknown. Such calls count in the totals over all "
            "stages only; write deal_stage into the calls sheet, in words that the taxonomy knows."
        )
    return tuple(notices)


def _unseen(deals: int) -> str:
    """How many gaps so few deals show, as benchmarks/gaps.py finds of gaps that it planted."""
    size, found = next((size, found) for size, found in FOUND if deals <= size)
    return (
        f"{deals:,} deals do not show every gap: of those planted in invented months of {size} deals "
        f"{found} were found, and the others looked like chance."
    )


def _foreign(calls: Iterable[Call]) -> tuple[int, str]:
    """How many calls are in a language that is not read, and how many in each."""
    codes = Counter(call.language for call in calls if call.status in READ and not call.is_read)
    return codes.total(), ", ".join(f"{code} {number}" for code, number in sorted(codes.items()))


def half_searched(calls: Iterable[Call]) -> str:
    """Which calls may have more personal data left, for their language; empty if there are none."""
    foreign, languages = _foreign(calls)
    if not foreign:
        return ""
    return (
        f"{many(foreign, 'call is', 'calls are')} not in English ({languages}): personal data was looked for "
        "by written forms and English rules only, so more of it may be left."
    )


def removed(redactions: Iterable[Redaction]) -> str:
    """How much personal data was taken out of what was said, by kind; empty if there was none."""
    pieces = {(one.call, one.placeholder): one.kind for one in redactions}
    if not pieces:
        return ""
    kinds = listing(
        [count(n, *PERSONAL[kind]) for kind, n in Counter(pieces.values()).most_common()]
    )
    many_pieces = many(len(pieces), "piece of personal data was", "pieces of personal data were")
    return f"{many_pieces} removed: {kinds}."


def _is_roleless(one: Heard) -> bool:
    return one.side == "buyer" and one.persona == UNKNOWN
