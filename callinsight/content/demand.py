"""What buyers raise, counted in deals: who could have raised it, who did, and what stands open.

A deal could have raised a concern in a cell if a buyer of that persona was heard at that stage in
the period. A deal that is at a later stage by now has been at the earlier ones too, but what was
said there was not heard: counting it would dilute the share by deals nobody listened to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

Key = tuple[str, str, str]  # concern or topic:ID, persona, stage


@dataclass(frozen=True, slots=True)
class Presence:
    """A buyer of a persona spoke in a call of a deal: the deal could have raised anything."""

    deal: str
    persona: str
    stage: str


@dataclass(frozen=True, slots=True)
class Raised:
    """A buyer raised a concern or a topic, as an objection, a question or an ask."""

    concern: str  # or topic:ID
    persona: str
    stage: str
    deal: str
    call: str
    utterance: str
    stance: str  # objection | question | mention | none
    asks: bool = False


@dataclass(frozen=True)
class Deal:
    """What a deal is worth, and whether a concern raised in it was left standing."""

    amount: float = 0.0  # 0 where it is not known
    lost: bool = False
    stalled: bool = False  # open, and silent for long
    returned: frozenset[str] = frozenset()  # concerns raised in more than one of its calls


@dataclass
class Cell:
    """The deals behind one number."""

    heard: Set[str] = frozenset()  # the persona spoke at the stage; shared by all concerns
    raised: list[Raised] = field(default_factory=list)

    @property
    def raising(self) -> set[str]:
        """The deals that raise it."""
        return {one.deal for one in self.raised}

    @property
    def eligible(self) -> set[str]:
        """The deals that could have raised it, with those that do."""
        return self.raising.union(self.heard)


@dataclass(frozen=True)
class Standing:
    """The raising deals of a cell in which the concern was left standing, by why."""

    lost: set[str]
    stalled: set[str]
    returned: set[str]

    @property
    def deals(self) -> set[str]:
        """All of them."""
        return self.lost | self.stalled | self.returned

    def share(self, raising: int) -> float:
        """Of the raising deals; 0 without any.

        Smoothed by half a deal on each side, so that a few deals never say none or all.
        """
        return (len(self.deals) + 0.5) / (raising + 1) if raising else 0.0


def count(
    raised: Iterable[Raised], present: Iterable[Presence], concerns: Iterable[str]
) -> dict[Key, Cell]:
    """Deals and what they raise for each (concern, persona, stage), and rolled up over both."""
    known = list(dict.fromkeys(concerns))
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for presence in set(present):
        for place in levels(presence.persona, presence.stage):
            heard[place].add(presence.deal)
    cells = {
        (concern, *place): Cell(heard=deals) for place, deals in heard.items() for concern in known
    }
    wanted = set(known)
    for one in raised:
        if one.concern not in wanted:
            continue  # the taxonomy has dropped it: who else could have raised it is not known
        for place in levels(one.persona, one.stage):
            cells.setdefault((one.concern, *place), Cell()).raised.append(one)
    return cells


def levels(persona: str, stage: str) -> tuple[tuple[str, str], ...]:
    """The cell itself and its roll-ups; what is unknown only counts in roll-ups."""
    if stage == UNKNOWN:
        return ((ANY, ANY),)
    if persona == UNKNOWN:
        return ((ANY, ANY), (ANY, stage))
    return ((ANY, ANY), (ANY, stage), (persona, stage))


def returning(raised: Iterable[Raised]) -> set[tuple[str, str]]:
    """The deals and concerns that are raised in more than one call, by whomever."""
    calls: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in raised:
        calls[one.deal, one.concern].add(one.call)
    return {key for key, found in calls.items() if len(found) > 1}


def standing(
    concern: str, raising: Set[str], deals: Mapping[str, Deal], back: Set[tuple[str, str]]
) -> Standing:
    """Of the deals that raise a concern, those in which it was left standing."""
    known = {deal: deals.get(deal, Deal()) for deal in raising}
    return Standing(
        lost={id_ for id_, deal in known.items() if deal.lost},
        stalled={id_ for id_, deal in known.items() if deal.stalled},
        returned={
            id_ for id_, deal in known.items() if concern in deal.returned or (id_, concern) in back
        },
    )
