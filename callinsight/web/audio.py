"""Recordings as browsers play them, by ranges; clips of a turn to take along."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.addresses import Address, fetched
from callinsight.calls.audio import clip
from callinsight.calls.playable import media_type, write_copy
from callinsight.pipeline.recordings import recordings, silences, sound_at
from callinsight.reports.excerpts import span_of
from callinsight.reports.wording import slug
from callinsight.temporary import temporary_folder
from callinsight.web.pages import Db, Settings, require

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call

router = APIRouter()
NOT_THERE = "The recording of this call is not there any more, or it is not to be played."
NO_CLIP = "There is no recording of these words, or nobody knows when they were said."


class Copies:
    """Recordings that are not served as they are, made into MP3 once; they go when the server ends.

    Browsers cannot play them, or there is something in them that nobody shall hear.
    """

    def __init__(self) -> None:
        """Nothing is written before the first copy."""
        self._folder: TemporaryDirectory[str] | None = None
        self._making: dict[str, Future[Path]] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="copies")

    def of(self, place: Path | Address, silent: tuple[tuple[float, float], ...] = ()) -> Path:
        """The copy of a recording with silence in spans (s); whoever asks first waits for it.

        Raises AudioError.
        """
        key = f"{place}\x1f{silent}"
        if isinstance(place, Path):
            status = place.stat()
            key = f"{key}\x1f{status.st_size}\x1f{status.st_mtime_ns}"
        with self._lock:
            if self._folder is None:
                self._folder = temporary_folder()
            made = self._making.get(key)
            if made is None or _is_lost(made):
                target = Path(self._folder.name, f"{hashlib.sha256(key.encode()).hexdigest()}.mp3")
                made = self._making[key] = self._worker.submit(_write_copy, place, target, silent)
        return made.result()

    def close(self) -> None:
        """Drop all copies."""
        self._worker.shutdown(cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()


def _write_copy(
    place: Path | Address, target: Path, silent: tuple[tuple[float, float], ...]
) -> Path:
    with fetched(place) as path:
        return write_copy(path, target, silent=silent)


def _is_lost(made: Future[Path]) -> bool:
    """Whether a copy failed, or is gone: forgetting a call removes all copies there are."""
    return made.done() and (made.exception() is not None or not made.result().exists())


def _copies(request: Request) -> Copies:
    copies: Copies = request.app.state.copies
    return copies


@router.api_route(
    "/audio/{call:path}",
    methods=["GET", "HEAD"],
    response_class=FileResponse,
    dependencies=[Depends(require("viewer", noted="play"))],
)
def audio(
    call: str, db: Db, config: Settings, copies: Annotated[Copies, Depends(_copies)]
) -> FileResponse:
    """The recording of a call, whole or the range of bytes that is asked for."""
    known = store.get_call(db, call)
    path = _recording_of(db, config, known)
    if known is None or path is None:
        raise HTTPException(404, NOT_THERE)
    silent = silences(db)(call)
    if isinstance(path, Address):
        return FileResponse(copies.of(path, silent), media_type="audio/mpeg")
    kind = media_type(path) if known.status != "partial" and not silent else None
    if kind is None:  # a player would not know what of a damaged file was left out
        return FileResponse(copies.of(path, silent), media_type="audio/mpeg")
    return FileResponse(path, media_type=kind)


@router.get("/clips/{utterance:path}", dependencies=[Depends(require("viewer", noted="export"))])
def clip_of(utterance: str, db: Db, config: Settings) -> Response:
    """A turn with some air around it, 10 to 30 seconds, as MP3."""
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    call = store.get_call(db, said.call) if said else None
    path = _recording_of(db, config, call)
    if said is None or call is None or path is None or said.estimated:
        raise HTTPException(404, NO_CLIP)
    evidence = next(
        (t.evidence for t in store.tags_of_call(db, call.id) if t.utterance == said.id), ""
    )
    start_s, end_s = span_of(said, evidence, call.duration_s or said.end_s)
    sound = sound_at(path, call, [(start_s, end_s)])
    if start_s >= sound.duration_s:
        raise HTTPException(404, NO_CLIP)
    return Response(
        clip(sound, start_s, end_s, silent=silences(db)(call.id)),
        media_type="audio/mpeg",
        headers={"Content-Disposition": f'attachment; filename="{slug(said.id)[:60]}.mp3"'},
    )


def _recording_of(db: Database, config: Config, call: Call | None) -> Path | Address | None:
    if call is None or call.is_closed:
        return None
    return recordings(db, config)(call)
