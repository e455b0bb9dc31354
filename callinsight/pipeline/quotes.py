"""What others keep of words that are erased: requests, reasons of tags, topics, vectors."""

from __future__ import annotations

import dataclasses
import itertools
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from callinsight import store
from callinsight.calls.forgetting import FORGOTTEN, NOBODY, names_in, runs_of, without_quotes
from callinsight.pipeline.tags import turns_of_buyers
from callinsight.tagging.concerns import QUOTED, pieces
from callinsight.tagging.embed import text_hash
from callinsight.tagging.encoder import Turn

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sqlite_utils import Database

    from callinsight.progress import Progress
    from callinsight.records import Call, Topic

REQUEST_TEXTS = ("title", "competitor", "claims", "tried", "use")


def clear_requests(
    db: Database,
    calls: set[str],
    said: Sequence[str],
    names: Iterable[str],
    turns: Iterable[str] = (),
) -> int:
    """Take evidence, quotes and names out of requests and what happened to them; how many change."""
    erased, changed = set(turns), set()
    whole = names_in(names, parts=False)
    clear = clearer(said, whole)
    for request in store.all_requests(db):
        kept = tuple(
            e for e in request.evidence if e not in erased and e.rpartition(":")[0] not in calls
        )
        texts: dict[str, Any] = {name: clear(getattr(request, name)) for name in REQUEST_TEXTS}
        new = dataclasses.replace(request, evidence=kept, **texts)
        if new != request:
            store.save_request(db, new)
            changed.add(request.id)
    for event in store.all_request_events(db):
        if clear(event.note) != event.note:
            changed.add(event.request)
    store.rewrite(db, "request_events", ("note",), clear)
    store.rewrite(db, "playlists", ("name",), clear)
    store.rewrite(db, "audit", ("subject",), replacer(whole))
    return len(changed)


def requests_quoting(db: Database, said: Sequence[str], names: Iterable[str]) -> set[int]:
    """The requests whose own words, or what was noted of them, quote one of these texts or a name."""
    clear = clearer(said, names_in(names, parts=False))
    texts = [(one.id, getattr(one, n)) for one in store.all_requests(db) for n in REQUEST_TEXTS]
    texts += [(event.request, event.note) for event in store.all_request_events(db)]
    return {id_ for id_, text in texts if clear(text) != text}


def clearer(said: Collection[str], names: re.Pattern[str] = NOBODY) -> Callable[[str], str]:
    """What takes quotes of texts, and names, out of a text; one of these texts goes whole."""
    runs = runs_of(said)
    return lambda text: (
        FORGOTTEN if text and text in said else names.sub(FORGOTTEN, without_quotes(text, runs))
    )


def clear_reasons(db: Database, learnt: Iterable[str]) -> None:
    """Tags that are explained by a turn that is gone keep no reason."""
    for text in set(learnt):
        store.clear_reasons(db, " ".join(text.split()[:QUOTED]))


def clear_topics(db: Database, ids: Sequence[int]) -> int:
    """A topic keeps the terms that remaining turns say; one without turns ends. How many change."""
    changed = []
    for topic in store.all_topics(db):
        if topic.id in ids and not topic.defined_as:
            new = _restated(topic, [text.casefold() for text in store.turns_of_topic(db, topic.id)])
            if new != topic:
                changed.append(new)
    store.save_topics(db, changed)
    return len(changed)


def _restated(topic: Topic, texts: Sequence[str]) -> Topic:
    def is_said(term: str) -> bool:
        return all(any(w[:-1] in text for text in texts) for w in term.casefold().split())

    terms = [term for term in topic.terms.split(";") if texts and is_said(term)]
    label = topic.label
    if topic.label_source == "found":
        kept = [part for part in label.split(", ") if texts and is_said(part)]
        label = ", ".join(kept or terms[:2]) or FORGOTTEN
    if not texts:
        nowhere = bytes(len(topic.centroid))
        return dataclasses.replace(
            topic, label=FORGOTTEN, terms="", centroid=nowhere, size=0, status="ended"
        )
    return dataclasses.replace(topic, label=label, terms=";".join(terms), size=len(texts))


def unused_keys(db: Database, progress: Progress) -> set[str]:
    """What vectors are found by of which the words are said nowhere any more.

    That takes a look at all words: older words of a call that was heard again may have left some.
    """
    unused = store.vector_keys(db)
    calls = store.count_calls_with_words(db) if unused else 0
    with progress("Find vectors", calls) as advance:
        said = itertools.groupby(store.all_words(db), key=itemgetter(0)) if unused else ()
        for _, turns in said:
            unused.difference_update(_keys_of(turns))
            advance(0.0)
    for one in store.all_corrections(db):
        unused.difference_update(p.key for p in pieces(Turn(one.context, one.text)))
    return unused


def keys_of_calls(db: Database, calls: Iterable[Call]) -> set[str]:
    """What the vectors of the words of calls are found by."""
    said = ([(u.call, u.side, u.text) for u in store.utterances_of(db, one.id)] for one in calls)
    return {key for turns in said for key in _keys_of(turns)}


def _keys_of(turns: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """What the vectors of a call are found by."""
    said = [(side, text) for _, side, text in turns]
    yield from (text_hash(text) for _, text in said)
    for turn in turns_of_buyers(said):
        yield from (piece.key for piece in pieces(turn))


def replacer(names: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: names.sub(FORGOTTEN, text)
