"""Where the sound of a call lies."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.addresses import Address, fetched, place_of
from callinsight.calls.forgetting import spans_without
from callinsight.calls.passages import passages
from callinsight.calls.transcripts import is_transcript, recording_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.calls.audio import Sound
    from callinsight.config import Config
    from callinsight.records import Call


def recordings(db: Database, config: Config) -> Callable[[Call], Path | Address | None]:
    """Tells the sound of a call: its file, or what lies beside its transcript.

    There is none where the file is gone, belongs to a call that is refused, or holds personal data,
    or words of somebody who is forgotten, at a time that nobody knows. A store is not asked whether
    it still has what was heard from it.
    """
    sealed = store.sealed_calls(db)
    files = config.calls.files
    closed = {place_of(files, file) for file in store.refused_files(db)}

    def recording_of(call: Call) -> Path | Address | None:
        if store.is_redacted_somewhere(db, call.id):
            return None
        if call.id in sealed and any(u.estimated for u in store.utterances_of(db, call.id)):
            return None
        place = place_of(files, call.file)
        if isinstance(place, str):
            return Address(place) if call.channels and place not in closed else None
        if not is_transcript(place):
            return place if place.is_file() and place not in closed else None
        beside = recording_beside(place)
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


def sound_at(place: Path | Address, call: Call, spans: Sequence[tuple[float, float]]) -> Sound:
    """The sound of a call's recording, as far as these spans need it, in seconds; raises AudioError."""
    with fetched(place) as path:
        damaged = call.status != "done"
        return passages(path, spans, channels=call.channels, damaged=damaged)
