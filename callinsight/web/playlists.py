"""`/playlists`: excerpts that people collect, to play one after the other and pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.records import Playlist, PlaylistItem
from callinsight.web.cards import cards_of, said_as, utterance_address
from callinsight.web.excerpts import names_of, place_of_turn
from callinsight.web.exports import markdown_lines
from callinsight.web.pages import Db, Definitions, Settings, page, require, this_moment, visitor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Utterance
    from callinsight.taxonomy import Taxonomy
    from callinsight.web.cards import Card

router = APIRouter()
READ = [Depends(require("viewer"))]
EXPORT = [Depends(require("viewer", noted="export"))]
COLLECT = [Depends(require("requester"))]
LONGEST_NAME = 120
PICKED = "each run picks this playlist anew; collect what is to stay in one of your own"


@router.get("/playlists", response_class=HTMLResponse, dependencies=READ)
def playlists(request: Request, db: Db) -> HTMLResponse:
    """The playlists, the newest first."""
    return page(
        request,
        "playlists.html.jinja",
        playlists=store.all_playlists(db),
        sizes=store.playlist_sizes(db),
    )


@router.get("/playlists/add/{utterance:path}", response_class=HTMLResponse, dependencies=COLLECT)
def choose_playlist(request: Request, utterance: str, db: Db) -> HTMLResponse:
    """The form that puts an excerpt into a playlist."""
    said = said_as(db, utterance)
    return page(
        request,
        "playlist_add.html.jinja",
        said=said,
        action=f"/playlists/add/{utterance_address(utterance)}",
        playlists=[one for one in store.all_playlists(db) if not one.month],
    )


@router.post("/playlists/add/{utterance:path}", dependencies=COLLECT)
def add_to_playlist(
    request: Request,
    utterance: str,
    db: Db,
    playlist: Annotated[int, Form()] = 0,
    name: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
) -> Response:
    """Put an excerpt into a playlist, or into a new one with this name."""
    stamp = {"who": visitor(request).name, "at": this_moment(request)}
    title = " ".join(name.split())
    with store.transaction(db):
        said = said_as(db, utterance)
        chosen = make_playlist(db, title, **stamp) if title else own_playlist(db, playlist)
        collect(db, chosen, said, **stamp)
    if "hx-request" in request.headers:
        return page(request, "playlist_added.html.jinja", playlist=chosen)
    return RedirectResponse(f"/playlists/{chosen.id}", 303)


@router.get("/playlists/{number}", response_class=HTMLResponse, dependencies=READ)
def playlist_page(
    request: Request, number: int, db: Db, config: Settings, taxonomy: Definitions
) -> HTMLResponse:
    """A playlist, to hear from its first excerpt to its last."""
    known = known_playlist(db, number)
    shown = cards_in(db, config, taxonomy, store.playlist_items(db, number))
    return page(request, "playlist.html.jinja", playlist=known, cards=shown)


@router.get("/playlists/{number}/export.md", dependencies=EXPORT)
def playlist_text(
    request: Request, number: int, db: Db, config: Settings, taxonomy: Definitions
) -> Response:
    """The quotes of a playlist as Markdown."""
    known = known_playlist(db, number)
    site = str(request.base_url).rstrip("/")
    lines = list(
        markdown_lines(
            cards_in(db, config, taxonomy, store.playlist_items(db, number)), site, known.name
        )
    )
    return StreamingResponse(
        iter(lines),
        media_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="playlist-{number}.md"'},
    )


@router.post("/playlists/{number}/remove", dependencies=COLLECT)
def remove_from_playlist(number: int, db: Db, utterance: Annotated[str, Form()]) -> Response:
    """Take an excerpt out of a playlist."""
    with store.transaction(db):
        store.remove_from_playlist(db, own_playlist(db, number).id, utterance)
    return RedirectResponse(f"/playlists/{number}", 303)


@router.post("/playlists/{number}/delete", dependencies=COLLECT)
def delete_playlist(number: int, db: Db) -> Response:
    """Drop a playlist."""
    with store.transaction(db):
        store.remove_playlist(db, own_playlist(db, number).id)
    return RedirectResponse("/playlists", 303)


def make_playlist(db: Database, title: str, *, who: str, at: str) -> Playlist:
    """A new playlist, without an excerpt yet."""
    return store.add_playlist(db, Playlist(name=title, who=who, created_at=at))


def collect(db: Database, playlist: Playlist, said: Utterance, *, who: str, at: str) -> None:
    """Put an excerpt at the end of a playlist; one that is there already stays where it is."""
    item = PlaylistItem(playlist=playlist.id, utterance=said.id, call=said.call, who=who, at=at)
    store.add_to_playlist(db, item)


def own_playlist(db: Database, number: int) -> Playlist:
    """A playlist that people made; raises InputError for one that a run picked, HTTPException for none."""
    known = known_playlist(db, number)
    if known.month:
        raise InputError(PICKED)
    return known


def known_playlist(db: Database, number: int) -> Playlist:
    """A playlist by its number; raises HTTPException."""
    found = next((one for one in store.all_playlists(db) if one.id == number), None)
    if found is None:
        raise HTTPException(404, f"There is no playlist {number}.")
    return found


def cards_in(
    db: Database, config: Config, taxonomy: Taxonomy, items: Iterable[PlaylistItem]
) -> list[Card]:
    """The excerpts of a playlist, with the tags that are not sure, as people chose them."""
    turns = [place_of_turn(item.utterance) for item in items]
    return cards_of(db, config, names_of(db, taxonomy), turns, unsure=True)
