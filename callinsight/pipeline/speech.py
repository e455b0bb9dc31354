"""The step from files to utterances: transcribe recordings, read transcripts, name who spoke."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.calls.speakers import Turn, turns_of, utterances_of
from callinsight.calls.transcribe import EngineSettings, transcribe
from callinsight.calls.transcripts import is_transcript, read_transcript
from callinsight.cluster import run_jobs
from callinsight.config import Config, settings_hash
from callinsight.errors import CallInsightError, InputError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.progress import Progress
    from callinsight.records import Call, Utterance

STAGE = "speech"
NAMING = "speakers"
EDITION = 1  # raise it when the same settings give other words
SPEECH_MODELS = (weights.WHISPER_BASE.name, weights.WHISPER_TINY_EN.name)
MANIFEST_FIELDS_KEPT = ("duration_s", "missing_s", "status", "reason")


@dataclass(frozen=True)
class SpeechJob:
    """One file to be heard or read."""

    subject: str  # the call's id, or whatever the caller knows the file by
    path: Path
    engine: EngineSettings | None  # None for a transcript


@dataclass(frozen=True)
class Heard:
    """What a file holds."""

    turns: tuple[Turn, ...]
    duration_s: float
    missing_s: float
    status: str  # done | partial | empty


def transcribe_calls(
    db: Database,
    config: Config,
    entries: Sequence[Entry],
    *,
    workers: int,
    retry_failed: bool,
    progress: Progress,
) -> None:
    """Bring every call's utterances up to date; one transaction a call."""
    hashes = {entry.call.id: _hash(entry, config) for entry in entries}
    wanted = []
    for entry in entries:
        if entry.call.status == "refused":
            _save_refused(db, entry.call)
        elif _is_due(db, entry.call.id, hashes[entry.call.id], retry_failed=retry_failed):
            wanted.append(entry)
    by_id = {entry.call.id: entry for entry in wanted}
    jobs = _jobs(wanted, config)
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            entry = by_id[job.subject]
            _save(db, entry, heard, hashes[entry.call.id])
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
    name_speakers(db, entries)


def hear(job: SpeechJob) -> Heard:
    """Transcribe a recording or read a transcript; raises AudioError or TranscriptError."""
    if job.engine is None:
        turns = read_transcript(job.path)
        return Heard(tuple(turns), round(turns[-1].end_s, 2), 0.0, "done")
    transcript = transcribe(job.path, job.engine)
    turns = turns_of(transcript.words)
    return Heard(tuple(turns), transcript.duration_s, transcript.missing_s, transcript.status)


def engine_settings(engine: str, model: str, language: str, beam_size: int) -> EngineSettings:
    """The engine with its verified weights, fetched if need be; raises InputError, WeightsError."""
    folder = weights.folder(model)
    _check_model(model, language)
    if engine == "openai-whisper":
        # without its own checkpoint the same weights are converted in memory
        with contextlib.suppress(WeightsError):
            folder = weights.folder(f"openai-{model}")
    return EngineSettings(
        engine=engine, model=model, folder=folder, language=language, beam_size=beam_size
    )


def _check_model(model: str, language: str) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    if model not in SPEECH_MODELS:
        raise InputError(
            f"model '{model}' does not hear speech; it must be {' or '.join(SPEECH_MODELS)}"
        )
    if language not in _LANGUAGE_CODES:
        raise InputError(
            f"'{language}' is no language that the models know; write a code such as en or de"
        )
    if model.endswith(".en") and language != "en":
        raise InputError(f"model '{model}' hears English only; take 'base' for '{language}'")


def name_speakers(db: Database, entries: Sequence[Entry]) -> None:
    """Say who spoke, again where the sheets say other things than before."""
    for entry in entries:
        if entry.call.status == "refused":
            continue
        naming = settings_hash(
            entry.call.rep_channel, [dataclasses.asdict(p) for p in entry.participants]
        )
        _update_facts(db, entry)
        if not store.is_done(db, NAMING, entry.call.id, naming):
            with store.transaction(db):
                before = store.utterances_of(db, entry.call.id)
                turns = [_turn(entry, utterance) for utterance in before]
                store.save_utterances(db, _named(entry, turns))
                store.record_run(db, NAMING, entry.call.id, naming)


def _hash(entry: Entry, config: Config) -> str:
    if is_transcript(entry.path):
        return settings_hash(EDITION, entry.call.fingerprint)
    speech = config.speech
    return settings_hash(
        EDITION,
        entry.call.fingerprint,
        (speech.engine, speech.language, speech.beam_size),
        weights.fingerprint(speech.model),
        version(speech.engine),
    )


def _is_due(db: Database, call: str, hash_: str, *, retry_failed: bool) -> bool:
    if store.is_done(db, STAGE, call, hash_):
        return False
    return retry_failed or not store.has_failed(db, STAGE, call, hash_)


def _jobs(entries: Sequence[Entry], config: Config) -> list[SpeechJob]:
    """Recordings first, the longest files foremost, so that no worker is left with one at the end."""
    recordings = [entry for entry in entries if not is_transcript(entry.path)]
    speech = config.speech
    engine = (
        engine_settings(speech.engine, speech.model, speech.language, speech.beam_size)
        if recordings
        else None
    )
    recordings.sort(key=lambda e: e.path.stat().st_size if e.path.exists() else 0, reverse=True)
    transcripts = [entry for entry in entries if is_transcript(entry.path)]
    return [SpeechJob(e.call.id, e.path, engine) for e in recordings] + [
        SpeechJob(e.call.id, e.path, None) for e in transcripts
    ]


def _save(db: Database, entry: Entry, heard: Heard | CallInsightError, hash_: str) -> None:
    with store.transaction(db):
        if isinstance(heard, CallInsightError):
            error = f"{entry.where}: {heard}"
            call = dataclasses.replace(entry.call, status="failed", reason=error)
            store.save_call(db, call, entry.participants, [])
            store.record_run(db, STAGE, call.id, hash_, error=error)
            return
        call = dataclasses.replace(
            entry.call,
            duration_s=heard.duration_s,
            missing_s=heard.missing_s,
            status=heard.status,
            reason=_reason(entry, heard),
        )
        store.save_call(db, call, entry.participants, _named(entry, heard.turns))
        store.forget_run(db, NAMING, call.id)
        store.record_run(db, STAGE, call.id, hash_)


def _reason(entry: Entry, heard: Heard) -> str:
    if heard.status == "partial":
        return (
            f"{entry.where}: {heard.missing_s:.1f} s of {entry.call.file} cannot be decoded; "
            "the rest is used. Export the call again if you need all of it"
        )
    return f"{entry.where}: nobody speaks in {entry.call.file}" if heard.status == "empty" else ""


def _save_refused(db: Database, call: Call) -> None:
    if store.get_call(db, call.id) != call:
        with store.transaction(db):
            store.save_call(db, call, [], [])
            store.forget_run(db, STAGE, call.id)


def _update_facts(db: Database, entry: Entry) -> None:
    """What the manifest says of a call may change without the call being heard again."""
    known = store.get_call(db, entry.call.id)
    if known:
        kept = {name: getattr(known, name) for name in MANIFEST_FIELDS_KEPT}
        with store.transaction(db):
            store.update_call(db, dataclasses.replace(entry.call, **kept), entry.participants)


def _turn(entry: Entry, utterance: Utterance) -> Turn:
    voice = utterance.speaker if is_transcript(entry.path) else ""
    return Turn(utterance.channel, utterance.start_s, utterance.end_s, utterance.text, voice)


def _named(entry: Entry, turns: Sequence[Turn]) -> list[Utterance]:
    return utterances_of(entry.call.id, turns, entry.participants, entry.call.rep_channel)
