"""The JSON API of excerpts and of what they can be chosen by: the same choice as the page's address."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, Query, Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.records import Tag
from callinsight.web.api import MOST, Cursor, Limit, api_router, cursor_at, place_at
from callinsight.web.cards import cards_of
from callinsight.web.excerpts import (
    HEADINGS,
    LONGEST,
    Choice,
    Found,
    cards,
    chosen_values,
    find,
    label,
    names_of,
    part_of,
    place_in,
    place_of_turn,
)
from callinsight.web.pages import Db, Definitions, Settings

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Utterance
    from callinsight.web.cards import Card

router = api_router()
NOT_READY = "search by meaning is still reading what was said; ask again in a few seconds"
GONE = "the excerpt at which this cursor ends is not among these any more; begin without one"
Values = Annotated[
    list[str],
    Query(default_factory=list, max_length=MOST, description="Repeated: any of these."),
]


@dataclasses.dataclass(frozen=True)
class TurnBeside:
    """The turn before or after."""

    speaker: str
    side: str  # rep | buyer | unknown
    text: str


@dataclasses.dataclass(frozen=True)
class Excerpt:
    """A turn with what stands around it; addresses are paths of this site, and take the same token."""

    id: str  # of the utterance
    call: str
    position: int  # in its call, from 0
    title: str  # of the call
    account: str
    deal: str
    recorded_at: str
    start_s: float
    end_s: float
    estimated: bool  # the times are worked out, not heard
    speaker: str
    job_title: str
    side: str  # rep | buyer | unknown
    persona: str
    text: str
    before: TurnBeside | None
    after: TurnBeside | None
    tags: list[Tag]  # each with its confidence, the words that carry it, and why
    hits: list[tuple[int, int]]  # where in `text` are the words looked for: begin and end
    audio: str  # the recording of the call; empty where it cannot be played
    play_from_s: float  # what of it to play: the words with some air
    play_to_s: float
    clip: str  # only these words, as MP3; empty where there is none
    page: str  # to read and hear it
    call_page: str


@dataclasses.dataclass(frozen=True)
class Excerpts:
    """What a choice finds, in its order."""

    total: int
    calls: int  # in which they were said
    items: list[Excerpt]
    next: str | None


@dataclasses.dataclass(frozen=True)
class Value:
    """One value of a facet."""

    id: str
    name: str
    excerpts: int  # there would be with it, beside what is chosen of other facets
    chosen: bool


@dataclasses.dataclass(frozen=True)
class Facet:
    """What excerpts can be chosen by: its values with excerpts, the most first, 60 at most."""

    id: str
    name: str
    values: list[Value]


@dataclasses.dataclass(frozen=True)
class Facets:
    """What a choice leaves to choose from."""

    total: int  # excerpts of the choice
    calls: int
    items: list[Facet]


def _choice(
    concern: Values,
    stance: Values,
    ask: Values,
    topic: Values,
    competitor: Values,
    persona: Values,
    stage: Values,
    month: Values,
    account: Values,
    outcome: Values,
    rep: Values,
    confidence: Values,
    sound: Values,
    q: Annotated[
        str,
        Query(max_length=LONGEST, description='Words, "phrases", OR, -without; begin* of a word.'),
    ] = "",
    by: Annotated[
        Literal["words", "meaning"], Query(description="What `q` is compared with.")
    ] = "words",
    like: Annotated[str, Query(description="Id of an utterance: others like it.")] = "",
    order: Annotated[
        Literal["recordings", "newest", "surest"],
        Query(description="By meaning, the nearest come first in any case."),
    ] = "recordings",
    unsure: Annotated[bool, Query(description="Also tags that are not sure.")] = False,
) -> Choice:
    """Values of one facet by OR, facets by AND, and only what a search finds."""
    facets = {
        "concern": concern,
        "stance": stance,
        "ask": ask,
        "topic": topic,
        "competitor": competitor,
        "persona": persona,
        "stage": stage,
        "month": month,
        "account": account,
        "outcome": outcome,
        "rep": rep,
        "confidence": confidence,
        "sound": sound,
    }
    words = " ".join(q.split())
    return Choice(chosen_values(facets), words, by, like, order, unsure)


Chosen = Annotated[Choice, Depends(_choice)]


@router.get("/excerpts")
def excerpts(
    request: Request,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    choice: Chosen,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Excerpts:
    """The excerpts of a choice: by facets, by words, by meaning, or like another one."""
    (after,) = place_at(cursor, (str,)) if cursor else ("",)
    found = _found(request, db, config, choice)
    if after and place_in(found, after) is None:
        raise InputError(GONE)
    rows = part_of(found, after, most=limit)
    items = [
        excerpt_of(card) for card in cards(db, config, names_of(db, taxonomy), found, rows, choice)
    ]
    more = bool(len(rows)) and rows[-1] != found.rows[-1]
    last = ":".join(_id_of(found, int(rows[-1]))) if more else ""
    return Excerpts(found.count.total, found.count.calls, items, cursor_at(last) if more else None)


@router.get("/excerpts/{utterance:path}")
def excerpt(utterance: str, db: Db, config: Settings, taxonomy: Definitions) -> Excerpt:
    """One excerpt, with tags that are not sure, too; any turn of a call can be had so."""
    names = names_of(db, taxonomy)
    shown = cards_of(db, config, names, [place_of_turn(utterance)], unsure=True)
    if not shown:
        raise HTTPException(404, f"There is no excerpt '{utterance}'.")
    return excerpt_of(shown[0])


@router.get("/facets")
def facets(
    request: Request, db: Db, config: Settings, taxonomy: Definitions, choice: Chosen
) -> Facets:
    """What a choice leaves to choose from, with how many excerpts each value would give."""
    names = names_of(db, taxonomy)
    counted = _found(request, db, config, choice).count
    items = []
    for id_, heading in HEADINGS.items():
        chosen = choice.facets.get(id_, ())
        values = [
            Value(name, label(names, id_, name), number, name in chosen)
            for name, number in counted.facets[id_]
        ]
        items.append(Facet(id_, heading, values))
    return Facets(counted.total, counted.calls, items)


def excerpt_of(card: Card) -> Excerpt:
    """An excerpt as programs get it."""
    said, call = card.utterance, card.call
    return Excerpt(
        id=said.id,
        call=call.id,
        position=said.position,
        title=call.title,
        account=call.account,
        deal=call.deal,
        recorded_at=call.recorded_at,
        start_s=said.start_s,
        end_s=said.end_s,
        estimated=said.estimated,
        speaker=card.person,
        job_title=card.title,
        side=said.side,
        persona=said.persona,
        text=said.text,
        before=_beside(card.before),
        after=_beside(card.after),
        tags=list(card.tags),
        hits=_hits(card),
        audio=card.audio,
        play_from_s=card.start_s,
        play_to_s=card.end_s,
        clip=card.clip,
        page=card.address,
        call_page=card.call_address,
    )


def _found(request: Request, db: Database, config: Config, choice: Choice) -> Found:
    """What a choice finds; raises InputError and HTTPException where nothing can be said yet."""
    if choice.like and choice.like not in store.utterances_by_id(db, [choice.like]):
        raise HTTPException(404, f"There is no utterance '{choice.like}'.")
    found = find(db, request.app.state, config, choice)
    if found.waiting:
        raise InputError(NOT_READY)
    return found


def _id_of(found: Found, row: int) -> tuple[str, str]:
    call, position = found.shelf.utterance(row)
    return call, f"{position:04d}"


def _beside(turn: Utterance | None) -> TurnBeside | None:
    return TurnBeside(turn.speaker, turn.side, turn.text) if turn else None


def _hits(card: Card) -> list[tuple[int, int]]:
    """Spans of the text that a search found; pieces next to each other are one."""
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in card.pieces:
        end = at + len(piece.text)
        if piece.hit and spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], end)
        elif piece.hit:
            spans.append((at, end))
        at = end
    return spans
