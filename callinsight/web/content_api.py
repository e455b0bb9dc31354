"""The JSON API of gaps, content and requests: the same functions as their pages."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from fastapi import BackgroundTasks, Depends, Query, Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.content.listing import effect_words
from callinsight.content.requests import LONGEST_TITLE, STATES, shown
from callinsight.errors import InputError
from callinsight.pipeline import requests as desk
from callinsight.pipeline.answers import copy_link
from callinsight.pipeline.briefs import brief_of
from callinsight.pipeline.drafts import draft_of
from callinsight.pipeline.matching import judge
from callinsight.pipeline.run import request_settings
from callinsight.pipeline.suggesting import answer
from callinsight.records import (
    ContentItem,
    ContentRequest,
    Gap,
    ItemChange,
    Judgement,
    RequestEvent,
    Suggestion,
    Unused,
    UsageEvent,
)
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy
from callinsight.web.api import MOST, Cursor, Limit, api_router, cursor_at, place_at
from callinsight.web.following import follower_of
from callinsight.web.inventory import inventory_of, months_of
from callinsight.web.pages import Db, Settings, require, this_moment, today, visitor
from callinsight.web.requests import known_request, telling_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from callinsight.config import Config

ASK = [Depends(require("requester"))]
WRITE = [Depends(require("editor"))]
ALIKE = (
    "this is asked for already: {names}; vote for it with {vote}, "
    'or send "anyway": true to ask for it all the same'
)
router = api_router()


@dataclasses.dataclass(frozen=True)
class Gaps:
    """The cells of a month, the most pressing first."""

    month: str
    months: list[str]  # that are counted
    items: list[Gap]
    next: str | None


@dataclasses.dataclass(frozen=True)
class Assets:
    """The inventory, by id."""

    items: list[ContentItem]
    next: str | None


@dataclasses.dataclass(frozen=True)
class WholeAsset:
    """An asset as it stands: use in the window, what is found of it, which cells it answers."""

    item: ContentItem
    times: int
    last: str  # day of its last use
    findings: list[Unused]
    answers: list[str]  # ids of cells with proven demand, of the last month
    events: list[UsageEvent]  # the latest 200
    changes: list[ItemChange]
    suggestions: list[Suggestion]


@dataclasses.dataclass(frozen=True)
class Sent:
    """To whom a link is sent, as far as it is known."""

    call: str = ""
    deal: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What is said of an asset and a cell."""

    item: str
    answers: bool


@dataclasses.dataclass(frozen=True)
class Said:
    """What is said of a suggested tag."""

    field: str  # concerns | personas | stages
    value: str
    accepted: bool


@dataclasses.dataclass(frozen=True)
class Due:
    """A promise about a request as it stands today."""

    promise: str  # acknowledge | decide | deliver; of sales: reply | use
    due: str
    done_on: str
    late_days: int  # business days


@dataclasses.dataclass(frozen=True)
class Ticket:
    """A request with its clocks and its history."""

    number: str
    request: ContentRequest
    clocks: list[Due]
    events: list[RequestEvent]
    not_counted: str  # why the asset it was delivered as answers nothing; empty if it may
    effect: str  # what became of the demand since; empty unless it was delivered


@dataclasses.dataclass(frozen=True)
class Tickets:
    """Requests, by number."""

    items: list[Ticket]
    next: str | None


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is asked for; with a `gap`, what it says is filled in where nothing else is said."""

    title: str = ""
    gap: str = ""
    content_type: str = ""
    concern: str = ""
    persona: str = ""
    stage: str = ""
    priority: str = "P2"
    needed_by: str = ""
    deals: list[str] = dataclasses.field(default_factory=list)
    evidence: list[str] = dataclasses.field(default_factory=list)
    competitor: str = ""
    claims: str = ""
    use: str = ""
    tried: str = ""
    anyway: bool = False  # though somebody asks for much the same


@dataclasses.dataclass(frozen=True)
class Done:
    """What is said with a step."""

    note: str = ""
    owner: str = ""  # of accept and start
    item: str = ""  # of deliver


@dataclasses.dataclass(frozen=True)
class Brief:
    """The writer's brief."""

    markdown: str


class Step(StrEnum):
    """What an editor may do with a request."""

    ACCEPT = "accept"
    DECLINE = "decline"
    START = "start"
    DELIVER = "deliver"


class Voice(StrEnum):
    """What everybody may do with a request."""

    VOTE = "vote"
    COMMENT = "comment"


@router.get("/gaps")
def gaps(
    db: Db, month: str = "", limit: Limit = 50, cursor: Cursor = "", verdict: str = ""
) -> Gaps:
    """The cells of a month (the last one by default), the most pressing first."""
    months = months_of(db)
    chosen = month or (months[-1] if months else "")
    if chosen not in months and (month or months):
        raise HTTPException(404, f"There are no gaps of '{chosen}'.")
    (start,) = place_at(cursor, (int,)) if cursor else (0,)
    start = max(0, start)
    cells = [g for g in store.gaps_of_month(db, chosen) if verdict in ("", g.verdict)]
    return Gaps(chosen, months, cells[start : start + limit], _after(start, limit, len(cells)))


@router.get("/gaps/{month}/{concern}/{persona}/{stage}")
def gap(month: str, concern: str, persona: str, stage: str, db: Db) -> Gap:
    """One cell of a month; its evidence are ids of utterances."""
    id_ = f"{month}/{concern}/{persona}/{stage}"
    found = store.get_gap(db, id_)
    if found is None:
        raise HTTPException(404, f"There is no gap '{id_}'.")
    return found


@router.post("/gaps/{month}/{concern}/{persona}/{stage}/judgements", dependencies=WRITE)
def judge_asset(
    request: Request, month: str, concern: str, persona: str, stage: str, given: Verdict, db: Db
) -> Judgement:
    """Say whether an asset answers a cell, whatever its tags say; the gaps follow meanwhile."""
    id_ = f"{month}/{concern}/{persona}/{stage}"
    who, now = visitor(request).name, this_moment(request)
    kept = judge(db, id_, given.item, answers_it=given.answers, who=who, now=now)
    follower_of(request).recount()
    return kept


@router.get("/content")
def content(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Assets:
    """The inventory, by id."""
    (after,) = place_at(cursor, (str,)) if cursor else ("",)
    found = [item for item in store.all_items(db) if item.id > after]
    more = cursor_at(found[limit - 1].id) if len(found) > limit else None
    return Assets(found[:limit], more)


@router.get("/content/{item:path}")
def asset(request: Request, item: str, db: Db, config: Settings) -> WholeAsset:
    """One asset as it stands today."""
    assets = inventory_of(request, db, config, today(request, config)).assets
    here = next((one for one in assets if one.item.id == item), None)
    if here is None:
        raise HTTPException(404, f"There is no asset '{item}'.")
    return WholeAsset(
        here.item,
        here.times,
        here.last,
        list(here.findings),
        [one.id for one in here.answers],
        store.events_of_item(db, item)[:MOST],
        store.item_changes(db, item),
        [one for one in store.all_suggestions(db) if one.item == item],
    )


@router.post("/content/{item:path}/share", dependencies=ASK)
def share(request: Request, item: str, given: Sent, db: Db) -> UsageEvent:
    """Note that the link of an asset was sent."""
    who, now = visitor(request).name, this_moment(request)
    return copy_link(db, item, who=who, now=now, call=given.call, deal=given.deal)


@router.post("/content/{item:path}/tags", dependencies=WRITE)
def tag(request: Request, item: str, given: Said, db: Db) -> list[Suggestion]:
    """Accept or reject a suggested tag."""
    said = [f"{given.field}={given.value}"]
    who, now = visitor(request).name, this_moment(request)
    kept = answer(db, item, said, accepted=given.accepted, who=who, now=now)
    follower_of(request).recount()
    return kept


@router.get("/requests")
def requests(
    request: Request,
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = "",
    state: Annotated[str, Query(description="open, all, or one state.")] = "all",
) -> Tickets:
    """Requests by number."""
    if state not in ("open", "all", *STATES):
        raise InputError(f"'{state}' is no state; it must be open, all, {', '.join(STATES)}")
    (after,) = place_at(cursor, (int,)) if cursor else (0,)
    config = request_settings(db)
    found = desk.requests_in(db, config, state, as_of=today(request, config))
    wanted = sorted((one for one, _ in found if one.id > after), key=lambda one: one.id)
    more = cursor_at(wanted[limit - 1].id) if len(wanted) > limit else None
    return Tickets(_tickets(request, db, config, wanted[:limit]), more)


@router.get("/requests/similar", dependencies=ASK)
def similar(
    request: Request,
    db: Db,
    title: Annotated[str, Query(max_length=LONGEST_TITLE)] = "",
    content_type: str = "",
    concern: str = "",
    persona: str = "",
    stage: str = "",
) -> list[Ticket]:
    """Open requests that ask for much the same as this one would, the most similar first."""
    draft = ContentRequest(
        title=title,
        content_type=content_type,
        concern=concern,
        persona=persona,
        stage=stage,
        requester="",
        created_at="",
    )
    alike = desk.similar_requests(db, draft) if title or concern else []
    return _tickets(request, db, request_settings(db), alike)


@router.get("/requests/{number}")
def ticket(request: Request, number: str, db: Db) -> Ticket:
    """One request."""
    config = request_settings(db)
    wanted = known_request(db, number)
    return _tickets(request, db, config, [wanted])[0]


@router.get("/requests/{number}/brief")
def brief(request: Request, number: str, db: Db) -> Brief:
    """The writer's brief, in Markdown."""
    config = request_settings(db)
    known = known_request(db, number)
    return Brief(brief_of(db, config, known.id, as_of=today(request, config)))


@router.post("/requests", status_code=201, dependencies=ASK)
def ask(request: Request, given: Wanted, db: Db, later: BackgroundTasks) -> Ticket:
    """Ask for content; 409 where somebody asks for much the same, unless `anyway`."""
    config = request_settings(db)
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in dataclasses.asdict(given).items()
        if value and name != "anyway"
    }
    draft = draft_of(db, config, given.gap)
    draft = dataclasses.replace(draft, **fields)  # type: ignore[arg-type]
    who, now = visitor(request).name, this_moment(request)
    try:
        kept = desk.new_request(db, config, draft, who=who, now=now, anyway=given.anyway)
    except desk.DuplicateError as error:
        vote = f"POST /api/requests/{shown(error.requests[0].id)}/voices/vote"
        raise HTTPException(409, ALIKE.format(names=error.names, vote=vote)) from error
    return _kept(request, db, config, kept, "new", later)


@router.post("/requests/{number}/{step}", dependencies=WRITE)
def step(
    request: Request, number: str, step: Step, given: Done, db: Db, later: BackgroundTasks
) -> Ticket:
    """Accept, decline, start or deliver a request."""
    said = {"note": given.note}
    if step in (Step.ACCEPT, Step.START):
        said["owner"] = given.owner
    if step is Step.DELIVER:
        said["item"] = given.item
    return _do(request, db, number, step.value, said, later)


@router.post("/requests/{number}/voices/{voice}", dependencies=ASK)
def voice(
    request: Request, number: str, voice: Voice, given: Done, db: Db, later: BackgroundTasks
) -> Ticket:
    """Vote for a request, or comment on it."""
    return _do(request, db, number, voice.value, {"note": given.note}, later)


def _do(
    request: Request,
    db: Database,
    number: str,
    name: str,
    said: dict[str, str],
    later: BackgroundTasks,
) -> Ticket:
    config = request_settings(db)
    known = known_request(db, number)
    who, now = visitor(request).name, this_moment(request)
    kept = desk.do_step(db, config, known.id, name, who=who, now=now, **said)
    return _kept(request, db, config, kept, name, later)


def _kept(
    request: Request,
    db: Database,
    config: Config,
    kept: ContentRequest,
    step: str,
    later: BackgroundTasks,
) -> Ticket:
    telling = telling_of(request, config, kept, step)
    if telling is not None:
        later.tasks.append(telling)
    return _tickets(request, db, config, [kept])[0]


def _tickets(
    request: Request, db: Database, config: Config, wanted: Iterable[ContentRequest]
) -> list[Ticket]:
    found = list(wanted)
    events = desk.events_of(db)
    happened = [event for one in found for event in events.get(one.id, ())]
    day = today(request, config)
    clocks = desk.clocks_of(db, found, happened, config, day)
    effects = desk.effects_of(db, config)
    names = Names(load_taxonomy(config.tagging.taxonomy))
    return [
        Ticket(
            shown(one.id),
            one,
            [Due(c.promise, c.due, c.done_on, c.late_days) for c in clocks[one.id]],
            events.get(one.id, []),
            desk.not_counted(db, names, one, day),
            effect_words(effects[one.id]) if one.id in effects else "",
        )
        for one in found
    ]


def _after(start: int, limit: int, total: int) -> str | None:
    return cursor_at(start + limit) if total > start + limit else None
