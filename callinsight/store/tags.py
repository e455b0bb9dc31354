"""Tags and topics, what people said of them, and the vectors they are made from."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from callinsight.records import DEMAND_STANCES, Correction, Tag, Topic, TopicChange
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database


def replace_tags(db: Database, call: str, kinds: tuple[str, ...], tags: Iterable[Tag]) -> None:
    """Make these the call's tags of the given kinds."""
    for kind in kinds:
        db.execute("DELETE FROM tags WHERE call = ? AND kind = ?", [call, kind])
    save(db, "tags", tags, pk=("utterance", "kind", "label"))


def save_topics(db: Database, topics: Iterable[Topic]) -> None:
    """Write topics; none is ever dropped, so that no id is given twice."""
    save(db, "topics", topics, pk="id")


def all_topics(db: Database) -> list[Topic]:
    """The topics, those that count no more with them, by id."""
    return load(db, Topic, "SELECT * FROM topics ORDER BY id")


def replace_topic_tags(db: Database, tags: Iterable[Tag]) -> None:
    """Make these the utterances that have a topic."""
    db.execute("DELETE FROM tags WHERE kind = 'topic'")
    save(db, "tags", tags, pk=("utterance", "kind", "label"))


def topic_tags(db: Database) -> list[Tag]:
    """The topics of utterances, by utterance."""
    return load(db, Tag, "SELECT * FROM tags WHERE kind = 'topic' ORDER BY utterance")


def concerns_of_topics(db: Database) -> list[tuple[int, tuple[str, ...], int]]:
    """How many turns of each topic surely carry which concerns: (topic, concerns, turns)."""
    sql = """
        SELECT topic, concerns, count(*) FROM (
            SELECT tags.label AS topic, (
                SELECT group_concat(other.label, ';') FROM tags AS other
                WHERE other.utterance = tags.utterance
                AND other.kind = 'concern' AND other.status = 'sure'
            ) AS concerns
            FROM tags WHERE tags.kind = 'topic'
        ) GROUP BY topic, concerns ORDER BY topic, concerns
    """
    return [
        (int(topic), tuple(concerns.split(";")) if concerns else (), turns)
        for topic, concerns, turns in db.execute(sql).fetchall()
    ]


def save_topic_changes(db: Database, changes: Iterable[TopicChange]) -> None:
    """Keep what became of the topics in a rebuild."""
    save(db, "topic_changes", changes, pk=("rebuild", "topic"))


def all_topic_changes(db: Database) -> list[TopicChange]:
    """What became of topics, by rebuild and topic."""
    return load(db, TopicChange, "SELECT * FROM topic_changes ORDER BY rebuild, topic")


def tags_of_month(db: Database, month: str) -> list[Tag]:
    """The tags of a month's calls (YYYY-MM), by utterance."""
    return load(
        db, Tag, "SELECT * FROM tags WHERE month = ? ORDER BY utterance, kind, label", [month]
    )


def taggers_of_month(db: Database, month: str) -> list[str]:
    """What found the concerns of a month, in order."""
    sql = "SELECT DISTINCT source FROM tags WHERE month = ? AND kind = 'concern' ORDER BY source"
    return [source for (source,) in db.execute(sql, [month]).fetchall()]


def topics_heard(db: Database, month: str) -> dict[str, tuple[int, int]]:
    """By topic, how many turns of a month speak of it, and of how many deals."""
    sql = (
        "SELECT label, count(*), count(DISTINCT deal) FROM tags "
        "WHERE month = ? AND kind = 'topic' GROUP BY label"
    )
    return {label: (turns, deals) for label, turns, deals in db.execute(sql, [month]).fetchall()}


def tags_of_kinds(db: Database, kinds: tuple[str, ...]) -> list[Tag]:
    """All tags of the given kinds, by utterance."""
    marks = ", ".join("?" for _ in kinds)
    sql = f"SELECT * FROM tags WHERE kind IN ({marks}) ORDER BY utterance, kind, label"  # noqa: S608 - marks
    return load(db, Tag, sql, [*kinds])


def tags_of_turns(db: Database, utterances: Iterable[str], kinds: tuple[str, ...]) -> list[Tag]:
    """The tags of given kinds that these utterances have, by utterance."""
    sql = (
        "SELECT tags.* FROM json_each(?) AS wanted JOIN tags ON tags.utterance = wanted.value "
        "WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY utterance, kind, label"
    )
    return load(db, Tag, sql, [json.dumps(sorted(set(utterances))), json.dumps(kinds)])


def tags_of_call(db: Database, call: str) -> list[Tag]:
    """The tags of a call, by utterance."""
    return load(
        db, Tag, "SELECT * FROM tags WHERE call = ? ORDER BY utterance, kind, label", [call]
    )


def tags_of_turn(db: Database, utterance: str) -> list[Tag]:
    """The tags of one utterance."""
    return load(db, Tag, "SELECT * FROM tags WHERE utterance = ? ORDER BY kind, label", [utterance])


def tags_from(
    db: Database, kind: str, label: str, stance: str, score: float, upwards: bool
) -> Iterator[tuple[float, str]]:
    """Score and utterance of such tags from a score on, in the order of their scores.

    They come one by one, as far as somebody goes on; those of an uncertain speaker are left out.
    """
    direction = (">=", "score, utterance") if upwards else ("<", "score DESC, utterance DESC")
    yield from db.execute(
        "SELECT score, utterance FROM tags INDEXED BY tags_by_score "  # noqa: S608 - fixed words
        "WHERE kind = ? AND label = ? AND stance = ? AND status <> 'uncertain_speaker' "
        f"AND score {direction[0]} ? ORDER BY {direction[1]}",
        [kind, label, stance, score],
    )


def counts_anyway(db: Database, tag: Tag) -> bool:
    """Whether another turn of the deal surely raises the same concern in a way that counts."""
    row = db.execute(
        "SELECT 1 FROM tags WHERE call IN (SELECT id FROM calls WHERE deal = ? OR id = ?) "
        "AND deal = ? AND kind = 'concern' AND label = ? AND status = 'sure' "
        "AND stance IN (?, ?) AND utterance <> ? LIMIT 1",
        [tag.deal, tag.deal, tag.deal, tag.label, *DEMAND_STANCES, tag.utterance],
    ).fetchone()
    return row is not None


def add_correction(db: Database, correction: Correction) -> Correction:
    """Keep what a person says of a turn, after all that was said before; with its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM corrections").fetchone()
    numbered = dataclasses.replace(correction, id=last + 1)
    db.table("corrections").insert(row_of(numbered), pk="id")
    return numbered


def all_corrections(db: Database) -> list[Correction]:
    """What people said of turns, in the order they said it."""
    return load(db, Correction, "SELECT * FROM corrections ORDER BY id")


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


def has_vectors(db: Database) -> bool:
    """Whether any vector is kept; none is once personal data was taken out of stored words."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM embeddings)").fetchone()[0])


def save_vectors(db: Database, model: str, vectors: dict[str, bytes]) -> None:
    """Keep sentence vectors, so that no text is embedded twice."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO embeddings (text_hash, model, vector) VALUES (?, ?, ?)",
        [(text_hash, model, vector) for text_hash, vector in sorted(vectors.items())],
    )
