"""`/excerpts`: what buyers said, to find, hear, quote and take along."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.months import month_name
from callinsight.reports.wording import Names, readable
from callinsight.web.cards import Card, cards_of, tag_name
from callinsight.web.exports import csv_lines, markdown_lines
from callinsight.web.facets import FACETS, NEWEST, ORDERS, RECORDINGS, count, ordered
from callinsight.web.inventory import MONTH
from callinsight.web.meaning import ALIKE, NEAR, found_by
from callinsight.web.pages import Db, Definitions, Settings, page, require
from callinsight.web.search import query_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from sqlite_utils import Database
    from starlette.datastructures import State

    from callinsight.config import Config
    from callinsight.taxonomy import Taxonomy
    from callinsight.web.facets import Count, Shelf
    from callinsight.web.meaning import Meaning

router = APIRouter()
READ = [Depends(require("viewer"))]
EXPORT = [Depends(require("viewer", noted="export"))]
PAGE = 20
MOST_EXPORTED = 5000
LONGEST = 300  # characters of a search
LONGEST_POSITION = 9  # digits; no call has as many turns
WORDS, MEANING = "words", "meaning"
HEADINGS = {
    "concern": "Concern",
    "stance": "How it is raised",
    "ask": "Asked for",
    "topic": "Topic",
    "competitor": "Rival named",
    "persona": "Role",
    "stage": "Stage",
    "month": "Month",
    "account": "Account",
    "outcome": "Outcome",
    "rep": "Rep",
    "confidence": "How sure",
    "sound": "To hear or read",
}
CONFIDENCE = {"high": "90 % and more", "medium": "70 to 89 %", "low": "Less than 70 %"}
SOUND = {"recording": "With recording", "words": "Words only"}
STANCES = {"none": "Not raised as a concern"}
OPEN = ("concern", "stance", "persona")  # facets that are unfolded at first
ORDER_NAMES = {RECORDINGS: "Recordings first", NEWEST: "Newest first", "surest": "Surest first"}


@dataclass(frozen=True)
class Choice:
    """What a visitor has chosen; the address says all of it."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""
    by: str = WORDS
    like: str = ""  # an utterance to find others like
    order: str = RECORDINGS
    unsure: bool = False

    def address(self, path: str = "/excerpts", **more: str) -> str:
        """The link to this choice."""
        pairs = [(facet, name) for facet in FACETS for name in self.facets.get(facet, ())]
        pairs += [("q", self.words)] if self.words else []
        pairs += [("by", self.by)] if self.words and self.by != WORDS else []
        pairs += [("like", self.like)] if self.like else []
        pairs += [("order", self.order)] if self.order != RECORDINGS else []
        pairs += [("unsure", "1")] if self.unsure else []
        pairs += list(more.items())
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def without(self, facet: str, name: str) -> Choice:
        """The choice with one value less."""
        left = tuple(value for value in self.facets[facet] if value != name)
        return replace(self, facets={**self.facets, facet: left})

    @property
    def is_by_meaning(self) -> bool:
        """Whether what is near in meaning is looked for."""
        return bool(self.like or (self.words and self.by == MEANING))

    @property
    def is_unreadable(self) -> bool:
        """Whether words are looked for, but signs alone were typed."""
        return bool(self.words) and self.by == WORDS and not query_of(self.words)

    @property
    def is_empty(self) -> bool:
        """Whether everything is shown."""
        return not (any(self.facets.values()) or self.words or self.like)


def choice_of(request: Request) -> Choice:
    """Read an address; what it says beyond this is passed over."""
    asked = request.query_params
    return Choice(
        facets=chosen_values({facet: asked.getlist(facet) for facet in FACETS}),
        words=" ".join(asked.get("q", "").split())[:LONGEST],
        by=MEANING if asked.get("by") == MEANING else WORDS,
        like=asked.get("like", ""),
        order=asked.get("order", "") if asked.get("order") in ORDERS else RECORDINGS,
        unsure=asked.get("unsure") == "1",
    )


def chosen_values(asked: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The values that are chosen of each facet, each once; facets without any are left out."""
    facets = {name: tuple(dict.fromkeys(filter(None, given))) for name, given in asked.items()}
    return {name: given for name, given in facets.items() if given}


@dataclass(frozen=True, eq=False)
class Found:
    """What a choice finds: counts, and the rows in their order."""

    shelf: Shelf
    count: Count
    rows: NDArray[np.int32]
    waiting: bool = False  # search by meaning is not ready yet


def find(db: Database, app: State, config: Config, choice: Choice) -> Found:
    """Count and order the excerpts of a choice; `app` is the state of the application."""
    shelf: Shelf = app.index.shelf(db, config.calls.files, unsure=choice.unsure)
    if choice.is_by_meaning:
        return _find_near(shelf, app.index.everything, app.meaning, choice)
    query = query_of(choice.words)
    mask = np.zeros(len(shelf), np.bool_) if choice.is_unreadable else None
    if query:
        mask = shelf.holds(store.matching_turns(db, query.match)) ^ query.without
    counted = count(shelf, choice.facets, mask)
    return Found(shelf, counted, ordered(shelf, counted.chosen, choice.order))


def _find_near(shelf: Shelf, every: Shelf, meaning: Meaning, choice: Choice) -> Found:
    """The excerpts near in meaning, the nearest first."""
    nothing = np.zeros(len(shelf), np.bool_)
    if not meaning.is_ready():
        return Found(shelf, count(shelf, choice.facets, nothing), shelf.newest[:0], waiting=True)
    if choice.like:
        call, position = place_of_turn(choice.like)
        row = shelf.find(call, position)
        of = every.find(call, position)
        scores = meaning.alike(shelf, int(every.row[of])) if of is not None else None
    else:
        scores, row = meaning.near(shelf, choice.words), None
    if scores is None:
        return Found(shelf, count(shelf, choice.facets, nothing), shelf.newest[:0])
    found = found_by(scores, ALIKE if choice.like else NEAR)
    if row is not None:
        found[row] = False
    counted = count(shelf, choice.facets, found)
    rows = np.flatnonzero(counted.chosen)
    return Found(shelf, counted, rows[np.argsort(-scores[rows], kind="stable")].astype(np.int32))


def place_of_turn(utterance: str) -> tuple[str, int]:
    """Call and position of an utterance; a position that there is not for what is no id."""
    call, _, position = utterance.rpartition(":")
    is_number = position.isdecimal() and len(position) <= LONGEST_POSITION
    return (call, int(position)) if is_number else ("", -1)


def part_of(found: Found, after: str, *, most: int = PAGE) -> NDArray[np.int32]:
    """A page of rows behind an excerpt; from the start without one, nothing if it is gone."""
    if not after:
        return found.rows[:most]
    place = place_in(found, after)
    return found.rows[:0] if place is None else found.rows[place + 1 :][:most]


def place_in(found: Found, utterance: str) -> int | None:
    """Where an excerpt stands in what is found; None if it does not."""
    row = found.shelf.find(*place_of_turn(utterance))
    places = np.flatnonzero(found.rows == (-1 if row is None else row))
    return int(places[0]) if len(places) else None


def cards(
    db: Database,
    config: Config,
    names: Names,
    found: Found,
    rows: NDArray[np.int32],
    choice: Choice,
) -> list[Card]:
    """The excerpts of these rows, with what a search found in them."""
    turns = [found.shelf.utterance(int(row)) for row in rows]
    hits = {}
    query = query_of("" if choice.is_by_meaning else choice.words)
    if query and not query.without:
        for row, (call, position) in zip(rows, turns, strict=True):
            marked = store.marked_text(db, query.match, int(found.shelf.row[row]))
            hits[f"{call}:{position:04d}"] = marked or ""
    return cards_of(db, config, names, turns, unsure=choice.unsure, hits=hits)


@router.get("/excerpts", response_class=HTMLResponse, dependencies=READ)
def excerpts(
    request: Request, db: Db, config: Settings, taxonomy: Definitions, after: str = ""
) -> HTMLResponse:
    """The excerpts of a choice, twenty at a time, with what else could be chosen."""
    choice = choice_of(request)
    names = names_of(db, taxonomy)
    found = find(db, request.app.state, config, choice)
    rows = part_of(found, after)
    shown = cards(db, config, names, found, rows, choice)
    more = bool(len(rows)) and rows[-1] != found.rows[-1]
    response = page(
        request,
        "excerpts.html.jinja",
        choice=choice,
        found=found.count,
        cards=shown,
        after=after,
        next=choice.address(after=shown[-1].id) if more and shown else "",
        label=functools.partial(label, names),
        headings=HEADINGS,
        open=OPEN,
        orders=ORDER_NAMES,
        nothing=not len(found.shelf),
        waiting=found.waiting,
        unreadable=choice.is_unreadable,
        like=next(
            iter(cards_of(db, config, names, [place_of_turn(choice.like)], unsure=True)), None
        )
        if choice.like
        else None,
        most_exported=MOST_EXPORTED,
    )
    if not after:
        response.headers["HX-Push-Url"] = choice.address()
    response.headers["Vary"] = "HX-Request"
    return response


@router.get("/excerpts/export.csv", dependencies=EXPORT)
def export_sheet(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> Response:
    """The excerpts of a choice as a sheet."""
    lines = csv_lines(_chosen(request, db, config, taxonomy), _site(request))
    return _download("".join(lines), "text/csv; charset=utf-8", "excerpts.csv")


@router.get("/excerpts/export.md", dependencies=EXPORT)
def export_text(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> Response:
    """The excerpts of a choice as Markdown."""
    lines = markdown_lines(_chosen(request, db, config, taxonomy), _site(request), "Excerpts")
    return _download("".join(lines), "text/markdown; charset=utf-8", "excerpts.md")


@router.get("/excerpts/{utterance:path}", response_class=HTMLResponse, dependencies=READ)
def excerpt(
    request: Request, utterance: str, db: Db, config: Settings, taxonomy: Definitions
) -> HTMLResponse:
    """One excerpt: what its link shows."""
    shown = cards_of(db, config, names_of(db, taxonomy), [place_of_turn(utterance)], unsure=True)
    if not shown:
        raise HTTPException(404)
    return page(request, "excerpt.html.jinja", card=shown[0], note="")


def _chosen(request: Request, db: Database, config: Config, taxonomy: Taxonomy) -> list[Card]:
    """All excerpts of a choice, as far as one file takes them."""
    choice = choice_of(request)
    found = find(db, request.app.state, config, choice)
    turns = [found.shelf.utterance(int(row)) for row in found.rows[:MOST_EXPORTED]]
    return cards_of(db, config, names_of(db, taxonomy), turns, unsure=choice.unsure)


def _download(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=kind, headers=headers)


def _site(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def label(names: Names, facet: str, name: str) -> str:
    """What a value of a facet is called."""
    if facet in ("concern", "ask", "topic", "competitor"):
        return tag_name(facet, name, names)
    if facet == "persona":
        return names.persona(name)
    if facet == "stage":
        return names.stage(name)
    if facet == "month" and MONTH.fullmatch(name):  # anything may be in an address
        return month_name(name)
    known = {"confidence": CONFIDENCE, "sound": SOUND, "stance": STANCES}.get(facet, {})
    if facet in ("account", "rep"):
        return name or "Not named"
    return known.get(name) or readable(name)


def names_of(db: Database, taxonomy: Taxonomy) -> Names:
    """Names for the ids of the definitions and of topics."""
    return Names(taxonomy, {str(topic.id): topic.label for topic in store.all_topics(db)})
