"""What leaves the requests: the writer's brief, and the list for calendars and spreadsheets."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.calendar import calendar_of
from callinsight.content.listing import effect_words
from callinsight.content.matching import ANY
from callinsight.content.requests import TOPIC, shown
from callinsight.content.sla import DELIVER, running
from callinsight.pipeline.drafts import concern_name
from callinsight.pipeline.requests import clocks_of, effects_of, events_of, get_request
from callinsight.records import DEMAND_STANCES
from callinsight.reports.brief import Asset, Brief, Deal, Said, write_brief
from callinsight.reports.excerpts import is_doubtful
from callinsight.sheets import sheet_text
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.sla import Clock
    from callinsight.records import Call, ContentRequest, Gap, Tag

COLUMNS = (
    *("request", "title", "state", "priority", "next_step", "due", "late_business_days"),
    *("needed_by", "content_type", "concern", "persona", "stage", "requester", "votes", "owner"),
    *("created_at", "deals", "competitor", "claims", "tried", "use", "gap", "asset"),
)


def brief_of(db: Database, config: Config, id_: int, *, as_of: date) -> str:
    """The writer's brief of a request, in Markdown. Raises InputError if there is no such request."""
    request = get_request(db, id_)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    events = events_of(db).get(id_, [])
    clocks = clocks_of(db, [request], events, config, as_of)[id_]
    gap = _gap_behind(db, request)
    evidence = request.evidence or (gap.evidence if gap else ())
    said = said_in(db, request.concern, evidence)
    brief = Brief(
        request=request,
        concern=concern_name(db, taxonomy, request.concern),
        voters=tuple(event.who for event in events if event.event == "vote"),
        due=next((clock.due for clock in clocks if clock.promise == DELIVER), ""),
        deals=_deals(db, request.deals or _deals_in(said)),
        said=tuple(said),
        unheard=len(evidence) - len(said),
        gap=gap,
        assets=_assets(db, gap),
    )
    return write_brief(brief, taxonomy)


def said_in(db: Database, concern: str, evidence: Sequence[str]) -> list[Said]:
    """The turns of a request's evidence that still say what they were picked for.

    Those that show the concern most surely come first, then earlier ones before later ones.
    A call that is heard again numbers its turns anew; a turn that no longer raises the concern is
    left out, as is one whose call is gone.
    """
    tags: dict[str, Tag] = {}
    for tag in store.tags_of_turns(db, evidence, ("concern", "topic")):
        label = tag.label if tag.kind == "concern" else TOPIC + tag.label
        if label == concern and tag.status == "sure":
            tags[tag.utterance] = tag
    found = store.utterances_by_id(db, evidence)
    calls = store.calls_by_id(db, [one.call for one in found.values()])
    said = [
        Said(
            utterance=found[id_],
            call=calls[found[id_].call],
            stance=_stance(tags.get(id_)),
            score=tags[id_].score if id_ in tags else 0.0,
            doubtful=id_ in tags and is_doubtful(tags[id_]),
        )
        for id_ in evidence
        if id_ in found and (id_ in tags or not concern) and not calls[found[id_].call].is_closed
    ]
    return sorted(said, key=lambda one: (-one.score, one.call.recorded_at, one.utterance.id))


def export_requests(
    db: Database, config: Config, shape: str, *, as_of: date, ids: Collection[int] | None = None
) -> bytes:
    """The requests as `ics`, `csv` or `json`, all or those with an id; the same bytes each time."""
    requests = [one for one in store.all_requests(db) if ids is None or one.id in ids]
    events = events_of(db)
    clocks = clocks_of(db, requests, store.all_request_events(db), config, as_of)
    if shape == "ics":
        name = f"{config.company} content requests".strip()
        return calendar_of(requests, events, clocks, name=name)
    if shape == "csv":
        rows = [_row(request, running(clocks[request.id])) for request in requests]
        return sheet_text(COLUMNS, rows).encode("utf-8-sig")
    effects = effects_of(db, config)
    table = [
        {
            **dataclasses.asdict(request),
            "id": shown(request.id),
            "clocks": [_without_request(clock) for clock in clocks[request.id]],
            "events": [_without_request(event) for event in events.get(request.id, ())],
            "effect": effect_words(effects[request.id]) if request.id in effects else "",
        }
        for request in requests
    ]
    return (json.dumps(table, ensure_ascii=False, indent=1) + "\n").encode()


def _gap_behind(db: Database, request: ContentRequest) -> Gap | None:
    """The gap it was made from, else the latest of its cell."""
    if request.gap and (origin := store.get_gap(db, request.gap)) is not None:
        return origin
    cell = (request.concern, request.persona or ANY, request.stage or ANY)
    months = store.gaps_of_cell(db, *cell)
    return store.get_gap(db, months[-1].id) if months else None


def _stance(tag: Tag | None) -> str:
    return tag.stance if tag and tag.stance in DEMAND_STANCES else ""


def _deals_in(said: Iterable[Said]) -> tuple[str, ...]:
    return tuple(sorted({one.call.deal or one.call.id for one in said}))


def _deals(db: Database, ids: Collection[str]) -> tuple[Deal, ...]:
    latest: dict[str, Call] = {}
    for call in store.calls_of_deals(db, ids):
        latest[call.deal or call.id] = call
    return tuple(
        Deal(
            id=id_,
            account=latest[id_].account if id_ in latest else "",
            stage=latest[id_].stage if id_ in latest else "",
            outcome=latest[id_].outcome if id_ in latest else "",
            amount=latest[id_].amount if id_ in latest else None,
            currency=latest[id_].currency if id_ in latest else "",
        )
        for id_ in ids
    )


def existing_assets(db: Database, request: ContentRequest) -> tuple[Asset, ...]:
    """What exists for the cell of a request, the nearest first, and what keeps each from answering."""
    return _assets(db, _gap_behind(db, request))


def _assets(db: Database, gap: Gap | None) -> tuple[Asset, ...]:
    if gap is None:
        return ()
    items = store.items_by_id(db, gap.candidates)
    near = zip(gap.candidates, gap.candidate_obstacles, strict=False)
    return tuple(Asset(item=items[id_], obstacle=why) for id_, why in near if id_ in items)


def _row(request: ContentRequest, clock: Clock | None) -> list[object]:
    open_ = clock if request.state != "declined" else None
    return [
        *(shown(request.id), request.title, request.state, request.priority),
        *(open_.promise if open_ else "", open_.due if open_ else ""),
        *(open_.late_days if open_ else 0, request.needed_by, request.content_type),
        *(request.concern, request.persona, request.stage, request.requester, request.votes),
        *(request.owner, request.created_at, request.deals, request.competitor),
        *(request.claims, request.tried, request.use, request.gap, request.item),
    ]


def _without_request(record: object) -> dict[str, object]:
    table = dataclasses.asdict(record)  # type: ignore[call-overload]
    return {name: value for name, value in table.items() if name not in ("id", "request")}
