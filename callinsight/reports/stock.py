"""What can be told of an inventory before any call is counted: what is live, fresh, tagged, owned, used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.reports.wording import count, listing, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import ContentItem, Unused
    from callinsight.taxonomy import Taxonomy

FRESH, OLD, EXPIRED, UNDATED = "fresh", "past their review", "expired", "without any date"


def stock_of(
    items: Sequence[ContentItem], unused: Iterable[Unused], taxonomy: Taxonomy, *, used: bool
) -> tuple[str, ...]:
    """Sentences on an inventory, nothing of an empty one.

    `unused` are its findings on the day, `used` is whether any use of any asset is known.
    """
    live = [item for item in items if item.status == "live"]
    if not items:
        return ()
    found = [
        f"{count(len(live), 'asset')} of {len(items):,} {'is' if len(live) == 1 else 'are'} live."
    ]
    if live:
        found += [_age(live, unused), *_tags(live, taxonomy), _owners(live)]
    if not used:
        found.append(
            "No use of any asset is known, so that “never used” says nothing yet: usage comes from "
            "usage.csv, from links that are copied, and from calls that speak of an asset."
        )
    return tuple(found)


def _age(live: Sequence[ContentItem], unused: Iterable[Unused]) -> str:
    kinds = {(one.item, one.kind) for one in unused}
    counts = dict.fromkeys((FRESH, OLD, EXPIRED, UNDATED), 0)
    for item in live:
        if (item.id, "expired") in kinds:
            counts[EXPIRED] += 1
        elif not (item.updated_on or item.published_on):
            counts[UNDATED] += 1
        else:
            counts[OLD if (item.id, "stale") in kinds else FRESH] += 1
    told = listing([f"{number:,} {word}" for word, number in counts.items() if number])
    why = ", which nobody knows to be fresh" if counts[UNDATED] else ""
    return f"Of what is live: {told}{why}."


def _tags(live: Sequence[ContentItem], taxonomy: Taxonomy) -> list[str]:
    """How many name a concern, and of which concerns there is nothing."""
    blank = sum(not item.concerns for item in live)
    answering = {id_: sum(id_ in item.concerns for item in live) for id_ in taxonomy.concerns}
    told = [
        f"{taxonomy.concerns[id_].label} {number:,}" for id_, number in answering.items() if number
    ]
    nothing = [taxonomy.concerns[id_].label for id_, number in answering.items() if not number]
    found = []
    if blank:
        names = many(blank, "names no concern and answers", "name no concern and answer")
        found.append(
            f"{names} nothing until somebody names one; 'callinsight inventory suggest' proposes."
        )
    if told:
        found.append(f"Assets by the concern they name: {', '.join(told)}.")
    if told and nothing:
        found.append(f"No live asset names {listing(nothing)}.")
    return found


def _owners(live: Sequence[ContentItem]) -> str:
    owned = sum(bool(item.owner) for item in live)
    have = "has" if owned == 1 else "have"
    return f"{owned or 'None'} of {count(len(live), 'live asset')} {have} an owner."
