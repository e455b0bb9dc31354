"""`/playlists`: excerpts that people collect, to play one after the other and pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.records import Playlist, PlaylistItem
from callinsight.web.cards import cards_of, utterance_address
from callinsight.web.excerpts import names_of
from callinsight.web.exports import markdown_lines
from callinsight.web.pages import Db, Definitions, Settings, page, require, this_moment, visitor

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
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
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    if said is None:
        raise HTTPException(404)
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
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    if said is None:
        raise HTTPException(404)
    who, at = visitor(request).name, this_moment(request)
    title = " ".join(name.split())
    with store.transaction(db):
        if title:
            new = Playlist(name=title, who=who, created_at=at)
            playlist = store.add_playlist(db, new).id
        chosen = _own(db, playlist)
        item = PlaylistItem(playlist=chosen.id, utterance=said.id, call=said.call, who=who, at=at)
        store.add_to_playlist(db, item)
    if "hx-request" in request.headers:
        return page(request, "playlist_added.html.jinja", playlist=chosen)
    return RedirectResponse(f"/playlists/{chosen.id}", 303)


@router.get("/playlists/{number}", response_class=HTMLResponse, dependencies=READ)
def playlist_page(
    request: Request, number: int, db: Db, config: Settings, taxonomy: Definitions
) -> HTMLResponse:
    """A playlist, to hear from its first excerpt to its last."""
    known = _known(db, number)
    shown = _cards(db, config, taxonomy, number)
    return page(request, "playlist.html.jinja", playlist=known, cards=shown)


@router.get("/playlists/{number}/export.md", dependencies=EXPORT)
def playlist_text(
    request: Request, number: int, db: Db, config: Settings, taxonomy: Definitions
) -> Response:
    """The quotes of a playlist as Markdown."""
    known = _known(db, number)
    site = str(request.base_url).rstrip("/")
    lines = list(markdown_lines(_cards(db, config, taxonomy, number), site, known.name))
    return StreamingResponse(
        iter(lines),
        media_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="playlist-{number}.md"'},
    )


@router.post("/playlists/{number}/remove", dependencies=COLLECT)
def remove_from_playlist(number: int, db: Db, utterance: Annotated[str, Form()]) -> Response:
    """Take an excerpt out of a playlist."""
    with store.transaction(db):
        store.remove_from_playlist(db, _own(db, number).id, utterance)
    return RedirectResponse(f"/playlists/{number}", 303)


@router.post("/playlists/{number}/delete", dependencies=COLLECT)
def delete_playlist(number: int, db: Db) -> Response:
    """Drop a playlist."""
    with store.transaction(db):
        store.remove_playlist(db, _own(db, number).id)
    return RedirectResponse("/playlists", 303)


def _cards(db: Database, config: Config, taxonomy: Taxonomy, number: int) -> list[Card]:
    """The excerpts of a playlist, with the tags that are not sure, as people chose them."""
    items = store.playlist_items(db, number)
    turns = [(item.call, int(item.utterance.rpartition(":")[2])) for item in items]
    return cards_of(db, config, names_of(db, taxonomy), turns, unsure=True)


def _own(db: Database, number: int) -> Playlist:
    """A playlist that people made."""
    known = _known(db, number)
    if known.month:
        raise InputError(PICKED)
    return known


def _known(db: Database, number: int) -> Playlist:
    found = next((one for one in store.all_playlists(db) if one.id == number), None)
    if found is None:
        raise HTTPException(404)
    return found
