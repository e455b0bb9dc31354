"""The JSON API of the frame: calls, definitions, runs, the review, corrections, topics, and oneself.

A group of pages adds its own router in the same style: dataclasses in and out, `cursor` and `limit`
for lists, a rule for each route. `/api/openapi.json` describes them all.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.retry import retry_call
from callinsight.pipeline.review import Doubt, choices_of, decide, turn_to_correct
from callinsight.pipeline.speech import STAGE as SPEECH
from callinsight.pipeline.tags import STAGE as TAGS
from callinsight.records import Call, Correction, Participant, Problem, Tag, Utterance
from callinsight.taxonomy import AskKind, Concern, ContentType, Stage
from callinsight.web.call_list import LONGEST, MOST_WORDS
from callinsight.web.following import follower_of
from callinsight.web.pages import Db, Definitions, Settings, require, this_moment, visitor
from callinsight.web.review import GONE, relearning_of, said, taken_back

if TYPE_CHECKING:
    from callinsight.web.doubts import Doubts

MOST_NUMBER = 2**63 - 1  # that SQLite takes
MOST = 200  # entries of one answer


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why something was not done, in words for people."""

    error: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": words}
    for status, words in (
        (401, "No token, or one that is worth nothing"),
        (403, "The role does not allow it"),
        (404, "There is no such thing"),
        (409, "It cannot be done as things stand"),
        (422, "The question cannot be read"),
    )
}
Limit = Annotated[int, Query(ge=1, le=MOST, description="Entries of one answer.")]
Cursor = Annotated[str, Query(description="`next` of the answer before; empty at first.")]


def api_router() -> APIRouter:
    """Where programs ask: with a token, as a viewer at least."""
    return APIRouter(
        prefix="/api",
        dependencies=[Depends(HTTPBearer(auto_error=False)), Depends(require("viewer"))],
        responses=REFUSALS,
    )


router = api_router()


@dataclasses.dataclass(frozen=True)
class Me:
    """Whose token it is."""

    name: str
    role: str


@dataclasses.dataclass(frozen=True)
class Calls:
    """Calls, the latest first."""

    items: list[Call]
    next: str | None  # the cursor of what comes after


@dataclasses.dataclass(frozen=True)
class WholeCall:
    """A call with who took part, what was said, and what buyers say in it."""

    call: Call
    participants: list[Participant]
    utterances: list[Utterance]
    tags: list[Tag]


@dataclasses.dataclass(frozen=True)
class Meanings:
    """What sales and marketing mean by their words."""

    version: str
    concerns: list[Concern]
    personas: dict[str, str]
    stages: list[Stage]
    asks: list[AskKind]
    content_types: list[ContentType]


@dataclasses.dataclass(frozen=True)
class FailedCall:
    """A call that failed, and whether the next run tries it again."""

    id: str
    title: str
    recorded_at: str
    reason: str
    is_due: bool


@dataclasses.dataclass(frozen=True)
class Runs:
    """What was read and what failed."""

    read_at: str  # the last moment a call was read
    statuses: dict[str, int]
    failed: list[FailedCall]
    problems: list[Problem]  # rows and files that could not be used


@dataclasses.dataclass(frozen=True)
class Asked:
    """A turn that is in doubt."""

    utterance: str
    call: str
    start_s: float
    end_s: float
    speaker: str
    context: str  # the seller's turn before
    text: str
    tags: list[Tag]  # what the tagger thinks
    likely: list[int]  # places in `tags` of what is sure or more likely than not


@dataclasses.dataclass(frozen=True)
class Review:
    """Turns whose answers tell most, and what may be said of them."""

    items: list[Asked]
    concerns: dict[str, str]
    asks: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a turn says; nothing at all by default."""

    concerns: list[str] = dataclasses.field(default_factory=list)
    stance: str = "none"  # objection | question | mention, where it raises a concern
    asks: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Corrected:
    """What one turn says; nothing at all by default."""

    utterance: str
    concerns: list[str] = dataclasses.field(default_factory=list)
    stance: str = "none"  # objection | question | mention, where it raises a concern
    asks: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Made:
    """The number of what was kept."""

    correction: int


@dataclasses.dataclass(frozen=True)
class Effect:
    """What reading all calls anew does."""

    running: bool
    tags: int | None  # that the last time changed; None where there was none
    calls: int | None  # in which they are
    problem: str  # why the last time failed
    waiting: int  # corrected turns that are not in the numbers yet


@dataclasses.dataclass(frozen=True)
class Corrections:
    """What people said of turns, in the order they said it."""

    items: list[Correction]
    next: str | None


@dataclasses.dataclass(frozen=True)
class TopicShown:
    """A theme of what buyers say."""

    id: int
    label: str
    terms: list[str]
    size: int
    status: str
    first_seen: str


@dataclasses.dataclass(frozen=True)
class Topics:
    """The themes, by number."""

    items: list[TopicShown]
    next: str | None


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """The description of this API."""
    description: dict[str, Any] = request.app.openapi()
    return description


@router.get("/users/me")
def me(request: Request) -> Me:
    """Who asks."""
    who = visitor(request)
    return Me(who.name, who.role)


@router.get("/calls")
def calls(
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = "",
    status: str = "",
    q: Annotated[
        str, Query(max_length=LONGEST, description="Words of a title, account, deal or person.")
    ] = "",
) -> Calls:
    """Calls, the latest first."""
    after = place_at(cursor, (str, str)) if cursor else None
    words = q.split()[:MOST_WORDS]
    found = store.calls_page(db, limit=limit + 1, after=after, status=status, words=words)
    last = found[limit - 1] if len(found) > limit else None
    return Calls(found[:limit], cursor_at(last.recorded_at, last.id) if last else None)


@router.get("/calls/{call:path}")
def whole_call(call: str, db: Db) -> WholeCall:
    """One call; without its words and people if there is no consent to use it."""
    known = store.get_call(db, call)
    if known is None:
        raise HTTPException(404, f"There is no call '{call}'.")
    if known.is_closed:
        return WholeCall(known, [], [], [])
    return WholeCall(
        known,
        store.participants_of(db, call),
        store.utterances_of(db, call),
        store.tags_of_call(db, call),
    )


@router.get("/definitions")
def definitions(taxonomy: Definitions) -> Meanings:
    """What sales and marketing mean by their words."""
    return Meanings(
        taxonomy.version,
        list(taxonomy.concerns.values()),
        dict(taxonomy.personas),
        list(taxonomy.stages.values()),
        list(taxonomy.asks.values()),
        list(taxonomy.content_types.values()),
    )


@router.get("/runs")
def runs(db: Db) -> Runs:
    """What was read and what failed; at most 200 of each kind."""
    failed = [
        FailedCall(call.id, call.title, call.recorded_at, call.reason, due)
        for call, due in store.failed_calls(db, limit=MOST)
    ]
    problems = [problem for problem in store.problems(db) if problem.stage != SPEECH]
    read_at = store.last_finished(db, SPEECH)
    return Runs(read_at, store.status_counts(db), failed, problems[:MOST])


@router.post("/runs/{call:path}/retry", status_code=204, dependencies=[Depends(require("admin"))])
def retry(call: str, db: Db) -> None:
    """Have the next run try a failed call again."""
    retry_call(db, call)


@router.get("/review", dependencies=[Depends(require("editor"))])
def review(
    request: Request, db: Db, config: Settings, concern: str = "", limit: Limit = 50
) -> Review:
    """The turns whose answers tell most."""
    found = _doubts(request).round(db, config, concern)
    waiting = _doubts(request).waiting(db, found)
    return Review([_asked(doubt) for doubt in waiting[:limit]], found.concerns, found.asks)


@router.post("/review/relearn", status_code=202, dependencies=[Depends(require("editor"))])
def relearn(request: Request, db: Db) -> Effect:
    """Begin to read all calls anew with what people said, unless that is going on already."""
    relearning_of(request).start()
    return effect(request, db)


@router.get("/review/effect", dependencies=[Depends(require("editor"))])
def effect(request: Request, db: Db) -> Effect:
    """Whether calls are being read anew, what that has changed, and what waits for it."""
    relearning = relearning_of(request)
    changed = relearning.changed
    return Effect(
        relearning.is_running,
        changed.tags if changed else None,
        changed.calls if changed else None,
        relearning.problem,
        store.corrected_but_not_tagged(db, TAGS),
    )


@router.post("/review/{utterance}", dependencies=[Depends(require("editor"))])
def answer(
    request: Request, utterance: str, given: Answer, db: Db, config: Settings, concern: str = ""
) -> Made:
    """Say what a turn in doubt says; the likely ones of its tags accept it, nothing rejects it."""
    doubts = _doubts(request)
    doubt = doubts.find(db, config, concern, utterance)
    if doubt is None:
        raise HTTPException(404, GONE)
    found = doubts.round(db, config, concern)
    after = said(found, given.concerns, given.stance, given.asks)
    if isinstance(after, str):
        raise HTTPException(422, after)
    return Made(decide(db, doubt, after, who=visitor(request).name, at=this_moment(request)))


@router.get("/corrections", dependencies=[Depends(require("editor"))])
def corrections(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Corrections:
    """What people said of turns, in the order they said it."""
    (after,) = place_at(cursor, (int,)) if cursor else (0,)
    found = [made for made in store.all_corrections(db) if made.id > after]
    more = cursor_at(found[limit - 1].id) if len(found) > limit else None
    return Corrections(found[:limit], more)


@router.post("/corrections", status_code=201, dependencies=[Depends(require("editor"))])
def correct(request: Request, given: Corrected, db: Db, taxonomy: Definitions) -> Made:
    """Say what any buyer's turn says, in doubt or not; its call's tags and the gaps follow."""
    turn = turn_to_correct(db, given.utterance)
    after = said(choices_of(taxonomy), given.concerns, given.stance, given.asks)
    if isinstance(after, str):
        raise HTTPException(422, after)
    made = decide(db, turn, after, who=visitor(request).name, at=this_moment(request))
    follower_of(request).add(turn.call.id)
    return Made(made)


@router.delete("/corrections/{number}", status_code=204, dependencies=[Depends(require("editor"))])
def undo_correction(request: Request, number: int, db: Db) -> None:
    """Take a correction back; it stays in the history, and the tags of its call follow."""
    taken_back(request, db, number)


@router.get("/topics")
def topics(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Topics:
    """The themes, by number; retired and replaced ones with them."""
    (after,) = place_at(cursor, (int,)) if cursor else (-1,)
    found = [
        TopicShown(t.id, t.label, t.terms.split(";"), t.size, t.status, t.first_seen)
        for t in store.all_topics(db)
        if t.id > after
    ]
    more = cursor_at(found[limit - 1].id) if len(found) > limit else None
    return Topics(found[:limit], more)


def _asked(doubt: Doubt) -> Asked:
    here = doubt.utterance
    return Asked(
        utterance=here.id,
        call=doubt.call.id,
        start_s=here.start_s,
        end_s=here.end_s,
        speaker=here.speaker,
        context=doubt.turn.context,
        text=doubt.turn.text,
        tags=list(doubt.tags),
        likely=list(doubt.likely),
    )


def cursor_at(*place: str | int) -> str:
    """Where an answer ended, as one word."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_at(cursor: str, kinds: tuple[type, ...]) -> Any:
    """What `cursor_at` wrote; raises InputError for anything else."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        place = None
    ours = isinstance(place, list) and [type(value) for value in place] == list(kinds)
    if not ours or any(isinstance(value, int) and abs(value) > MOST_NUMBER for value in place):
        raise InputError("this cursor is none of ours; begin without one")
    return tuple(place)


def _doubts(request: Request) -> Doubts:
    doubts: Doubts = request.app.state.doubts
    return doubts
