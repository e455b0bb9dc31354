"""The step from utterances to topics: what exists is kept, new ones are added, or all found anew."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.config import Config, settings_hash
from callinsight.errors import InputError
from callinsight.months import month_of
from callinsight.pipeline.embedding import load_embedder, sentence_vectors
from callinsight.records import Tag, Topic
from callinsight.reports.topics import rebuild_text
from callinsight.tagging.embed import text_hash
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.small_talk import leaning
from callinsight.tagging.succession import succeed
from callinsight.tagging.topics import (
    LEANS,
    SAME,
    centroid_of,
    centroids,
    find_themes,
    nearest_topic,
    says_something,
)
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.progress import Progress
    from callinsight.records import Call
    from callinsight.tagging.topics import Theme
    from callinsight.taxonomy import Taxonomy

STAGE = "topics"
ALL = "all"
ENCODER = "topics_encoder"  # centroids are comparable with vectors of their own model only
UNEXPLAINED = "topics_unexplained"  # how many turns had no topic when new ones were looked for
EDITION = 5  # raise it when the same settings give other topics
SOURCE = "bertopic"
BATCH = 2_000  # turns whose vectors are in memory at a time
SAMPLE = 20_000  # turns to find topics in
NEW_TURNS = 75  # more without a topic than when topics were last looked for, and it is done again


@dataclass(frozen=True)
class Turn:
    """What a buyer said, with the facts that topics are counted by."""

    id: str
    text: str
    persona: str
    call: str
    deal: str
    stage: str
    month: str


@dataclass(frozen=True)
class Placed:
    """Turns of substance, each with its topic and the cosine to its centroid."""

    turns: tuple[Turn, ...]
    topics: tuple[tuple[int | None, float], ...]
    unexplained: tuple[Turn, ...]  # near to no topic, neither one that counts nor a retired one


def update_topics(db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress) -> None:
    """Give what buyers say the nearest topic; enough that none explains makes new ones.

    Topics are looked for once there are calls enough. Those that exist keep their ids.
    """
    turns = _turns(db, config, store.all_calls(db))
    hash_ = _hash(config, taxonomy, turns)
    if store.is_done(db, STAGE, ALL, hash_):
        return
    with progress("Find topics", 1) as advance:
        topics = _known(db, taxonomy)
        placed = _place(db, topics, turns, taxonomy)
        looked = _is_enough(db, config, topics, placed)
        if looked:
            themes = _find(db, config, taxonomy, placed)
            new = _as_topics(_unlike(themes, topics), _next_id(topics))
            if new:
                topics = [*topics, *new]
                placed = _place(db, topics, turns, taxonomy)
        _save(db, topics, placed, hash_, looked=looked)
        advance(0.0)


def rebuild_topics(db: Database, config: Config, *, progress: Progress) -> str:
    """Find all topics anew, and say what became of each; raises InputError for too few calls.

    A topic that lives on keeps its id and the label a user gave it; a new one gets a new id.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    turns = _turns(db, config, store.all_calls(db))
    with progress("Find topics", 1) as advance:
        known = _known(db, taxonomy)
        old = [topic for topic in known if _is_found(topic) and topic.status == "active"]
        kept = [topic for topic in known if topic not in old]
        placed = _place(db, kept, turns, taxonomy)
        _check_calls(config, placed)
        themes = _unlike(_find(db, config, taxonomy, placed), kept)
        new, changes = succeed(old, _as_topics(themes, _next_id(known)), _rebuilds(db) + 1)
        living = {topic.id for topic in new}
        ended = [dataclasses.replace(t, status="ended") for t in old if t.id not in living]
        topics = [*kept, *ended, *new]
        placed = _place(db, topics, turns, taxonomy)
        with store.transaction(db):
            store.save_topic_changes(db, changes)
            _save(db, topics, placed, _hash(config, taxonomy, turns), looked=True)
        advance(0.0)
    return rebuild_text(old, new, changes)


def place_call(db: Database, config: Config, taxonomy: Taxonomy, call: Call) -> None:
    """Give the turns of a call the nearest of the topics there are; the next run counts them all."""
    topics = _in_this_model(db, store.all_topics(db))
    placed = _place(db, topics, _turns(db, config, [call]) if topics else [], taxonomy)
    with store.transaction(db):
        store.replace_tags(db, call.id, ("topic",), _tags(placed))


# What was said


def _turns(db: Database, config: Config, calls: Iterable[Call]) -> list[Turn]:
    """What buyers said in more than a few words, by call and position."""
    return [
        Turn(
            id=id_,
            text=text,
            persona=persona,
            call=call.id,
            deal=call.deal or call.id,
            stage=call.stage,
            month=month_of(call.recorded_at, config.zone),
        )
        for call in calls
        if call.is_read
        for id_, side, persona, text in store.words_of_call(db, call.id)
        if side == "buyer" and len(text.split()) >= config.topics.min_words
    ]


def _hash(config: Config, taxonomy: Taxonomy, turns: Sequence[Turn]) -> str:
    definitions = [dataclasses.astuple(topic) for topic in taxonomy.topics.values()]
    names = (config.company, _rivals(config, taxonomy))
    encoder = weights.fingerprint(weights.EMBEDDING)
    facts = attrgetter(*(field.name for field in dataclasses.fields(Turn)))
    rows = [facts(turn) for turn in turns]
    return settings_hash(EDITION, encoder, config.topics, definitions, names, rows)


def _rivals(config: Config, taxonomy: Taxonomy) -> list[str]:
    rivals = taxonomy.rivals(config.tagging.competitors).values()
    return sorted({name for rival in rivals for name in rival.names})


# Topics and their turns


def _known(db: Database, taxonomy: Taxonomy) -> list[Topic]:
    """The topics so far, with those that the user has defined as they are defined now."""
    topics = _in_this_model(db, store.all_topics(db))
    defined = {topic.defined_as: topic for topic in topics if topic.defined_as}
    ids = itertools.count(_next_id(topics))
    seeds = [
        dataclasses.replace(
            defined.get(key) or Topic(id=next(ids), label="", terms="", centroid=b"", size=0),
            label=definition.label,
            centroid=centroid_of(sentence_vectors(db, definition.examples)).tobytes(),
            label_source="user",
            status="active",
            defined_as=key,
        )
        for key, definition in taxonomy.topics.items()
    ]
    gone = [
        dataclasses.replace(topic, status="ended")
        for key, topic in defined.items()
        if key not in taxonomy.topics
    ]
    found = [topic for topic in topics if _is_found(topic)]
    return sorted([*found, *seeds, *gone], key=lambda topic: topic.id)


def _is_found(topic: Topic) -> bool:
    return not topic.defined_as


def _next_id(topics: Sequence[Topic]) -> int:
    return max((topic.id for topic in topics), default=0) + 1


def _in_this_model(db: Database, topics: Sequence[Topic]) -> list[Topic]:
    """The topics with their centroids as the embedding model of today sees their turns."""
    model = weights.fingerprint(weights.EMBEDDING)
    if store.setting(db, ENCODER) in (model, None):
        return list(topics)
    said = defaultdict(list)
    for tag in store.topic_tags(db):
        said[tag.label].append(tag.utterance)
    moved = []
    for topic in topics:
        texts = [u.text for u in store.utterances_by_id(db, said[str(topic.id)]).values()]
        if texts:
            centroid = centroid_of(sentence_vectors(db, texts)).tobytes()
            moved.append(dataclasses.replace(topic, centroid=centroid))
        else:  # nothing is left to know it by
            moved.append(dataclasses.replace(topic, status="ended"))
    return moved


def _place(
    db: Database, topics: Sequence[Topic], turns: Sequence[Turn], taxonomy: Taxonomy
) -> Placed:
    """The turns of substance, each with the nearest topic that counts.

    What has a phrase of a topic that the user defined belongs to it, whatever is near.
    """
    active = [topic for topic in topics if topic.status == "active"]
    retired = [topic for topic in topics if topic.status == "retired"]
    by_phrase = _phrases(active, taxonomy)
    lean = leaning(lambda texts: sentence_vectors(db, texts))
    kept: list[tuple[Turn, tuple[int | None, float]]] = []
    unexplained = []
    for start in range(0, len(turns), BATCH):
        batch = turns[start : start + BATCH]
        vectors = sentence_vectors(db, [turn.text for turn in batch])
        places = zip(
            batch,
            lean(vectors),
            nearest_topic(vectors, active),
            nearest_topic(vectors, retired),
            strict=True,
        )
        for turn, leans, near, (away, _) in places:
            phrase = by_phrase(turn.text)
            if phrase is not None:
                kept.append((turn, (phrase, 1.0)))
            elif leans >= LEANS and says_something(turn.text):
                kept.append((turn, near))
                if near[0] is None and away is None:
                    unexplained.append(turn)
    return Placed(tuple(t for t, _ in kept), tuple(n for _, n in kept), tuple(unexplained))


def _phrases(topics: Sequence[Topic], taxonomy: Taxonomy) -> Callable[[str], int | None]:
    """A function that gives the topic one of whose phrases a text has."""
    ids = {topic.defined_as: topic.id for topic in topics if topic.defined_as}
    patterns = {k: d.patterns for k, d in taxonomy.topics.items() if k in ids and d.patterns}
    if not patterns:
        return lambda _text: None
    matcher = PhraseMatcher(patterns)
    return lambda text: next((ids[key] for key in matcher.find(text)), None)


# New topics


def _is_enough(db: Database, config: Config, topics: Sequence[Topic], placed: Placed) -> bool:
    """Whether to look for topics: at first by the calls, later by what no topic explains."""
    if not any(_is_found(topic) for topic in topics):
        return len({turn.call for turn in placed.turns}) >= config.topics.min_calls
    before = int(store.setting(db, UNEXPLAINED) or 0)
    return len(placed.unexplained) - before >= NEW_TURNS


def _check_calls(config: Config, placed: Placed) -> None:
    calls = len({turn.call for turn in placed.turns})
    if calls < config.topics.min_calls:
        raise InputError(
            f"topics are looked for once buyers say something of substance in "
            f"{config.topics.min_calls} calls ('min_calls' under [topics] in {config.path}); "
            f"there are {calls}"
        )


def _find(db: Database, config: Config, taxonomy: Taxonomy, placed: Placed) -> list[Theme]:
    """Themes of what no topic explains."""
    turns = list(placed.unexplained)
    if len(turns) > SAMPLE:
        drawn = {turn.id for turn in sorted(turns, key=lambda turn: text_hash(turn.id))[:SAMPLE]}
        turns = [turn for turn in turns if turn.id in drawn]
    if not turns:
        return []
    people = {participant.name for participant in store.all_participants(db)}
    accounts = {call.account for call in store.all_calls(db)}
    return find_themes(
        [turn.text for turn in turns],
        sentence_vectors(db, [turn.text for turn in turns]),
        embed=lambda terms: load_embedder().encode(terms),
        lean=leaning(lambda texts: sentence_vectors(db, texts)),
        deals=[turn.deal for turn in turns],
        names=sorted({*people, *accounts, *_rivals(config, taxonomy), config.company}),
    )


def _unlike(themes: Sequence[Theme], topics: Sequence[Topic]) -> list[Theme]:
    """The themes that are no topic yet, not even a retired one."""
    there = [topic for topic in topics if topic.status != "ended"]
    if not there:
        return list(themes)
    known = centroids(there)
    return [theme for theme in themes if float((known @ theme.centroid).max()) < SAME]


def _as_topics(themes: Sequence[Theme], first_id: int) -> list[Topic]:
    return [
        Topic(
            id=first_id + number,
            label=theme.label,
            terms=theme.terms,
            centroid=theme.centroid.tobytes(),
            size=0,
        )
        for number, theme in enumerate(themes)
    ]


def _rebuilds(db: Database) -> int:
    return max((change.rebuild for change in store.all_topic_changes(db)), default=0)


# What is kept


def _save(
    db: Database, topics: Sequence[Topic], placed: Placed, hash_: str, *, looked: bool
) -> None:
    sizes = Counter(topic for topic, _ in placed.topics)
    first: dict[int | None, str] = {}
    for turn, (topic, _) in zip(placed.turns, placed.topics, strict=True):
        first[topic] = min(first.get(topic, turn.month), turn.month)
    counted = [
        dataclasses.replace(
            topic,
            size=sizes[topic.id],
            first_seen=min(filter(None, (topic.first_seen, first.get(topic.id, ""))), default=""),
        )
        for topic in topics
    ]
    left = len(placed.unexplained)
    before = int(store.setting(db, UNEXPLAINED) or 0)
    with store.transaction(db):
        store.save_topics(db, counted)
        store.replace_topic_tags(db, _tags(placed))
        store.save_setting(db, ENCODER, weights.fingerprint(weights.EMBEDDING))
        store.save_setting(db, UNEXPLAINED, str(left if looked else min(left, before)))
        store.record_run(db, STAGE, ALL, hash_)


def _tags(placed: Placed) -> list[Tag]:
    return [
        _tag(turn, topic, score)
        for turn, (topic, score) in zip(placed.turns, placed.topics, strict=True)
        if topic is not None
    ]


def _tag(turn: Turn, topic: int, score: float) -> Tag:
    return Tag(
        utterance=turn.id,
        kind="topic",
        label=str(topic),
        stance="none",
        score=score,
        status="sure",
        source=SOURCE,
        evidence="",
        call=turn.call,
        deal=turn.deal,
        persona=turn.persona,
        stage=turn.stage,
        month=turn.month,
    )
