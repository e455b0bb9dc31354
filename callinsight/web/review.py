"""`/review`: the turns that the tagger is least sure of, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.pipeline.review import counting_tags, decide, history, undo
from callinsight.pipeline.tags import STAGE
from callinsight.records import DEMAND_STANCES, Correction
from callinsight.reports.excerpts import find_words
from callinsight.reports.wording import Names, listing, readable
from callinsight.tagging.corrections import (
    Labelling,
    holding,
    labelling_of,
    labelling_of_tags,
)
from callinsight.web.doubts import Doubts, answered
from callinsight.web.following import follower_of
from callinsight.web.pages import (
    Db,
    Definitions,
    Settings,
    page,
    pieces,
    require,
    this_moment,
    visitor,
)
from callinsight.web.relearning import Relearning
from callinsight.web.sound import can_play

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.pipeline.review import Doubt, Review
    from callinsight.taxonomy import Taxonomy

router = APIRouter(prefix="/review", dependencies=[Depends(require("editor"))])
STANCES = (*DEMAND_STANCES, "mention")
CONTEXT_WORDS = 60  # of the seller's turn; its end is what the buyer answers
LATEST = 200  # corrections on one page
GONE = "This turn is not in doubt any more: it was answered, or calls were read anew meanwhile."
UNTICKED = "Nothing is ticked. Tick what is right, or say that none of it is."
UNFINISHED = "Say how it is raised: as an objection, as a question, or only mentioned."
CHANGED = "The definitions have changed meanwhile. Choose again."


@router.get("", response_class=HTMLResponse)
def review(
    request: Request,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    concern: str = "",
    after: str = "",
    turn: str = "",
) -> HTMLResponse:
    """The next turn that is in doubt: `turn`, else the first behind `after`."""
    found = _doubts(request).round(db, config, concern)
    here = _next(found, answered(db), after=after, turn=turn)
    return _shown(request, db, config, taxonomy, found, here, concern=concern)


@router.post("/turns/{utterance}")
def decide_turn(
    request: Request,
    utterance: str,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    answer: Annotated[str, Form(pattern="^(accept|change|reject)$")],
    keep: Annotated[list[str] | None, Form()] = None,
    concerns: Annotated[list[str] | None, Form()] = None,
    stance: Annotated[str, Form()] = "",
    asks: Annotated[list[str] | None, Form()] = None,
    concern: Annotated[str, Form()] = "",
) -> Any:
    """Keep what a person says of a turn, and go on to the next."""
    doubts = _doubts(request)
    doubt = doubts.find(db, config, concern, utterance)
    if doubt is None:
        raise HTTPException(404, GONE)
    found = doubts.round(db, config, concern)
    if answer == "change":
        after = said(found, concerns or [], stance, asks or [])
    else:
        after = Labelling() if answer == "reject" else _kept(doubt, keep or [])
    if isinstance(after, str):
        return _shown(request, db, config, taxonomy, found, doubt, concern=concern, problem=after)
    decide(db, doubt, after, who=visitor(request).name, at=this_moment(request))
    return _to(concern=concern, after=utterance)


@router.post("/undo/{number}")
def undo_correction(
    request: Request, number: int, db: Db, concern: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Take a correction back, and show its turn again."""
    taken = taken_back(request, db, number)
    return _to(concern=concern, turn=taken.utterance)


@router.post("/relearn")
def relearn(request: Request) -> RedirectResponse:
    """Read all calls anew with what was said; the page goes on meanwhile."""
    relearning_of(request).start()
    return _to()


@router.get("/effect", response_class=HTMLResponse)
def effect(request: Request, db: Db) -> HTMLResponse:
    """What reading anew has changed, or that it is going on."""
    return page(request, "_effect.html.jinja", **_effect(request, db))


@router.get("/history", response_class=HTMLResponse)
def corrections(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> HTMLResponse:
    """Who corrected what, when, from what to what; the latest first."""
    past = history(db, config)
    lines = [
        {
            "correction": entry.correction,
            "state": entry.state,
            "before": _words(entry.correction.before, taxonomy),
            "after": _words(entry.correction.after, taxonomy),
        }
        for entry in past[: -LATEST - 1 : -1]
    ]
    more = max(0, len(past) - LATEST)
    return page(request, "corrections.html.jinja", lines=lines, more=more)


def taken_back(request: Request, db: Database, number: int) -> Correction:
    """Take a correction back; where the tags have it already, they follow. Raises InputError."""
    known = {c.id: c for c in store.all_corrections(db)}
    undo(db, number, who=visitor(request).name, at=this_moment(request))
    taken = known[number]
    is_in_tags = labelling_of_tags(counting_tags(db, taken.utterance)).text == taken.after
    if is_in_tags and taken.after != taken.before:
        follower_of(request).add(taken.call)
    return taken


def said(choices: Review, concerns: list[str], stance: str, asks: list[str]) -> Labelling | str:
    """What the turn says by the person, else what is wrong with the answer."""
    if not set(concerns) <= set(choices.concerns) or not set(asks) <= set(choices.asks):
        return CHANGED
    if concerns and stance not in STANCES:
        return UNFINISHED
    stance = stance if concerns else "none"
    return Labelling(tuple(sorted(set(concerns))), stance, tuple(sorted(set(asks))))


def _kept(doubt: Doubt, ticked: list[str]) -> Labelling | str:
    """What was ticked of what the tagger thinks, such as concern:need_fit; else what is wrong."""
    places = [at for at, tag in enumerate(doubt.tags) if f"{tag.kind}:{tag.label}" in ticked]
    return doubt.keeping(places) if places else UNTICKED


def _shown(
    request: Request,
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    found: Review,
    here: Doubt | None,
    *,
    concern: str,
    problem: str = "",
) -> HTMLResponse:
    spoken_of = answered(db)
    mine = _mine(db, visitor(request).name)
    return page(
        request,
        "review.html.jinja",
        status=422 if problem else 200,
        problem=problem,
        unfinished=problem not in ("", UNTICKED),
        review=found,
        done=sum(doubt.utterance.id in spoken_of for doubt in found.doubts),
        concern=concern,
        doubt=here,
        ticked=here.likely if here and problem != UNTICKED else (),
        turn=_turn(request, db, config, here) if here else None,
        stances=STANCES,
        mine=mine,
        mine_said=_words(mine.after, taxonomy) if mine else "",
        **_effect(request, db),
    )


def _next(found: Review, spoken_of: set[str], *, after: str, turn: str) -> Doubt | None:
    """The turn that was named, else the first that is not answered behind another."""
    ids = [doubt.utterance.id for doubt in found.doubts]
    if turn in ids:
        return found.doubts[ids.index(turn)]
    start = ids.index(after) + 1 if after in ids else 0
    return next((d for d in found.doubts[start:] if d.utterance.id not in spoken_of), None)


def _turn(request: Request, db: Database, config: Config, doubt: Doubt) -> dict[str, Any]:
    """The words of a turn as the page shows them: what is marked in it, what was said before."""
    text = doubt.turn.text
    before = doubt.turn.context.split()
    titles = {p.name: p.title for p in store.participants_of(db, doubt.call.id)}
    return {
        "pieces": pieces(text, [s for tag in doubt.tags for s in find_words(tag.evidence, text)]),
        "before": " ".join(["…"] * (len(before) > CONTEXT_WORDS) + before[-CONTEXT_WORDS:]),
        "title": titles.get(doubt.utterance.speaker, ""),
        "said": doubt.before,
        "plays": can_play(request, config, doubt.call, doubt.utterance),
    }


def _mine(db: Database, who: str) -> Correction | None:
    """The visitor's last correction that holds."""
    own = [c for c in holding(store.all_corrections(db)) if c.who == who]
    return max(own, key=lambda correction: correction.id, default=None)


def _words(labelling: str, taxonomy: Taxonomy) -> str:
    """What a turn says, to read."""
    what, names = labelling_of(labelling), Names(taxonomy)
    concerns = listing([names.concern(concern) for concern in what.concerns])
    raised = [f"{concerns}, as {what.stance}"] if concerns else []
    kinds = [taxonomy.asks[a].label if a in taxonomy.asks else readable(a) for a in what.asks]
    asked = [f"asks for {listing(kinds)}"] if kinds else []
    return "; ".join([*raised, *asked]) or "nothing"


def _effect(request: Request, db: Database) -> dict[str, Any]:
    relearning = relearning_of(request)
    return {
        "running": relearning.is_running,
        "changed": relearning.changed,
        "failed": relearning.problem,
        "waiting": store.corrected_but_not_tagged(db, STAGE),
    }


def _to(**where: str) -> RedirectResponse:
    query = urlencode({name: value for name, value in where.items() if value})
    return RedirectResponse(f"/review?{query}" if query else "/review", 303)


def _doubts(request: Request) -> Doubts:
    doubts: Doubts = request.app.state.doubts
    return doubts


def relearning_of(request: Request) -> Relearning:
    """What reads all calls anew for the app."""
    relearning: Relearning = request.app.state.relearning
    return relearning
