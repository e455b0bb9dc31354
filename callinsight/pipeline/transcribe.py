"""`callinsight transcribe`: recordings and transcripts to text, without a manifest or database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.calls.formats import to_rttm, to_srt, to_txt, to_vtt
from callinsight.calls.redaction import Rules
from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcripts import is_transcript
from callinsight.cluster import run_jobs
from callinsight.config import DEVICES, ENGINES, SPEECH_MODELS
from callinsight.errors import CallInsightError, InputError, nearest
from callinsight.pipeline.hearing import (
    Heard,
    SpeechJob,
    engine_settings,
    hear,
    lack,
    repeats,
    unclear,
)
from callinsight.pipeline.naming import wrong_channel
from callinsight.progress import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callinsight.progress import Progress
    from callinsight.records import Utterance

FORMATS = ("txt", "srt", "vtt", "json", "rttm")
WITH_WORDS = ("json", "vtt")
ONE_FILE = ("srt", "vtt")  # formats that cannot say where the next file begins


@dataclass(frozen=True, kw_only=True)
class Options:
    """How files are heard and printed."""

    engine: str = "faster-whisper"
    model: str = "base"
    language: str = "en"  # a code, or `auto`
    beam_size: int = 5
    device: str = "cpu"
    vocabulary: tuple[str, ...] = ()
    rep_channel: int | None = None
    speakers: int | None = None  # in a recording with one channel
    words: bool = False  # print the times of words
    redact: bool = True  # take personal data out
    format: str = "json"


def transcribe_files(
    files: Sequence[str],
    options: Options,
    *,
    workers: int,
    progress: Progress,
    fetch: Callable[[list[str]], None] = weights.fetch,
) -> Iterator[Line]:
    """A line for each file, in the order given; a file that fails has its error in its line.

    `fetch` makes sure that the models are here, if there is anything to hear.
    """
    _check(files, options)
    jobs = _jobs(files, options, fetch)
    lines: dict[str, Line] = {}
    printed = 0
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            file = files[int(job.subject)]
            if options.format == "json":
                lines[job.subject] = _line(file, heard, options)
            else:
                heading = options.format == "txt" and len(files) > 1
                lines[job.subject] = _text(file, heard, options, heading=heading)
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
            while str(printed) in lines:
                yield lines.pop(str(printed))
                printed += 1


def _jobs(
    files: Sequence[str], options: Options, fetch: Callable[[list[str]], None]
) -> list[SpeechJob]:
    recordings = [file for file in files if not is_transcript(Path(file))]
    engine = voice_model = None
    if recordings:
        if options.model in SPEECH_MODELS:  # of another, engine_settings says what is wrong
            fetch([options.model, weights.VOICES])
        engine = engine_settings(
            options.engine,
            options.model,
            language=options.language,
            beam_size=options.beam_size,
            device=options.device,
            vocabulary=options.vocabulary,
        )
        voice_model = weights.folder(weights.VOICES)
    rules = Rules() if options.redact else None
    return [
        SpeechJob(str(index), Path(file), engine, voice_model, options.speakers, rules=rules)
        if file in recordings
        else SpeechJob(str(index), Path(file), None, rules=rules)
        for index, file in enumerate(files)
    ]


def _check(files: Sequence[str], options: Options) -> None:
    """Raise InputError for an option that cannot be."""
    for name, value, known in (
        ("engine", options.engine, ENGINES),
        ("device", options.device, DEVICES),
        ("format", options.format, FORMATS),
    ):
        if value not in known:
            hint = nearest(value, list(known)) or f"; it must be one of {', '.join(known)}"
            raise InputError(f"--{name} is '{value}'{hint}")
    if options.words and options.format not in WITH_WORDS:
        raise InputError(
            f"--words needs --format {' or '.join(WITH_WORDS)}; "
            f"{options.format} has no place for the times of words"
        )
    _check_names(files, options.format)


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


def _text(file: str, heard: Heard | CallInsightError, options: Options, *, heading: bool) -> Line:
    if isinstance(heard, CallInsightError):
        return Line(failed=True, message=f"failed: {heard}")
    utterances = _utterances(heard, options)
    if options.format == "rttm":
        text = to_rttm(utterances, Path(file).stem)
    elif options.format == "vtt":
        text = to_vtt(utterances, words=options.words)
    else:
        text = {"txt": to_txt, "srt": to_srt}[options.format](utterances)
    if heading:
        text = f"# {file}\n\n{text}\n"
    messages = _messages(file, heard, options)
    if heard.status == "partial":
        messages.append(f"partial: {lack(file, heard)}")
    return Line(text=text, message="\n".join(messages))


def _line(file: str, heard: Heard | CallInsightError, options: Options) -> Line:
    if isinstance(heard, CallInsightError):
        return Line(text=_json(file, "failed", error=str(heard)), failed=True)
    utterances = [_shown(utterance, options) for utterance in _utterances(heard, options)]
    text = _json(file, heard.status, heard=heard, utterances=utterances)
    return Line(text=text, message="\n".join(_messages(file, heard, options)))


def _utterances(heard: Heard, options: Options) -> list[Utterance]:
    wrong = wrong_channel(options.rep_channel, heard.channels)
    return utterances_of("", heard.turns, (), options.rep_channel, trusted=not wrong)


def _messages(file: str, heard: Heard, options: Options) -> list[str]:
    wrong = wrong_channel(options.rep_channel, heard.channels)
    return [
        *([f"{file}: {wrong}"] if wrong else []),
        *([repeats(file, heard)] if heard.loops else []),
        *([unclear(file, heard)] if heard.status == "empty" and heard.unclear_s else []),
    ]


def _shown(utterance: Utterance, options: Options) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "start_s": utterance.start_s,
        "end_s": utterance.end_s,
        "channel": utterance.channel,
        "voice": utterance.voice,
        "voice_confidence": utterance.voice_confidence,
        "speaker": utterance.speaker,
        "side": utterance.side,
        "side_confidence": utterance.side_confidence,
        "overlaps": utterance.overlaps,
        "estimated": utterance.estimated,
        "text": utterance.text,
    }
    if options.words:
        shown["words"] = [
            {
                "start_s": w.start_s,
                "end_s": w.end_s,
                "text": w.text.strip(),
                "probability": w.probability,
            }
            for w in utterance.words
        ]
    return shown


def _json(
    file: str,
    status: str,
    *,
    heard: Heard | None = None,
    utterances: Sequence[dict[str, Any]] = (),
    error: str | None = None,
) -> str:
    line = {
        "file": file,
        "status": status,
        "duration_s": heard.duration_s if heard else 0.0,
        "missing_s": heard.missing_s if heard else 0.0,
        "cut_off": bool(heard and heard.cut_off),
        "unclear_s": heard.unclear_s if heard else 0.0,
        "language": heard.language if heard else "",
        "utterances": utterances,
        "error": error,
    }
    return json.dumps(line, ensure_ascii=False)
