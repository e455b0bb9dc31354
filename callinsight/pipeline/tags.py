"""The step from utterances to tags and topics."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.config import Config, settings_hash
from callinsight.months import month_of
from callinsight.records import TAGGED_LANGUAGES, UNKNOWN, Call, Tag, Topic, Utterance
from callinsight.tagging.concerns import Reading, Tagger, load_heads
from callinsight.tagging.embed import Embedder, embed, text_hash
from callinsight.tagging.topics import find_topics, nearest_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.progress import Progress
    from callinsight.taxonomy import Taxonomy

STAGE = "tags"
TOPICS = "topics"
ENCODER = "topics_encoder"  # centroids are comparable with vectors of their own model only
ALL = "all"
UNCERTAIN_SPEAKER = "uncertain_speaker"
EDITION = 3  # raise it when the same settings give other tags
TOPIC_SOURCE = "bertopic"
BATCH_CALLS = 20  # embedded together


def tag_calls(db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress) -> None:
    """Tag what buyers said in every call whose words, facts or definitions have changed."""
    heads = load_heads()
    encoder = weights.fingerprint(weights.EMBEDDING)
    base = settings_hash(
        EDITION, taxonomy, config.tagging.competitors, config.timezone, heads.digest()
    )
    due: list[tuple[Call, list[Utterance], str]] = []
    for call in store.all_calls(db):
        said = store.utterances_of(db, call.id)
        words = [(turn.id, turn.side, turn.persona, turn.text) for turn in said]
        hash_ = settings_hash(base, encoder, call.deal, call.stage, call.recorded_at, words)
        readable = call.status in ("done", "partial") and call.language in TAGGED_LANGUAGES
        if not readable and store.tags_of_call(db, call.id):
            with store.transaction(db):
                store.replace_tags(db, call.id, ("concern", "ask", "topic"), [])
                store.forget_run(db, STAGE, call.id)
        if readable and not store.is_done(db, STAGE, call.id, hash_):
            due.append((call, said, hash_))
    if not due:
        return
    tagger = Tagger(taxonomy, heads, encoder=encoder, competitors=config.tagging.competitors)
    source = f"{heads.digest()}/{taxonomy.version}"
    with progress("Tag", len(due)) as advance:
        for start in range(0, len(due), BATCH_CALLS):
            batch = due[start : start + BATCH_CALLS]
            turns = {call.id: buyer_turns(said) for call, said, _ in batch}
            vectors = _vectors(db, turns.values())
            for call, _, hash_ in batch:
                readings = _read(tagger, turns[call.id], vectors)
                month = month_of(call.recorded_at, config.zone)
                tags = [
                    tag
                    for turn, reading in zip(turns[call.id], readings, strict=True)
                    for tag in _tags(call, turn[0], reading, month=month, source=source)
                ]
                with store.transaction(db):
                    store.replace_tags(db, call.id, ("concern", "ask"), tags)
                    store.record_run(db, STAGE, call.id, hash_)
                advance(0.0)


def update_topics(db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress) -> None:
    """Find topics once there are calls enough; later turns join the nearest of them.

    Only turns that surely ask or object count: small talk, taken in, makes topics of its own.
    """
    calls = {call.id: call for call in store.all_calls(db)}
    turns = [
        utterance
        for utterance in store.demanding_utterances(db)
        if len(utterance.text.split()) >= config.topics.min_words
    ]
    rivals = _rivals(config, taxonomy)
    hash_ = settings_hash(
        EDITION,
        weights.fingerprint(weights.EMBEDDING),
        config.topics,
        config.timezone,
        rivals,
        turns,
        _facts(calls.values()),
    )
    enough = len({turn.call for turn in turns}) >= config.topics.min_calls
    if not enough or store.is_done(db, TOPICS, ALL, hash_):
        return
    months = {id_: month_of(call.recorded_at, config.zone) for id_, call in calls.items()}
    with progress("Find topics", 1) as advance:
        topics, nearest = _topics(db, turns, calls, rivals)
        tags = [
            _topic_tag(calls[turn.call], turn, topic, score, months[turn.call])
            for turn, (topic, score) in zip(turns, nearest, strict=True)
            if topic is not None
        ]
        with store.transaction(db):
            store.replace_topics(db, topics, tags)
            store.save_setting(db, ENCODER, weights.fingerprint(weights.EMBEDDING))
            store.record_run(db, TOPICS, ALL, hash_)
        advance(0.0)


def _topics(
    db: Database, turns: Sequence[Utterance], calls: Mapping[str, Call], rivals: Sequence[str]
) -> tuple[Sequence[Topic], Sequence[tuple[int | None, float]]]:
    """The topics that are there already, else new ones; and each turn's topic with its cosine."""
    vectors = _vectors(db, [[(turn, "") for turn in turns]])
    matrix = np.stack([vectors[text_hash(turn.text)] for turn in turns])
    topics = store.all_topics(db)
    if topics and store.setting(db, ENCODER) == weights.fingerprint(weights.EMBEDDING):
        return topics, nearest_topic(matrix, topics)
    people = {participant.name for participant in store.all_participants(db)}
    accounts = {call.account for call in calls.values()}
    model = find_topics(
        [turn.text for turn in turns],
        matrix,
        embed=lambda terms: load_embedder().encode(terms),
        calls=[turn.call for turn in turns],
        names=sorted({*people, *accounts, *rivals}),
    )
    return model.topics, model.of_turn


def _rivals(config: Config, taxonomy: Taxonomy) -> list[str]:
    names = (name for concern in taxonomy.concerns.values() for name in concern.names)
    return sorted({*config.tagging.competitors, *names})


@functools.cache
def load_embedder() -> Embedder:
    """The embedding model, loaded once a process."""
    return Embedder(weights.folder(weights.EMBEDDING))


def buyer_turns(said: Sequence[Utterance]) -> list[tuple[Utterance, str]]:
    """What buyers said in a call, each with the turn of the rep before it, in the call's order.

    Also what may have been a buyer's: it is tagged for people to see, and counts in no number.
    """
    turns = []
    before = ""
    for utterance in said:
        if utterance.side in ("buyer", UNKNOWN):
            turns.append((utterance, before))
        if utterance.side != "buyer":
            before = utterance.text
    return turns


def _vectors(
    db: Database, turns: Iterable[Sequence[tuple[Utterance, str]]]
) -> dict[str, NDArray[np.float32]]:
    """Vectors of turns and contexts by text hash; new ones are kept in the store."""
    texts = {text for call in turns for turn, before in call for text in (turn.text, before)}
    model = weights.fingerprint(weights.EMBEDDING)
    stored = store.load_vectors(db, model, map(text_hash, texts))
    vectors = embed(texts, stored, load_embedder)
    new = {key: vector.tobytes() for key, vector in vectors.items() if key not in stored}
    if new:
        with store.transaction(db):
            store.save_vectors(db, model, new)
    return vectors


def _read(
    tagger: Tagger,
    turns: Sequence[tuple[Utterance, str]],
    vectors: dict[str, NDArray[np.float32]],
) -> list[Reading]:
    if not turns:
        return []
    return tagger.read(
        [turn.text for turn, _ in turns],
        np.stack([vectors[text_hash(turn.text)] for turn, _ in turns]),
        np.stack([vectors[text_hash(before)] for _, before in turns]),
    )


def _tags(call: Call, turn: Utterance, reading: Reading, *, month: str, source: str) -> list[Tag]:
    facts = {"utterance": turn.id, "source": source, **_cell(call, turn, month)}
    uncertain = UNCERTAIN_SPEAKER if turn.side == UNKNOWN else ""
    tags = [
        Tag(
            kind="concern",
            label=concern.label,
            stance=reading.stance,
            score=concern.score,
            status=uncertain or concern.status,
            evidence=concern.evidence,
            **facts,
        )
        for concern in reading.concerns
    ]
    if reading.asks:
        tags.append(
            Tag(
                kind="ask",
                label=reading.ask_kind,
                stance=reading.stance,
                score=reading.ask_score,
                status=uncertain or "sure",
                evidence=turn.text,
                **facts,
            )
        )
    return tags


def _topic_tag(call: Call, turn: Utterance, topic: int, score: float, month: str) -> Tag:
    return Tag(
        utterance=turn.id,
        kind="topic",
        label=str(topic),
        stance="none",
        score=score,
        status="sure",
        source=TOPIC_SOURCE,
        evidence="",
        **_cell(call, turn, month),
    )


def _cell(call: Call, turn: Utterance, month: str) -> dict[str, str]:
    return {
        "call": call.id,
        "deal": call.deal or call.id,
        "persona": turn.persona,
        "stage": call.stage,
        "month": month,
    }


def _facts(calls: Iterable[Call]) -> list[tuple[str, ...]]:
    return [(call.id, call.deal, call.stage, call.recorded_at) for call in calls]
