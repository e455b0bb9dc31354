"""Whether a turn can be played from a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.addresses import place_of
from callinsight.calls.transcripts import is_transcript, recording_beside

if TYPE_CHECKING:
    from fastapi import Request

    from callinsight.config import Config
    from callinsight.records import Call, Utterance


def can_play(request: Request, config: Config, call: Call, said: Utterance) -> bool:
    """Whether the recording of a call is there, this server plays it, and the times are known."""
    if said.estimated or call.is_closed or not request.app.state.plays_audio:
        return False
    path = place_of(config.calls.files, call.file)
    if isinstance(path, str):
        return bool(call.channels)
    return recording_beside(path) is not None if is_transcript(path) else path.is_file()
