"""A made-up database of any size that looks like what pipelines leave; benchmarks/web.py measures it."""

from __future__ import annotations

import dataclasses
import functools
import random
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight import store, weights
from callinsight.config import load_config, settings_text
from callinsight.content.requests import STATES
from callinsight.pipeline.content import update_gaps
from callinsight.progress import bar
from callinsight.records import (
    Call,
    ContentItem,
    ContentRequest,
    Participant,
    Playlist,
    PlaylistItem,
    Tag,
    Topic,
    UsageEvent,
    Utterance,
)
from callinsight.tagging.embed import DIMENSIONS, text_hash
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlite_utils import Database

    from callinsight.taxonomy import Taxonomy

ROOT = Path(__file__).parent.parent
TURNS, TAGGED = 50, 6
BATCH = 500  # calls in one transaction
ACCOUNTS, REPS, MONTHS, TOPICS = 20_000, 200, 24, 40
ITEMS, USES, REQUESTS, PLAYLISTS = 2000, 50_000, 400, 30
NO_WORDS = {"words": ""}
SENTENCES = 20_000
WORDS = """
the and to we it of is that in for you our have not on this with what price team budget cost
month invoice system people data time contract security need help year vendor process approve
question week integration legal training finance payment supplier report access export audit
discount licence server password onboarding reference customer spreadsheet warehouse ledger
""".split()  # noqa: SIM905 - to read


def make(database: Path, calls: int) -> None:
    """Write calls, turns, tags and vectors that look like those of a pipeline."""
    started = time.monotonic()
    config = load_config(ROOT / "pipelines" / "demo.toml")
    files = database.parent / f"{database.stem}-files"
    files.mkdir(parents=True, exist_ok=True)
    write_recording(files / "call.wav")
    config = dataclasses.replace(
        config, calls=dataclasses.replace(config.calls, files=files, manifest=files / "calls.csv")
    )
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    rng = random.Random(1)
    model = weights.fingerprint(weights.EMBEDDING)
    vectors = np.random.default_rng(1)
    kinds = (list(taxonomy.concerns), list(taxonomy.personas), list(taxonomy.asks))
    with store.opened(database, create=True) as db:
        db.conn.execute("PRAGMA synchronous = OFF")
        store.save_setting(db, "settings", settings_text(config))
        triggers = without_triggers(db.conn)
        for start in range(0, calls, BATCH):
            numbers = range(start, min(calls, start + BATCH))
            made = [made_call(number, rng, *kinds) for number in numbers]
            with store.transaction(db):
                insert(db.conn, "calls", [call for call, _, _ in made])
                insert(db.conn, "utterances", [turn for _, said, _ in made for turn in said])
                insert(db.conn, "tags", [tag for _, _, tags in made for tag in tags])
                keep_vectors(db.conn, model, made, vectors)
        with store.transaction(db):
            add_people(db, taxonomy)
            add_content(db, taxonomy)
            add_work(db)
            build_search(db.conn, triggers)
        update_gaps(db, config, taxonomy, progress=bar)
    print(
        f"{calls:,} calls in {time.monotonic() - started:.0f} s, {database.stat().st_size / 1e9:.1f} GB"
    )


def made_call(
    number: int, rng: random.Random, concerns: list[str], personas: list[str], asks: list[str]
) -> tuple[Call, list[Utterance], list[Tag]]:
    """A call with its turns and tags."""
    id_ = f"call-{number:06d}"
    day = number % (MONTHS * 28)
    month = f"{2025 + day // 28 // 12}-{day // 28 % 12 + 1:02d}"
    call = Call(
        id=id_,
        file="call.wav",
        recorded_at=f"{month}-{day % 28 + 1:02d}T10:00:00+00:00",
        title=f"Call {number}",
        account=f"Account {rng.randrange(ACCOUNTS)}",
        deal=f"D-{number // 3}",
        stage=rng.choice(("awareness", "consideration", "decision", "retention")),
        stage_source="crm",
        outcome=rng.choice(("open", "won", "lost")),
        language="en",
        channels=2 if number % 3 == 0 else 0,
        duration_s=600.0,
    )
    persona = rng.choice(personas)
    said = [made_turn(id_, position, persona, rng) for position in range(TURNS)]
    tags = [
        tag
        for turn in rng.sample(said[1::2], TAGGED)
        for tag in made_tags(call, turn, month, rng, concerns, asks)
    ]
    return call, said, tags


def made_turn(call: str, position: int, persona: str, rng: random.Random) -> Utterance:
    buyer = position % 2 == 1
    return Utterance(
        id=f"{call}:{position:04d}",
        call=call,
        position=position,
        start_s=position * 12.0,
        end_s=position * 12.0 + 11.0,
        channel=int(buyer),
        speaker="Ann Lee" if buyer else "Dana Whitfield",
        side="buyer" if buyer else "rep",
        side_confidence=1.0,
        side_source="sheets",
        persona=persona if buyer else "unknown",
        text=f"{rng.choice(sentences())} {call[-6:]} {position}.",
    )


@functools.cache
def sentences() -> list[str]:
    """Words about as often as in speech: the second half as often as the first, and so on."""
    rng = random.Random(3)
    often = [1 / (rank + 1) for rank in range(len(WORDS))]
    picked = (rng.choices(WORDS, weights=often, k=rng.randint(6, 26)) for _ in range(SENTENCES))
    return [" ".join(words).capitalize() for words in picked]


def made_tags(
    call: Call,
    turn: Utterance,
    month: str,
    rng: random.Random,
    concerns: list[str],
    asks: list[str],
) -> Iterator[Tag]:
    stance = rng.choice(("objection", "question", "mention"))
    said = [("concern", label) for label in rng.sample(concerns, rng.choice((1, 1, 2)))]
    said += [("ask", rng.choice(asks))] if rng.random() < 0.2 else []
    said += [("topic", str(rng.randrange(1, 40)))] if rng.random() < 0.3 else []
    for kind, label in said:
        yield Tag(
            utterance=turn.id,
            kind=kind,
            label=label,
            stance=stance if kind != "topic" else "none",
            score=round(rng.uniform(0.4, 1.0), 4),
            status="sure" if rng.random() < 0.85 else "unsure",
            source="made",
            evidence=" ".join(turn.text.split()[2:5]),
            why="made",
            call=call.id,
            deal=call.deal,
            persona=turn.persona,
            stage=call.stage,
            month=month,
        )


def add_people(db: Database, taxonomy: Taxonomy) -> None:
    """A rep and a buyer in each call, and what the log of runs says of it; every 500th call failed."""
    rng = random.Random(4)
    calls = db.execute("SELECT id FROM calls ORDER BY id").fetchall()
    personas = list(taxonomy.personas)
    for start in range(0, len(calls), BATCH):
        people = []
        for (call,) in calls[start : start + BATCH]:
            rep = f"Rep {rng.randrange(REPS)}"
            people.append(Participant(call=call, name=rep, side="rep", title="Account Executive"))
            persona = rng.choice(personas)
            people.append(
                Participant(call=call, name="Ann Lee", side="buyer", title="Head", persona=persona)
            )
        insert(db.conn, "participants", people)
    for stage in ("speech", "speakers", "tags"):
        db.conn.executemany(
            "INSERT INTO runs (stage, subject, settings_hash, finished_at, error) "
            "VALUES (?, ?, 'made', '2026-12-30T03:00:00Z', NULL)",
            [(stage, call) for (call,) in calls],
        )
    broken = calls[::500]
    db.conn.executemany("UPDATE calls SET status = 'failed', reason = 'made' WHERE id = ?", broken)
    db.conn.executemany(
        "UPDATE runs SET error = 'made' WHERE stage = 'speech' AND subject = ?", broken
    )


def add_content(db: Database, taxonomy: Taxonomy) -> None:
    """Assets, what happened to them, and the themes that tags name."""
    rng = random.Random(5)
    concerns, personas = list(taxonomy.concerns), list(taxonomy.personas)
    stages, types = list(taxonomy.stages), list(taxonomy.content_types)
    items = []
    for number in range(ITEMS):
        day = f"{rng.choice((2024, 2025, 2026))}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 28):02d}"
        items.append(
            ContentItem(
                id=f"A-{number:04d}",
                title=f"{rng.choice(sentences())[:60]} {number}",
                content_type=rng.choice(types),
                url=f"https://example.com/{number}",
                summary=rng.choice(sentences()),
                concerns=tuple(rng.sample(concerns[:-4], rng.choice((0, 1, 1, 2)))),
                personas=tuple(rng.sample(personas, rng.choice((0, 1, 2)))),
                stages=tuple(rng.sample(stages, rng.choice((0, 1, 2)))),
                owner=rng.choice(("Mara", "Tom", "Ida", "")),
                status=rng.choice(("live", "live", "live", "draft", "archived")),
                published_on=day,
                updated_on=day,
            )
        )
    store.save_items(db, items)
    used = [
        UsageEvent(
            id=f"use-{number}",
            item=rng.choice(items).id,
            occurred_at=f"{rng.choice((2025, 2026))}-{rng.randrange(1, 13):02d}-15T09:00:00+00:00",
            event=rng.choice(("share", "view", "buyer_view", "download")),
            actor=f"Rep {rng.randrange(REPS)}",
            deal=f"D-{rng.randrange(30_000)}",
        )
        for number in range(USES)
    ]
    insert(db.conn, "usage_events", used)
    centroid = np.zeros(DIMENSIONS, np.float32).tobytes()
    themes = [
        Topic(
            id=number,
            label=" ".join(rng.sample(WORDS[17:], 3)),
            terms=";".join(rng.sample(WORDS[17:], 5)),
            centroid=centroid,
            size=1000,
        )
        for number in range(1, TOPICS)
    ]
    store.save_topics(db, themes)


def add_work(db: Database) -> None:
    """What people did with it: requests in each state, and playlists."""
    rng = random.Random(6)
    turns = db.execute("SELECT utterance, call FROM tags LIMIT 5000").fetchall()
    asked = [
        ContentRequest(
            id=number,
            title=f"{rng.choice(sentences())[:60]} {number}",
            content_type="case_study",
            concern="price_budget",
            persona="economic_buyer",
            stage="decision",
            deals=(f"D-{number}",),
            evidence=tuple(utterance for utterance, _ in rng.sample(turns, 5)),
            requester=f"Rep {rng.randrange(REPS)}",
            created_at=f"2026-{rng.randrange(1, 13):02d}-05T09:00:00+00:00",
            needed_by=f"2026-12-{rng.randrange(1, 28):02d}",
            state=rng.choice(STATES),
        )
        for number in range(1, REQUESTS + 1)
    ]
    insert(db.conn, "content_requests", asked)
    for number in range(1, PLAYLISTS + 1):
        made = Playlist(id=number, name=f"Playlist {number}", who="Mara", created_at="2026-12-01")
        insert(db.conn, "playlists", [made])
        chosen = [
            PlaylistItem(
                playlist=number, utterance=utterance, call=call, who="Mara", at="2026-12-01"
            )
            for utterance, call in sorted(set(rng.sample(turns, 20)))
        ]
        insert(db.conn, "playlist_items", chosen)


def insert(db: sqlite3.Connection, table: str, records: list[Any]) -> None:
    """Rows at once; the store's own function looks at each for what it replaces."""
    rows = [
        {k: ";".join(v) if isinstance(v, tuple) else v for k, v in vars(record).items()} | NO_WORDS
        for record in records
    ]
    names = vars(records[0])
    marks = ", ".join(f":{name}" for name in names)
    db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608


def without_triggers(db: sqlite3.Connection) -> list[str]:
    """Drop the triggers, which would do row by row what is quicker at the end; what makes them."""
    found = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in found:
        db.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def build_search(db: sqlite3.Connection, triggers: list[str]) -> None:
    """What the triggers would have done, and the triggers."""
    db.execute("INSERT INTO changed_calls (call, number) SELECT id, rowid FROM calls")
    db.execute("INSERT INTO utterances_fts (utterances_fts) VALUES ('rebuild')")
    db.execute(
        "INSERT INTO tagged_fts (rowid, text) SELECT rowid, text FROM utterances "
        "WHERE id IN (SELECT utterance FROM tags)"
    )
    for sql in triggers:
        db.execute(sql)


def keep_vectors(
    db: sqlite3.Connection,
    model: str,
    made: list[tuple[Call, list[Utterance], list[Tag]]],
    rng: np.random.Generator,
) -> None:
    tagged = {tag.utterance for _, _, tags in made for tag in tags}
    texts = [turn.text for _, said, _ in made for turn in said if turn.id in tagged]
    vectors = rng.normal(size=(len(texts), DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    db.executemany(
        "INSERT OR IGNORE INTO embeddings (text_hash, model, vector) VALUES (?, ?, ?)",
        [(text_hash(t), model, v.tobytes()) for t, v in zip(texts, vectors, strict=True)],
    )


def write_recording(path: Path) -> None:
    """Ten minutes of two channels of telephone sound."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        noise = np.random.default_rng(0).normal(scale=500, size=(600 * 8000, 2))
        file.writeframes(noise.astype("<i2").tobytes())
