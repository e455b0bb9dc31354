"""The JSON API of reps: what buyers asked in the calls of each, and which assets answer it."""

from __future__ import annotations

import dataclasses

from fastapi import Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.pipeline.answers import wishes_in
from callinsight.records import Call, UsageEvent
from callinsight.web.api import Cursor, Limit, api_router, cursor_at, place_at
from callinsight.web.inventory import inventory_of
from callinsight.web.pages import Db, Definitions, Settings, today

router = api_router()


@dataclasses.dataclass(frozen=True)
class Rep:
    """Somebody of our side who takes part in calls."""

    name: str
    calls: int


@dataclasses.dataclass(frozen=True)
class Reps:
    """Everybody of our side."""

    items: list[Rep]


@dataclasses.dataclass(frozen=True)
class WishShown:
    """What a buyer raises or asks for, and what may answer it."""

    concern: str  # empty where material is asked for and no concern is raised
    stance: str  # objection | question | none
    asks: list[str]
    persona: str
    stage: str
    turns: list[str]  # ids of utterances
    assets: list[str]  # ids, the best first; none: content to ask for
    sent: UsageEvent | None  # the last of them that went to the deal since


@dataclasses.dataclass(frozen=True)
class CallOfRep:
    """A call, and what was asked in it."""

    call: Call
    wishes: list[WishShown]


@dataclasses.dataclass(frozen=True)
class CallsOfRep:
    """The calls of a rep, the latest first."""

    items: list[CallOfRep]
    next: str | None


@router.get("/reps")
def reps(db: Db) -> Reps:
    """Who takes part in calls on our side, and in how many."""
    return Reps([Rep(name, number) for name, number in store.reps(db)])


@router.get("/reps/{name:path}/calls")
def calls_of_rep(
    request: Request,
    name: str,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> CallsOfRep:
    """What buyers asked in the calls of a rep, and what answers it."""
    if name not in dict(store.reps(db)):
        raise HTTPException(404, f"Nobody called '{name}' takes part in a call on our side.")
    after = place_at(cursor, (str, str)) if cursor else None
    found = store.calls_of_rep(db, name, limit=limit + 1, after=after)
    shelf = inventory_of(request, db, config, today(request, config)).shelf
    wishes = wishes_in(db, found[:limit], shelf=shelf, taxonomy=taxonomy)
    items = [
        CallOfRep(
            call,
            [
                WishShown(
                    wish.concern,
                    wish.stance,
                    list(wish.asks),
                    wish.persona,
                    wish.stage,
                    [turn.id for turn in wish.turns],
                    [item.id for item in wish.assets],
                    wish.sent,
                )
                for wish in wishes
                if wish.call.id == call.id
            ],
        )
        for call in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    return CallsOfRep(items, cursor_at(last.recorded_at, last.id) if last else None)
