"""The JSON API of playlists: the same functions as their pages."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.web.api import Cursor, Limit, api_router, cursor_at, place_at
from callinsight.web.cards import said_as
from callinsight.web.excerpts_api import Excerpt, excerpt_of
from callinsight.web.pages import Db, Definitions, Settings, require, this_moment, visitor
from callinsight.web.playlists import (
    LONGEST_NAME,
    cards_in,
    collect,
    known_playlist,
    make_playlist,
    own_playlist,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.records import Playlist

COLLECT = [Depends(require("requester"))]
router = api_router()


@dataclasses.dataclass(frozen=True)
class PlaylistShown:
    """Excerpts that somebody collects."""

    number: int
    name: str
    who: str
    created_at: str
    month: str  # of which a run picked it, and nobody changes it; empty for those that people made
    excerpts: int


@dataclasses.dataclass(frozen=True)
class Playlists:
    """The playlists, the newest first."""

    items: list[PlaylistShown]
    next: str | None


@dataclasses.dataclass(frozen=True)
class WholePlaylist:
    """A playlist with its excerpts, in the order they are played."""

    playlist: PlaylistShown
    items: list[Excerpt]
    next: str | None


@dataclasses.dataclass(frozen=True)
class NewPlaylist:
    """A playlist to make."""

    name: str


@dataclasses.dataclass(frozen=True)
class Picked:
    """An excerpt to collect."""

    utterance: str


@router.get("/playlists")
def playlists(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Playlists:
    """The playlists, the newest first."""
    found = store.all_playlists(db)
    if cursor:
        after = place_at(cursor, (str, int))
        found = [one for one in found if (one.created_at, one.id) < after]
    sizes = store.playlist_sizes(db)
    last = found[limit - 1] if len(found) > limit else None
    return Playlists(
        [_shown(one, sizes) for one in found[:limit]],
        cursor_at(last.created_at, last.id) if last else None,
    )


@router.get("/playlists/{number}")
def playlist(
    number: int,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> WholePlaylist:
    """A playlist with its excerpts, in the order they are played."""
    known = known_playlist(db, number)
    items = store.playlist_items(db, number)
    start = 0
    if cursor:
        (after,) = place_at(cursor, (str,))
        places = [place for place, item in enumerate(items) if item.utterance == after]
        if not places:
            raise InputError("the excerpt at which this cursor ends is gone; begin without one")
        start = places[0] + 1
    some = items[start : start + limit]
    more = cursor_at(some[-1].utterance) if len(items) > start + limit else None
    excerpts = [excerpt_of(card) for card in cards_in(db, config, taxonomy, some)]
    return WholePlaylist(_shown(known, store.playlist_sizes(db)), excerpts, more)


@router.post("/playlists", status_code=201, dependencies=COLLECT)
def new_playlist(request: Request, given: NewPlaylist, db: Db) -> PlaylistShown:
    """Make a playlist; excerpts are put into it afterwards."""
    title = " ".join(given.name.split())
    if not title or len(title) > LONGEST_NAME:
        raise InputError(f"a playlist needs a name of at most {LONGEST_NAME} characters")
    with store.transaction(db):
        made = make_playlist(db, title, who=visitor(request).name, at=this_moment(request))
    return _shown(made, {})


@router.post("/playlists/{number}/excerpts", dependencies=COLLECT)
def add_to_playlist(request: Request, number: int, given: Picked, db: Db) -> PlaylistShown:
    """Put an excerpt at the end of a playlist; one that is there already stays where it is."""
    with store.transaction(db):
        known = own_playlist(db, number)
        said = said_as(db, given.utterance)
        collect(db, known, said, who=visitor(request).name, at=this_moment(request))
    return _shown(known, store.playlist_sizes(db))


@router.delete(
    "/playlists/{number}/excerpts/{utterance:path}", status_code=204, dependencies=COLLECT
)
def remove_from_playlist(number: int, utterance: str, db: Db) -> None:
    """Take an excerpt out of a playlist."""
    with store.transaction(db):
        known = own_playlist(db, number)
        if utterance not in _collected(db, number):
            raise HTTPException(404, f"The excerpt '{utterance}' is not in this playlist.")
        store.remove_from_playlist(db, known.id, utterance)


@router.delete("/playlists/{number}", status_code=204, dependencies=COLLECT)
def delete_playlist(number: int, db: Db) -> None:
    """Drop a playlist; its excerpts stay where they were said."""
    with store.transaction(db):
        store.remove_playlist(db, own_playlist(db, number).id)


def _collected(db: Database, number: int) -> list[str]:
    return [item.utterance for item in store.playlist_items(db, number)]


def _shown(one: Playlist, sizes: dict[int, int]) -> PlaylistShown:
    return PlaylistShown(one.id, one.name, one.who, one.created_at, one.month, sizes.get(one.id, 0))
