"""Calls: who took part, what was said, how voices sound."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callinsight.records import Call, Participant, Utterance, Voice
from callinsight.store.rows import load, save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database


def save_call(
    db: Database, call: Call, participants: Iterable[Participant], utterances: Iterable[Utterance]
) -> None:
    """Write a call with all that was said, in place of what was known of it.

    Corrections and mendings stay, for the same words may be heard again; not so those of a call
    that is refused.
    """
    _forget_results(db, call.id)
    if call.status == "refused":
        _forget_words_of_people(db, call.id)
    save(db, "calls", [call], pk="id")
    save(db, "participants", participants, pk=("call", "name"))
    save(db, "utterances", utterances, pk="id")


def save_utterances(db: Database, utterances: Iterable[Utterance]) -> None:
    """Write utterances of a call that is there already, in place of those with the same ids."""
    save(db, "utterances", utterances, pk="id")


def update_call(db: Database, call: Call, participants: Iterable[Participant]) -> bool:
    """Write what the manifest says of a call, keeping what was said; True if anything changed."""
    people = list(participants)
    if get_call(db, call.id) == call and participants_of(db, call.id) == sorted(people, key=_name):
        return False
    db.execute("DELETE FROM participants WHERE call = ?", [call.id])
    save(db, "calls", [call], pk="id")
    save(db, "participants", people, pk=("call", "name"))
    return True


def save_stage(db: Database, call: str, stage: str, source: str, probability: float) -> None:
    """Write the stage of a call, where it comes from and how sure it is."""
    db.execute(
        "UPDATE calls SET stage = ?, stage_source = ?, stage_probability = ? WHERE id = ?",
        [stage, source, probability, call],
    )


def get_call(db: Database, call: str) -> Call | None:
    """One call by its id."""
    return next(iter(load(db, Call, "SELECT * FROM calls WHERE id = ?", [call])), None)


def all_calls(db: Database) -> list[Call]:
    """Every call, by time."""
    return load(db, Call, "SELECT * FROM calls ORDER BY recorded_at, id")


def calls_since(db: Database, day: str) -> list[Call]:
    """The calls whose moment shows this day or a later one, by time."""
    sql = "SELECT * FROM calls WHERE recorded_at >= ? ORDER BY recorded_at, id"
    return load(db, Call, sql, [day])


def moments_of_calls(db: Database) -> list[str]:
    """When calls were recorded, each moment once."""
    sql = "SELECT DISTINCT recorded_at FROM calls ORDER BY recorded_at"
    return [moment for (moment,) in db.execute(sql).fetchall()]


def buyers_of_calls(db: Database) -> list[tuple[str, str, str]]:
    """Who buys in every call, by time: (call, deal, account)."""
    sql = "SELECT id, deal, account FROM calls ORDER BY recorded_at, id"
    return list(db.execute(sql).fetchall())


def files_of_calls(db: Database) -> list[str]:
    """The file of every call, as the list of calls writes it, in order."""
    return [file for (file,) in db.execute("SELECT file FROM calls ORDER BY id").fetchall()]


def first_end(db: Database) -> str:
    """The first day until which a call is to be kept; empty where none ends."""
    sql = """
        SELECT min(retention_until) FROM calls
        WHERE retention_until <> '' AND NOT legal_hold AND status <> 'refused'
    """
    return db.execute(sql).fetchone()[0] or ""


def some_calls(db: Database, only: str) -> list[Call]:
    """One call by its id, if there is one; every call, by time, for an empty id."""
    if not only:
        return all_calls(db)
    call = get_call(db, only)
    return [call] if call else []


def calls_by_id(db: Database, ids: Iterable[str]) -> dict[str, Call]:
    """The calls with these ids, as far as they are there, by id."""
    sql = "SELECT * FROM calls WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return {call.id: call for call in load(db, Call, sql, [json.dumps(sorted(set(ids)))])}


def deals_of_turns(db: Database, utterances: Iterable[str]) -> tuple[str, ...]:
    """The deals that these turns were said in, in order; a call without a deal is its own."""
    sql = (
        "SELECT DISTINCT CASE WHEN calls.deal = '' THEN calls.id ELSE calls.deal END FROM utterances "
        "JOIN calls ON calls.id = utterances.call "
        "WHERE utterances.id IN (SELECT value FROM json_each(?)) ORDER BY 1"
    )
    return tuple(deal for (deal,) in db.execute(sql, [json.dumps(list(utterances))]).fetchall())


def calls_of_deals(db: Database, deals: Iterable[str]) -> list[Call]:
    """The calls of these deals by time; a call without a deal is named by its own id."""
    wanted = "(SELECT value FROM json_each(?))"
    sql = (
        f"SELECT * FROM calls WHERE id IN (SELECT id FROM calls WHERE deal IN {wanted} "  # noqa: S608
        f"UNION SELECT id FROM calls WHERE deal = '' AND id IN {wanted}) ORDER BY recorded_at, id"
    )
    return load(db, Call, sql, [json.dumps(sorted(set(deals) - {""}))] * 2)


def calls_of_deal(db: Database, deal: str) -> list[Call]:
    """The calls of a deal, by time; none without a deal."""
    sql = "SELECT * FROM calls WHERE deal = ? AND deal <> '' ORDER BY recorded_at, id"
    return load(db, Call, sql, [deal])


def refused_files(db: Database) -> list[str]:
    """The files of calls that are refused, as the manifest writes them."""
    rows = db.execute("SELECT file FROM calls WHERE status = 'refused' ORDER BY file")
    return [file for (file,) in rows.fetchall()]


def participants_of(db: Database, call: str) -> list[Participant]:
    """Who took part in a call, by name."""
    return load(db, Participant, "SELECT * FROM participants WHERE call = ? ORDER BY name", [call])


def all_participants(db: Database) -> list[Participant]:
    """Who took part, over all calls."""
    return load(db, Participant, "SELECT * FROM participants ORDER BY call, name")


def participants_in(db: Database, calls: Iterable[str]) -> list[Participant]:
    """Who took part in these calls, by call and name."""
    sql = (
        "SELECT * FROM participants WHERE call IN (SELECT value FROM json_each(?)) "
        "ORDER BY call, name"
    )
    return load(db, Participant, sql, [json.dumps(sorted(calls))])


def utterances_of(db: Database, call: str) -> list[Utterance]:
    """What was said in a call, in order."""
    return load(db, Utterance, "SELECT * FROM utterances WHERE call = ? ORDER BY position", [call])


def turn_before(db: Database, said: Utterance) -> Utterance | None:
    """The turn before one in its call; None for the first."""
    sql = "SELECT * FROM utterances WHERE call = ? AND position < ? ORDER BY position DESC LIMIT 1"
    return next(iter(load(db, Utterance, sql, [said.call, said.position])), None)


def end_of_call(db: Database, call: str) -> float:
    """When the last turn of a call ends (s)."""
    sql = "SELECT max(end_s) FROM utterances WHERE call = ?"
    return float(db.execute(sql, [call]).fetchone()[0])


def words_of_call(db: Database, call: str) -> list[tuple[str, str, str, str]]:
    """What was said in a call, in order, and by whom: (id, side, persona, text)."""
    sql = "SELECT id, side, persona, text FROM utterances WHERE call = ? ORDER BY position"
    return list(db.execute(sql, [call]).fetchall())


def utterances_by_id(db: Database, ids: Iterable[str]) -> dict[str, Utterance]:
    """The utterances with these ids, in their order."""
    wanted = list(ids)
    sql = "SELECT * FROM utterances WHERE id IN (SELECT value FROM json_each(?))"
    found = {said.id: said for said in load(db, Utterance, sql, [json.dumps(wanted)])}
    return {id_: found[id_] for id_ in wanted if id_ in found}


def spoken_in(db: Database, calls: Iterable[str]) -> list[tuple[str, str, str, int, float]]:
    """By call, side and persona: how many turns were said, and when the last of them ends (s)."""
    sql = (
        "SELECT call, side, persona, count(*), max(end_s) FROM utterances "
        "WHERE call IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return list(db.execute(sql, [json.dumps(sorted(calls))]).fetchall())


def replace_voices(db: Database, call: str, voices: Iterable[Voice]) -> None:
    """Keep how the voices of a call sound, in place of what was kept."""
    db.execute("DELETE FROM voices WHERE call = ?", [call])
    save(db, "voices", voices, pk=("call", "voice"))


def remove_voices(db: Database) -> None:
    """Forget how anybody sounds."""
    db.execute("DELETE FROM voices")


def all_voices(db: Database) -> list[Voice]:
    """How the voices of all calls sound, as far as it is kept."""
    return load(db, Voice, "SELECT * FROM voices ORDER BY call, voice")


def calls_with_buyers(db: Database) -> set[str]:
    """The calls in which a buyer said something."""
    return {
        id_ for (id_,) in db.execute("SELECT DISTINCT call FROM utterances WHERE side = 'buyer'")
    }


def search_utterances(db: Database, words: str, *, limit: int = 20) -> list[Utterance]:
    """Full-text search over what was said, best first; `words` is taken as plain words."""
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    return load(
        db,
        Utterance,
        "SELECT utterances.* FROM utterances JOIN utterances_fts "
        "ON utterances.rowid = utterances_fts.rowid "
        "WHERE utterances_fts MATCH ? ORDER BY utterances_fts.rank LIMIT ?",
        [quoted, limit],
    )


def _forget_results(db: Database, call: str) -> None:
    for table in ("tags", "redactions", "utterances", "participants", "voices", "heard_turns"):
        db.execute(f"DELETE FROM {table} WHERE call = ?", [call])  # noqa: S608 - fixed names


def _forget_words_of_people(db: Database, call: str) -> None:
    for table in ("corrections", "mendings", "playlist_items"):
        db.execute(f"DELETE FROM {table} WHERE call = ?", [call])  # noqa: S608 - fixed names


def _name(participant: Participant) -> str:
    return participant.name


def reps(db: Database) -> list[tuple[str, int]]:
    """Who sells, by name, and in how many calls."""
    sql = (
        "SELECT name, count(DISTINCT call) FROM participants WHERE side = 'rep' AND name <> '' "
        "GROUP BY name ORDER BY name"
    )
    return [(name, calls) for name, calls in db.execute(sql).fetchall()]


def calls_of_rep(
    db: Database, name: str, *, limit: int, after: tuple[str, str] | None = None
) -> list[Call]:
    """The calls that somebody held, the latest first; those `after` a moment and id, in that order."""
    at, id_ = after or ("~", "~")
    return load(
        db,
        Call,
        "SELECT calls.* FROM calls WHERE id IN "
        "(SELECT call FROM participants WHERE side = 'rep' AND name = ?) "
        "AND (recorded_at, id) < (?, ?) ORDER BY recorded_at DESC, id DESC LIMIT ?",
        [name, at, id_, limit],
    )
