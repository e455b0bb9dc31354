"""What buyers raise, counted in deals: who could have raised it, who did, and what stands open.

A deal could have raised a concern in a cell if a buyer of that persona was heard at that stage in
the period. A deal that is at a later stage by now has been at the earlier ones too, but what was
said there was not heard: counting it would dilute the share by deals nobody listened to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from callinsight.content.matching import ANY
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

OPEN, LOST, DISQUALIFIED = "open", "lost", "disqualified"
Key = tuple[str, str, str]  # concern or topic:ID, persona, stage


class Presence(NamedTuple):  # of this and the next there are hundreds of thousands
    """A buyer of a persona spoke in a call of a deal: the deal could have raised anything."""

    deal: str
    persona: str
    stage: str


class Raised(NamedTuple):
    """A buyer raised a concern or a topic, as an objection, a question or an ask."""

    concern: str  # or topic:ID
    persona: str
    stage: str
    deal: str
    call: str = ""  # this and the next two are empty where only deals count
    utterance: str = ""
    stance: str = ""  # objection | question | mention | none
    asks: bool = False


@dataclass(frozen=True)
class Deal:
    """What a deal is worth, and whether a concern raised in it was left standing."""

    amount: float = 0.0  # 0 where it is not known
    outcome: str = OPEN  # open | won | lost | disqualified, which is not lost: it was no fit
    stalled: bool = False  # open, and silent for long
    returned: frozenset[str] = frozenset()  # concerns raised in more than one of its calls


@dataclass
class Cell:
    """The deals behind one number."""

    heard: Set[str] = frozenset()  # the persona spoke at the stage; shared by all concerns
    raised: list[Raised] = field(default_factory=list)
    raising: set[str] = field(default_factory=set)  # the deals of what is raised


@dataclass(frozen=True)
class Open:
    """The deals in which concerns were left standing, by why."""

    lost: set[str]
    stalled: set[str]
    returned: dict[str, set[str]]  # by concern: it came back in a later call


def count(
    raised: Iterable[Raised], present: Iterable[Presence], concerns: Iterable[str]
) -> dict[Key, Cell]:
    """Deals and what they raise for each (concern, persona, stage), and rolled up over both."""
    known = list(dict.fromkeys(concerns))
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (persona, stage), deals in _deals_heard(present).items():
        for place in levels(persona, stage):
            heard[place] |= deals
    cells = {
        (concern, *place): Cell(heard=deals) for place, deals in heard.items() for concern in known
    }
    for (concern, persona, stage), some in _by_cell(raised).items():
        if concern not in known:
            continue  # the taxonomy has dropped it: who else could have raised it is not known
        deals = {one.deal for one in some}
        for place in levels(persona, stage):
            cell = cells.setdefault((concern, *place), Cell())
            cell.raised.extend(some)
            cell.raising |= deals
    return cells


def _deals_heard(present: Iterable[Presence]) -> dict[tuple[str, str], set[str]]:
    """The deals by persona and stage: far fewer than rows, so that roll-ups take them as a whole."""
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in present:
        heard[one.persona, one.stage].add(one.deal)
    return heard


def _by_cell(raised: Iterable[Raised]) -> dict[Key, list[Raised]]:
    """What is raised by concern, persona and stage, before roll-ups."""
    cells: dict[Key, list[Raised]] = defaultdict(list)
    for one in raised:
        cells[one.concern, one.persona, one.stage].append(one)
    return cells


def levels(persona: str, stage: str) -> tuple[tuple[str, str], ...]:
    """The cell itself and its roll-ups; what is unknown only counts in roll-ups."""
    if stage == UNKNOWN:
        return ((ANY, ANY),)
    if persona == UNKNOWN:
        return ((ANY, ANY), (ANY, stage))
    return ((ANY, ANY), (ANY, stage), (persona, stage))


def shares_of(
    raised: Iterable[Raised], field: Literal["persona", "stage"]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Who raises a concern (`persona`), or where (`stage`): by concern and value, deals of all deals.

    Of all deals in which it is known; a deal may count for several values.
    """
    deals: dict[tuple[str, str], set[str]] = defaultdict(set)
    whole: dict[str, set[str]] = defaultdict(set)
    for one in raised:
        value = one.persona if field == "persona" else one.stage
        if value != UNKNOWN:
            deals[one.concern, value].add(one.deal)
            whole[one.concern].add(one.deal)
    return {key: (len(some), len(whole[key[0]])) for key, some in sorted(deals.items())}


def left_open(raised: Iterable[Raised], deals: Mapping[str, Deal]) -> Open:
    """Which deals leave a concern standing: lost, stalled, or raising it in more than one call."""
    calls: dict[tuple[str, str], str] = {}
    returned: dict[str, set[str]] = defaultdict(set)
    for one in raised:
        if calls.setdefault((one.deal, one.concern), one.call) != one.call:
            returned[one.concern].add(one.deal)
    for id_, deal in deals.items():
        for concern in deal.returned:
            returned[concern].add(id_)
    return Open(
        lost={id_ for id_, deal in deals.items() if deal.outcome == LOST},
        stalled={id_ for id_, deal in deals.items() if deal.stalled},
        returned=dict(returned),
    )
