"""`/requests`: the board, one request, asking for content, and what happens to it."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.content.listing import VERDICTS
from callinsight.content.requests import LONGEST_TITLE, OPEN, number_of, shown
from callinsight.errors import InputError
from callinsight.pipeline import requests as desk
from callinsight.pipeline.answers import draft_from_turn, wishes_in
from callinsight.pipeline.briefs import brief_of, existing_assets, export_requests
from callinsight.pipeline.drafts import draft_of
from callinsight.pipeline.notices import tell
from callinsight.pipeline.run import request_settings
from callinsight.records import ContentRequest
from callinsight.web.cards import cards_of
from callinsight.web.desk import STATES, columns_of, days_of, place_of, ticket_of, told
from callinsight.web.evidence import FIRST, MOST, still_said
from callinsight.web.gaps import names_of
from callinsight.web.inventory import inventory_of
from callinsight.web.pages import Db, Definitions, page, require, this_moment, today, visitor

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.taxonomy import Taxonomy

log = logging.getLogger(__name__)
READ = [Depends(require("viewer"))]
ASK = [Depends(require("requester"))]
WRITE = [Depends(require("editor"))]
EXPORT = [Depends(require("viewer", noted="export"))]
router = APIRouter(prefix="/requests")
MINE = 8  # calls of a rep on a page
BESIDE = 3  # turns beside the form
PICKED = 12  # assets that the picker offers
SHAPES = {"ics": "text/calendar; charset=utf-8", "csv": "text/csv; charset=utf-8"}
Text = Annotated[str, Form(max_length=4000)]
Word = Annotated[str, Form(max_length=300)]


@router.get("", response_class=HTMLResponse, dependencies=READ)
def board(
    request: Request, db: Db, taxonomy: Definitions, overdue: bool = False, mine: bool = False
) -> HTMLResponse:
    """All requests by state, with what is due next."""
    config = request_settings(db)
    names = names_of(db, taxonomy)
    who = visitor(request).name.casefold()
    day = today(request, config)
    found = desk.requests_in(db, config, "all", as_of=day, overdue=overdue)
    tickets = [
        ticket_of(one, clocks, names, not_counted=desk.not_counted(db, names, one, day))
        for one, clocks in found
        if not mine or who in (one.requester.casefold(), one.owner.casefold())
    ]
    return page(
        request,
        "requests.html.jinja",
        columns=columns_of(tickets),
        total=len(tickets),
        late=sum(1 for t in tickets if t.next and t.next.state == "late"),
        overdue=overdue,
        mine=mine,
    )


@router.get("/calls", response_class=HTMLResponse, dependencies=READ)
def my_calls(
    request: Request, db: Db, taxonomy: Definitions, rep: str = "", after: str = ""
) -> HTMLResponse:
    """What buyers asked in the calls of a rep, and what answers it."""
    config = request_settings(db)
    known = store.reps(db)
    own = visitor(request).name.casefold()
    name = rep or next((name for name, _ in known if name.casefold() == own), "")
    at, _, id_ = after.partition(" ")
    place = (at, id_) if id_ else None
    calls = store.calls_of_rep(db, name, limit=MINE + 1, after=place) if name else []
    shown_calls = calls[:MINE]
    wishes = wishes_in(
        db,
        shown_calls,
        shelf=inventory_of(request, db, config, today(request, config)).shelf,
        taxonomy=taxonomy,
    )
    last = shown_calls[-1] if len(calls) > MINE else None
    return page(
        request,
        "my_calls.html.jinja",
        reps=known,
        rep=name,
        is_own=name.casefold() == own,
        calls=[(call, [w for w in wishes if w.call.id == call.id]) for call in shown_calls],
        cards=_first_turns(db, config, taxonomy, wishes),
        asked_for=_asked_for(db),
        next=f"/requests/calls?{urlencode({'rep': name, 'after': f'{last.recorded_at} {last.id}'})}"
        if last
        else "",
        names=names_of(db, taxonomy),
        asks=taxonomy.asks,
    )


@router.get("/export.{shape}", dependencies=EXPORT)
def export(request: Request, shape: str, db: Db) -> Response:
    """The requests as a calendar of due dates or as a sheet."""
    if shape not in SHAPES:
        raise InputError(f"requests come as {' or '.join(SHAPES)}, not as '{shape}'")
    config = request_settings(db)
    content = export_requests(db, config, shape, as_of=today(request, config))
    return _file(content, f"requests.{shape}", SHAPES[shape])


@router.get("/new", response_class=HTMLResponse, dependencies=ASK)
def new(
    request: Request, db: Db, taxonomy: Definitions, gap: str = "", utterance: str = ""
) -> HTMLResponse:
    """The form, with what a gap or an excerpt says already in it."""
    config = request_settings(db)
    draft = _draft(db, config, gap, utterance)
    # the model that knows paraphrases is read once somebody types or sends
    alike = desk.similar_requests(db, draft, by_meaning=False) if draft.title else []
    return _form(request, db, config, taxonomy, draft, alike=alike)


@router.get("/similar", response_class=HTMLResponse, dependencies=ASK)
def similar(
    request: Request,
    db: Db,
    taxonomy: Definitions,
    title: str = "",
    content_type: str = "",
    concern: str = "",
    persona: str = "",
    stage: str = "",
) -> HTMLResponse:
    """Who asked for much the same, while somebody types."""
    draft = ContentRequest(
        title=title[:LONGEST_TITLE],
        content_type=content_type,
        concern=concern,
        persona=persona,
        stage=stage,
        requester="",
        created_at="",
    )
    long_enough = len(title.split()) > 1 or concern
    alike = desk.similar_requests(db, draft) if long_enough else []
    return page(request, "_alike.html.jinja", alike=_tickets(request, db, taxonomy, alike))


@router.post("", dependencies=ASK)
def ask(
    request: Request,
    db: Db,
    taxonomy: Definitions,
    title: Word = "",
    content_type: Word = "",
    concern: Word = "",
    persona: Word = "",
    stage: Word = "",
    priority: Word = "P2",
    needed_by: Word = "",
    deals: Text = "",
    competitor: Word = "",
    claims: Text = "",
    use: Text = "",
    tried: Text = "",
    gap: Word = "",
    utterance: Word = "",
    anyway: bool = Form(default=False),
) -> Response:
    """Keep a request, else show the form again with what is wrong."""
    config = request_settings(db)
    draft = dataclasses.replace(
        _draft(db, config, gap, utterance),
        title=title,
        content_type=content_type,
        concern=concern,
        persona=persona,
        stage=stage,
        priority=priority,
        needed_by=needed_by,
        deals=tuple(
            part for part in (d.strip() for d in deals.replace(",", ";").split(";")) if part
        ),
        competitor=competitor,
        claims=claims,
        use=use,
        tried=tried,
    )
    who, now = visitor(request).name, this_moment(request)
    try:
        kept = desk.new_request(db, config, draft, who=who, now=now, anyway=anyway)
    except desk.DuplicateError as error:
        alike = list(error.requests)
        return _form(request, db, config, taxonomy, draft, alike=alike, is_duplicate=True)
    except InputError as error:
        return _form(request, db, config, taxonomy, draft, problem=str(error))
    return _go(request, config, kept, "new")


@router.get("/{number}", response_class=HTMLResponse, dependencies=READ)
def one(request: Request, number: str, db: Db, taxonomy: Definitions, q: str = "") -> HTMLResponse:
    """A request: what is asked for, who says so, what happened, what comes next."""
    return _page(request, db, taxonomy, known_request(db, number), q=q)


@router.get("/{number}/assets", response_class=HTMLResponse, dependencies=WRITE)
def assets(request: Request, number: str, db: Db, q: str = "") -> HTMLResponse:
    """The assets that a request may be delivered as."""
    wanted = known_request(db, number)
    return page(request, "_picker.html.jinja", picks=_picks(db, wanted, q), q=q)


@router.get("/{number}/brief.md", dependencies=EXPORT)
def brief(request: Request, number: str, db: Db) -> Response:
    """The writer's brief."""
    config = request_settings(db)
    id_ = known_request(db, number).id
    text = brief_of(db, config, id_, as_of=today(request, config))
    return _file(text.encode(), f"{shown(id_)}-brief.md", "text/markdown; charset=utf-8")


@router.post("/{number}/vote", dependencies=ASK)
def vote(request: Request, number: str, db: Db, taxonomy: Definitions) -> Response:
    """Say that one needs it too."""
    return _step(request, db, taxonomy, number, "vote")


@router.post("/{number}/comment", dependencies=ASK)
def comment(
    request: Request, number: str, db: Db, taxonomy: Definitions, note: Text = ""
) -> Response:
    """Say something about it."""
    return _step(request, db, taxonomy, number, "comment", note=note)


@router.post("/{number}/accept", dependencies=WRITE)
def accept(
    request: Request, number: str, db: Db, taxonomy: Definitions, owner: Word = "", note: Text = ""
) -> Response:
    """Say that it will be written."""
    return _step(request, db, taxonomy, number, "accept", owner=owner, note=note)


@router.post("/{number}/decline", dependencies=WRITE)
def decline(
    request: Request, number: str, db: Db, taxonomy: Definitions, note: Text = ""
) -> Response:
    """Say that it will not be written, and why."""
    return _step(request, db, taxonomy, number, "decline", note=note)


@router.post("/{number}/start", dependencies=WRITE)
def start(
    request: Request, number: str, db: Db, taxonomy: Definitions, owner: Word = "", note: Text = ""
) -> Response:
    """Begin to write it."""
    return _step(request, db, taxonomy, number, "start", owner=owner, note=note)


@router.post("/{number}/deliver", dependencies=WRITE)
def deliver(
    request: Request, number: str, db: Db, taxonomy: Definitions, item: Word = "", note: Text = ""
) -> Response:
    """Say which asset answers it."""
    return _step(request, db, taxonomy, number, "deliver", item=item, note=note)


def known_request(db: Database, number: str) -> ContentRequest:
    """A request by its number, as R-3 or 3; raises HTTPException where there is none."""
    try:
        id_ = number_of(number)
    except InputError as error:
        raise HTTPException(404, str(error)) from error
    known = store.get_request(db, id_)
    if known is None:
        raise HTTPException(404, f"There is no request {shown(id_)}.")
    return known


def _step(
    request: Request,
    db: Database,
    taxonomy: Taxonomy,
    number: str,
    name: str,
    **given: str,
) -> Response:
    config = request_settings(db)
    known = known_request(db, number)
    try:
        who, now = visitor(request).name, this_moment(request)
        kept = desk.do_step(db, config, known.id, name, who=who, now=now, **given)
    except InputError as error:
        return _page(request, db, taxonomy, known_request(db, number), problem=str(error))
    return _go(request, config, kept, name)


def _go(request: Request, config: Config, kept: ContentRequest, step: str) -> RedirectResponse:
    """To the request; whoever is named in the settings is told meanwhile."""
    telling = telling_of(request, config, kept, step)
    return RedirectResponse(f"/requests/{shown(kept.id)}", 303, background=telling)


def telling_of(
    request: Request, config: Config, kept: ContentRequest, step: str
) -> BackgroundTask | None:
    """What tells of a step once the answer is on its way; None where nobody is to be told."""
    if not config.requests.notify:
        return None
    database, who, now = request.app.state.database, visitor(request).name, this_moment(request)
    return BackgroundTask(_tell, database, kept, step, who, now)


def _tell(database: Path, kept: ContentRequest, step: str, who: str, now: str) -> None:
    with store.opened(database) as db:
        for failure in tell(db, request_settings(db), kept, step, who=who, now=now):
            log.warning("%s is kept, but not everybody was told: %s", shown(kept.id), failure)


def _draft(db: Database, config: Config, gap: str, utterance: str) -> ContentRequest:
    if utterance and not gap:
        return draft_from_turn(db, config, utterance)
    return draft_of(db, config, gap)


def _form(
    request: Request,
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    draft: ContentRequest,
    *,
    alike: list[ContentRequest] | None = None,
    is_duplicate: bool = False,
    problem: str = "",
) -> HTMLResponse:
    names = names_of(db, taxonomy)
    return page(
        request,
        "new_request.html.jinja",
        status=422 if problem else 409 if is_duplicate else 200,
        draft=draft,
        alike=_tickets(request, db, taxonomy, alike or []),
        is_duplicate=is_duplicate,
        problem=problem,
        cards=still_said(db, config, names, draft.concern, draft.evidence, BESIDE)[0],
        place=place_of(draft, names),
        exists=existing_assets(db, draft),
        names=names,
        taxonomy=taxonomy,
        topics=[topic for topic in store.all_topics(db) if topic.status == "active"],
        days=days_of(config),
        today=today(request, config).isoformat(),
        longest=LONGEST_TITLE,
    )


def _page(
    request: Request,
    db: Database,
    taxonomy: Taxonomy,
    wanted: ContentRequest,
    *,
    q: str = "",
    problem: str = "",
) -> HTMLResponse:
    config = request_settings(db)
    id_ = wanted.id
    events = desk.events_of(db).get(id_, [])
    clocks = desk.clocks_of(db, [wanted], events, config, today(request, config))[id_]
    names = names_of(db, taxonomy)
    who = visitor(request).name.casefold()
    voters = [event.who for event in events if event.event == "vote"]
    items = {item.id: item for item in store.all_items(db)}
    most = MOST if request.query_params.get("turns") == "all" else FIRST
    cards, still = still_said(db, config, names, wanted.concern, wanted.evidence, most)
    return page(
        request,
        "request.html.jinja",
        status=409 if problem else 200,
        problem=problem,
        one=wanted,
        number=shown(id_),
        state=STATES[wanted.state],
        place=place_of(wanted, names),
        clocks=[told(clock) for clock in clocks if wanted.state != "declined" or clock.done_on],
        events=events,
        voters=voters,
        may_vote=wanted.state in OPEN
        and who != wanted.requester.casefold()
        and who not in [name.casefold() for name in voters],
        cards=cards,
        still=still,
        item=items.get(wanted.item),
        exists=existing_assets(db, wanted),
        tried=items.get(wanted.tried.partition(":")[0].strip()),
        not_counted=(
            desk.not_counted(db, names, wanted, today(request, config))
            if wanted.state == "delivered"
            else ""
        ),
        effect=desk.effects_of(db, config, only=id_).get(id_)
        if wanted.state == "delivered"
        else None,
        verdicts=VERDICTS,
        picks=_picks(db, wanted, q) if wanted.state == "in_progress" else [],
        q=q,
        names=names,
    )


def _first_turns(
    db: Database, config: Config, taxonomy: Taxonomy, wishes: list[Any]
) -> dict[str, Any]:
    """The first turn of each wish, to play."""
    turns = dict.fromkeys((w.turns[0].call, w.turns[0].position) for w in wishes if w.turns)
    return {card.id: card for card in cards_of(db, config, names_of(db, taxonomy), turns)}


def _picks(db: Database, wanted: ContentRequest, q: str) -> list[Any]:
    """Assets by words in their title or id; else those that name the concern, the newest first."""
    words = q.casefold().split()
    items = [i for i in store.all_items(db) if i.status != "archived"]
    if words:
        items = [i for i in items if all(w in f"{i.id} {i.title}".casefold() for w in words)]
    items.sort(key=lambda i: i.updated_on or i.published_on, reverse=True)
    items.sort(
        key=lambda i: (wanted.concern not in i.concerns, i.content_type != wanted.content_type)
    )
    return items[:PICKED]


def _asked_for(db: Database) -> dict[tuple[str, str], ContentRequest]:
    """The open request for each concern of a role."""
    return {
        (one.concern, one.persona): one
        for one in reversed(store.all_requests(db))
        if one.state in OPEN and one.concern
    }


def _tickets(
    request: Request, db: Database, taxonomy: Taxonomy, found: list[ContentRequest]
) -> list[Any]:
    config = request_settings(db)
    names = names_of(db, taxonomy)
    clocks = desk.clocks_of(db, found, store.all_request_events(db), config, today(request, config))
    return [ticket_of(one, clocks[one.id], names) for one in found]


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
