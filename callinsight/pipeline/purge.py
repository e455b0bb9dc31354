"""`callinsight purge`: calls whose time is over, and recordings that are not needed any more."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.addresses import place_of
from callinsight.calls.transcripts import is_transcript
from callinsight.errors import ConfigError, InputError
from callinsight.months import day_of
from callinsight.pipeline.forget import plan_calls
from callinsight.pipeline.holds import holds_now
from callinsight.pipeline.receipts import WORDS
from callinsight.records import Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan
    from callinsight.records import Call

AUDIO = "audio"  # the stage that says whose recording is deleted
DELETED = "deleted"
DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
CENTURY = 100 * 365


def days_of(text: str) -> int:
    """The days of a text such as 365d, 52w or 2y, at most a century; raises InputError."""
    found = re.fullmatch(r"([1-9]\d{0,5})\s*([dwmy]?)", text.strip().casefold())
    days = int(found[1]) * DAYS[found[2] or "d"] if found else 0
    if not 0 < days <= CENTURY:
        raise InputError(
            f"'{text}' is no length of time up to 100 years; write 365d, 52w, 12m or 2y"
        )
    return days


def plan_purge(db: Database, config: Config, today: date, *, older_than: int | None) -> Plan:
    """Calls that are older than so many days, and those whose `retention_until` has passed.

    A call's own `retention_until` goes before the days.
    """
    limit = (today - timedelta(days=older_than)).isoformat() if older_than is not None else ""
    due, kept = [], []
    for call in store.all_calls(db):
        is_old = bool(limit) and day_of(call.recorded_at, config.zone) < limit
        if call.retention_until:
            if call.retention_until < today.isoformat():
                due.append(call)
            elif is_old:
                kept.append(f"{call.id} is to be kept until {call.retention_until}")
        elif is_old:
            due.append(call)
    return plan_calls(config, "age", due, kept)


def recordings_done(db: Database, config: Config) -> tuple[list[tuple[Call, Path]], list[str]]:
    """Recordings whose words, speakers and tags are all stored, and what is kept, with the reason.

    It is kept under legal hold, and in a store, to which nothing is ever written. Raises
    ConfigError unless the pipeline file allows it.
    """
    if not config.privacy.delete_audio:
        raise ConfigError(
            f"{config.path}: recordings are deleted only with 'delete_audio = true' under [privacy] "
            "there; then run the pipeline, and this again"
        )
    finished, holds = store.finished(db), holds_now(config)
    done, held = [], [holds.unread] if holds.unread else []
    for call in store.all_calls(db):
        path = place_of(config.calls.files, call.file)
        stages = {"speech", "speakers", *(("tags",) if call.is_read else ())}
        if isinstance(path, str):
            held.append(f"{path} lies in a store; delete it there")
            continue
        if call.status not in ("done", "empty") or is_transcript(path) or not path.is_file():
            continue
        if holds.cover(call):
            held.append(f"{call.file} is under legal hold")
        elif stages <= finished.get(call.id, set()):
            done.append((call, path))
    return done, held


def delete_recordings(db: Database, done: list[tuple[Call, Path]], *, who: str, at: str) -> Receipt:
    """Delete these recordings; the receipt. Raises InputError at the first that cannot be deleted."""
    count = 0
    try:
        for call, path in done:
            path.unlink()
            count += 1
            with store.transaction(db):
                store.record_run(db, AUDIO, call.id, DELETED)
    except OSError as error:
        raise InputError(
            f"{path}: the recording cannot be deleted ({error.strerror}), {count} were; "
            "mend its permissions and run this again"
        ) from None
    finally:
        if count:
            receipt = _receipt(count, who, at)
            with store.transaction(db):
                receipt = store.add_receipt(db, receipt)
    return receipt if count else _receipt(0, who, at)


def _receipt(count: int, who: str, at: str) -> Receipt:
    words = f"{count} {WORDS['recordings'][count != 1]}"
    table = {"at": at, "who": who, "what": AUDIO, "erased": {"recordings": count}, "held": 0}
    text = f"Erased on {at} by {who} ({AUDIO}):\n  {words}"
    return Receipt(at=at, who=who, what=AUDIO, content=json.dumps(table), text=text)
