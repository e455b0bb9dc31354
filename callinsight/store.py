"""The one SQLite file that everything rests in; all SQL is here, as functions on `db`."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from callinsight.errors import StoreError
from callinsight.records import (
    Call,
    ContentItem,
    Correction,
    Gap,
    Participant,
    Problem,
    Redaction,
    Tag,
    Topic,
    TopicChange,
    UsageEvent,
    Utterance,
    Voice,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

Record = TypeVar("Record")
LIST_SEPARATOR = ";"
WORDS = "tuple[Word, ...]"


def open_store(path: Path, *, create: bool = False) -> Database:
    """Open the database with its schema up to date; raises StoreError."""
    from sqlite_utils import Database

    from callinsight.migrations import migrations

    if not create and not path.exists():
        raise StoreError(
            f"{path}: there is no such database. 'callinsight run PIPELINE.toml' makes one; "
            "name another with --db FILE."
        )
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        db = Database(sqlite3.connect(path, timeout=30))
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA secure_delete = ON")  # what is dropped is gone from the file
        db.conn.execute("PRAGMA journal_mode = WAL")
        db.conn.execute("PRAGMA synchronous = NORMAL")
        if migrations.pending(db):
            migrations.apply(db)
    except OSError as error:
        raise StoreError(
            f"{path}: no database can be made there ({error.strerror}); name another with --db FILE"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: this is no database that callinsight can use ({error}); name another with --db FILE"
        ) from error
    return db


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[Database]:
    """The database, closed at the end."""
    db = open_store(path, create=create)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Everything inside is written, or nothing."""
    with db.atomic():
        yield


# What was run


def is_done(db: Database, stage: str, subject: str, settings_hash: str) -> bool:
    """Whether a stage has finished this subject without error and with these very settings."""
    row = db.execute(
        "SELECT 1 FROM runs WHERE stage = ? AND subject = ? AND settings_hash = ? AND error IS NULL",
        [stage, subject, settings_hash],
    ).fetchone()
    return row is not None


def has_failed(db: Database, stage: str, subject: str, settings_hash: str) -> bool:
    """Whether the last try of this subject with these settings ended in an error."""
    row = db.execute(
        "SELECT 1 FROM runs WHERE stage = ? AND subject = ? AND settings_hash = ? "
        "AND error IS NOT NULL",
        [stage, subject, settings_hash],
    ).fetchone()
    return row is not None


def record_run(
    db: Database, stage: str, subject: str, settings_hash: str, *, error: str | None = None
) -> None:
    """Note that a stage has finished a subject, or how it failed."""
    db.execute(
        "INSERT OR REPLACE INTO runs (stage, subject, settings_hash, finished_at, error) "
        "VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?)",
        [stage, subject, settings_hash, error],
    )


def forget_run(db: Database, stage: str, subject: str) -> None:
    """Make a stage due again for this subject."""
    db.execute("DELETE FROM runs WHERE stage = ? AND subject = ?", [stage, subject])


def replace_problems(db: Database, stage: str, problems: Iterable[Problem]) -> None:
    """Make these the stage's problems; nothing is written when they are the same as before."""
    now = {problem.subject: problem.error for problem in problems}
    rows = db.execute(
        "SELECT subject, error FROM runs WHERE stage = ? AND error IS NOT NULL", [stage]
    )
    before = dict(rows.fetchall())
    for subject in before.keys() - now.keys():
        db.execute("DELETE FROM runs WHERE stage = ? AND subject = ?", [stage, subject])
    for subject, error in now.items():
        if before.get(subject) != error:
            record_run(db, stage, subject, "", error=error)


def problems(db: Database) -> list[Problem]:
    """All that failed and is not mended yet, by stage, then file and row."""
    rows = db.execute("SELECT stage, subject, error FROM runs WHERE error IS NOT NULL")
    found = [Problem(stage=stage, subject=subject, error=error) for stage, subject, error in rows]
    return sorted(found, key=_place)


def save_setting(db: Database, name: str, value: str) -> None:
    """Keep a value of the pipeline with its results."""
    if setting(db, name) != value:
        with transaction(db):
            db.table("settings").upsert({"name": name, "value": value}, pk="name")


def setting(db: Database, name: str) -> str | None:
    """A value kept by `save_setting`, else None."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


# Calls


def save_call(
    db: Database, call: Call, participants: Iterable[Participant], utterances: Iterable[Utterance]
) -> None:
    """Write a call with all that was said, in place of what was known of it.

    Corrections stay, for the same words may be heard again; not so those of a call that is refused.
    """
    _forget_results(db, call.id)
    if call.status == "refused":
        _forget_corrections(db, call.id)
    _save(db, "calls", [call], pk="id")
    _save(db, "participants", participants, pk=("call", "name"))
    _save(db, "utterances", utterances, pk="id")


def save_utterances(db: Database, utterances: Iterable[Utterance]) -> None:
    """Write utterances of a call that is there already, in place of those with the same ids."""
    _save(db, "utterances", utterances, pk="id")


def update_call(db: Database, call: Call, participants: Iterable[Participant]) -> bool:
    """Write what the manifest says of a call, keeping what was said; True if anything changed."""
    people = list(participants)
    if get_call(db, call.id) == call and participants_of(db, call.id) == sorted(people, key=_name):
        return False
    db.execute("DELETE FROM participants WHERE call = ?", [call.id])
    _save(db, "calls", [call], pk="id")
    _save(db, "participants", people, pk=("call", "name"))
    return True


def save_stage(db: Database, call: str, stage: str, source: str, probability: float) -> None:
    """Write the stage of a call, where it comes from and how sure it is."""
    db.execute(
        "UPDATE calls SET stage = ?, stage_source = ?, stage_probability = ? WHERE id = ?",
        [stage, source, probability, call],
    )


def remove_calls_except(db: Database, keep: set[str]) -> int:
    """Drop calls that no manifest names any more, with all that came of them; their number."""
    gone = [id_ for (id_,) in db.execute("SELECT id FROM calls").fetchall() if id_ not in keep]
    for call in gone:
        _forget_results(db, call)
        _forget_corrections(db, call)
        db.execute("DELETE FROM calls WHERE id = ?", [call])
        db.execute(
            "DELETE FROM runs WHERE subject = ? "
            "AND stage IN ('speech', 'speakers', 'stages', 'tags')",
            [call],
        )
    return len(gone)


def get_call(db: Database, call: str) -> Call | None:
    """One call by its id."""
    return next(iter(_load(db, Call, "SELECT * FROM calls WHERE id = ?", [call])), None)


def all_calls(db: Database) -> list[Call]:
    """Every call, by time."""
    return _load(db, Call, "SELECT * FROM calls ORDER BY recorded_at, id")


def participants_of(db: Database, call: str) -> list[Participant]:
    """Who took part in a call, by name."""
    return _load(db, Participant, "SELECT * FROM participants WHERE call = ? ORDER BY name", [call])


def all_participants(db: Database) -> list[Participant]:
    """Who took part, over all calls."""
    return _load(db, Participant, "SELECT * FROM participants ORDER BY call, name")


def utterances_of(db: Database, call: str) -> list[Utterance]:
    """What was said in a call, in order."""
    return _load(db, Utterance, "SELECT * FROM utterances WHERE call = ? ORDER BY position", [call])


def utterances_by_id(db: Database, ids: Iterable[str]) -> dict[str, Utterance]:
    """The utterances with these ids."""
    found = {}
    for id_ in ids:
        rows = _load(db, Utterance, "SELECT * FROM utterances WHERE id = ?", [id_])
        found.update({utterance.id: utterance for utterance in rows})
    return found


def replace_redactions(db: Database, call: str, redactions: Iterable[Redaction]) -> None:
    """Note where personal data was taken out of a call, in place of what was noted."""
    db.execute("DELETE FROM redactions WHERE call = ?", [call])
    _save(db, "redactions", redactions, pk=("utterance", "position"))


def redactions_of(db: Database, call: str) -> list[Redaction]:
    """Where personal data was taken out of a call, in its order."""
    return _load(
        db,
        Redaction,
        "SELECT * FROM redactions WHERE call = ? ORDER BY utterance, position",
        [call],
    )


def kinds_redacted(db: Database) -> dict[str, set[str]]:
    """Which kinds of personal data were taken out of each call that had any."""
    found: dict[str, set[str]] = {}
    for call, kind in db.execute("SELECT DISTINCT call, kind FROM redactions").fetchall():
        found.setdefault(call, set()).add(kind)
    return found


def forget_words(db: Database, call: str, rewrite: Callable[[str], str]) -> None:
    """Drop what was derived from a call's words as they were; corrections are kept, rewritten.

    `rewrite` gives the words of a turn as they are now.
    """
    db.execute("DELETE FROM tags WHERE call = ?", [call])
    kept = _load(db, Correction, "SELECT * FROM corrections WHERE call = ?", [call])
    db.execute("DELETE FROM corrections WHERE call = ?", [call])  # they are never updated
    for one in kept:
        new = dataclasses.replace(one, text=rewrite(one.text), context=rewrite(one.context))
        db.table("corrections").insert(_row(new), pk="id")
    db.execute("DELETE FROM embeddings")  # by a hash of their words, so not by call


def leave_no_trace(db: Database) -> None:
    """Take words that are no longer stored out of the search index and the log of the file, too."""
    with transaction(db):
        db.execute("INSERT INTO utterances_fts(utterances_fts) VALUES ('rebuild')")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def replace_voices(db: Database, call: str, voices: Iterable[Voice]) -> None:
    """Keep how the voices of a call sound, in place of what was kept."""
    db.execute("DELETE FROM voices WHERE call = ?", [call])
    _save(db, "voices", voices, pk=("call", "voice"))


def remove_voices(db: Database) -> None:
    """Forget how anybody sounds."""
    db.execute("DELETE FROM voices")


def all_voices(db: Database) -> list[Voice]:
    """How the voices of all calls sound, as far as it is kept."""
    return _load(db, Voice, "SELECT * FROM voices ORDER BY call, voice")


def calls_with_buyers(db: Database) -> set[str]:
    """The calls in which a buyer said something."""
    return {
        id_ for (id_,) in db.execute("SELECT DISTINCT call FROM utterances WHERE side = 'buyer'")
    }


def search_utterances(db: Database, words: str, *, limit: int = 20) -> list[Utterance]:
    """Full-text search over what was said, best first; `words` is taken as plain words."""
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    return _load(
        db,
        Utterance,
        "SELECT utterances.* FROM utterances JOIN utterances_fts "
        "ON utterances.rowid = utterances_fts.rowid "
        "WHERE utterances_fts MATCH ? ORDER BY utterances_fts.rank LIMIT ?",
        [quoted, limit],
    )


# Tags and topics


def replace_tags(db: Database, call: str, kinds: tuple[str, ...], tags: Iterable[Tag]) -> None:
    """Make these the call's tags of the given kinds."""
    for kind in kinds:
        db.execute("DELETE FROM tags WHERE call = ? AND kind = ?", [call, kind])
    _save(db, "tags", tags, pk=("utterance", "kind", "label"))


def save_topics(db: Database, topics: Iterable[Topic]) -> None:
    """Write topics; none is ever dropped, so that no id is given twice."""
    _save(db, "topics", topics, pk="id")


def all_topics(db: Database) -> list[Topic]:
    """The topics, those that count no more with them, by id."""
    return _load(db, Topic, "SELECT * FROM topics ORDER BY id")


def replace_topic_tags(db: Database, tags: Iterable[Tag]) -> None:
    """Make these the utterances that have a topic."""
    db.execute("DELETE FROM tags WHERE kind = 'topic'")
    _save(db, "tags", tags, pk=("utterance", "kind", "label"))


def topic_tags(db: Database) -> list[Tag]:
    """The topics of utterances, by utterance."""
    return _load(db, Tag, "SELECT * FROM tags WHERE kind = 'topic' ORDER BY utterance")


def save_topic_changes(db: Database, changes: Iterable[TopicChange]) -> None:
    """Keep what became of the topics in a rebuild."""
    _save(db, "topic_changes", changes, pk=("rebuild", "topic"))


def all_topic_changes(db: Database) -> list[TopicChange]:
    """What became of topics, by rebuild and topic."""
    return _load(db, TopicChange, "SELECT * FROM topic_changes ORDER BY rebuild, topic")


def tags_of_month(db: Database, month: str) -> list[Tag]:
    """The tags of a month's calls (YYYY-MM), by utterance."""
    return _load(
        db, Tag, "SELECT * FROM tags WHERE month = ? ORDER BY utterance, kind, label", [month]
    )


def tags_of_kinds(db: Database, kinds: tuple[str, ...]) -> list[Tag]:
    """All tags of the given kinds, by utterance."""
    marks = ", ".join("?" for _ in kinds)
    sql = f"SELECT * FROM tags WHERE kind IN ({marks}) ORDER BY utterance, kind, label"  # noqa: S608 - marks
    return _load(db, Tag, sql, [*kinds])


def tags_of_call(db: Database, call: str) -> list[Tag]:
    """The tags of a call, by utterance."""
    return _load(
        db, Tag, "SELECT * FROM tags WHERE call = ? ORDER BY utterance, kind, label", [call]
    )


def add_correction(db: Database, correction: Correction) -> Correction:
    """Keep what a person says of a turn, after all that was said before; with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM corrections").fetchone()
    numbered = dataclasses.replace(correction, id=last + 1)
    db.table("corrections").insert(_row(numbered), pk="id")
    return numbered


def all_corrections(db: Database) -> list[Correction]:
    """What people said of turns, in the order they said it."""
    return _load(db, Correction, "SELECT * FROM corrections ORDER BY id")


def load_vectors(db: Database, model: str, text_hashes: Iterable[str]) -> dict[str, bytes]:
    """Stored sentence vectors (float32 bytes) of these texts."""
    found = {}
    for text_hash in set(text_hashes):
        row = db.execute(
            "SELECT vector FROM embeddings WHERE text_hash = ? AND model = ?", [text_hash, model]
        ).fetchone()
        if row:
            found[text_hash] = row[0]
    return found


def save_vectors(db: Database, model: str, vectors: dict[str, bytes]) -> None:
    """Keep sentence vectors, so that no text is embedded twice."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO embeddings (text_hash, model, vector) VALUES (?, ?, ?)",
        [(text_hash, model, vector) for text_hash, vector in sorted(vectors.items())],
    )


# Content


def replace_content(db: Database, items: list[ContentItem], events: list[UsageEvent]) -> bool:
    """Make these the inventory and its usage; True if anything changed."""
    if all_items(db) == sorted(items, key=_id) and all_events(db) == sorted(events, key=_id):
        return False
    db.execute("DELETE FROM usage_events")
    db.execute("DELETE FROM content_items")
    _save(db, "content_items", items, pk="id")
    _save(db, "usage_events", events, pk="id")
    return True


def all_items(db: Database) -> list[ContentItem]:
    """The content inventory, by id."""
    return _load(db, ContentItem, "SELECT * FROM content_items ORDER BY id")


def all_events(db: Database) -> list[UsageEvent]:
    """What happened to the assets, by event id."""
    return _load(db, UsageEvent, "SELECT * FROM usage_events ORDER BY id")


# Gaps


def remove_gaps_except(db: Database, months: Iterable[str]) -> None:
    """Drop the gaps of months that have no calls any more."""
    keep = set(months)
    for (month,) in db.execute("SELECT DISTINCT month FROM gaps").fetchall():
        if month not in keep:
            db.execute("DELETE FROM gaps WHERE month = ?", [month])


def replace_gaps(db: Database, month: str, gaps: Iterable[Gap]) -> None:
    """Make these the gaps of a month."""
    db.execute("DELETE FROM gaps WHERE month = ?", [month])
    _save(db, "gaps", gaps, pk="id")


def gaps_of_month(db: Database, month: str) -> list[Gap]:
    """The cells of a month, the most pressing first."""
    return _load(db, Gap, "SELECT * FROM gaps WHERE month = ? ORDER BY score DESC, id", [month])


# Records and rows


def _save(db: Database, table: str, records: Iterable[Any], *, pk: str | tuple[str, ...]) -> None:
    rows = [_row(record) for record in records]
    if rows:
        db.table(table).upsert_all(rows, pk=pk)


def _row(record: Any) -> dict[str, Any]:
    return {
        field.name: _cell(field.type, getattr(record, field.name))
        for field in dataclasses.fields(record)
    }


def _cell(hint: Any, value: Any) -> Any:
    if hint == WORDS:
        words = [dataclasses.astuple(word) for word in value]
        return json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else ""
    return LIST_SEPARATOR.join(value) if isinstance(value, tuple | list) else value


def _load(
    db: Database, kind: type[Record], sql: str, values: list[Any] | None = None
) -> list[Record]:
    cursor = db.execute(sql, values or [])
    names = [column[0] for column in cursor.description]
    hints = {field.name: field.type for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return [
        kind(**{name: _from_cell(hints[name], cell) for name, cell in zip(names, row, strict=True)})
        for row in cursor.fetchall()
    ]


def _from_cell(hint: Any, cell: Any) -> Any:
    if hint == "bool":
        return bool(cell)
    if hint == WORDS:
        return tuple(Word(*values) for values in json.loads(cell)) if cell else ()
    if hint == "tuple[str, ...]":
        return tuple(cell.split(LIST_SEPARATOR)) if cell else ()
    return cell


def _forget_results(db: Database, call: str) -> None:
    for table in ("tags", "redactions", "utterances", "participants", "voices"):
        db.execute(f"DELETE FROM {table} WHERE call = ?", [call])  # noqa: S608 - fixed names


def _forget_corrections(db: Database, call: str) -> None:
    db.execute("DELETE FROM corrections WHERE call = ?", [call])


def _id(record: Any) -> str:
    return str(record.id)


def _place(problem: Problem) -> tuple[str, str, int, str]:
    """Row 9 of a file comes before row 10; a call has no row."""
    file, _, row = problem.subject.rpartition(":")
    if file and row.isdecimal():
        return problem.stage, file, int(row), problem.subject
    return problem.stage, problem.subject, 0, problem.subject


def _name(participant: Participant) -> str:
    return participant.name
