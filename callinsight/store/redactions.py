"""Where personal data was taken out of calls."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from callinsight.records import Correction, Mending, Redaction
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlite_utils import Database


def replace_redactions(db: Database, call: str, redactions: Iterable[Redaction]) -> None:
    """Note where personal data was taken out of a call, in place of what was noted."""
    db.execute("DELETE FROM redactions WHERE call = ?", [call])
    save(db, "redactions", redactions, pk=("utterance", "position"))


def redactions_of(db: Database, call: str) -> list[Redaction]:
    """Where personal data was taken out of a call, in its order."""
    sql = "SELECT * FROM redactions WHERE call = ? ORDER BY utterance, position"
    return load(db, Redaction, sql, [call])


def redactions_in(db: Database, calls: Iterable[str]) -> list[Redaction]:
    """The same of several calls."""
    sql = (
        "SELECT * FROM redactions WHERE call IN (SELECT value FROM json_each(?)) "
        "ORDER BY utterance, position"
    )
    return load(db, Redaction, sql, [json.dumps(sorted(calls))])


def is_redacted_somewhere(db: Database, call: str) -> bool:
    """Whether personal data was taken out of a turn of which nobody knows when it was said."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM redactions JOIN utterances "
        "ON utterances.id = redactions.utterance "
        "WHERE redactions.call = ? AND utterances.estimated)"
    )
    return bool(db.execute(sql, [call]).fetchone()[0])


def redacted_somewhere(db: Database, calls: Iterable[str]) -> set[str]:
    """Which of these calls are so."""
    sql = (
        "SELECT DISTINCT redactions.call FROM redactions JOIN utterances "
        "ON utterances.id = redactions.utterance WHERE utterances.estimated "
        "AND redactions.call IN (SELECT value FROM json_each(?))"
    )
    return {call for (call,) in db.execute(sql, [json.dumps(sorted(calls))]).fetchall()}


def kinds_redacted(db: Database) -> dict[str, set[str]]:
    """Which kinds of personal data were taken out of each call that had any."""
    found: dict[str, set[str]] = {}
    for call, kind in db.execute("SELECT DISTINCT call, kind FROM redactions").fetchall():
        found.setdefault(call, set()).add(kind)
    return found


def forget_words(
    db: Database, call: str, rewrite: Callable[[str], str], mendings: Iterable[Mending]
) -> None:
    """Drop what was derived from a call's words as they were; what people said is kept, rewritten.

    `rewrite` gives the words of a turn as they are now; `mendings` are the call's, rewritten.
    """
    db.execute("DELETE FROM tags WHERE call = ?", [call])
    kept = load(db, Correction, "SELECT * FROM corrections WHERE call = ?", [call])
    db.execute("DELETE FROM corrections WHERE call = ?", [call])  # they are never updated
    for one in kept:
        new = dataclasses.replace(one, text=rewrite(one.text), context=rewrite(one.context))
        db.table("corrections").insert(row_of(new), pk="id")
    db.execute("DELETE FROM mendings WHERE call = ?", [call])  # neither are they
    for mending in mendings:
        db.table("mendings").insert(row_of(mending), pk="id")
    db.execute("DELETE FROM embeddings")  # by a hash of their words, so not by call
