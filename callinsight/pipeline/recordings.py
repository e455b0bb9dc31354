"""Where the sound of a call lies."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.forgetting import spans_without
from callinsight.calls.transcripts import is_transcript, recording_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call


def recordings(db: Database, config: Config) -> Callable[[Call], Path | None]:
    """Tells the sound of a call: its file, or what lies beside its transcript.

    There is none where the file is gone, belongs to a call that is refused, or holds personal data,
    or words of somebody who is forgotten, at a time that nobody knows.
    """
    sealed = store.sealed_calls(db)
    closed = {config.calls.files / file for file in store.refused_files(db)}

    def recording_of(call: Call) -> Path | None:
        if store.is_redacted_somewhere(db, call.id):
            return None
        if call.id in sealed and any(u.estimated for u in store.utterances_of(db, call.id)):
            return None
        path = config.calls.files / call.file
        if not is_transcript(path):
            return path if path.is_file() and path not in closed else None
        beside = recording_beside(path)
        return beside if beside not in closed else None

    return recording_of


def silences(db: Database) -> Callable[[str], tuple[tuple[float, float], ...]]:
    """Tells where nothing is to be heard of a call, by its id: spans in seconds from its start.

    There personal data was taken out of the words, or somebody who is forgotten.
    """
    sealed = store.sealed_calls(db)

    @functools.cache
    def silent_in(call: str) -> tuple[tuple[float, float], ...]:
        spans = [(one.start_s, one.end_s) for one in store.redactions_of(db, call)]
        if call in sealed:
            spans += spans_without(store.utterances_of(db, call))
        return tuple(spans)

    return silent_in
