"""`callinsight topics`: what users read of topics, and change in them."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import InputError
from callinsight.months import month_of
from callinsight.pipeline.topics import ALL, STAGE
from callinsight.reports.topics import topics_json, topics_of, topics_text
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Topic


def list_topics(db: Database, config: Config, month: str | None, *, as_json: bool) -> str:
    """The topics of a month, by default the last with calls; raises InputError without calls."""
    calls = {call.id: call for call in store.all_calls(db)}
    month_of_call = {id_: month_of(call.recorded_at, config.zone) for id_, call in calls.items()}
    months = sorted(set(month_of_call.values()))
    month = month or (months[-1] if months else "")
    if month not in months:
        known = f"there are calls of {', '.join(months)}" if months else "there are no calls at all"
        raise InputError(f"there is no call in {month}; {known}" if month else known)
    spoke = defaultdict(set)
    for id_ in store.calls_with_buyers(db):
        if calls[id_].is_read:
            spoke[month_of_call[id_]].add(calls[id_].deal or id_)
    tags = store.topic_tags(db)
    listed = topics_of(
        month,
        store.all_topics(db),
        tags,
        store.utterances_by_id(db, [tag.utterance for tag in tags if tag.month == month]),
        spoke,
        min_deals=config.gaps.min_deals,
    )
    if as_json:
        return topics_json(listed)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    return topics_text(listed, taxonomy, min_calls=config.topics.min_calls)


def rename_topic(db: Database, topic_id: int, label: str) -> str:
    """Give a topic a label that stays; raises InputError. Returns what was done, in words."""
    topic = _get(db, topic_id)
    label = " ".join(label.split())
    if not label:
        raise InputError("a label needs a word at least")
    if topic.defined_as:
        raise InputError(
            f"topic {topic.id} is defined in the taxonomy; change its label there, "
            f"under [topics.{topic.defined_as}]"
        )
    for other in store.all_topics(db):
        if other.id != topic.id and other.label == label and other.status == "active":
            raise InputError(f"topic {other.id} is called '{label}' already; choose another label")
    with store.transaction(db):
        store.save_topics(db, [dataclasses.replace(topic, label=label, label_source="user")])
    return f"Topic {topic.id} was called '{topic.label}'; now it is called '{label}'."


def retire_topic(db: Database, topic_id: int) -> str:
    """Let a topic count no more; what it explains makes no new one. Raises InputError."""
    topic = _get(db, topic_id)
    if topic.defined_as:
        raise InputError(
            f"topic {topic.id} is defined in the taxonomy; take [topics.{topic.defined_as}] "
            "out of it, and run again"
        )
    if topic.status == "retired":
        raise InputError(f"topic {topic.id} '{topic.label}' is retired already")
    tags = [tag for tag in store.topic_tags(db) if tag.label != str(topic.id)]
    with store.transaction(db):
        store.save_topics(db, [dataclasses.replace(topic, status="retired", size=0)])
        store.replace_topic_tags(db, tags)
        store.forget_run(db, STAGE, ALL)
    return (
        f"Topic {topic.id} '{topic.label}' is retired: no report shows it from now on. "
        f"'callinsight topics restore {topic.id}' brings it back."
    )


def restore_topic(db: Database, topic_id: int) -> str:
    """Let a retired topic count again; raises InputError."""
    topic = _get(db, topic_id)
    if topic.status == "active":
        raise InputError(f"topic {topic.id} '{topic.label}' is not retired")
    with store.transaction(db):
        store.save_topics(db, [dataclasses.replace(topic, status="active")])
        store.forget_run(db, STAGE, ALL)
    return (
        f"Topic {topic.id} '{topic.label}' is back; the next 'callinsight run' counts what buyers "
        "say of it."
    )


def _get(db: Database, topic_id: int) -> Topic:
    topics = {topic.id: topic for topic in store.all_topics(db)}
    if topic_id not in topics:
        raise InputError(f"there is no topic {topic_id}; 'callinsight topics list' shows them all")
    topic = topics[topic_id]
    if topic.status == "ended":
        raise InputError(
            f"topic {topic.id} '{topic.label}' has ended: a rebuild found other topics in its "
            "place, or it is no longer defined; 'callinsight topics list' shows those that count"
        )
    return topic
