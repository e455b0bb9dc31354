"""Calls that leave the database in a run: no longer listed, consent withdrawn, their time over."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
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
LAST_RUN = "last_run"  # moment at which the last run that came to its end was started
PAUSE = timedelta(days=400)  # who comes back after more looks at the clock first
LIST, REFUSED = "list", "refused"  # why calls go: see Receipt
UNLISTED = (
    "the list of calls names {} no more, but it is under legal hold, so it is kept; to let it go, "
    "bring its row back with legal_hold no, run, and remove the row"
)


def check_clock(db: Database, now: str) -> None:
    """Raise InputError where this machine's clock may have jumped, and calls would be erased for it.

    A battery that is empty or a wrong answer of a time server must not end the time of calls.
    """
    end = store.first_end(db)
    if not (now and end) or end >= now[:10]:
        return
    known = [*filter(None, [store.setting(db, LAST_RUN)]), *store.moments_of_calls(db)]
    last = max(known, key=datetime.fromisoformat)
    if datetime.fromisoformat(now) - datetime.fromisoformat(last) > PAUSE:
        raise InputError(
            f"this machine's clock says {now}, and nothing is known of after {last}: calls whose time "
            f"ended on {end} or later would be erased now. Set the clock; if it is right, erase them with "
            "'callinsight purge --yes', and run again"
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
