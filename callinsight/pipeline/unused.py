"""`callinsight unused`: the assets that need attention, with their share of the inventory."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.unused import CAUSES, KINDS, parts_of
from callinsight.pipeline.content import (
    demand_in_window,
    unused_of,
    usable_calls,
    uses_of,
    window_of,
)
from callinsight.records import Unused
from callinsight.reports.wording import Names
from callinsight.sheets import sheet_text
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.unused import Part
    from callinsight.records import ContentItem

ABOUT = ("title", "content_type", "owner", "url", "cost")  # said of an asset beside the finding


def list_unused(db: Database, config: Config, as_of: date, *, shape: str) -> str:
    """What earns little or nothing on a day, as text, JSON or CSV.

    Demand is that of the days in which use counts.
    """
    since, until = window_of(config, as_of)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    uses = uses_of(db, config)
    found = unused_of(db, config, demand_in_window(db, config, taxonomy, as_of), as_of, uses=uses)
    items = {item.id: item for item in store.all_items(db)}
    parts = parts_of(found, items.values())
    if shape == "csv":
        columns = [*(field.name for field in dataclasses.fields(Unused)), *ABOUT]
        return sheet_text(columns, [[*_row(one, items).values()] for one in found])
    if shape == "json":
        told = {
            "as_of": until,
            "since": since,
            "parts": [dataclasses.asdict(part) for part in parts],
            "assets": [_row(one, items) for one in found],
        }
        return json.dumps(told, ensure_ascii=False, indent=1)
    doubts = _doubts(items, found, called=bool(usable_calls(db)), used=bool(uses))
    return _text(since, until, found, items, parts, doubts, Names(taxonomy))


def _row(one: Unused, items: Mapping[str, ContentItem]) -> dict[str, object]:
    item = items[one.item]
    return dataclasses.asdict(one) | {name: getattr(item, name) for name in ABOUT}


def _text(
    since: str,
    until: str,
    found: Sequence[Unused],
    items: Mapping[str, ContentItem],
    parts: Sequence[Part],
    doubts: Sequence[str],
    names: Names,
) -> str:
    live = sum(item.status == "live" for item in items.values())
    lines = [
        f"As of {until}; use and demand since {since}",
        f"{parts[0].assets} of {live} live assets need attention as they stand",
        *doubts,
    ]
    kinds = [part for part in parts if part.assets and part.name in KINDS]
    lines += ["", *map(_share, kinds)] if kinds else []
    causes = [part for part in parts if part.assets and part.name in CAUSES]
    if causes:
        lines += ["", "Why they are not or little used:", *map(_share, causes)]
    for kind in KINDS:
        listed = [one for one in found if one.kind == kind]
        lines += ["", f"{kind.capitalize()}:"] if listed else []
        for one in listed:
            lines += [
                f"  {one.item}  {items[one.item].title}",
                f"    {names.sentence(one.why)} → {one.advice}",
            ]
    return "\n".join(lines)


def _doubts(
    items: Mapping[str, ContentItem], found: Sequence[Unused], *, called: bool, used: bool
) -> list[str]:
    """What nobody can tell of these assets, and why."""
    live = [item for item in items.values() if item.status == "live"]
    expired = {one.item for one in found if one.kind == "expired"}
    dated = (i.published_on or i.updated_on or i.id in expired for i in live)
    undated = sum(not known for known in dated)
    told = []
    if live and not called:
        told.append(
            "No call can be counted yet, so that nobody can tell which of them buyers ask for"
        )
    if live and not used:
        told.append("No use of any asset is known, so that 'never used' says nothing yet")
    if undated:
        what = "has no date: it is" if undated == 1 else "have no date: they are"
        told.append(f"{undated} of them {what} called neither unused nor out of date")
    return told


def _share(part: Part) -> str:
    cost = "" if part.cost_share is None else f", {part.cost_share:.0%} of what they cost to make"
    return f"  {part.name}: {part.assets} ({part.share:.0%} of the live assets{cost})"
