"""What an asset's words say of whom it is for and which concern it answers; applied once accepted."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callinsight.records import ContentItem, Suggestion

FIELDS = ("concerns", "personas", "stages")
PROPOSED, ACCEPTED, REJECTED = "proposed", "accepted", "rejected"


def fill(items: Iterable[ContentItem], suggestions: Iterable[Suggestion]) -> list[ContentItem]:
    """The assets with what people accepted of them."""
    accepted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in suggestions:
        if one.status == ACCEPTED:
            accepted[one.item].append((one.field, one.value))
    return [_with(item, accepted[item.id]) if item.id in accepted else item for item in items]


def _with(item: ContentItem, values: Iterable[tuple[str, str]]) -> ContentItem:
    found: dict[str, tuple[str, ...]] = {field: getattr(item, field) for field in FIELDS}
    for field, value in values:
        found[field] = tuple(dict.fromkeys((*found[field], value)))
    return dataclasses.replace(
        item,
        concerns=found["concerns"],
        personas=found["personas"],
        stages=found["stages"],
    )
