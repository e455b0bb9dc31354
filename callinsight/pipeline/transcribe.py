"""`callinsight transcribe`: recordings and transcripts to text, without a manifest or database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.calls.formats import to_rttm, to_srt, to_txt, to_vtt
from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcripts import is_transcript
from callinsight.cluster import run_jobs
from callinsight.config import ENGINES, SPEECH_MODELS
from callinsight.errors import CallInsightError, InputError, nearest
from callinsight.pipeline.speech import (
    Heard,
    SpeechJob,
    engine_settings,
    hear,
    lack,
    wrong_channel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callinsight.progress import Progress

FORMATS = ("txt", "srt", "vtt", "json", "rttm")
ONE_FILE = ("srt", "vtt")  # formats that cannot say where the next file begins


@dataclass(frozen=True)
class Line:
    """What is printed for one file: its text on stdout, its message on stderr."""

    text: str
    failed: bool
    message: str = ""


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
    fetch: Callable[[list[str]], None] = weights.fetch,
) -> Iterator[Line]:
    """A line for each file, in the order given; a file that fails has its error in its line.

    `fetch` makes sure that the model is here, if there is anything to hear.
    """
    for name, value, known in (("engine", engine, ENGINES), ("format", format_, FORMATS)):
        if value not in known:
            hint = nearest(value, list(known)) or f"; it must be {' or '.join(known)}"
            raise InputError(f"--{name} is '{value}'{hint}")
    _check_names(files, format_)
    recordings = [file for file in files if not is_transcript(Path(file))]
    if recordings and model in SPEECH_MODELS:  # of another, engine_settings says what is wrong
        fetch([model])
    settings = engine_settings(engine, model, language, beam_size) if recordings else None
    jobs = [
        SpeechJob(str(index), Path(file), settings if file in recordings else None)
        for index, file in enumerate(files)
    ]
    lines: dict[str, Line] = {}
    printed = 0
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            file = files[int(job.subject)]
            if format_ == "json":
                lines[job.subject] = _line(file, heard, rep_channel)
            else:
                heading = format_ == "txt" and len(files) > 1
                lines[job.subject] = _text(file, heard, rep_channel, format_, heading=heading)
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
            while str(printed) in lines:
                yield lines.pop(str(printed))
                printed += 1


def _check_names(files: Sequence[str], format_: str) -> None:
    """Raise InputError where what is printed would not say of which file it is."""
    if format_ in ONE_FILE and len(files) > 1:
        raise InputError(
            f"--format {format_} holds one file and {len(files)} are named; "
            "name one at a time, or take txt, json or rttm"
        )
    stems = [Path(file).stem for file in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if format_ == "rttm" and twice is not None:
        raise InputError(
            f"RTTM names files without folder and suffix, and '{twice}' is there twice; "
            "name these files one at a time"
        )


def _text(
    file: str,
    heard: Heard | CallInsightError,
    rep_channel: int | None,
    format_: str,
    *,
    heading: bool,
) -> Line:
    if isinstance(heard, CallInsightError):
        return Line("", failed=True, message=f"failed: {heard}")
    wrong = wrong_channel(rep_channel, heard.channels)
    utterances = utterances_of("", heard.turns, (), None if wrong else rep_channel)
    if format_ == "rttm":
        text = to_rttm(utterances, Path(file).stem)
    else:
        text = {"txt": to_txt, "srt": to_srt, "vtt": to_vtt}[format_](utterances)
    if heading:
        text = f"# {file}\n\n{text}\n"
    message = f"{file}: {wrong}" if wrong else ""
    if heard.status == "partial":
        message = f"partial: {lack(file, heard)}"
    return Line(text, failed=False, message=message)


def _line(file: str, heard: Heard | CallInsightError, rep_channel: int | None) -> Line:
    if isinstance(heard, CallInsightError):
        return Line(_json(file, "failed", 0.0, 0.0, [], str(heard)), failed=True)
    wrong = wrong_channel(rep_channel, heard.channels)
    utterances = [
        {
            "start_s": utterance.start_s,
            "end_s": utterance.end_s,
            "channel": utterance.channel,
            "speaker": utterance.speaker,
            "side": utterance.side,
            "text": utterance.text,
        }
        for utterance in utterances_of("", heard.turns, (), None if wrong else rep_channel)
    ]
    text = _json(file, heard.status, heard.duration_s, heard.missing_s, utterances, None)
    return Line(text, failed=False, message=f"{file}: {wrong}" if wrong else "")


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
