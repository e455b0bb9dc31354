"""Which assets answer a demand: those that match, as people judged them, that can be found.

An asset that fits may be in doubt: nothing says when it was checked, or its concern was accepted among
many, and nobody looked at it. What a person confirmed for the cell is in no such doubt.

An asset can be found if it has an address, an owner to ask, or was used lately: whoever used it
knows where it lies.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.content.matching import (
    ANY,
    BULK,
    FOR,
    UNDATED,
    UNOWNED,
    Match,
    faults,
    match,
    misfits,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from callinsight.records import ContentItem, Judgement, Topic

UNFINDABLE = "unfindable"
DENIED = "judged not to answer"
TOPIC = "topic:"  # begins the id of a topic in the place of a concern


@dataclass(frozen=True)
class Shelf:
    """The inventory, laid out by what it answers."""

    naming: dict[str, list[ContentItem]]  # by concern
    items: dict[str, ContentItem]
    faults: dict[str, tuple[str, ...]]  # by asset: what keeps it from answering anybody
    judged: dict[str, dict[tuple[str, str, str], bool]]  # by concern; persona, stage, item
    used: Collection[str]
    doubts: dict[str, dict[str, tuple[str, ...]]]  # by concern and asset: see DOUBTS
    as_of: date


def shelve(
    items: Iterable[ContentItem],
    judgements: Iterable[Judgement],
    *,
    used: Collection[str],
    bulk: Mapping[str, Collection[str]],
    as_of: date,
) -> Shelf:
    """Lay out the inventory as it stands on a day; `used` are assets that were used lately.

    `bulk` are, by asset, concerns that were accepted among many, as `suggestions.in_bulk` gives them.
    What people judged says what an asset is, and so counts for past months too.
    """
    known = {item.id: item for item in sorted(items, key=lambda i: i.id)}
    naming: dict[str, list[ContentItem]] = defaultdict(list)
    for item in known.values():
        for concern in item.concerns:
            naming[concern].append(item)
    judged: dict[str, dict[tuple[str, str, str], bool]] = defaultdict(dict)
    for one in sorted(judgements, key=lambda j: j.id):
        judged[one.concern][one.persona, one.stage, one.item] = one.answers
    doubts = {
        concern: {item.id: _doubts(item, concern, bulk) for item in some}
        for concern, some in naming.items()
    }
    wrong = {id_: faults(item, as_of) for id_, item in known.items()}
    return Shelf(dict(naming), known, wrong, dict(judged), used, doubts, as_of)


def answers(shelf: Shelf, concern: str, persona: str, stage: str) -> list[Match]:
    """The assets for a cell, those that answer it first; no obstacle means that one does.

    What people confirmed answers whatever its tags say, as long as it is live, fresh and findable;
    in a roll-up also what they confirmed for a cell of it. What they denied does not answer.
    """
    judged = shelf.judged.get(concern, {})
    naming = shelf.naming.get(concern, ())
    doubts = shelf.doubts.get(concern, {})
    matches = {m.item.id: m for m in match(naming, persona, stage, shelf.faults, doubts)}
    for (who, where, id_), answer in judged.items():
        item = shelf.items.get(id_)
        if item and answer and persona in (ANY, who) and stage in (ANY, where):
            found = (*shelf.faults[id_], *misfits(item, persona, stage))
            obstacles = tuple(o for o in found if not o.startswith(FOR))
            matches[id_] = Match(item, obstacles, () if item.owner else (UNOWNED,))
    weighed = [
        _with_obstacles(m, shelf.used, denied=judged.get((persona, stage, id_)) is False)
        for id_, m in matches.items()
    ]
    return sorted(weighed, key=_further)


def with_topics(items: Iterable[ContentItem], topics: Iterable[Topic]) -> list[ContentItem]:
    """The assets, with the topics among their concerns that their own topics name.

    A topic is named by its label, a part of it, one of its terms, or its id in the taxonomy.
    """
    by_name: dict[str, set[str]] = defaultdict(set)
    for topic in topics:
        words = [topic.label, *topic.label.split(","), *topic.terms.split(";"), topic.defined_as]
        for word in (*words, f"{TOPIC}{topic.id}"):
            if word.strip():
                by_name[word.strip().casefold()].add(f"{TOPIC}{topic.id}")
    return [_naming(item, by_name) for item in items]


def _doubts(
    item: ContentItem, concern: str, bulk: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    doubted = {
        UNDATED: not (item.updated_on or item.published_on),
        BULK: concern in bulk.get(item.id, ()),
        UNOWNED: not item.owner,
    }
    return tuple(doubt for doubt, holds in doubted.items() if holds)


def _naming(item: ContentItem, by_name: Mapping[str, set[str]]) -> ContentItem:
    found = {id_ for word in item.topics for id_ in by_name.get(word.strip().casefold(), ())}
    return dataclasses.replace(item, concerns=(*item.concerns, *sorted(found))) if found else item


def _with_obstacles(found: Match, used: Collection[str], *, denied: bool) -> Match:
    item = found.item
    more = () if item.url or item.owner or item.id in used else (UNFINDABLE,)
    judged = (DENIED,) if denied else ()
    if not (more or judged):
        return found
    return found._replace(obstacles=(*found.obstacles, *more, *judged))


def _further(found: Match) -> int:
    """What fits comes first, if somebody vouches for it; what was denied last; else as it matches."""
    if found.obstacles:
        return 3 if DENIED in found.obstacles else 2
    return 0 if found.is_vouched_for else 1
