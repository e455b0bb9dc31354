"""What the pages keep in memory of the tagged turns, brought up to date as the database changes."""

from __future__ import annotations

import functools
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.addresses import place_of
from callinsight.calls.transcripts import RECORDING_SUFFIXES
from callinsight.web.facets import (
    RECORDED,
    WRITTEN,
    CallFacts,
    Shelf,
    columns_of,
    empty_shelf,
    restocked_in_parts,
    said_of,
)
from callinsight.web.memory import settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

AT_ONCE = 500  # calls
MANY = 2000  # changed calls beyond which everything is read anew
QUICK_S = 0.3  # a reading that takes longer is done behind the pages
PAUSE = 5  # times as long as the last reading took, before the next


class Index:
    """The shelves of sure excerpts and of all, as of an edition of the database.

    A small change is read at once, so that whoever corrects something sees it; what takes longer
    is read by a thread while the pages show what was known before.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is read before the first page asks."""
        self._path = path
        self._lock = threading.Lock()
        self._edition = -1
        self._sure = empty_shelf()
        self._all = empty_shelf()
        self._again_at = 0.0
        self._is_behind = False  # a long reading is under way, which no page waits for

    def shelf(self, db: Database, folder: Path | str, *, unsure: bool) -> Shelf:
        """The excerpts to show; the first call waits until they are read.

        `folder` is where the recordings lie.
        """
        self._refresh(db, folder)
        return self._all if unsure else self._sure

    @property
    def everything(self) -> Shelf:
        """All excerpts, as last read."""
        return self._all

    @property
    def edition(self) -> int:
        """Which edition of the database the shelves show."""
        return self._edition

    def _refresh(self, db: Database, folder: Path | str) -> None:
        if self._edition < 0:
            with self._lock:
                if self._edition < 0:
                    self._read(db, folder)
        # asked for now: what another thread read meanwhile may be older than this page
        if store.edition(db) == self._edition:
            return
        if time.monotonic() < self._again_at:
            return
        if not self._lock.acquire(blocking=not self._is_behind):
            return
        is_stale = store.edition(db) != self._edition  # else another page has read it meanwhile
        changed = self._changed(db) if is_stale else []
        if self._expected_s(len(changed)) >= QUICK_S:
            self._is_behind = True
            threading.Thread(target=self._read_behind, args=(folder,), daemon=True).start()
            return
        try:
            if is_stale:
                self._read(db, folder, changed)
        finally:
            self._lock.release()

    def _changed(self, db: Database) -> list[str]:
        """The calls to read again; of those that are gone nothing is left but that some are."""
        changed = store.calls_changed_since(db, self._edition)
        if store.GONE not in changed:
            return changed
        there = set(store.all_call_ids(db))
        gone = [call for call in self._all.calls.names if call not in there]
        return [*(call for call in changed if call != store.GONE), *gone]

    def _expected_s(self, calls: int) -> float:
        return calls / 2000 + len(self._all) / 1_000_000

    def _read_behind(self, folder: Path | str) -> None:
        try:
            with store.opened(self._path) as db:
                changed = self._changed(db)
                self._read(db, folder, None if len(changed) > MANY else changed)
        finally:
            self._is_behind = False
            self._lock.release()

    def _read(self, db: Database, folder: Path | str, calls: Sequence[str] | None = None) -> None:
        started, is_first = time.monotonic(), self._edition < 0
        db.execute("BEGIN")  # all that is read is of one edition
        try:
            edition = store.edition(db)
            sure, every = [], []
            for some in _parts(store.all_call_ids(db) if calls is None else calls):
                facts = self._facts(db, folder, some)
                tags = list(store.tagged_rows(db, some))
                sure.append(columns_of(self._sure, said_of(tags, facts, only_sure=True)))
                every.append(columns_of(self._all, said_of(tags, facts, only_sure=False)))
        finally:
            db.execute("ROLLBACK")
            _recordings_in.cache_clear()
        changed = list(self._all.calls.names) if calls is None else calls
        self._sure = restocked_in_parts(self._sure, sure, changed)
        sure.clear()  # as large as the shelf, and not to be there when memory is given back
        self._all = restocked_in_parts(self._all, every, changed)
        every.clear()
        self._edition = edition
        if calls is None:
            settle()
        took_s = time.monotonic() - started
        is_slow = took_s > QUICK_S and not is_first
        self._again_at = time.monotonic() + (PAUSE * took_s if is_slow else 0.0)

    def _facts(
        self, db: Database, folder: Path | str, calls: Sequence[str]
    ) -> dict[str, CallFacts]:
        return {
            call: CallFacts(
                moment=int(datetime.fromisoformat(recorded_at).timestamp()),
                account=account or "",
                outcome=outcome or "open",
                sound=RECORDED if _has_sound(place_of(folder, file), channels) else WRITTEN,
                reps=tuple((reps or "").split("\n")) if reps else (),
            )
            for call, recorded_at, account, outcome, file, channels, reps in store.call_facts(
                db, calls
            )
        }


def _parts(calls: Sequence[str]) -> Iterator[Sequence[str]]:
    """Some calls at a time, so that memory does not grow with their number."""
    for start in range(0, len(calls), AT_ONCE):
        yield calls[start : start + AT_ONCE]


def _has_sound(place: Path | str, channels: int) -> bool:
    """Whether a call can be played: it was heard, or a recording lies beside its transcript."""
    if channels or isinstance(place, str):
        return bool(channels)
    return place.with_suffix("") in _recordings_in(place.parent)


@functools.cache
def _recordings_in(folder: Path) -> frozenset[Path]:
    """The recordings in a folder, without their suffix; a folder is read once for all its calls."""
    if not folder.is_dir():
        return frozenset()
    files = (f for f in folder.iterdir() if f.suffix.casefold() in RECORDING_SUFFIXES)
    return frozenset(file.with_suffix("") for file in files)
