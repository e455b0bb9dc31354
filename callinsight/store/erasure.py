"""Erasing calls with all that came of them, and what is remembered of it: that it was done."""

from __future__ import annotations

import dataclasses
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from callinsight.records import PLACEHOLDER, Forgotten, Receipt
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlite_utils import Database

LISTED = "(SELECT value FROM json_each(?))"
KEPT_BY_CALL = ("usage_events", "changed_calls")  # an asset's history; which calls pages read anew


def rows_of_calls(db: Database, calls: Iterable[str]) -> dict[str, int]:
    """How many rows of each table came of these calls."""
    ids = _listed(calls)
    found = {
        "calls": _count(
            db, "SELECT count(*) FROM calls WHERE id IN (SELECT value FROM json_each(?))", [ids]
        )
    }
    for table in _tables_of_calls(db):
        sql = f"SELECT count(*) FROM {table} WHERE call IN {LISTED}"  # noqa: S608 - tables
        found[table] = _count(db, sql, [ids])
    return found


def erase_calls(db: Database, calls: Iterable[str]) -> None:
    """Drop calls with every row that came of them; of an asset's history only that a call was it.

    Whatever table has a column `call` is emptied of them, one that is added later with the others.
    """
    ids = _listed(calls)
    for table in _tables_of_calls(db):
        db.execute(f"DELETE FROM {table} WHERE call IN {LISTED}", [ids])  # noqa: S608 - tables
    failed = "SELECT 1 FROM calls WHERE instr(runs.error, file) AND id IN"
    for statement in (
        f"DELETE FROM usage_events WHERE source = 'call' AND call IN {LISTED}",  # noqa: S608
        f"UPDATE usage_events SET call = '', utterance = '' WHERE call IN {LISTED}",  # noqa: S608
        f"DELETE FROM runs WHERE error IS NOT NULL AND EXISTS ({failed} {LISTED})",  # noqa: S608
        f"DELETE FROM runs WHERE subject IN {LISTED}",  # noqa: S608 - fixed
        f"DELETE FROM calls WHERE id IN {LISTED}",  # noqa: S608 - fixed
    ):
        db.execute(statement, [ids])


def erase_turns(db: Database, turns: Iterable[str]) -> dict[str, int]:
    """Drop what came of these turns; how many rows of each table. The turns themselves stay."""
    ids = _listed(turns)
    gone = {}
    for table in _tables_with(db, "utterance"):
        sql = f"DELETE FROM {table} WHERE utterance IN {LISTED}"  # noqa: S608 - tables
        if table == "usage_events":
            sql += " AND source = 'call'"
        gone[table] = db.execute(sql, [ids]).rowcount
    return gone


def rewrite(
    db: Database, table: str, columns: Sequence[str], change: Callable[[str], str], call: str = ""
) -> int:
    """Change texts of a table, or of a call's rows, where `change` gives others; how many rows.

    Rows that are never changed by people are changed here: use it inside `unguarded`.
    """
    db.conn.create_function("changed_text", 1, lambda text: change(text) if text else text)
    differs = " OR ".join(f"changed_text({name}) IS NOT {name}" for name in columns)
    sets = ", ".join(f"{name} = changed_text({name})" for name in columns)
    of_call = f"{'id' if table == 'calls' else 'call'} = ?" if call else "1"
    sql = f"UPDATE {table} SET {sets} WHERE {of_call} AND ({differs})"  # noqa: S608 - fixed names
    return int(db.execute(sql, [call] if call else []).rowcount)


def hide_participant(db: Database, call: str, name: str, alias: str) -> int:
    """Keep that somebody took part in a call, and nothing of who it was; 1 if they did."""
    db.execute("DELETE FROM voices WHERE call = ? AND voice = ?", [call, name])
    sql = (
        "UPDATE participants SET name = ?, person = '', title = '', persona = 'unknown', "
        "persona_source = 'unknown' WHERE call = ? AND name = ?"
    )
    return int(db.execute(sql, [alias, call, name]).rowcount)


def drop_corrections(db: Database, ids: Iterable[int]) -> int:
    """Drop what people said of turns that are gone; how many rows."""
    sql = "DELETE FROM corrections WHERE id IN (SELECT value FROM json_each(?))"
    return int(db.execute(sql, [json.dumps(sorted(ids))]).rowcount)


def drop_mendings(db: Database, ids: Iterable[int]) -> int:
    """Drop what people mended of somebody or of turns that are gone; how many rows."""
    sql = f"DELETE FROM mendings WHERE id IN {LISTED}"  # noqa: S608 - fixed
    return int(db.execute(sql, [json.dumps(sorted(ids))]).rowcount)


def clear_reasons(db: Database, quote: str) -> None:
    """Tags that are explained by these words keep no reason."""
    db.execute("UPDATE tags SET why = '' WHERE instr(why, ?)", [quote])


@contextmanager
def unguarded(db: Database) -> Iterator[None]:
    """Inside a transaction: rows that nobody may change can be erased; after it they stay again."""
    guards = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"
    ).fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    yield
    for _, sql in guards:
        db.execute(sql)


def vector_keys(db: Database) -> set[str]:
    """What the vectors that are kept are found by."""
    return {key for (key,) in db.execute("SELECT DISTINCT text_hash FROM embeddings")}


def remove_vectors(db: Database, keys: Iterable[str]) -> int:
    """Drop the vectors with these keys; how many."""
    sql = f"DELETE FROM embeddings WHERE text_hash IN {LISTED}"  # noqa: S608 - fixed
    return int(db.execute(sql, [_listed(keys)]).rowcount)


def all_words(db: Database) -> Iterator[tuple[str, str, str]]:
    """All that was said, one turn after the other in the order of calls: (call, side, text)."""
    yield from db.execute("SELECT call, side, text FROM utterances ORDER BY call, position")


def count_calls_with_words(db: Database) -> int:
    """In how many calls anything was said."""
    return int(db.execute("SELECT count(DISTINCT call) FROM utterances").fetchone()[0])


def people_only_in(db: Database, calls: Iterable[str]) -> list[str]:
    """The buyers who took part in these calls and in no other, but for those whose names are taken out."""
    sql = f"""
        SELECT DISTINCT name FROM participants AS here
        WHERE side = 'buyer' AND call IN {LISTED} AND NOT EXISTS (
            SELECT 1 FROM participants AS other
            WHERE other.name = here.name AND other.side = 'buyer' AND other.call NOT IN {LISTED}
        ) ORDER BY name
    """  # noqa: S608 - fixed
    ids = _listed(calls)
    names = [name for (name,) in db.execute(sql, [ids, ids]).fetchall()]
    return [name for name in names if not re.fullmatch(PLACEHOLDER, name)]


def calls_mentioning_assets(db: Database, calls: Iterable[str]) -> list[str]:
    """Those of these calls that speak of assets."""
    sql = f"SELECT DISTINCT call FROM usage_events WHERE call IN {LISTED} ORDER BY call"  # noqa: S608 - fixed
    return [call for (call,) in db.execute(sql, [_listed(calls)]).fetchall()]


def calls_spoken_by(db: Database, names: Iterable[str]) -> list[str]:
    """The calls in which somebody of these names speaks, but for reps."""
    sql = (
        "SELECT DISTINCT call FROM utterances WHERE side <> 'rep' "  # noqa: S608 - fixed
        f"AND (speaker IN {LISTED} OR voice IN {LISTED}) ORDER BY call"
    )
    wanted = _listed(names)
    return [call for (call,) in db.execute(sql, [wanted, wanted]).fetchall()]


def speakers_but_reps(db: Database) -> set[str]:
    """How everybody is called who speaks, but for reps."""
    return {
        name
        for (name,) in db.execute("SELECT DISTINCT speaker FROM utterances WHERE side <> 'rep'")
    }


def turns_of_topic(db: Database, topic: int) -> Iterator[str]:
    """What was said in the turns of a topic."""
    sql = (
        "SELECT text FROM utterances WHERE id IN "
        "(SELECT utterance FROM tags WHERE kind = 'topic' AND label = ?)"
    )
    for (text,) in db.execute(sql, [str(topic)]):
        yield text


def topics_in_calls(db: Database, calls: Iterable[str]) -> list[int]:
    """The topics of turns of these calls."""
    sql = "SELECT DISTINCT label FROM tags WHERE kind = 'topic' AND call IN (SELECT value FROM json_each(?))"
    return sorted(int(label) for (label,) in db.execute(sql, [_listed(calls)]).fetchall())


def calls_naming(db: Database, names: Iterable[str], is_named: Callable[[str], bool]) -> list[str]:
    """The calls in which somebody says one of these names, or the sheets do, as `is_named` tells."""
    found = set()
    db.conn.create_function("is_named", 1, is_named)
    for name in names:
        phrase = '"' + name.replace('"', '""') + '"'
        sql = (
            "SELECT DISTINCT call FROM utterances WHERE rowid IN "
            "(SELECT rowid FROM utterances_fts WHERE utterances_fts MATCH ?) "
            "UNION SELECT id FROM calls "
            "WHERE is_named(title || ';' || outcome_reason || ';' || vocabulary)"
        )
        found |= {call for (call,) in db.execute(sql, [phrase]).fetchall()}
    return sorted(found)


def remember_forgotten(db: Database, forgotten: Iterable[Forgotten]) -> None:
    """Keep that calls are not to be read again."""
    save(db, "forgotten", forgotten, pk="id")


def all_forgotten(db: Database) -> list[Forgotten]:
    """The calls that are not to be read again, by id."""
    return load(db, Forgotten, "SELECT * FROM forgotten ORDER BY id")


def sealed_calls(db: Database) -> set[str]:
    """The calls that somebody was taken out of: their words are not taken from files any more."""
    return {id_ for (id_,) in db.execute("SELECT id FROM forgotten WHERE what = 'words'")}


def add_receipt(db: Database, receipt: Receipt) -> Receipt:
    """Keep that something was erased; with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM receipts").fetchone()
    numbered = dataclasses.replace(receipt, id=last + 1)
    db.table("receipts").insert(row_of(numbered), pk="id")
    return numbered


def all_receipts(db: Database) -> list[Receipt]:
    """What was erased, in the order it was."""
    return load(db, Receipt, "SELECT * FROM receipts ORDER BY id")


def _tables_of_calls(db: Database) -> list[str]:
    """The tables whose rows came of calls, those that rest on turns before the turns."""
    tables = [name for name in _tables_with(db, "call") if name not in KEPT_BY_CALL]
    return sorted(tables, key=lambda name: (name == "utterances", name))


def _tables_with(db: Database, column: str) -> list[str]:
    rows = db.execute(
        "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
        "WHERE m.type = 'table' AND c.name = ? ORDER BY m.name",
        [column],
    )
    return [name for (name,) in rows.fetchall()]


def _count(db: Database, sql: str, values: list[str]) -> int:
    return int(db.execute(sql, values).fetchone()[0])


def _listed(ids: Iterable[str]) -> str:
    """Ids as one value of a query: SQLite takes only so many."""
    return json.dumps(list(ids))
