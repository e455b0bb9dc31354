"""Assets that earn nothing as they stand, why, and what share of the live ones they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.wording import count, percent, readable, sentence_case, web_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callinsight.records import ContentItem, Unused
    from callinsight.reports.wording import Names

LITTLE = "low use"  # which earns something
KINDS = ("unused", LITTLE, "stale", "expired", "unowned")


@dataclass(frozen=True, kw_only=True)
class Asset:
    """An asset that earns nothing as it stands."""

    title: str
    url: str
    content_type: str
    owner: str
    states: tuple[str, ...]
    why: tuple[str, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class State:
    """How many assets are in a state that earns nothing."""

    name: str
    assets: str
    share: str
    cost: str


def idle_assets(
    unused: Sequence[Unused], items: Mapping[str, ContentItem], names: Names
) -> tuple[Asset, ...]:
    """One row an asset, in the order of the states."""
    by_item: dict[str, list[Unused]] = defaultdict(list)
    for one in sorted(unused, key=lambda u: (KINDS.index(u.kind), u.item)):
        by_item[one.item].append(one)
    assets = []
    for id_, found in by_item.items():
        item = items[id_]
        assets.append(
            Asset(
                title=item.title,
                url=web_address(item.url),
                content_type=readable(item.content_type),
                owner=item.owner or "Nobody",
                states=tuple(one.kind.capitalize() for one in found),
                why=tuple(sentence_case(names.sentence(one.why)) for one in found),
                advice=_advice(found),
            )
        )
    return tuple(assets)


def _advice(found: Sequence[Unused]) -> tuple[str, ...]:
    """What to do, each once; what is to go needs no owner."""
    advice = list(dict.fromkeys(one.advice for one in found))
    if "retire" in advice:
        advice = [one for one in advice if one != "assign an owner"]
    if "ask the owner" in advice:
        advice = [one for one in advice if one != "keep"]
    return tuple(one.capitalize() for one in advice)


def asset_sentence(unused: Sequence[Unused], items: Sequence[ContentItem]) -> str:
    """How much of the live inventory earns nothing, by count and by cost, and how much little."""
    live = [item for item in items if item.status == "live"]
    if not live:
        return "The inventory holds no live asset."
    found = {one.item for one in unused if one.kind != LITTLE}
    more = len({one.item for one in unused} - found)
    little = f" {more:,} more {'is' if more == 1 else 'are'} little used." if more else ""
    if not found:
        return f"All of {count(len(live), 'live asset')} are used, fresh and owned.{little}"
    text = f"{len(found):,} of {count(len(live), 'live asset')} ({percent(len(found) / len(live))})"
    cost = _cost_share(found, live)
    known = sum(item.cost is not None for item in live)
    if not cost:
        return f"{text}. What they cost to make is not known.{little}"
    whole = "" if known == len(live) else f", as far as it is known ({known:,} of {len(live):,})"
    return f"{text}, which hold {cost} of what the live assets cost to make{whole}.{little}"


def states_of(unused: Sequence[Unused], items: Sequence[ContentItem]) -> tuple[State, ...]:
    """The same for each state."""
    live = [item for item in items if item.status == "live"]
    states = []
    for kind in KINDS:
        found = {one.item for one in unused if one.kind == kind}
        if found:
            share = percent(len(found) / len(live))
            cost = _cost_share(found, live) or "not known"
            states.append(
                State(name=kind.capitalize(), assets=f"{len(found):,}", share=share, cost=cost)
            )
    return tuple(states)


def _cost_share(found: set[str], live: Sequence[ContentItem]) -> str:
    total = sum(item.cost or 0.0 for item in live)
    part = sum(item.cost or 0.0 for item in live if item.id in found)
    return percent(part / total) if total else ""
