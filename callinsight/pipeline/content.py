"""The step where demand meets the content inventory: assets, usage, gaps, unused assets."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from callinsight import store
from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps
from callinsight.content.inventory import (
    SHEET,
    changes,
    listed_ids,
    read_items,
    read_usage,
    with_imported,
)
from callinsight.content.inventory import STAGE as INVENTORY
from callinsight.content.mentions import CALL, MENTION, call_mentions, index_of, mention_event
from callinsight.content.suggestions import fill, in_bulk, named_since
from callinsight.content.supply import TOPIC, with_topics
from callinsight.content.themes import Told, named_by, told_of
from callinsight.content.unused import find_unused
from callinsight.months import day_of, last_day, month_of, period_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config, GapsConfig
    from callinsight.progress import Progress
    from callinsight.records import Call, ContentItem, Gap, Topic, Unused, UsageEvent, Utterance
    from callinsight.taxonomy import Taxonomy

    Demand = tuple[list[Raised], list[Presence]]  # what some calls raise, and who was heard in them


def load_content(db: Database, config: Config, taxonomy: Taxonomy, *, now: str = "") -> None:
    """Bring what the sheets list in line with them; what was imported stays.

    Where both have an asset, the sheet counts. Values that people accepted are filled in. `now` is
    the moment that the history gives; else that of the database.
    """
    listed, unusable_items = read_items(config.content.items, taxonomy)
    before = store.all_items(db)
    items = with_imported(listed, before)
    known = {item.id for item in items}
    events, unusable_events = read_usage(
        config.content.usage, known, listed=listed_ids(config.content.items)
    )
    kept = [e for e in store.all_events(db) if e.source != SHEET and e.item in known]
    suggested = store.all_suggestions(db)
    filled = fill(items, suggested)
    with store.transaction(db):
        store.replace_problems(db, INVENTORY, [*unusable_items, *unusable_events])
        store.replace_content(db, filled, [*events, *kept])
        store.save_suggestions(db, named_since(listed, suggested))
        store.add_item_changes(db, changes(before, filled, at=now))


def update_mentions(db: Database, config: Config, *, progress: Progress) -> None:
    """Find the assets that calls speak of; what a person listed of a call is not found again."""
    items = store.all_items(db)
    index = index_of(items, company=config.company, aliases=config.content.aliases)
    calls = sorted(usable_calls(db), key=lambda call: (call.recorded_at, call.id))
    listed = [e for e in store.all_events(db) if e.source != CALL]
    known = {(e.item, e.call) for e in listed if e.event == MENTION}
    shared = _shared_in(listed)
    found: list[UsageEvent] = []
    with progress("Find mentions", len(calls)) as advance:
        for call in calls if items else ():
            day = day_of(call.recorded_at, config.zone)
            before = {item for at, item in shared.get(call.deal, ()) if at <= day}
            mentions = call_mentions(
                store.utterances_of(db, call.id),
                index,
                day=day,
                shared=before,
                fitting=_fitting(items, store.utterances_of(db, call.id), call.stage),
            )
            found += [
                mention_event(one, call, utterance, day)
                for utterance, one in mentions
                if (one.item, call.id) not in known
            ]
            advance(0.0)
    with store.transaction(db):
        store.replace_call_events(db, found)


def _shared_in(events: Iterable[UsageEvent]) -> dict[str, list[tuple[str, str]]]:
    """By deal, the days on which which asset was used."""
    shared: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for event in events:
        if event.deal:
            shared[event.deal].append((event.occurred_at[:10], event.item))
    return shared


def _fitting(items: Iterable[ContentItem], said: Iterable[Utterance], stage: str) -> set[str]:
    """The assets for a persona that speaks in a call, at its stage."""
    personas = {turn.persona for turn in said if turn.side == "buyer"}
    return {
        item.id
        for item in items
        if (not item.personas or personas.intersection(item.personas))
        and (not item.stages or stage in item.stages)
    }


def update_gaps(
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    *,
    progress: Progress,
    only: Collection[str] | None = None,
) -> list[str]:
    """Compute the gaps of every month with calls, or `only` of some; all months, in order.

    Which concern a theme is another word for is told by all its turns, so only along with all months.
    """
    if only is None:
        _tell_themes(db)
    calls = usable_calls(db)
    months = sorted({month_of(call.recorded_at, config.zone) for call in calls})
    store.remove_gaps_except(db, months)
    due = [month for month in months if only is None or month in only]
    with progress("Find gaps", len(due)) as advance:
        for month in due:
            gaps = gaps_of(db, config, taxonomy, month, last_day(month), calls=calls)
            if sorted(store.gaps_of_month(db, month), key=_id) != sorted(gaps, key=_id):
                with store.transaction(db):
                    store.replace_gaps(db, month, gaps)
            advance(0.0)
    return months


def _tell_themes(db: Database) -> None:
    """Note of each theme which concern it is another word for."""
    told = told_of(store.concerns_of_topics(db))
    before = store.all_topics(db)
    after = [
        dataclasses.replace(topic, named_by=named_by(told.get(topic.id, Told())))
        for topic in before
    ]
    if after != before:
        with store.transaction(db):
            store.save_topics(db, after)


def last_month(db: Database, config: Config) -> str:
    """The last month with calls; empty where there is none."""
    return max((month_of(call.recorded_at, config.zone) for call in usable_calls(db)), default="")


def gaps_of(
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    period: str,
    as_of: date,
    *,
    calls: Sequence[Call] | None = None,
    read: dict[tuple[str, ...], Demand] | None = None,
    verdicts_only: bool = False,
) -> list[Gap]:
    """The cells of a month or another period (2026-04..2026-06), with supply as it stood on a day.

    `calls` are those that are usable, at least all of the period, where they are at hand already.
    What its calls come to is left in `read` for `demand_in_window`; `verdicts_only` as for
    `find_gaps`. Raises InputError if `period` is none.
    """
    known = usable_calls(db) if calls is None else calls
    within = _within(period, known, config)
    raised, present = raised_in(db, within), presence_in(db, within)
    if read is not None:
        read[tuple(within)] = _without_turns(raised), present
    return find_gaps(
        period,
        raised,
        present,
        deals=deals_of(db, config, within, as_of),
        verdicts_only=verdicts_only,
        **_asked_of(db, config, taxonomy, as_of),
    )


def _within(period: str, calls: Iterable[Call], config: Config) -> dict[str, Call]:
    """The calls of a period, by id."""
    asked, zone = period_of(period), config.zone
    return {call.id: call for call in calls if asked.holds(call.recorded_at, zone)}


def _asked_of(db: Database, config: Config, taxonomy: Taxonomy, as_of: date) -> dict[str, Any]:
    """What `find_gaps` takes beside demand: the inventory as it stood on a day, and the rules."""
    topics = _own_topics(db)
    return {
        "items": with_topics(store.all_items(db), topics),
        "concerns": _concerns(taxonomy, topics),
        "rules": _rules(config.gaps),
        "as_of": as_of,
        "judgements": store.all_judgements(db),
        "used": store.items_used(
            db, *window_of(config, as_of), confidence=config.content.mention_confidence
        ),
        "bulk": in_bulk(store.all_suggestions(db)),
    }


def _concerns(taxonomy: Taxonomy, topics: Iterable[Topic]) -> list[str]:
    """What cells may be of: the concerns that are defined, and topics that count beside them."""
    return [*taxonomy.concerns, *(f"{TOPIC}{topic.id}" for topic in topics)]


def _rules(gaps: GapsConfig) -> Rules:
    return Rules(
        min_deals=gaps.min_deals,
        min_share=gaps.min_share,
        false_discovery_rate=gaps.false_discovery_rate,
        target_supply=gaps.target_supply,
        oversupply=gaps.oversupply,
        weight=gaps.weight,
        count_undated=gaps.count_undated,
        count_bulk_tags=gaps.count_bulk_tags,
    )


def window_of(config: Config, as_of: date) -> tuple[str, str]:
    """The first and last day on which use of an asset counts."""
    since = as_of - timedelta(days=config.unused.window_days)
    return since.isoformat(), as_of.isoformat()


def demand_in_window(
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    as_of: date,
    *,
    calls: Sequence[Call] | None = None,
    read: dict[tuple[str, ...], Demand] | None = None,
) -> list[Gap]:
    """The cells of the days in which use of an asset counts: what idle assets are held against.

    Only whether there is demand: what answers it is left out, which takes as long as counting it.
    `calls` as for `gaps_of`. What is `read` of a month's calls is left there for another window,
    most of whose months are the same.
    """
    known = usable_calls(db) if calls is None else calls
    read = {} if read is None else read
    period = "..".join(window_of(config, as_of))
    months: dict[str, dict[str, Call]] = defaultdict(dict)
    for id_, call in _within(period, known, config).items():
        months[call.recorded_at[:7]][id_] = call
    for within in months.values():
        if tuple(within) not in read:
            read[tuple(within)] = demand_in(db, within), presence_in(db, within)
    demand = [read[tuple(within)] for within in months.values()]
    return find_gaps(
        period,
        chain.from_iterable(raised for raised, _ in demand),
        chain.from_iterable(present for _, present in demand),
        items=(),
        deals={},
        concerns=_concerns(taxonomy, _own_topics(db)),
        rules=_rules(config.gaps),
        as_of=as_of,
        verdicts_only=True,
    )


def unused_of(
    db: Database,
    config: Config,
    gaps: list[Gap],
    as_of: date,
    *,
    uses: Sequence[UsageEvent] | None = None,
) -> list[Unused]:
    """The assets that need attention as they stand on a day, against these demands.

    `uses` are those of `uses_of`, where they are at hand already.
    """
    return find_unused(
        with_topics(store.all_items(db), _own_topics(db)),
        uses_of(db, config) if uses is None else uses,
        gaps,
        grace_days=config.unused.grace_days,
        window_days=config.unused.window_days,
        low_use=config.unused.low_use,
        as_of=as_of,
        judgements=store.all_judgements(db),
    )


def uses_of(db: Database, config: Config) -> list[UsageEvent]:
    """What happened to the assets; of mentions in calls those that are sure enough."""
    return [e for e in store.all_events(db) if e.confidence >= config.content.mention_confidence]


def _own_topics(db: Database) -> list[Topic]:
    """The topics that count beside concerns: what is a concern under other words would count twice."""
    return [topic for topic in store.all_topics(db) if topic.status == "active" and topic.is_own]


def usable_calls(db: Database) -> list[Call]:
    """The calls that count: in a language that is tagged, and not without words."""
    return [call for call in store.all_calls(db) if call.is_read]


def presence_in(db: Database, calls: Mapping[str, Call]) -> list[Presence]:
    """Which personas were heard in which deals, at which stage."""
    return [
        Presence(calls[call].deal or call, persona, calls[call].stage)
        for call, persona in store.personas_heard(db, calls)
    ]


def raised_in(db: Database, calls: Iterable[str]) -> list[Raised]:
    """What buyers raise in these calls: sure concerns, and topics where no concern names the turn.

    A concern is raised as an objection or a question, or where material is asked for. A turn of a
    topic speaks for the topic if it asks a question or for material and carries no sure concern:
    else it would count twice.
    """
    ids = list(calls)
    topics = [(f"{TOPIC}{topic}", *row) for topic, *row in store.topics_raised(db, ids)]
    return [
        Raised(concern, persona, stage, deal, call, utterance, stance, bool(asks))
        for concern, persona, stage, deal, call, utterance, stance, asks in (
            *store.concerns_raised(db, ids),
            *topics,
        )
    ]


def demand_in(db: Database, calls: Iterable[str]) -> list[Raised]:
    """Which deals raise what in these calls, once a cell: as `raised_in` without the turns."""
    ids = list(calls)
    topics = {(f"{TOPIC}{row[0]}", *row[1:4]) for row in store.topics_raised(db, ids)}
    return [Raised(*row) for row in (*store.demand_of_deals(db, ids), *sorted(topics))]


def _without_turns(raised: Iterable[Raised]) -> list[Raised]:
    """What is raised as `demand_in` gives it: once a cell and deal."""
    cells = dict.fromkeys((one.concern, one.persona, one.stage, one.deal) for one in raised)
    return [Raised(*cell) for cell in cells]


def deals_of(
    db: Database, config: Config, within: Mapping[str, Call], as_of: date
) -> dict[str, Deal]:
    """What each deal of a period is worth and whether it is lost or stalled, as of a day.

    By what its latest call until then says. Movement of a deal is seen in its calls only, so an
    open one has stalled if the last is long ago.
    """
    until = as_of.isoformat()
    wanted = {call.deal or call.id for call in within.values()}
    history: dict[str, list[Call]] = {deal: [] for deal in sorted(wanted)}
    for call in store.calls_of_deals(db, wanted):
        if not call.is_read:
            continue
        if call.id in within or day_of(call.recorded_at, config.zone) <= until:
            history[call.deal or call.id].append(call)
    returned: dict[str, set[str]] = defaultdict(set)
    ids = [call.id for calls in history.values() for call in calls]
    for deal, concern in store.concerns_returned(db, ids):
        returned[deal].add(concern)
    silent_since = (as_of - timedelta(days=config.gaps.stall_days)).isoformat()
    return {
        deal: _deal(calls[-1], config, silent_since, returned[deal])
        for deal, calls in history.items()
    }


def _deal(last: Call, config: Config, silent_since: str, returned: Iterable[str]) -> Deal:
    silent = day_of(last.recorded_at, config.zone) <= silent_since
    return Deal(
        amount=last.amount or 0.0,
        outcome=last.outcome,
        stalled=bool(last.deal) and last.outcome == "open" and silent,
        returned=frozenset(returned),
    )


def _id(gap: Gap) -> str:
    return gap.id
