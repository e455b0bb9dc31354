"""Which assets answer which demand: tags first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callinsight.records import ContentItem

FITS = "fits"  # in the place of obstacles where there is none
FOR = "for "  # begins the obstacle of an asset that is made for others
UNDATED = "without a date"  # what fits, and is not known to be fresh
BULK = "tagged in bulk"  # what fits by a concern that was accepted among many, and nobody looked at
UNOWNED = "without an owner"  # what fits, and nobody keeps true
DOUBTS = (UNDATED, BULK, UNOWNED)
MISFIT = 3  # as many faults are as far as being made for others
ANY = "any"  # in the place of a persona or stage: a roll-up over all of them


class Match(NamedTuple):  # there are tens of thousands in a month
    """How an asset that names a concern stands to one cell of demand; no obstacle means it fits."""

    item: ContentItem
    obstacles: tuple[str, ...]
    doubts: tuple[str, ...] = ()  # of DOUBTS: why nobody can be sure of one that fits

    @property
    def is_vouched_for(self) -> bool:
        """Whether it is known to be fresh, and somebody looked at its tags."""
        return UNDATED not in self.doubts and BULK not in self.doubts

    @property
    def told(self) -> str:
        """What keeps it from answering, else that it fits, and what is not known of it."""
        if self.obstacles:
            return ", ".join(self.obstacles)
        return f"{FITS}, but {' and '.join(self.doubts)}" if self.doubts else FITS


def match(
    items: Iterable[ContentItem],
    persona: str,
    stage: str,
    wrong: Mapping[str, tuple[str, ...]],
    doubts: Mapping[str, tuple[str, ...]],
) -> list[Match]:
    """How assets stand to a cell, the nearest first; `wrong` are their faults and `doubts`, by id.

    An asset made for others is further away than one for this cell that only needs work.
    """
    placed = []
    for item in sorted(items, key=lambda one: one.id):
        faulty, unfit = wrong[item.id], misfits(item, persona, stage)
        found = Match(item, (*faulty, *unfit), doubts.get(item.id, ()))
        placed.append((len(faulty) + MISFIT * len(unfit), found))
    placed.sort(key=lambda one: one[0])
    return [found for _, found in placed]


def obstacles(item: ContentItem, persona: str, stage: str, as_of: date) -> tuple[str, ...]:
    """Why an asset does not serve a persona at a stage; an empty list of either serves all."""
    return (*faults(item, as_of), *misfits(item, persona, stage))


def faults(item: ContentItem, as_of: date) -> tuple[str, ...]:
    """What is wrong with an asset on a day, whomever it is for."""
    found = []
    if item.status != "live":
        found.append(item.status)
    if item.published_on and date.fromisoformat(item.published_on) > as_of:
        found.append("not yet published")
    if is_expired(item, as_of):
        found.append("expired")
    elif is_stale(item, as_of):
        found.append("stale")
    return tuple(found)


def misfits(item: ContentItem, persona: str, stage: str) -> tuple[str, ...]:
    """Whom an asset is made for, where it is not this persona at this stage."""
    found = []
    if item.personas and persona not in (ANY, *item.personas):
        found.append(FOR + " and ".join(item.personas))
    if item.stages and stage not in (ANY, *item.stages):
        found.append(FOR + " and ".join(item.stages))
    return tuple(found)


def doubts_in(matches: Iterable[Match], of: Iterable[str] = DOUBTS) -> str:
    """How many of those that fit are in doubt, such as `2 without a date, 1 without an owner`."""
    fitting = [match for match in matches if not match.obstacles]
    counts = [(sum(doubt in match.doubts for match in fitting), doubt) for doubt in of]
    return ", ".join(f"{count} {doubt}" for count, doubt in counts if count)


def is_expired(item: ContentItem, as_of: date) -> bool:
    """Past the date on which the asset itself says it ends."""
    return bool(item.expires_on) and date.fromisoformat(item.expires_on) < as_of


def is_stale(item: ContentItem, as_of: date) -> bool:
    """Not updated within its review period; an asset without any date is not called stale."""
    last = item.updated_on or item.published_on
    if not last or item.review_period_days is None:
        return False
    return (as_of - date.fromisoformat(last)).days > item.review_period_days
