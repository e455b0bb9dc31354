"""How topics hold as calls come in: `python benchmarks/topics.py PIPELINE.toml`.

The calls of a pipeline that has run (by default the demo, after `make demo`) are given to the step
half a month at a time, in a copy of its database: once as the program does it, where topics are
kept and only new ones are added, and twice with a refit each time: with ids paired to those of the
fit before, as a rebuild does, and with ids as they come. A turn is stable if it has the same topic
id after a step as before it. Topics are looked for from 15 calls on, to have more steps.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store
from callinsight.config import load_config
from callinsight.pipeline.embedding import load_embedder, vectors_of
from callinsight.pipeline.topics import rebuild_topics, update_topics
from callinsight.progress import silent
from callinsight.tagging.embed import text_hash
from callinsight.tagging.small_talk import leaning
from callinsight.tagging.topics import LEANS, says_something
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from callinsight.config import Config

MIN_CALLS = 15
DEMO = Path(__file__).parent.parent / "pipelines" / "demo.toml"
WAYS = ("kept, new ones added (ours)", "refit, ids matched (rebuild)", "refit, ids as they come")


@dataclass(frozen=True)
class Step:
    """The topics after some more calls."""

    until: str
    calls: int
    turns: int  # of substance
    topics: int
    unassigned: float
    stable: float | None  # share of the turns with a topic before the step that keep its id
    seconds: float


def main(arguments: Sequence[str]) -> None:
    """Print a table for each way."""
    config = load_config(Path(arguments[0]) if arguments else DEMO)
    topics = dataclasses.replace(config.topics, min_calls=MIN_CALLS)
    config = dataclasses.replace(config, topics=topics)
    if not config.database.exists():
        sys.exit(f"{config.database} is not there: run the pipeline first (the demo: make demo)")
    print(f"Data: {config.path.name}. The first step with topics also loads BERTopic.")
    for way in WAYS:
        print(f"\n{way}")
        print(
            f"{'until':12}{'calls':>7}{'turns':>7}{'topics':>8}{'unassigned':>12}{'stable':>9}{'s':>7}"
        )
        for step in steps(config, way):
            stable = "-" if step.stable is None else f"{step.stable * 100:.0f} %"
            print(
                f"{step.until.replace('-31', ' end'):12}{step.calls:7}{step.turns:7}{step.topics:8}"
                f"{step.unassigned * 100:10.0f} %{stable:>9}{step.seconds:7.1f}"
            )


def steps(config: Config, way: str) -> list[Step]:
    """The steps of one way, in a database of its own."""
    with tempfile.TemporaryDirectory() as folder, store.opened(config.database) as source:
        copy = Path(folder) / "copy.db"
        with closing(store.open_store(copy, create=True)) as db:
            _copy_vectors(source, db)
            return [_step(source, db, config, way, until) for until in _halves(source)]


def _step(source: Database, db: Database, config: Config, way: str, until: str) -> Step:
    """Take in the calls until a day, and look for topics."""
    for call in store.all_calls(source):
        if call.recorded_at[:10] <= until and store.get_call(db, call.id) is None:
            people, said = (
                store.participants_of(source, call.id),
                store.utterances_of(source, call.id),
            )
            store.save_call(db, call, people, said)
    before = {tag.utterance: tag.label for tag in store.topic_tags(db)}
    started = time.perf_counter()
    if way == WAYS[2]:
        db.execute("DELETE FROM topics")
        db.execute("DELETE FROM tags WHERE kind = 'topic'")
        store.forget_run(db, "topics", "all")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    update_topics(db, config, taxonomy, progress=silent)
    if way == WAYS[1] and before:
        rebuild_topics(db, config, progress=silent)
    seconds = time.perf_counter() - started
    after = {tag.utterance: tag.label for tag in store.topic_tags(db)}
    turns = _of_substance(db, config)
    kept = [after.get(turn) == topic for turn, topic in before.items()]
    return Step(
        until=until,
        calls=len(store.all_calls(db)),
        turns=turns,
        topics=len(set(after.values())),
        unassigned=1 - len(after) / max(1, turns),
        stable=sum(kept) / len(kept) if kept else None,
        seconds=seconds,
    )


def _of_substance(db: Database, config: Config) -> int:
    """How many turns of buyers could have a topic."""
    said = [
        turn.text
        for call in store.all_calls(db)
        for turn in store.utterances_of(db, call.id)
        if turn.side == "buyer" and len(turn.text.split()) >= config.topics.min_words
    ]
    vectors = vectors_of(db, said)
    leans = leaning(load_embedder().encode)(np.stack([vectors[text_hash(text)] for text in said]))
    return sum(says_something(t) for t, lean in zip(said, leans, strict=True) if lean >= LEANS)


def _halves(source: Database) -> list[str]:
    """The last days of the half months with calls."""
    days = {call.recorded_at[:10] for call in store.all_calls(source)}
    return sorted({day[:8] + ("15" if day[8:] <= "15" else "31") for day in days})


def _copy_vectors(source: Database, db: Database) -> None:
    rows = source.execute("SELECT text_hash, model, vector FROM embeddings").fetchall()
    for key, model, vector in rows:
        store.save_vectors(db, model, {key: vector})


if __name__ == "__main__":
    main(sys.argv[1:])
