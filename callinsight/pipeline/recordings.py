"""Where the sound of a call lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.transcripts import is_transcript, recording_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call


def recordings(db: Database, config: Config) -> Callable[[Call], Path | None]:
    """Tells the sound of a call: its file, or what lies beside its transcript.

    There is none where the file is gone, or belongs to a call that is refused.
    """
    closed = {config.calls.files / file for file in store.refused_files(db)}

    def recording_of(call: Call) -> Path | None:
        path = config.calls.files / call.file
        if not is_transcript(path):
            return path if path.is_file() and path not in closed else None
        beside = recording_beside(path)
        return beside if beside not in closed else None

    return recording_of
