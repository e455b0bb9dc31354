"""The step where demand meets the content inventory: assets, usage, gaps, unused assets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps
from callinsight.content.inventory import STAGE as INVENTORY
from callinsight.content.inventory import listed_ids, read_items, read_usage
from callinsight.content.unused import find_unused
from callinsight.months import last_day, month_of
from callinsight.records import DEMAND_STANCES, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.progress import Progress
    from callinsight.records import Call, Tag, Unused
    from callinsight.taxonomy import Taxonomy


def load_content(db: Database, config: Config, taxonomy: Taxonomy) -> None:
    """Bring the inventory and its usage in line with the sheets."""
    items, unusable_items = read_items(config.content.items, taxonomy)
    events, unusable_events = read_usage(
        config.content.usage,
        {item.id for item in items},
        listed=listed_ids(config.content.items),
    )
    with store.transaction(db):
        store.replace_problems(db, INVENTORY, [*unusable_items, *unusable_events])
        store.replace_content(db, items, events)


def update_gaps(
    db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress
) -> list[str]:
    """Compute the gaps of every month with calls; the months, in order."""
    months = sorted({month_of(call.recorded_at, config.zone) for call in usable_calls(db)})
    store.remove_gaps_except(db, months)
    with progress("Find gaps", len(months)) as advance:
        for month in months:
            gaps = gaps_of(db, config, taxonomy, month, last_day(month))
            if sorted(store.gaps_of_month(db, month), key=_id) != sorted(gaps, key=_id):
                with store.transaction(db):
                    store.replace_gaps(db, month, gaps)
            advance(0.0)
    return months


def gaps_of(db: Database, config: Config, taxonomy: Taxonomy, month: str, as_of: date) -> list[Gap]:
    """The cells of a month, with supply as it stood on a day."""
    calls = {
        call.id: call
        for call in usable_calls(db)
        if month_of(call.recorded_at, config.zone) == month
    }
    present = [
        Presence(call.deal or call.id, utterance.persona, call.stage)
        for call in calls.values()
        for utterance in store.utterances_of(db, call.id)
        if utterance.side == "buyer"
    ]
    gaps = config.gaps
    return find_gaps(
        month,
        raised_in(store.tags_of_month(db, month)),
        present,
        store.all_items(db),
        deals_of(calls.values()),
        concerns=taxonomy.concerns,
        rules=Rules(
            min_deals=gaps.min_deals,
            min_share=gaps.min_share,
            false_discovery_rate=gaps.false_discovery_rate,
            target_supply=gaps.target_supply,
            oversupply=gaps.oversupply,
        ),
        as_of=as_of,
    )


def unused_of(db: Database, config: Config, gaps: list[Gap], as_of: date) -> list[Unused]:
    """The assets that earn nothing as they stand on a day."""
    return find_unused(
        store.all_items(db),
        store.all_events(db),
        gaps,
        grace_days=config.unused.grace_days,
        window_days=config.unused.window_days,
        as_of=as_of,
    )


def usable_calls(db: Database) -> list[Call]:
    """The calls that count: in a language that is tagged, and not without words."""
    return [call for call in store.all_calls(db) if call.is_read]


def raised_in(tags: Iterable[Tag]) -> list[Raised]:
    """Sure concerns that were raised as objection or question, or asked material for."""
    asking = set()
    concerns = []
    for tag in tags:
        if tag.status != "sure":
            continue
        if tag.kind == "ask":
            asking.add(tag.utterance)
        elif tag.kind == "concern":
            concerns.append(tag)
    return [
        Raised(
            concern=tag.label,
            persona=tag.persona,
            stage=tag.stage,
            deal=tag.deal,
            call=tag.call,
            utterance=tag.utterance,
            stance=tag.stance,
            asks=tag.utterance in asking,
        )
        for tag in concerns
        if tag.stance in DEMAND_STANCES or tag.utterance in asking
    ]


def deals_of(calls: Iterable[Call]) -> dict[str, Deal]:
    """What each deal is worth and whether it is lost, by what its latest call says."""
    latest: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        latest[call.deal or call.id].append(call)
    return {
        deal: Deal(
            amount=known[-1].amount or 0.0, lost=known[-1].outcome in ("lost", "disqualified")
        )
        for deal, known in latest.items()
    }


def _id(gap: Gap) -> str:
    return gap.id
