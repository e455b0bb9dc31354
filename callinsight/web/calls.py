"""`/calls/ID`: a call to read, hear and mend."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.calls.mending import PEOPLE, PERSONA, ROLE, SIDE, TITLE, TURN, WRITTEN, holding
from callinsight.calls.speakers import voice_of
from callinsight.calls.talk import talk_of
from callinsight.pipeline import mend
from callinsight.pipeline.words import turn_of
from callinsight.records import UNKNOWN
from callinsight.reports.excerpts import find_words
from callinsight.reports.wording import Names, clock, percent, readable
from callinsight.web.cards import (
    Mark,
    audio_address,
    call_address,
    mark_of,
    said_as,
    utterance_address,
)
from callinsight.web.following import WORKING, follower_of
from callinsight.web.pages import Db, Definitions, Settings, page, require, this_moment, visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call, Mending, Participant, Tag, Utterance

router = APIRouter()
READ = [Depends(require("viewer"))]
MEND = [Depends(require("editor"))]
SIDES = {"rep": "Our side", "buyer": "Buyer", UNKNOWN: "Not known"}
SOURCES = {
    "sheets": "by the sheets",
    "words": "by what is said",
    "voice": "by the voice",
    PEOPLE: "as somebody said",
    UNKNOWN: "",
}
STATUS = {
    "partial": "Only a part of this call could be read.",
    "failed": "This call could not be read.",
    "empty": "Nobody speaks in this call.",
    "refused": "This call is left out: there is no consent to use it.",
}


@dataclass(frozen=True, kw_only=True)
class WordShown:
    """A word of a turn; words without a time cannot be clicked."""

    text: str
    at_s: float | None
    evidence: bool


@dataclass(frozen=True, kw_only=True)
class TurnShown:
    """A turn as the page shows it."""

    utterance: Utterance
    at: str
    words: tuple[WordShown, ...]
    marks: tuple[Mark, ...]
    mend: str  # where its words and side are mended
    correct: str  # where its tags are
    address: str
    sure: str  # of its side, where that is not certain


@dataclass(frozen=True, kw_only=True)
class VoiceShown:
    """A voice of a call and whose it is."""

    voice: str
    name: str
    side: str
    told: str  # by what, and how sure
    role: str  # of a buyer's voice that no sheet names; else empty


@router.get("/calls/{call:path}", response_class=HTMLResponse, dependencies=READ)
def call_page(
    request: Request, call: str, db: Db, config: Settings, taxonomy: Definitions
) -> HTMLResponse:
    """A call: its words in step with its sound, tags, people, deal, and what was mended."""
    known = known_call(db, call)
    said = [] if known.is_closed else store.utterances_of(db, call)
    people = [] if known.is_closed else store.participants_of(db, call)
    mendings = [] if known.is_closed else holding(store.mendings_of(db, call))
    names = Names(taxonomy, {str(topic.id): topic.label for topic in store.all_topics(db)})
    return page(
        request,
        "call.html.jinja",
        call=known,
        address=call_address(call),
        trouble=STATUS.get(known.status, ""),
        turns=_turns(said, store.tags_of_call(db, call), names),
        audio=audio_address(db, config, known),
        talks=talk_of(said),
        people=people,
        voices=_voices(said, people),
        others=[c for c in store.calls_of_deal(db, known.deal) if c.id != call],
        mendings=[(m, _told(m, names)) for m in mendings],
        state=follower_of(request).state(call),
        names=names,
        personas=[*taxonomy.personas, UNKNOWN],
        sides=SIDES,
        call_address=call_address,
    )


@router.get("/mend/state/{call:path}", response_class=HTMLResponse, dependencies=READ)
def mending_state(request: Request, call: str) -> Response:
    """Whether tags still follow a mending; the page is loaded anew once they have."""
    state = follower_of(request).state(call)
    if state == WORKING:
        return Response(status_code=204)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


@router.get("/mend/turn/{utterance:path}", response_class=HTMLResponse, dependencies=MEND)
def turn_form(request: Request, utterance: str, db: Db) -> HTMLResponse:
    """The form for the words and the side of one turn."""
    said = said_as(db, utterance)
    return page(
        request,
        "mend_turn.html.jinja",
        turn=said,
        at=clock(said.start_s, estimated=said.estimated),
        call=known_call(db, said.call),
        call_address=call_address(said.call),
        action=f"/mend/turn/{utterance_address(said.id)}",
        sides=SIDES,
    )


@router.post("/mend/turn/{utterance:path}", dependencies=MEND)
def mend_turn(
    request: Request,
    utterance: str,
    db: Db,
    config: Settings,
    text: Annotated[str, Form(max_length=20_000)],
    side: Annotated[str, Form()],
) -> Response:
    """Keep what was said in a turn and on which side."""
    said = keep_turn(db, config, utterance, side=side, text=text, **stamp_of(request))
    return _followed(request, said.call, f"turn-{said.position}")


@router.post("/mend/voice/{call:path}", dependencies=MEND)
def mend_voice(
    request: Request,
    call: str,
    db: Db,
    config: Settings,
    side: Annotated[str, Form()],
    voice: Annotated[str, Form()] = "",
) -> Response:
    """Keep whose a voice is."""
    mend.set_side(db, config, call, voice, side, **stamp_of(request))
    return _followed(request, call)


@router.post("/mend/role/{call:path}", dependencies=MEND)
def mend_role(
    request: Request,
    call: str,
    db: Db,
    config: Settings,
    persona: Annotated[str, Form()],
    voice: Annotated[str, Form()] = "",
) -> Response:
    """Keep the role of a voice that no sheet names."""
    mend.set_role(db, config, call, voice, persona, **stamp_of(request))
    return _followed(request, call)


@router.post("/mend/swap/{call:path}", dependencies=MEND)
def swap_sides(request: Request, call: str, db: Db, config: Settings) -> Response:
    """Make reps buyers and buyers reps."""
    mend.swap_sides(db, config, call, **stamp_of(request))
    return _followed(request, call)


@router.post("/mend/person/{call:path}", dependencies=MEND)
def mend_person(
    request: Request,
    call: str,
    db: Db,
    config: Settings,
    name: Annotated[str, Form()],
    persona: Annotated[str, Form()],
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep somebody's title and role."""
    stamp = stamp_of(request)
    mend.set_person(db, config, call, name, title=title, persona=persona, **stamp)
    return _followed(request, call)


@router.post("/mend/undo/{number}", dependencies=MEND)
def undo_mending(request: Request, number: int, db: Db, config: Settings) -> Response:
    """Take a mending back."""
    call = mend.take_back(db, config, number, **stamp_of(request))
    return _followed(request, call)


def keep_turn(
    db: Database, config: Config, utterance: str, *, side: str, text: str, who: str, at: str
) -> Utterance:
    """Keep on which side a turn was said and its words; the turn as it was before."""
    said = said_as(db, utterance)
    if side != said.side:
        mend.set_turn_side(db, config, utterance, side, who=who, at=at)
    if text != said.text:
        mend.set_words(db, config, utterance, text, who=who, at=at)
    return said


def stamp_of(request: Request) -> dict[str, str]:
    """Who mends, and when."""
    return {"who": visitor(request).name, "at": this_moment(request)}


def _followed(request: Request, call: str, anchor: str = "") -> Response:
    """Back to the call; its tags follow meanwhile."""
    follower_of(request).add(call)
    place = f"#{anchor}" if anchor else ""
    return RedirectResponse(f"{call_address(call)}{place}", 303)


def known_call(db: Database, call: str) -> Call:
    """A call by its id; raises HTTPException."""
    known = store.get_call(db, call)
    if known is None:
        raise HTTPException(404, f"There is no call '{call}'.")
    return known


def open_call(db: Database, call: str) -> Call:
    """A call that may be used; raises HTTPException."""
    known = known_call(db, call)
    if known.is_closed:
        raise HTTPException(403, STATUS[known.status])
    return known


def _turns(said: Sequence[Utterance], tags: Iterable[Tag], names: Names) -> list[TurnShown]:
    by_turn: dict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        by_turn[tag.utterance].append(tag)
    return [
        TurnShown(
            utterance=turn,
            at=clock(turn.start_s, estimated=turn.estimated),
            words=_words(turn, [tag.evidence for tag in by_turn[turn.id]]),
            marks=tuple(mark_of(tag, names) for tag in _in_order(by_turn[turn.id])),
            mend=f"/mend/turn/{utterance_address(turn.id)}",
            correct=f"/correct/{utterance_address(turn.id)}?back=call",
            address=f"/excerpts/{utterance_address(turn.id)}",
            sure=percent(turn.side_confidence) if 0 < turn.side_confidence < 0.995 else "",
        )
        for turn in said
    ]


def _in_order(tags: list[Tag]) -> list[Tag]:
    return sorted(tags, key=lambda tag: (tag.status != "sure", tag.kind == "topic", -tag.score))


def _words(turn: Utterance, evidence: Sequence[str]) -> tuple[WordShown, ...]:
    """The words of a turn with their times; what is evidence of a tag is found by its place."""
    spans = [span for phrase in evidence if phrase for span in find_words(phrase, turn.text)]

    def is_evidence(place: int) -> bool:
        return any(start <= place < end for start, end in spans)

    timed = {}
    if not turn.estimated and "".join("".join(w.text for w in turn.words).split()) == "".join(
        turn.text.split()
    ):
        place = 0
        for word in turn.words:
            for part in word.text.split()[:1]:
                place = turn.text.index(part, place)
                timed[place] = word.start_s
                place += len(part)
    shown, place = [], 0
    for text in turn.text.split(" "):
        at_s = timed.get(place)
        shown.append(WordShown(text=text, at_s=at_s, evidence=is_evidence(place)))
        place += len(text) + 1
    return tuple(shown)


def _voices(said: Sequence[Utterance], people: Sequence[Participant]) -> list[VoiceShown]:
    """The voices of a call, each with the name and side it mostly has."""
    first: dict[str, Utterance] = {}
    for turn in said:
        voice = voice_of(turn_of(turn))
        if voice not in first or (first[voice].side == UNKNOWN and turn.side != UNKNOWN):
            first[voice] = turn
    sides = mend.voices_of(said)
    named = {person.name for person in people}
    return [
        VoiceShown(
            voice=voice,
            name=turn.speaker if voice else "Everybody",
            side=sides[voice],
            told=" ".join(
                part
                for part in (
                    SOURCES.get(turn.side_source, ""),
                    percent(turn.side_confidence) if turn.side_confidence else "",
                )
                if part
            ),
            role=turn.persona if sides[voice] == "buyer" and turn.speaker not in named else "",
        )
        for voice, turn in first.items()
    ]


def _told(mending: Mending, names: Names) -> str:
    """A mending in words."""
    if mending.what == SIDE:
        return f"{readable(mending.subject) or 'Everybody'} is {_side(mending.after)}"
    if mending.what == TURN:
        return f"“{_short(mending.text)}” was said by {_side(mending.after)}"
    if mending.what == WRITTEN:
        return f"“{_short(mending.before)}” reads “{_short(mending.after)}”"
    if mending.what == TITLE:
        return f"{mending.subject} is {mending.after or 'without a title'}"
    assert mending.what in (PERSONA, ROLE)
    who = mending.subject if mending.what == PERSONA else readable(mending.subject) or "Everybody"
    return f"{who} has the role {names.persona(mending.after)}"


def _side(side: str) -> str:
    return {"rep": "our side", "buyer": "the buyer"}.get(side, "somebody not known")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79].rstrip()}…"
