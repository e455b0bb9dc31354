"""The JSON API of mending a call: sides, words, titles and roles; tags and gaps follow as from its page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.calls.mending import holding
from callinsight.errors import InputError
from callinsight.pipeline import mend
from callinsight.records import Mending
from callinsight.web.api import api_router
from callinsight.web.calls import keep_turn, open_call, stamp_of
from callinsight.web.cards import said_as
from callinsight.web.following import WORKING, follower_of
from callinsight.web.pages import Db, Settings, require

if TYPE_CHECKING:
    from sqlite_utils import Database

MEND = [Depends(require("editor"))]
Side = Literal["rep", "buyer", "unknown"]
router = api_router()


@dataclasses.dataclass(frozen=True)
class Mendings:
    """What holds of all that people mended in a call, in the order they did."""

    items: list[Mending]
    voices: dict[str, str]  # the side of each voice, by the name that `voice` takes
    following: bool  # tags and gaps are being brought up to date
    trouble: str  # why they could not be; empty if they could


@dataclasses.dataclass(frozen=True)
class VoiceSide:
    """Whose a voice is."""

    voice: str  # as `voices` names it
    side: Side


@dataclasses.dataclass(frozen=True)
class VoiceRole:
    """Which role a buyer's voice has."""

    voice: str  # as `voices` names it
    persona: str


@dataclasses.dataclass(frozen=True)
class TurnMended:
    """What was said in a turn, and on which side; what is null stays."""

    utterance: str
    text: str | None = None
    side: Side | None = None


@dataclasses.dataclass(frozen=True)
class PersonMended:
    """Who somebody is; what is null stays."""

    name: str
    title: str | None = None
    persona: str | None = None


@router.get("/calls/{call:path}/mendings")
def mendings(request: Request, call: str, db: Db) -> Mendings:
    """What people mended in a call, and whether tags and gaps follow still."""
    return _as_it_stands(request, db, open_call(db, call).id)


@router.post("/calls/{call:path}/mendings/swap", dependencies=MEND)
def swap_sides(request: Request, call: str, db: Db, config: Settings) -> Mendings:
    """Make reps buyers and buyers reps."""
    known = open_call(db, call)
    mend.swap_sides(db, config, known.id, **stamp_of(request))
    return _followed(request, db, known.id)


@router.post("/calls/{call:path}/mendings/voice", dependencies=MEND)
def mend_voice(request: Request, call: str, given: VoiceSide, db: Db, config: Settings) -> Mendings:
    """Say on which side a voice is."""
    known = open_call(db, call)
    mend.set_side(db, config, known.id, given.voice, given.side, **stamp_of(request))
    return _followed(request, db, known.id)


@router.post("/calls/{call:path}/mendings/role", dependencies=MEND)
def mend_role(request: Request, call: str, given: VoiceRole, db: Db, config: Settings) -> Mendings:
    """Say which role a buyer's voice has; whom the sheets name has one as a person."""
    known = open_call(db, call)
    mend.set_role(db, config, known.id, given.voice, given.persona, **stamp_of(request))
    return _followed(request, db, known.id)


@router.post("/calls/{call:path}/mendings/turn", dependencies=MEND)
def mend_turn(request: Request, call: str, given: TurnMended, db: Db, config: Settings) -> Mendings:
    """Say what was said in a turn, on which side, or both; nothing overwrites it."""
    said = said_as(db, given.utterance)
    if said.call != open_call(db, call).id:
        raise HTTPException(404, f"The turn '{said.id}' is not of the call '{call}'.")
    if given.text is None and given.side is None:
        raise InputError("there is nothing to mend in this turn; send text, side, or both")
    side = said.side if given.side is None else given.side
    text = said.text if given.text is None else given.text
    keep_turn(db, config, said.id, side=side, text=text, **stamp_of(request))
    return _followed(request, db, said.call)


@router.post("/calls/{call:path}/mendings/person", dependencies=MEND)
def mend_person(
    request: Request, call: str, given: PersonMended, db: Db, config: Settings
) -> Mendings:
    """Say what somebody's title is, and role; a role that the title gave follows the title."""
    known = open_call(db, call)
    person = store.participant(db, known.id, given.name)
    if person is None:
        raise HTTPException(404, f"Nobody called '{given.name}' takes part in '{call}'.")
    if given.title is None and given.persona is None:
        raise InputError(f"there is nothing to mend of {person.name}; send title, persona, or both")
    mend.set_person(
        db,
        config,
        known.id,
        person.name,
        title=person.title if given.title is None else given.title,
        persona=person.persona if given.persona is None else given.persona,
        **stamp_of(request),
    )
    return _followed(request, db, known.id)


@router.delete("/calls/{call:path}/mendings/{number}", dependencies=MEND)
def undo_mending(request: Request, call: str, number: int, db: Db, config: Settings) -> Mendings:
    """Take a mending back; it stays in the history."""
    known = open_call(db, call)
    if number not in {one.id for one in holding(store.mendings_of(db, known.id))}:
        raise HTTPException(404, f"No mending {number} holds in the call '{call}'.")
    mend.take_back(db, config, number, **stamp_of(request))
    return _followed(request, db, known.id)


def _followed(request: Request, db: Database, call: str) -> Mendings:
    """What holds now; the tags of the call follow meanwhile."""
    follower_of(request).add(call)
    return _as_it_stands(request, db, call)


def _as_it_stands(request: Request, db: Database, call: str) -> Mendings:
    state = follower_of(request).state(call)
    return Mendings(
        holding(store.mendings_of(db, call)),
        mend.voices_of(store.utterances_of(db, call)),
        state == WORKING,
        "" if state == WORKING else state,
    )
