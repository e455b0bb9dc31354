"""Gaps by month, and what they are counted from: who was heard, and what was raised."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from callinsight.records import DEMAND_STANCES, Gap, Judgement
from callinsight.store.rows import load, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

ASKS = """EXISTS (
    SELECT 1 FROM tags AS ask WHERE ask.utterance = tags.utterance
    AND ask.kind = 'ask' AND ask.status = 'sure'
)"""

NO_TURNS = ", ".join(  # the columns of a gap without what there is most to read of
    f"'' AS {field.name}" if field.name in ("evidence", "evidence_as") else field.name
    for field in dataclasses.fields(Gap)
)


def remove_gaps_except(db: Database, months: Iterable[str]) -> None:
    """Drop the gaps of months that have no calls any more."""
    keep = set(months)
    for (month,) in db.execute("SELECT DISTINCT month FROM gaps").fetchall():
        if month not in keep:
            db.execute("DELETE FROM gaps WHERE month = ?", [month])


def replace_gaps(db: Database, month: str, gaps: Iterable[Gap]) -> None:
    """Make these the gaps of a month."""
    db.execute("DELETE FROM gaps WHERE month = ?", [month])
    save(db, "gaps", gaps, pk="id")


def gaps_of_month(db: Database, month: str, *, evidence: bool = True) -> list[Gap]:
    """The cells of a month, the most pressing first; without `evidence` their turns are left out.

    Those are nearly all that there is to read.
    """
    columns = "*" if evidence else NO_TURNS
    sql = f"SELECT {columns} FROM gaps WHERE month = ? ORDER BY score DESC, id"  # noqa: S608
    return load(db, Gap, sql, [month])


def months_with_gaps(db: Database) -> list[str]:
    """The months, or other periods, that gaps are kept of, in order."""
    return [
        month
        for (month,) in db.execute("SELECT DISTINCT month FROM gaps ORDER BY month").fetchall()
    ]


def gaps_of_cell(db: Database, concern: str, persona: str, stage: str) -> list[Gap]:
    """One cell in every period that is kept, the earliest first, without its turns."""
    sql = (
        f"SELECT {NO_TURNS} FROM gaps "  # noqa: S608 - names of columns
        "WHERE concern = ? AND persona = ? AND stage = ? ORDER BY month"
    )
    return load(db, Gap, sql, [concern, persona, stage])


def get_gap(db: Database, id_: str) -> Gap | None:
    """The cell of a period with this id, as far as it is kept."""
    found = load(db, Gap, "SELECT * FROM gaps WHERE id = ?", [id_])
    return found[0] if found else None


def currencies(db: Database) -> list[str]:
    """What the amounts of deals are in."""
    sql = "SELECT DISTINCT currency FROM calls WHERE amount IS NOT NULL ORDER BY currency"
    return [currency for (currency,) in db.execute(sql).fetchall()]


def personas_heard(db: Database, calls: Iterable[str]) -> list[tuple[str, str]]:
    """Which personas spoke as buyers in these calls: (call, persona), each once, in any order."""
    # from one persona of a call to the next in the index, past all the turns of each
    first = "SELECT min(persona) FROM utterances WHERE call = {call} AND side = 'buyer'"
    sql = f"""
        WITH RECURSIVE heard (call, persona) AS (
            SELECT value, ({first.format(call="value")}) FROM json_each(?)
            UNION ALL SELECT call, ({first.format(call="heard.call")} AND persona > heard.persona)
            FROM heard WHERE persona IS NOT NULL
        ) SELECT call, persona FROM heard WHERE persona IS NOT NULL
    """  # noqa: S608 - fixed words
    return _rows(db, sql, [_listed(calls)])


def concerns_raised(db: Database, calls: Iterable[str]) -> list[tuple[Any, ...]]:
    """Sure concerns that buyers raise as objection or question, or ask material for.

    (concern, persona, stage, deal, call, utterance, stance, asks), by utterance and concern.
    """
    sql = f"""
        SELECT label, persona, stage, deal, call, utterance, stance, asks FROM (
            SELECT tags.*, {ASKS} AS asks
            FROM json_each(?) AS wanted JOIN tags ON tags.call = wanted.value
            WHERE tags.kind = 'concern' AND tags.status = 'sure'
        ) WHERE stance IN (?, ?) OR asks ORDER BY utterance, label
    """  # noqa: S608 - fixed words
    return _rows(db, sql, [_listed(calls), *DEMAND_STANCES])


def demand_of_deals(db: Database, calls: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """Which deals raise which concerns or ask material for them in these calls, in which cells.

    (concern, persona, stage, deal), each once: as `concerns_raised` without its turns.
    """
    # told apart here, for SQLite would sort them for it
    sql = f"""
        SELECT label, persona, stage, deal
        FROM json_each(?) AS wanted JOIN tags ON tags.call = wanted.value
        WHERE tags.kind = 'concern' AND tags.status = 'sure' AND (stance IN (?, ?) OR {ASKS})
    """  # noqa: S608 - fixed words
    return [*dict.fromkeys(_rows(db, sql, [_listed(calls), *DEMAND_STANCES]))]


def topics_raised(db: Database, calls: Iterable[str]) -> list[tuple[Any, ...]]:
    """Turns of topics that ask a question or for material, and that no sure concern names.

    (topic, persona, stage, deal, call, utterance, stance, asks), by utterance and topic.
    """
    sql = f"""
        SELECT label, persona, stage, deal, call, utterance, stance, asks FROM (
            SELECT tags.label, tags.persona, tags.stage, tags.deal, tags.call, tags.utterance,
                CASE WHEN said.text LIKE '%?%' THEN 'question' ELSE 'none' END AS stance,
                {ASKS} AS asks
            FROM json_each(?) AS wanted JOIN tags ON tags.call = wanted.value
            JOIN utterances AS said ON said.id = tags.utterance
            WHERE tags.kind = 'topic' AND tags.status = 'sure' AND NOT EXISTS (
                SELECT 1 FROM tags AS other WHERE other.utterance = tags.utterance
                AND other.kind = 'concern' AND other.status = 'sure'
            )
        ) WHERE stance = 'question' OR asks ORDER BY utterance, label
    """  # noqa: S608 - fixed words
    return _rows(db, sql, [_listed(calls)])


def concerns_returned(db: Database, calls: Iterable[str]) -> list[tuple[str, str]]:
    """Which deals raise which concern in more than one of these calls: (deal, concern)."""
    sql = f"""
        SELECT deal, label FROM (
            SELECT tags.deal, tags.label, tags.call, tags.stance, {ASKS} AS asks
            FROM json_each(?) AS wanted JOIN tags ON tags.call = wanted.value
            WHERE tags.kind = 'concern' AND tags.status = 'sure'
        ) WHERE stance IN (?, ?) OR asks
        GROUP BY deal, label HAVING count(DISTINCT call) > 1 ORDER BY deal, label
    """  # noqa: S608 - fixed words
    return _rows(db, sql, [_listed(calls), *DEMAND_STANCES])


def items_used(db: Database, since: str, until: str, *, confidence: float = 0.0) -> set[str]:
    """The assets that were used, seen or mentioned between two days, both included.

    A mention counts from this `confidence` on.
    """
    sql = """
        SELECT DISTINCT item FROM usage_events
        WHERE substr(occurred_at, 1, 10) BETWEEN ? AND ? AND confidence >= ?
    """
    return {item for (item,) in db.execute(sql, [since, until, confidence]).fetchall()}


def all_judgements(db: Database) -> list[Judgement]:
    """What people said of assets and demands, in the order they said it."""
    return load(db, Judgement, "SELECT * FROM judgements ORDER BY id")


def _listed(ids: Iterable[str]) -> str:
    """Ids as one value of a query: SQLite takes only so many."""
    return json.dumps(list(ids))


def _rows(db: Database, sql: str, values: list[Any]) -> list[Any]:
    return list(db.execute(sql, values).fetchall())
