"""`/content`: the inventory as it is used and asked for; each asset with where it was used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.content.unused import parts_of
from callinsight.pipeline.answers import copy_link, demand_for
from callinsight.pipeline.suggesting import answer
from callinsight.reports.wording import web_address
from callinsight.web.assets import (
    ORDERS,
    PAGE,
    STATES,
    choice_of,
    chosen,
    counts_of,
    types_of,
)
from callinsight.web.cards import cards_of
from callinsight.web.following import follower_of
from callinsight.web.gaps import names_of
from callinsight.web.inventory import inventory_of
from callinsight.web.pages import (
    Db,
    Definitions,
    Settings,
    page,
    require,
    this_moment,
    today,
    visitor,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import UsageEvent
    from callinsight.reports.wording import Names
    from callinsight.web.cards import Card

READ = [Depends(require("viewer"))]
SEND = [Depends(require("requester"))]
router = APIRouter(prefix="/content")
USED = 40  # events of an asset on its page
MENTIONS = 10
EVENTS = {
    "share": "sent",
    "view": "opened by a colleague",
    "buyer_view": "opened by a buyer",
    "download": "downloaded",
    "call_mention": "mentioned in a call",
}


@router.get("", response_class=HTMLResponse, dependencies=READ)
def content(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> HTMLResponse:
    """The assets of a choice, with how each is used."""
    choice = choice_of(request)
    known = inventory_of(request, db, config, today(request, config))
    month, assets, found = known.month, known.assets, known.found
    items = [asset.item for asset in assets]
    listed = chosen(assets, choice)
    response = page(
        request,
        "content.html.jinja",
        choice=choice,
        assets=listed[choice.start : choice.start + PAGE],
        total=len(listed),
        next=choice.address(start=choice.start + PAGE) if len(listed) > choice.start + PAGE else "",
        everything=len(items),
        live=sum(item.status == "live" for item in items),
        parts={part.name: part for part in parts_of(found, items)},
        counts=counts_of(assets, choice),
        states=STATES,
        orders=ORDERS,
        types=types_of(assets),
        owners=sorted({item.owner for item in items if item.owner}),
        names=names_of(db, taxonomy),
        window=config.unused.window_days,
        month=month,
    )
    response.headers["HX-Push-Url"] = choice.address()
    response.headers["Vary"] = "HX-Request"
    return response


@router.get("/{item:path}", response_class=HTMLResponse, dependencies=READ)
def asset(
    request: Request, item: str, db: Db, config: Settings, taxonomy: Definitions, sent: bool = False
) -> HTMLResponse:
    """One asset: what it is, where it was used, what it answers, who changed it."""
    inventory = inventory_of(request, db, config, today(request, config))
    here = next((asset for asset in inventory.assets if asset.item.id == item), None)
    if here is None:
        raise HTTPException(404)
    known = here.item
    events = store.events_of_item(db, item)
    names = names_of(db, taxonomy)
    return page(
        request,
        "asset.html.jinja",
        item=known,
        asset=here,
        url=web_address(known.url),
        host=urlsplit(web_address(known.url)).hostname or "",
        demands=demand_for(inventory.shelf, known, inventory.gaps),
        month=inventory.month,
        events=events[:USED],
        more=max(0, len(events) - USED),
        kinds=Counter(event.event for event in events),
        words=EVENTS,
        mentions=_mentions(db, config, events, names),
        calls={event.call for event in events if event.call and store.get_call(db, event.call)},
        changes=store.item_changes(db, item)[::-1],
        suggestions=[s for s in store.all_suggestions(db) if s.item == item],
        requests=[one for one in store.all_requests(db) if one.item == item],
        names=names,
        window=config.unused.window_days,
        sent=sent,
    )


@router.post("/{item:path}/tags", dependencies=[Depends(require("editor"))])
def tag(
    request: Request,
    item: str,
    db: Db,
    value: Annotated[str, Form(max_length=300)],
    said: Annotated[str, Form(pattern="^(accept|reject)$")],
) -> RedirectResponse:
    """Accept or reject a tag that is suggested for an asset; `value` is such as concerns=need_fit."""
    who, now = visitor(request).name, this_moment(request)
    answer(db, item, [value], accepted=said == "accept", who=who, now=now)
    follower_of(request).recount()
    return RedirectResponse(f"/content/{quote(item, safe='')}#suggested", 303)


@router.post("/{item:path}/share", dependencies=SEND)
def share(
    request: Request,
    item: str,
    db: Db,
    call: Annotated[str, Form(max_length=300)] = "",
    deal: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Keep that the visitor took the link of an asset to send it."""
    who, now = visitor(request).name, this_moment(request)
    copy_link(db, item, who=who, now=now, call=call, deal=deal)
    if "hx-request" in request.headers:
        return Response(status_code=204)
    return RedirectResponse(f"/content/{quote(item, safe='')}?sent=true", 303)


def _mentions(db: Database, config: Config, events: list[UsageEvent], names: Names) -> list[Card]:
    """The turns in which it is mentioned, the latest first, to play."""
    ids = [event.utterance for event in events if event.utterance][:MENTIONS]
    said = store.utterances_by_id(db, ids)
    turns = [(said[id_].call, said[id_].position) for id_ in ids if id_ in said]
    return list(cards_of(db, config, names, turns))
