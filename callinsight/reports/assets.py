"""Assets that need attention as they stand, why, and what share of the live ones they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.wording import count, percent, readable, sentence_case, web_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callinsight.records import ContentItem, Unused
    from callinsight.reports.wording import Names

UNUSED, LITTLE, OLD, UNOWNED = "unused", "low use", ("stale", "expired"), "unowned"
KINDS = (UNUSED, LITTLE, *OLD, UNOWNED)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """An asset that needs attention as it stands."""

    title: str
    url: str
    content_type: str
    owner: str
    states: tuple[str, ...]
    why: tuple[str, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class State:
    """How many assets are in a state."""

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
    """What to do, each once; what is to go needs neither an owner nor to be brought up to date."""
    advice = list(dict.fromkeys(one.advice for one in found))
    if "retire" in advice:
        advice = [one for one in advice if one not in ("assign an owner", "refresh")]
    if "ask the owner" in advice:
        advice = [one for one in advice if one != "keep"]
    return tuple(one.capitalize() for one in advice)


def use_sentence(unused: Sequence[Unused], items: Sequence[ContentItem]) -> str:
    """How many live assets nobody used, and how many others need attention."""
    live = [item for item in items if item.status == "live"]
    undated = _undated(unused, live)
    if not unused and undated:
        return f"Of {count(len(live), 'live asset')} none is known to need attention{undated}."
    if not unused:
        return f"All of {count(len(live), 'live asset')} are used, fresh and owned."
    found = _unused(unused)
    are = "is unused" if len(found) == 1 else "are unused"
    return f"{len(found):,} of {count(len(live), 'live asset')} {are}{_others(unused, found)}{undated}."


def asset_sentence(unused: Sequence[Unused], items: Sequence[ContentItem]) -> str:
    """The same, with the share of the unused ones by count and by cost."""
    live = [item for item in items if item.status == "live"]
    if not live:
        return "The inventory holds no live asset."
    found = _unused(unused)
    if not found:
        return use_sentence(unused, items)
    are = "is unused" if len(found) == 1 else "are unused"
    text = f"{len(found):,} of {count(len(live), 'live asset')} ({percent(len(found) / len(live))}) {are}"
    cost = _cost_share(found, live)
    known = sum(item.cost is not None for item in live)
    others = f"{_others(unused, found)}{_undated(unused, live)}"
    if not cost:
        return f"{text}{others}. What they cost to make is not known."
    whole = "" if known == len(live) else f", as far as it is known ({known:,} of {len(live):,})"
    hold = "holds" if len(found) == 1 else "hold"
    return f"{text} and {hold} {cost} of what the live assets cost to make{whole}{others}."


def _unused(unused: Sequence[Unused]) -> set[str]:
    return {one.item for one in unused if one.kind == UNUSED}


def _others(unused: Sequence[Unused], found: set[str]) -> str:
    """Those that are used, or too new to say, and need attention all the same."""
    rest = [one for one in unused if one.item not in found]
    more = len({one.item for one in rest})
    if not more:
        return ""
    kinds = {one.kind for one in rest}
    words = ["little used"] if LITTLE in kinds else []
    words += ["out of date"] if kinds.intersection(OLD) else []
    words += ["without an owner"] if UNOWNED in kinds else []
    told = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"; {more:,} more {'is' if more == 1 else 'are'} {told}"


def _undated(unused: Sequence[Unused], live: Sequence[ContentItem]) -> str:
    """Those of which nobody can say how old they are, nor that they had time to be used."""
    expired = {one.item for one in unused if one.kind == "expired"}
    dated = (i.published_on or i.updated_on or i.id in expired for i in live)
    number = sum(not known for known in dated)
    has = "has no date, and is" if number == 1 else "have no date, and are"
    return f"; {number:,} {has} called neither unused nor out of date" if number else ""


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
