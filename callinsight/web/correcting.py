"""`/correct/TURN`: what a turn says, put right wherever it is read; its call and the gaps follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from callinsight import store
from callinsight.pipeline.review import choices_of, decide, turn_to_correct, undo
from callinsight.tagging.corrections import Labelling, holding
from callinsight.web.cards import call_address, cards_of, said_as, utterance_address
from callinsight.web.excerpts import names_of, place_of_turn
from callinsight.web.following import WORKING, follower_of
from callinsight.web.pages import Db, Definitions, Settings, page, require, this_moment, visitor
from callinsight.web.review import STANCES, said

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.pipeline.review import Doubt
    from callinsight.records import Correction
    from callinsight.taxonomy import Taxonomy

router = APIRouter(dependencies=[Depends(require("editor"))])
CALL = "call"  # the page to go back to is the turn's call, and not the excerpt


@router.get("/correct/state/{utterance:path}", response_class=HTMLResponse)
def correcting_state(
    request: Request, utterance: str, db: Db, config: Settings, taxonomy: Definitions
) -> Response:
    """The excerpt as it is tagged now; nothing as long as that is under way."""
    state = follower_of(request).state(said_as(db, utterance).call)
    if state == WORKING:
        return Response(status_code=204)
    names = names_of(db, taxonomy)
    (card,) = cards_of(db, config, names, [place_of_turn(utterance)], unsure=True)
    return page(request, "excerpt.html.jinja", card=card, note=state)


@router.get("/correct/{utterance:path}", response_class=HTMLResponse)
def correcting_form(
    request: Request, utterance: str, db: Db, taxonomy: Definitions, back: str = ""
) -> HTMLResponse:
    """The form: what is ticked is what counts now."""
    turn = turn_to_correct(db, utterance)
    return _form(request, db, taxonomy, turn, turn.before, back=back)


@router.post("/correct/{utterance:path}")
def correct(
    request: Request,
    utterance: str,
    db: Db,
    taxonomy: Definitions,
    answer: Annotated[Literal["change", "reject", "undo"], Form()],
    concerns: Annotated[list[str] | None, Form()] = None,
    stance: Annotated[str, Form()] = "",
    asks: Annotated[list[str] | None, Form()] = None,
    back: Annotated[str, Form()] = "",
) -> Response:
    """Keep what the visitor says of the turn, or take back what somebody said."""
    turn = turn_to_correct(db, utterance)
    who, at = visitor(request).name, this_moment(request)
    if answer == "undo":
        if known := correction_of(db, turn):
            undo(db, known.id, who=who, at=at)
    else:
        after: Labelling | str = Labelling()
        if answer == "change":
            after = said(choices_of(taxonomy), concerns or [], stance, asks or [])
        if isinstance(after, str):
            chosen = Labelling(tuple(concerns or ()), stance, tuple(asks or ()))
            return _form(request, db, taxonomy, turn, chosen, back=back, problem=after)
        decide(db, turn, after, who=who, at=at)
    follower_of(request).add(turn.call.id)
    if "hx-request" in request.headers:
        state = f"/correct/state/{utterance_address(utterance)}"
        return page(request, "corrected.html.jinja", state=state)
    place = f"{call_address(turn.call.id)}#turn-{turn.utterance.position}"
    alone = f"/excerpts/{utterance_address(utterance)}"
    return RedirectResponse(place if back == CALL else alone, 303)


def correction_of(db: Database, turn: Doubt) -> Correction | None:
    """What somebody said of the turn, if that holds."""
    made = [c for c in store.all_corrections(db) if c.call == turn.call.id]
    own = [c for c in holding(made) if c.utterance == turn.utterance.id]
    return max(own, key=lambda correction: correction.id, default=None)


def _form(
    request: Request,
    db: Database,
    taxonomy: Taxonomy,
    turn: Doubt,
    chosen: Labelling,
    *,
    back: str,
    problem: str = "",
) -> HTMLResponse:
    return page(
        request,
        "correct.html.jinja",
        # htmx shows what is said of an answer only where that is no refusal
        status=422 if problem and "hx-request" not in request.headers else 200,
        turn=turn,
        chosen=chosen,
        choices=choices_of(taxonomy),
        stances=STANCES,
        known=correction_of(db, turn),
        problem=problem,
        action=f"/correct/{utterance_address(turn.utterance.id)}",
        place=f"{call_address(turn.call.id)}#turn-{turn.utterance.position}",
        back=back if back == CALL else "",
    )
