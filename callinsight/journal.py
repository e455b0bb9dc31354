"""What a run does, a line an event, for programs that watch it: ids and numbers, never what was said.

Messages for people go to stderr; they may quote a sheet, so they are not repeated here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.errors import CallInsightError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callinsight.progress import Advance, Progress

LOG = logging.getLogger("callinsight")
LOG.addHandler(logging.NullHandler())  # without a file nothing is said, not on stderr either
FIELDS = "fields"  # of a log record


class LogFormat(StrEnum):
    """How a line is written."""

    TEXT = "text"
    JSON = "json"


def note(
    event: str,
    *,
    level: int = logging.INFO,
    call: str = "",
    stage: str = "",
    subject: str = "",
    step: str = "",
    status: str = "",
    error: str = "",
    where: str = "",
    count: int | None = None,
    seconds: float | None = None,
    audio_s: float | None = None,
) -> None:
    """Write an event; a field that is not given is left out. `error` is a kind, not a message."""
    texts = {"call": call, "stage": stage, "subject": subject, "step": step, "status": status}
    texts |= {"error": error, "where": where}
    numbers = {"count": count, "seconds": seconds, "audio_s": audio_s}
    fields: dict[str, object] = {name: text for name, text in texts.items() if text}
    fields |= {name: round(n, 2) for name, n in numbers.items() if n is not None}
    LOG.log(level, event, extra={FIELDS: fields})


def timed(progress: Progress) -> Progress:
    """The same progress, and each step is noted with its subjects and seconds."""

    @contextlib.contextmanager
    def noted(step: str, total: int) -> Iterator[Advance]:
        started = time.monotonic()
        note("step started", step=step, count=total)
        with progress(step, total) as advance:
            yield advance
        note("step done", step=step, count=total, seconds=time.monotonic() - started)

    return noted


@contextlib.contextmanager
def journal(path: Path | None, *, shape: LogFormat, run: str) -> Iterator[None]:
    """Write what happens inside to the end of a file, and how it ended; `run` is its id.

    Raises InputError if the file cannot be written.
    """
    if path is None:
        yield
        return
    try:
        handler = _File(path, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: no log can be written there ({error.strerror}); name another file with --log"
        ) from None
    handler.setFormatter(_Line(shape=shape, run=run))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    started = time.monotonic()
    note("run started")
    try:
        yield
        note("run done", seconds=time.monotonic() - started)
    except BaseException as error:
        note("run stopped", level=logging.ERROR, error=type(error).__name__, where=_place(error))
        raise
    finally:
        LOG.removeHandler(handler)
        handler.close()


class _File(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A log that cannot be written any more stops no run."""

    def close(self) -> None:
        """Nor does its last line."""
        with contextlib.suppress(OSError):
            super().close()


class _Line(logging.Formatter):
    """One line a record: time in UTC, level, run, event and its fields, as text or JSON."""

    def __init__(self, *, shape: LogFormat, run: str) -> None:
        super().__init__()
        self._shape = shape
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        moment = datetime.fromtimestamp(record.created, UTC)
        head = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "run": self._run,
            "event": str(record.msg),
        }
        fields = getattr(record, FIELDS, {})
        if self._shape is LogFormat.JSON:
            return json.dumps({**head, **fields}, ensure_ascii=True)
        said = [head["time"], head["level"], f"run={self._run}", head["event"]]
        return " ".join([*said, *(f"{name}={_word(value)}" for name, value in fields.items())])


def _word(value: object) -> str:
    """A value as one word of a line, quoted where it is not one."""
    text = str(value)
    return text if re.fullmatch(r"[\w.:/+-]+", text, re.ASCII) else json.dumps(text)


def _place(error: BaseException) -> str:
    """Where in the program a bug showed; its message may quote a call, so it stays out."""
    if isinstance(error, CallInsightError | KeyboardInterrupt):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
