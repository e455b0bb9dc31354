"""`callinsight transcribe`: recordings to text, without a manifest or a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight.calls.speakers import utterances_of
from callinsight.cluster import run_jobs
from callinsight.config import ENGINES
from callinsight.errors import CallInsightError, InputError, nearest
from callinsight.pipeline.speech import Heard, SpeechJob, engine_settings, hear

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.progress import Progress

FORMATS = ("json",)


@dataclass(frozen=True)
class Line:
    """What is printed for one file."""

    text: str
    failed: bool


def transcribe_files(
    files: Sequence[str],
    *,
    engine: str,
    model: str,
    language: str,
    beam_size: int,
    rep_channel: int | None,
    format_: str,
    workers: int,
    progress: Progress,
) -> Iterator[Line]:
    """A line for each file, in the order given; a file that fails has its error in its line."""
    for name, value, known in (("engine", engine, ENGINES), ("format", format_, FORMATS)):
        if value not in known:
            hint = nearest(value, list(known)) or f"; it must be {' or '.join(known)}"
            raise InputError(f"--{name} is '{value}'{hint}")
    settings = engine_settings(engine, model, language, beam_size)
    jobs = [SpeechJob(str(index), Path(file), settings) for index, file in enumerate(files)]
    lines: dict[str, Line] = {}
    printed = 0
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            lines[job.subject] = _line(files[int(job.subject)], heard, rep_channel)
            advance(heard.duration_s if isinstance(heard, Heard) else 0.0)
            while str(printed) in lines:
                yield lines.pop(str(printed))
                printed += 1


def _line(file: str, heard: Heard | CallInsightError, rep_channel: int | None) -> Line:
    if isinstance(heard, CallInsightError):
        return Line(_json(file, "failed", 0.0, 0.0, [], str(heard)), failed=True)
    utterances = [
        {
            "start_s": utterance.start_s,
            "end_s": utterance.end_s,
            "channel": utterance.channel,
            "speaker": utterance.speaker,
            "side": utterance.side,
            "text": utterance.text,
        }
        for utterance in utterances_of("", heard.turns, (), rep_channel)
    ]
    text = _json(file, heard.status, heard.duration_s, heard.missing_s, utterances, None)
    return Line(text, failed=False)


def _json(
    file: str,
    status: str,
    duration_s: float,
    missing_s: float,
    utterances: list[dict[str, Any]],
    error: str | None,
) -> str:
    line = {
        "file": file,
        "status": status,
        "duration_s": duration_s,
        "missing_s": missing_s,
        "utterances": utterances,
        "error": error,
    }
    return json.dumps(line, ensure_ascii=False)
