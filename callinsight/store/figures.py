"""What pages count and list, each by one query that stays quick over many calls."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from callinsight.records import Call, Gap, Tag
from callinsight.store.rows import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlite_utils import Database

COUNTED_OUT = 5000  # calls
IN_WORDS = (  # each as a set of its own: to look at call after call would take ten times as long
    " AND (rowid IN (SELECT rowid FROM calls WHERE title LIKE ?{0} ESCAPE '\\' "
    "OR account LIKE ?{0} ESCAPE '\\' OR deal LIKE ?{0} ESCAPE '\\' OR id LIKE ?{0} ESCAPE '\\') "
    "OR id IN (SELECT call FROM participants WHERE name LIKE ?{0} ESCAPE '\\'))"
)
OPEN_STATES = ("new", "accepted", "in_progress")


def status_counts(db: Database) -> dict[str, int]:
    """How many calls there are of each status."""
    return dict(db.execute("SELECT status, count(*) FROM calls GROUP BY status").fetchall())


def seconds_of_calls(db: Database) -> float:
    """How long all calls are that could be used."""
    (seconds,) = db.execute("SELECT coalesce(sum(duration_s), 0.0) FROM calls").fetchone()
    return float(seconds)


def problem_counts(db: Database) -> dict[str, int]:
    """How many inputs could not be used, by stage."""
    sql = "SELECT stage, count(*) FROM runs WHERE error IS NOT NULL GROUP BY stage ORDER BY stage"
    return dict(db.execute(sql).fetchall())


def tag_counts(db: Database) -> dict[tuple[str, str], int]:
    """How many tags there are of each kind and status."""
    sql = "SELECT kind, status, count(*) FROM tags GROUP BY kind, status ORDER BY kind, status"
    return {(kind, status): number for kind, status, number in db.execute(sql).fetchall()}


def verdict_counts(db: Database, month: str) -> dict[str, int]:
    """How many cells of a month have each verdict; roll-ups are left out."""
    sql = (
        "SELECT verdict, count(*) FROM gaps WHERE month = ? AND persona <> 'any' "
        "GROUP BY verdict ORDER BY verdict"
    )
    return dict(db.execute(sql, [month]).fetchall())


def calls_page(
    db: Database,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
    status: str = "",
    words: Collection[str] = (),
) -> list[Call]:
    """Calls, the latest first; those `after` a moment and id, in that order, of one status.

    Each of the words stands in the title, account, deal or id, or in the name of who took part.
    """
    at, id_ = after or ("~", "~")  # after all that is written in digits
    named = "".join(IN_WORDS.format(number) for number in range(5, 5 + len(words)))
    return load(
        db,
        Call,
        "SELECT * FROM calls WHERE (recorded_at, id) < (?1, ?2) AND (?3 = '' OR status = ?3)"  # noqa: S608 - fixed
        f"{named} ORDER BY recorded_at DESC, id DESC LIMIT ?4",
        [at, id_, status, limit, *(_like(word) for word in words)],
    )


def _like(word: str) -> str:
    """What LIKE finds the word by, wherever it stands; its own signs mean nothing."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"


def failed_calls(db: Database, *, limit: int) -> list[tuple[Call, bool]]:
    """Calls that failed, the latest first; whether the next run tries them again."""
    calls = calls_page(db, limit=limit, status="failed")
    tried = {
        call
        for (call,) in db.execute(
            "SELECT subject FROM runs WHERE stage = 'speech' AND error IS NOT NULL"
        ).fetchall()
    }
    return [(call, call.id not in tried) for call in calls]


def noted_calls(db: Database, *, limit: int) -> list[Call]:
    """Calls with a reason to look at them that did not fail, the latest first."""
    return load(
        db,
        Call,
        "SELECT * FROM calls WHERE reason <> '' AND status <> 'failed' "
        "ORDER BY recorded_at DESC, id DESC LIMIT ?",
        [limit],
    )


def last_finished(db: Database, stage: str) -> str:
    """The moment at which a stage last finished something; empty before."""
    (at,) = db.execute("SELECT max(finished_at) FROM runs WHERE stage = ?", [stage]).fetchone()
    return at or ""


def last_moment(db: Database) -> str:
    """When the last call took place; empty without calls."""
    row = db.execute("SELECT recorded_at FROM calls ORDER BY recorded_at DESC LIMIT 1").fetchone()
    return row[0] if row else ""


def calls_between(db: Database, first_day: str, last_day: str) -> list[tuple[str, str, str, str]]:
    """Moment, deal (else the id), status and language of each call by the days of their moments."""
    return db.execute(
        "SELECT recorded_at, CASE deal WHEN '' THEN id ELSE deal END, status, language FROM calls "
        "WHERE recorded_at >= ? AND recorded_at < ?",
        [first_day, f"{last_day}~"],
    ).fetchall()


def objecting_deals(db: Database, month: str) -> int:
    """Deals of a month in which a buyer surely objects to something."""
    (deals,) = db.execute(
        "SELECT count(DISTINCT deal) FROM tags INDEXED BY tags_that_object "
        "WHERE month = ? AND kind = 'concern' AND status = 'sure' AND stance = 'objection'",
        [month],
    ).fetchone()
    return int(deals)


def pressing_gaps(db: Database, month: str) -> list[Gap]:
    """The cells of a month that nothing, or too little, answers; the most pressing first."""
    return load(
        db,
        Gap,
        "SELECT * FROM gaps WHERE month = ? AND verdict IN ('gap', 'weak') ORDER BY score DESC, id",
        [month],
    )


def sure_tags(db: Database, utterances: Iterable[str], kind: str, label: str) -> list[Tag]:
    """The sure tags of one kind and label that these utterances have."""
    return load(
        db,
        Tag,
        "SELECT tags.* FROM json_each(?) AS wanted JOIN tags ON tags.utterance = wanted.value "
        "WHERE kind = ? AND label = ? AND status = 'sure'",
        [json.dumps(list(utterances)), kind, label],
    )


def read_since(db: Database, since: str) -> tuple[int, int]:
    """Calls that were read since a moment in UTC, and deals in which a buyer objects in them.

    Deals are not counted, and 0, where so many calls were read that it would keep a page waiting.
    """
    read = "SELECT subject FROM runs WHERE stage = 'speech' AND finished_at > ? AND error IS NULL"
    (calls,) = db.execute(f"SELECT count(*) FROM ({read})", [since]).fetchone()  # noqa: S608
    if calls > COUNTED_OUT:
        return int(calls), 0
    (deals,) = db.execute(
        f"SELECT count(DISTINCT deal) FROM tags WHERE call IN ({read}) "  # noqa: S608 - fixed
        "AND kind = 'concern' AND status = 'sure' AND stance = 'objection'",
        [since],
    ).fetchone()
    return int(calls), int(deals)


def corrected_since(db: Database, since: str, *, by_others_than: str) -> int:
    """Turns that others corrected since a moment."""
    (turns,) = db.execute(
        "SELECT count(DISTINCT utterance) FROM corrections "
        "WHERE datetime(at) > datetime(?) AND who <> ?",
        [since, by_others_than],
    ).fetchone()
    return int(turns)


def corrected_but_not_tagged(db: Database, stage: str) -> int:
    """Turns that people corrected after `stage` last read their call."""
    (turns,) = db.execute(
        "SELECT count(DISTINCT utterance) FROM corrections "
        "LEFT JOIN runs ON runs.stage = ? AND runs.subject = corrections.call "
        "WHERE finished_at IS NULL OR datetime(at) > datetime(finished_at)",
        [stage],
    ).fetchone()
    return int(turns)


def requested_since(db: Database, since: str) -> int:
    """Requests for content that were made since a moment."""
    (requests,) = db.execute(
        "SELECT count(*) FROM content_requests WHERE datetime(created_at) > datetime(?)", [since]
    ).fetchone()
    return int(requests)


def open_requests(db: Database, as_of: str) -> tuple[int, int]:
    """Requests that are not answered yet, and those of them that were needed before a day."""
    marks = ", ".join("?" for _ in OPEN_STATES)
    late = "sum(needed_by <> '' AND needed_by < ?)"
    sql = f"SELECT count(*), {late} FROM content_requests WHERE state IN ({marks})"  # noqa: S608
    row = db.execute(sql, [as_of, *OPEN_STATES]).fetchone()
    return int(row[0]), int(row[1] or 0)
