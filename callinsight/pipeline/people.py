"""A person goes out of calls: their own turns, and what others and the sheets call them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.forgetting import FORGOTTEN, names_in, words_without
from callinsight.calls.mending import SIDE
from callinsight.pipeline.quotes import (
    clear_reasons,
    clear_requests,
    clear_topics,
    clearer,
    replacer,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.pipeline.plan import Person
    from callinsight.records import Call, Mending

CALL_TEXTS = (
    ("calls", ("title", "outcome_reason", "vocabulary")),
    ("tags", ("evidence", "why")),
    ("corrections", ("context", "text")),
    ("mendings", ("subject", "text", "before", "after")),
)


def drop_person(db: Database, person: Person, calls: Sequence[Call]) -> Counter[str]:
    """Empty a person's own turns, and put a placeholder where others or the sheets name them."""
    ids = {call.id for call in calls}
    own = {turn for turns in person.turns.values() for turn in turns}
    gone: Counter[str] = Counter(utterances=len(own))
    texts = [u.text for id_ in person.turns for u in store.utterances_of(db, id_) if u.id in own]
    learnt = [c.text for c in store.all_corrections(db) if c.utterance in own or c.text in texts]
    topics = store.topics_in_calls(db, ids)
    gone.update(store.erase_turns(db, own))
    gone["corrections"] += _drop_corrections(db, set(texts))
    gone["mendings"] += _drop_mendings(db, own, set(texts), person)
    quotes = clearer(texts)  # the turn before one that people correct may be the person's
    for id_ in sorted(ids):
        took_part = id_ in person.turns
        gone["names"] += store.rewrite(db, "corrections", ("context",), quotes, id_)
        called = person.names_in(id_)
        names = names_in(called, parts=took_part)
        _empty_turns(db, id_, own, names)
        gone["names"] += _clear_call(db, id_, names)
        if took_part:
            gone["participants"] += _hide(db, id_, called)
    gone["requests"] = clear_requests(db, set(), texts, person.names, own)
    gone["names"] += store.rewrite(
        db, "usage_events", ("actor",), replacer(names_in(person.names, parts=False))
    )
    clear_reasons(db, learnt)
    gone["topics"] = clear_topics(db, topics)
    return +gone


def _empty_turns(db: Database, call: str, own: set[str], names: re.Pattern[str]) -> None:
    """A turn of the person keeps its place and time, so that others keep theirs; no word stays."""
    changed = []
    for said in store.utterances_of(db, call):
        speaker, voice = names.sub(FORGOTTEN, said.speaker), names.sub(FORGOTTEN, said.voice)
        if said.id in own:
            new = dataclasses.replace(
                said, text=FORGOTTEN, words=(), speaker=FORGOTTEN, voice=voice, persona="unknown"
            )
        else:
            new = dataclasses.replace(
                said,
                text=names.sub(FORGOTTEN, said.text),
                words=words_without(said.words, names),
                speaker=speaker,
                voice=voice,
            )
        if new != said:
            changed.append(new)
    store.save_utterances(db, changed)
    heard = [
        dataclasses.replace(
            turn, text=names.sub(FORGOTTEN, turn.text), words=words_without(turn.words, names)
        )
        for turn in store.heard_of(db, call)
    ]
    store.replace_heard(db, call, heard)


def _clear_call(db: Database, call: str, names: re.Pattern[str]) -> int:
    """Take names out of what the sheets and people say of a call; how many texts change."""
    change = replacer(names)
    return sum(store.rewrite(db, table, columns, change, call) for table, columns in CALL_TEXTS)


def _hide(db: Database, call: str, names: Iterable[str]) -> int:
    """Keep that somebody took part, and nothing of who it was; how many people."""
    taken = {person.name for person in store.participants_of(db, call)}
    aliases = (FORGOTTEN, *(f"[forgotten {number}]" for number in range(2, len(taken) + 3)))
    free = iter([alias for alias in aliases if alias not in taken])
    return sum(store.hide_participant(db, call, n, next(free)) for n in names if n in taken)


def _drop_corrections(db: Database, texts: set[str]) -> int:
    return store.drop_corrections(db, [c.id for c in store.all_corrections(db) if c.text in texts])


def _drop_mendings(db: Database, own: set[str], texts: set[str], person: Person) -> int:
    """Drop what people mended of the person or of their turns; of a voice only its side stays."""
    gone = [
        mending.id
        for mending in store.all_mendings(db)
        if mending.what != SIDE
        and (mending.subject in own or mending.text in texts or _is_about(mending, person))
    ]
    return store.drop_mendings(db, gone)


def _is_about(mending: Mending, person: Person) -> bool:
    return mending.call in person.turns and mending.subject in person.names_in(mending.call)
