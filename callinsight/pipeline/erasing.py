"""Erasing calls and people: that it goes everywhere, with a receipt."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from logging import WARNING
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.forgetting import names_in
from callinsight.config import SETTINGS, settings_text
from callinsight.errors import StoreError
from callinsight.journal import note
from callinsight.months import day_of, month_of
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.people import drop_person
from callinsight.pipeline.quotes import (
    clear_reasons,
    clear_requests,
    clear_topics,
    keys_of_calls,
    unused_keys,
)
from callinsight.pipeline.receipts import receipt_of
from callinsight.pipeline.traces import names_going, remove, written_of
from callinsight.progress import silent
from callinsight.records import Forgotten, Receipt
from callinsight.taxonomy import load_taxonomy
from callinsight.temporary import temporary_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan
    from callinsight.pipeline.traces import Written
    from callinsight.progress import Progress
    from callinsight.records import Call

RUN = "callinsight run"  # who erases what leaves the list of calls
DUE = "words that were taken out before may still stand in the file of the database; they leave it now"
LOGGED = (
    "what was to go is erased, but another program reads the database, so its log may still hold "
    "it; stop that program (such as 'callinsight serve'), then run 'callinsight purge --yes', "
    "which cuts the log off"
)
OTHERS = "calls were erased, and these are left for you to remove: {}"
LEFT = (
    "what was to go is erased from the database, but these files hold words of it and cannot be "
    "removed: {}; remove them as the user who owns them"
)


def carry_out(
    db: Database,
    config: Config,
    plan: Plan,
    *,
    who: str,
    at: str,
    progress: Progress = silent,
) -> Receipt:
    """Erase it; the receipt. Raises StoreError where the file's log cannot be cut off, or a file stays.

    Use it inside `store.claimed`: no run may work on the calls meanwhile.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    months, topics = _months_of(db, config, plan), _names_of_topics(db)
    with store.transaction(db), store.unguarded(db):
        gone, left = _drop_files(db, written_of(db, config, plan))
        gone["names"] += _clear_settings(db, config, names_going(db, plan))
        theirs = keys_of_calls(db, (*plan.calls, *plan.touched))
        gone += drop_calls(db, plan.calls, names=[plan.account] if plan.account else [])
        if plan.person:
            gone += drop_person(db, plan.person, plan.touched)
        gone["embeddings"] = _drop_vectors(db, theirs, progress)
        store.remember_forgotten(db, _remembered(plan, at))
        receipt = store.add_receipt(db, receipt_of(plan, gone, who, at))
        store.note_taken_out(db)
    only = months if topics == _names_of_topics(db) else None
    with _scrubbed_at_last(db):
        update_gaps(db, config, taxonomy, progress=progress, only=only)
        with progress("Pack file", 1) as advance:
            whole = store.scrub(db)
            advance(0.0)
    if not whole:
        raise StoreError(LOGGED)
    if left:
        raise StoreError(LEFT.format(", ".join(map(str, left))))
    return receipt


@contextmanager
def _scrubbed_at_last(db: Database) -> Iterator[None]:
    """What went leaves the file, though somebody interrupts what follows or closes the terminal."""
    try:
        yield
    except BaseException:
        store.scrub(db)
        raise


def finish(db: Database) -> None:
    """Let leave the file what was taken out of it before, if that was cut short."""
    if store.is_scrub_due(db):
        note(DUE, level=WARNING)
        _scrub_quietly(db)


def _scrub_quietly(db: Database) -> None:
    if not store.scrub(db):
        note("the log of the database is being read; it is cut off when that ends", level=WARNING)


def drop_quietly(db: Database, config: Config, plan: Plan, *, at: str) -> None:
    """Erase calls in the middle of a run, which counts gaps and writes the last report anew itself."""
    if not plan.calls:
        return
    written = written_of(db, config, plan)
    with store.transaction(db), store.unguarded(db):
        gone, left = _drop_files(db, written)
        theirs = keys_of_calls(db, plan.calls)
        gone += drop_calls(db, plan.calls)
        gone["embeddings"] = _drop_vectors(db, theirs, silent)
        store.add_receipt(db, receipt_of(plan, gone, RUN, at))
        store.note_taken_out(db)
    _scrub_quietly(db)
    if left:
        note(LEFT.format(", ".join(map(str, left))), level=WARNING)
    if written.others:
        note(OTHERS.format("; ".join(written.others)), level=WARNING)


def drop_calls(db: Database, calls: Sequence[Call], *, names: Iterable[str] = ()) -> Counter[str]:
    """Take calls out of every table, with what others quote of them; how much of each kind.

    Use it inside a transaction and `unguarded`.
    """
    ids = [call.id for call in calls]
    if not ids:
        return Counter()
    gone = Counter(store.rows_of_calls(db, ids))
    said = [u.text for id_ in ids for u in store.utterances_of(db, id_)]
    said += [turn.text for id_ in ids for turn in store.heard_of(db, id_)]
    learnt = [c.text for c in store.all_corrections(db) if c.call in ids]
    people = store.people_only_in(db, ids)
    topics = store.topics_in_calls(db, ids)
    store.erase_calls(db, ids)
    gone["requests"] = clear_requests(db, set(ids), said, [*people, *names])
    clear_reasons(db, learnt)
    gone["topics"] = clear_topics(db, topics)
    return gone


def _drop_files(db: Database, written: Written) -> tuple[Counter[str], list[Path]]:
    """How many files of each kind were removed, and which could not be.

    Use it inside a transaction: an erasure that has to wait for another program removes nothing.
    """
    reports, left = remove(written.reports)
    if not left:
        store.drop_outputs(db, written.outputs)
    heard, loud = remove(temporary_files())
    return Counter(reports=reports, copies=heard), [*left, *loud]


def _clear_settings(db: Database, config: Config, names: Sequence[str]) -> int:
    """Drop words of the stored settings that name somebody, as the pipeline file had them; how many."""
    pattern, speech = names_in(names, parts=False), config.speech
    expected = tuple(word for word in speech.vocabulary if not pattern.search(word))
    pairs = speech.mishearings.items()
    meant = {heard: word for heard, word in pairs if not pattern.search(f"{heard};{word}")}
    dropped = len(speech.vocabulary) - len(expected) + len(pairs) - len(meant)
    if dropped:
        clean = dataclasses.replace(speech, vocabulary=expected, mishearings=meant)
        store.save_setting(db, SETTINGS, settings_text(dataclasses.replace(config, speech=clean)))
    return dropped


def _drop_vectors(db: Database, theirs: set[str], progress: Progress) -> int:
    """Drop what no words are left of; how many of it were of the words that went.

    The rest are of older definitions and assets, say: they go by the way.
    """
    unused = unused_keys(db, progress)
    store.remove_vectors(db, unused - theirs)
    return store.remove_vectors(db, unused & theirs)


def _months_of(db: Database, config: Config, plan: Plan) -> set[str]:
    """The months whose gaps may differ without these calls: those of their deals' calls.

    Where they speak of assets also those in which that counts as use.
    """
    calls = {call.id: call for call in (*plan.calls, *plan.touched)}
    of_deals = store.calls_of_deals(db, {call.deal or call.id for call in calls.values()})
    months = {month_of(c.recorded_at, config.zone) for c in (*of_deals, *calls.values())}
    for id_ in store.calls_mentioning_assets(db, calls):
        day = date.fromisoformat(day_of(calls[id_].recorded_at, config.zone))
        until = day + timedelta(days=config.unused.window_days)
        while day <= until:
            months.add(day.isoformat()[:7])
            day += timedelta(days=28)
        months.add(until.isoformat()[:7])
    return months


def _names_of_topics(db: Database) -> list[tuple[int, str, str, str]]:
    """By what assets name topics: where that changes, the supply of any month may."""
    return [(t.id, t.status, t.label, t.terms) for t in store.all_topics(db)]


def _remembered(plan: Plan, at: str) -> list[Forgotten]:
    return [
        Forgotten(
            id=call.id,
            what="call" if call in plan.calls else "words",
            fingerprint=call.fingerprint,
            file_hash=file_hash(call.file),
            at=at,
        )
        for call in (*plan.calls, *plan.touched)
    ]


def file_hash(file: str) -> str:
    """What a call is known by once its file is gone."""
    return hashlib.sha256(file.encode()).hexdigest()
