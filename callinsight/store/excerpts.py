"""Tagged turns as the pages browse them, and the playlists that people make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.records import Participant, Playlist, PlaylistItem, Utterance
from callinsight.store.rows import load, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from sqlite_utils import Database

MARKS = ("\x02", "\x03")  # around found words; no text has them
AT_ONCE = 500  # calls in one query
TAGGED = (
    "SELECT utterances.rowid, tags.call, utterances.position, tags.kind, tags.label, tags.stance, "
    "tags.score, tags.status, tags.persona, tags.stage, tags.month "
    "FROM tags JOIN utterances ON utterances.id = tags.utterance"
)
GONE = ""  # in the list of changed calls: some are there no more
FACTS = (
    "SELECT id, recorded_at, account, outcome, file, channels, "
    "(SELECT group_concat(name, char(10)) FROM participants WHERE call = calls.id AND side = 'rep') "
    "FROM calls"
)


def edition(db: Database) -> int:
    """A number that grows with every change to tags, calls and participants."""
    (number,) = db.execute("SELECT coalesce(max(number), 0) FROM changed_calls").fetchone()
    return int(number)


def calls_changed_since(db: Database, number: int) -> list[str]:
    """The calls whose tags, facts or participants changed after an edition; GONE if some are gone."""
    rows = db.execute("SELECT call FROM changed_calls WHERE number > ?", [number])
    return [call for (call,) in rows.fetchall()]


def tagged_rows(db: Database, calls: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The tags of some calls, as `TAGGED` names their columns."""
    yield from _of_calls(db, TAGGED, "tags.call", calls)


def all_call_ids(db: Database) -> list[str]:
    """The ids of all calls."""
    return [call for (call,) in db.execute("SELECT id FROM calls ORDER BY id").fetchall()]


def call_facts(db: Database, calls: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """What excerpts are counted by, as `FACTS` names its columns; the reps by lines."""
    yield from _of_calls(db, FACTS, "calls.id", calls)


def matching_turns(db: Database, match: str) -> NDArray[np.int64]:
    """Row numbers of the tagged turns that an FTS5 query matches, in no order.

    They come as one text, for a million rows one by one take longer than the search.
    """
    (rows,) = db.execute(
        "SELECT group_concat(rowid) FROM tagged_fts WHERE tagged_fts MATCH ?", [match]
    ).fetchone()
    return np.fromstring(rows or "", dtype=np.int64, sep=",")


def marked_text(db: Database, match: str, rowid: int) -> str | None:
    """The words of a tagged turn with what a query found between `MARKS`."""
    row = db.execute(
        "SELECT highlight(tagged_fts, 0, ?, ?) FROM tagged_fts "
        "WHERE tagged_fts MATCH ? AND rowid = ?",
        [*MARKS, match, rowid],
    ).fetchone()
    return row[0] if row else None


def turns_near(db: Database, call: str, position: int) -> list[Utterance]:
    """A turn with the one before and the one after, in order."""
    return load(
        db,
        Utterance,
        "SELECT * FROM utterances WHERE call = ? AND position BETWEEN ? AND ? ORDER BY position",
        [call, position - 1, position + 1],
    )


def participant(db: Database, call: str, name: str) -> Participant | None:
    """A person in a call."""
    sql = "SELECT * FROM participants WHERE call = ? AND name = ?"
    return next(iter(load(db, Participant, sql, [call, name])), None)


def turn_vectors(
    db: Database, model: str, key: Callable[[str], str], rows: Sequence[int] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Row numbers and stored vectors (float32 bytes) of tagged turns, of some rows or of all.

    `key` gives what the vector of a text is found by.
    """
    db.conn.create_function("vector_key", 1, key, deterministic=True)
    sql = (
        "SELECT utterances.rowid, embeddings.vector FROM utterances "
        "JOIN embeddings ON embeddings.text_hash = vector_key(utterances.text) "
        "AND embeddings.model = ? WHERE utterances."
    )
    if rows is None:
        yield from db.execute(f"{sql}id IN (SELECT utterance FROM tags) ", [model])  # noqa: S608
        return
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        marks = ", ".join("?" for _ in some)
        yield from db.execute(f"{sql}rowid IN ({marks})", [model, *some])


def tagged_texts(db: Database, call: str = "") -> Iterator[str]:
    """What was said in each tagged turn, of one call or of all."""
    tagged = (
        "(SELECT utterance FROM tags WHERE call = ?)" if call else "(SELECT utterance FROM tags)"
    )
    sql = f"SELECT text FROM utterances WHERE id IN {tagged}"  # noqa: S608 - fixed texts
    for (text,) in db.execute(sql, [call] if call else []):
        yield text


def add_playlist(db: Database, playlist: Playlist) -> Playlist:
    """Keep a new playlist; with its number."""
    values = {**row_of(playlist), "id": None}
    number = db.table("playlists").insert(values, pk="id").last_pk
    (kept,) = load(db, Playlist, "SELECT * FROM playlists WHERE id = ?", [number])
    return kept


def all_playlists(db: Database) -> list[Playlist]:
    """The playlists, the newest first."""
    return load(db, Playlist, "SELECT * FROM playlists ORDER BY created_at DESC, id DESC")


def playlist_of_month(db: Database, month: str) -> Playlist | None:
    """What a run picked of a month."""
    sql = "SELECT * FROM playlists WHERE month = ? ORDER BY id"
    return next(iter(load(db, Playlist, sql, [month])), None)


def playlist_sizes(db: Database) -> dict[int, int]:
    """How many excerpts each playlist has, as far as their turns are there."""
    sql = (
        "SELECT playlist, count(*) FROM playlist_items "
        "WHERE EXISTS (SELECT 1 FROM utterances WHERE id = utterance) GROUP BY playlist"
    )
    return dict(db.execute(sql).fetchall())


def remove_playlist(db: Database, number: int) -> None:
    """Drop a playlist; its excerpts stay where they were said."""
    db.execute("DELETE FROM playlist_items WHERE playlist = ?", [number])
    db.execute("DELETE FROM playlists WHERE id = ?", [number])


def empty_playlist(db: Database, number: int) -> None:
    """Take all excerpts out of a playlist."""
    db.execute("DELETE FROM playlist_items WHERE playlist = ?", [number])


def add_to_playlist(db: Database, item: PlaylistItem) -> None:
    """Put an excerpt at the end of a playlist; one that is there already stays where it is."""
    db.table("playlist_items").insert(row_of(item), pk=("playlist", "utterance"), ignore=True)


def remove_from_playlist(db: Database, playlist: int, utterance: str) -> None:
    """Take an excerpt out of a playlist."""
    db.execute(
        "DELETE FROM playlist_items WHERE playlist = ? AND utterance = ?", [playlist, utterance]
    )


def playlist_items(db: Database, playlist: int) -> list[PlaylistItem]:
    """The excerpts of a playlist in the order they were added, as far as their turns are there."""
    return load(
        db,
        PlaylistItem,
        "SELECT * FROM playlist_items WHERE playlist = ? "
        "AND EXISTS (SELECT 1 FROM utterances WHERE id = utterance) ORDER BY rowid",
        [playlist],
    )


def _of_calls(
    db: Database, sql: str, column: str, calls: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(calls), AT_ONCE):
        some: Iterable[str] = calls[start : start + AT_ONCE]
        marks = ", ".join("?" for _ in some)
        yield from db.execute(f"{sql} WHERE {column} IN ({marks})", list(some))
