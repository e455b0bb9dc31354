"""Assets that earn nothing as they stand, why, and what to do: pure functions over plain values."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY, is_expired, is_stale
from callinsight.records import ContentItem, Gap, Unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import UsageEvent

USES = ("share", "buyer_view", "download", "call_mention")  # a colleague's view is no use
DEMANDED = ("gap", "weak", "covered")


def find_unused(
    items: Iterable[ContentItem],
    events: Iterable[UsageEvent],
    gaps: Sequence[Gap],
    *,
    grace_days: int,
    window_days: int,
    as_of: date,
) -> list[Unused]:
    """Live assets that are expired, stale, unused or without owner; one asset may be several."""
    last_use: dict[str, str] = {}
    for event in events:
        if event.event in USES and event.occurred_at <= as_of.isoformat():
            last_use[event.item] = max(last_use.get(event.item, ""), event.occurred_at)
    found = []
    for item in sorted(items, key=lambda i: i.id):
        if item.status == "live":
            found += _expired_or_stale(item, gaps, as_of)
            found += _without_use(
                item, last_use.get(item.id, ""), gaps, grace_days, window_days, as_of
            )
            found += _unowned(item)
    return found


def _expired_or_stale(item: ContentItem, gaps: Sequence[Gap], as_of: date) -> list[Unused]:
    wanted = bool(_demand(item, gaps))
    if is_expired(item, as_of):
        why = f"expired on {item.expires_on}"
        return [
            Unused(item=item.id, kind="expired", why=why, advice="refresh" if wanted else "retire")
        ]
    if is_stale(item, as_of):
        last = item.updated_on or item.published_on
        why = f"last updated on {last}, review was due after {item.review_period_days} days"
        return [Unused(item=item.id, kind="stale", why=why, advice="refresh")]
    return []


def _without_use(
    item: ContentItem,
    last_use: str,
    gaps: Sequence[Gap],
    grace_days: int,
    window_days: int,
    as_of: date,
) -> list[Unused]:
    since = item.published_on or item.updated_on
    if not since or date.fromisoformat(since) > as_of - timedelta(days=grace_days):
        return []
    if last_use and date.fromisoformat(last_use) >= as_of - timedelta(days=window_days):
        return []
    used = f"last used on {last_use}" if last_use else "never used"
    if _demand(item, gaps):
        why, advice = "buyers ask for this: unfindable or untrusted", "promote"
    elif elsewhere := _demand_elsewhere(item, gaps):
        places = " and ".join(sorted({f"{gap.persona} at {gap.stage}" for gap in elsewhere}))
        why, advice = f"its concern is raised by {places}, for whom it is not tagged", "retag"
    else:
        why, advice = "nobody asks for this", "retire"
    return [Unused(item=item.id, kind="unused", why=f"{used}; {why}", advice=advice)]


def _unowned(item: ContentItem) -> list[Unused]:
    if item.owner:
        return []
    return [Unused(item=item.id, kind="unowned", why="no owner", advice="assign an owner")]


def _demand(item: ContentItem, gaps: Sequence[Gap]) -> list[Gap]:
    """Cells with real demand that the asset is tagged for.

    A roll-up only counts where no cell shows demand by itself: then nobody knows who else asks.
    """
    return [
        gap
        for gap in _demand_elsewhere(item, gaps) or _demand_rolled_up(item, gaps)
        if (not item.personas or gap.persona in (ANY, *item.personas))
        and (not item.stages or gap.stage in (ANY, *item.stages))
    ]


def _demand_elsewhere(item: ContentItem, gaps: Sequence[Gap]) -> list[Gap]:
    """Cells with real demand for one of the asset's concerns, whoever raises it."""
    return [gap for gap in _demand_for(item, gaps) if gap.persona != ANY]


def _demand_rolled_up(item: ContentItem, gaps: Sequence[Gap]) -> list[Gap]:
    return [gap for gap in _demand_for(item, gaps) if gap.persona == ANY]


def _demand_for(item: ContentItem, gaps: Sequence[Gap]) -> list[Gap]:
    return [gap for gap in gaps if gap.verdict in DEMANDED and gap.concern in item.concerns]
