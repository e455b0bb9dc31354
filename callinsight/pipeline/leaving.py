"""Calls that leave the database in a run: no longer listed, consent withdrawn, their time over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.manifest import STAGE as MANIFEST
from callinsight.errors import InputError
from callinsight.pipeline.erasing import drop_quietly
from callinsight.pipeline.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.config import Config
    from callinsight.records import Call, Problem

SPEECH = "speech"
LIST, REFUSED = "list", "refused"  # why calls go: see Receipt
UNLISTED = (
    "the list of calls names {} no more, but it is under legal hold, so it is kept; to let it go, "
    "bring its row back with legal_hold no, run, and remove the row"
)


def drop_unlisted(
    db: Database,
    config: Config,
    problems: Sequence[Problem],
    entries: Sequence[Entry],
    *,
    now: str,
) -> int:
    """Note unusable rows; erase calls that are listed no more, once every row can be read, and refused ones.

    What is under legal hold stays. How many were listed no more. Raises InputError if no call would
    be left: then it is the wrong list, or the wrong database.
    """
    listed = {entry.call.id for entry in entries}
    calls = store.all_calls(db)
    if calls and not problems and not listed.intersection(call.id for call in calls):
        raise InputError(
            f"none of the {len(calls)} calls in the database is in the list of calls. Is it the "
            "right database? Name another with --db FILE, or delete it if its calls shall go"
        )
    with store.transaction(db):
        store.replace_problems(db, MANIFEST, problems)
    unlisted = [] if problems else [call for call in calls if call.id not in listed]
    gone = [call for call in unlisted if not call.legal_hold]
    for call in unlisted:
        if call.legal_hold:
            _explain(db, call, UNLISTED.format(call.file))
    drop_quietly(db, config, Plan(what=LIST, calls=tuple(gone)), at=now)
    drop_quietly(db, config, Plan(what=REFUSED, calls=_closed(db, calls, entries)), at=now)
    return len(gone)


def keep_held(db: Database, entries: Sequence[Entry]) -> list[Entry]:
    """The entries without refused calls of which something is kept for legal hold.

    Their words stay as they are; they are read no more, and count in nothing.
    """
    kept = []
    for entry in entries:
        stored = store.get_call(db, entry.call.id)
        if entry.call.status != "refused" or not entry.call.legal_hold or stored is None:
            kept.append(entry)
            continue
        why = "; it is under legal hold, so what is stored of it is kept, and counts in nothing"
        closed = dataclasses.replace(stored, status="refused", consent="")
        _explain(db, closed, f"{entry.call.reason}{why}")
        with store.transaction(db):
            store.forget_run(db, SPEECH, stored.id)
    return kept


def _closed(db: Database, calls: Sequence[Call], entries: Sequence[Entry]) -> tuple[Call, ...]:
    """Calls of which something is stored, and nothing may be any more."""
    refused = {
        entry.call.id
        for entry in entries
        if entry.call.status == "refused" and not entry.call.legal_hold
    }
    return tuple(
        call
        for call in calls
        if call.id in refused and (call.status != "refused" or store.utterances_of(db, call.id))
    )


def _explain(db: Database, call: Call, reason: str) -> None:
    with store.transaction(db):
        people = store.participants_of(db, call.id)
        store.update_call(db, dataclasses.replace(call, reason=reason, legal_hold=True), people)
