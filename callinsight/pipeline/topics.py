"""The step from utterances to topics: what exists is kept, new ones are added, or all found anew."""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
import itertools
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from operator import attrgetter, itemgetter
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
    from collections.abc import Callable, Iterable, Iterator, Sequence

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


@dataclass(frozen=True, slots=True)
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
    """Turns of substance by their topics; there may be millions, so no words are kept but of some."""

    topics: tuple[tuple[Turn, int, float], ...]  # turns without words, topics, cosines to centroids
    calls: int  # in which anything of substance is said
    unexplained: int  # turns near to no topic, neither one that counts nor a retired one
    sample: tuple[Turn, ...]  # of these, to find topics in; the same turns give the same sample


def update_topics(db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress) -> None:
    """Give what buyers say the nearest topic; enough that none explains makes new ones.

    Topics are looked for once there are calls enough. Those that exist keep their ids.
    """
    calls = store.all_calls(db)
    hash_ = _hash(config, taxonomy, _turns(db, config, calls))
    if store.is_done(db, STAGE, ALL, hash_):
        return
    with progress("Find topics", 1) as advance:
        topics = _known(db, taxonomy)
        placed = _place(db, topics, _turns(db, config, calls), taxonomy)
        looked = _is_enough(db, config, topics, placed)
        if looked:
            themes = _find(db, config, taxonomy, placed)
            new = _as_topics(_unlike(themes, topics), _next_id(topics))
            if new:
                topics = [*topics, *new]
                placed = _place(db, topics, _turns(db, config, calls), taxonomy)
        _save(db, topics, placed, hash_, looked=looked)
        advance(0.0)


def rebuild_topics(db: Database, config: Config, *, progress: Progress) -> str:
    """Find all topics anew, and say what became of each; raises InputError for too few calls.

    A topic that lives on keeps its id and the label a user gave it; a new one gets a new id.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    calls = store.all_calls(db)
    with progress("Find topics", 1) as advance:
        known = _known(db, taxonomy)
        old = [topic for topic in known if _is_found(topic) and topic.status == "active"]
        kept = [topic for topic in known if topic not in old]
        placed = _place(db, kept, _turns(db, config, calls), taxonomy)
        _check_calls(config, placed)
        themes = _unlike(_find(db, config, taxonomy, placed), kept)
        new, changes = succeed(old, _as_topics(themes, _next_id(known)), _rebuilds(db) + 1)
        living = {topic.id for topic in new}
        ended = [dataclasses.replace(t, status="ended") for t in old if t.id not in living]
        topics = [*kept, *ended, *new]
        placed = _place(db, topics, _turns(db, config, calls), taxonomy)
        hash_ = _hash(config, taxonomy, _turns(db, config, calls))
        with store.transaction(db):
            store.save_topic_changes(db, changes)
            _save(db, topics, placed, hash_, looked=True)
        advance(0.0)
    return rebuild_text(old, new, changes)


def place_call(db: Database, config: Config, taxonomy: Taxonomy, call: Call) -> None:
    """Give the turns of a call the nearest of the topics there are; the next run counts them all."""
    topics = _in_this_model(db, store.all_topics(db))
    placed = _place(db, topics, _turns(db, config, [call]) if topics else [], taxonomy)
    with store.transaction(db):
        store.replace_tags(db, call.id, ("topic",), _tags(placed))


# What was said


def _turns(db: Database, config: Config, calls: Iterable[Call]) -> Iterator[Turn]:
    """What buyers said in more than a few words, by call and position."""
    for call in calls:
        if not call.is_read:
            continue
        month = month_of(call.recorded_at, config.zone)
        for id_, side, persona, text in store.words_of_call(db, call.id):
            if side == "buyer" and len(text.split()) >= config.topics.min_words:
                yield Turn(
                    id=id_,
                    text=text,
                    persona=sys.intern(persona),
                    call=call.id,
                    deal=call.deal or call.id,
                    stage=call.stage,
                    month=month,
                )


def _hash(config: Config, taxonomy: Taxonomy, turns: Iterable[Turn]) -> str:
    definitions = [dataclasses.astuple(topic) for topic in taxonomy.topics.values()]
    names = (config.company, _rivals(config, taxonomy))
    encoder = weights.fingerprint(weights.EMBEDDING)
    facts = attrgetter(*(field.name for field in dataclasses.fields(Turn)))
    said = hashlib.sha256()
    for turn in turns:
        said.update(json.dumps(facts(turn)).encode())
    return settings_hash(EDITION, encoder, config.topics, definitions, names, said.hexdigest())


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
    db: Database, topics: Sequence[Topic], turns: Iterable[Turn], taxonomy: Taxonomy
) -> Placed:
    """The turns of substance, each with the nearest topic that counts.

    What has a phrase of a topic that the user defined belongs to it, whatever is near.
    """
    active = [topic for topic in topics if topic.status == "active"]
    retired = [topic for topic in topics if topic.status == "retired"]
    by_phrase = _phrases(active, taxonomy)
    lean = leaning(lambda texts: sentence_vectors(db, texts))
    kept: list[tuple[Turn, int, float]] = []
    calls: set[str] = set()
    unexplained = _Sample()
    turns = iter(turns)
    while batch := list(itertools.islice(turns, BATCH)):
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
                near = (phrase, 1.0)
            elif leans < LEANS or not says_something(turn.text):
                continue
            calls.add(turn.call)
            topic, cosine = near
            if topic is not None:
                kept.append((dataclasses.replace(turn, text=""), topic, cosine))
            elif away is None:
                unexplained.add(turn)
    return Placed(tuple(kept), len(calls), unexplained.count, unexplained.turns())


class _Sample:
    """At most so many of the turns that are added, by a hash of their ids, in their order."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[tuple[int, int, Turn]] = []  # a heap: the last to stay is first to go

    def add(self, turn: Turn) -> None:
        """One turn more."""
        self.count += 1
        one = (-int(text_hash(turn.id), 16), self.count, turn)
        if len(self._kept) < SAMPLE:
            heapq.heappush(self._kept, one)
        else:
            heapq.heappushpop(self._kept, one)

    def turns(self) -> tuple[Turn, ...]:
        """Those that stayed."""
        return tuple(turn for _, _, turn in sorted(self._kept, key=itemgetter(1)))


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
        return placed.calls >= config.topics.min_calls
    before = int(store.setting(db, UNEXPLAINED) or 0)
    return placed.unexplained - before >= NEW_TURNS


def _check_calls(config: Config, placed: Placed) -> None:
    if placed.calls < config.topics.min_calls:
        raise InputError(
            f"topics are looked for once buyers say something of substance in "
            f"{config.topics.min_calls} calls ('min_calls' under [topics] in {config.path}); "
            f"there are {placed.calls}"
        )


def _find(db: Database, config: Config, taxonomy: Taxonomy, placed: Placed) -> list[Theme]:
    """Themes of what no topic explains."""
    turns = placed.sample
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
    sizes = Counter(topic for _, topic, _ in placed.topics)
    first: dict[int, str] = {}
    for turn, topic, _ in placed.topics:
        first[topic] = min(first.get(topic, turn.month), turn.month)
    counted = [
        dataclasses.replace(
            topic,
            size=sizes[topic.id],
            first_seen=min(filter(None, (topic.first_seen, first.get(topic.id, ""))), default=""),
        )
        for topic in topics
    ]
    left = placed.unexplained
    before = int(store.setting(db, UNEXPLAINED) or 0)
    with store.transaction(db):
        store.save_topics(db, counted)
        store.replace_topic_tags(db, _tags(placed))
        store.save_setting(db, ENCODER, weights.fingerprint(weights.EMBEDDING))
        store.save_setting(db, UNEXPLAINED, str(left if looked else min(left, before)))
        store.record_run(db, STAGE, ALL, hash_)


def _tags(placed: Placed) -> Iterator[Tag]:
    return (_tag(turn, topic, score) for turn, topic, score in placed.topics)


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
