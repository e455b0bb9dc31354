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
from callinsight.config import SPEECH_MODELS, Config, settings_hash
from callinsight.errors import CallInsightError, InputError, WeightsError
from callinsight.records import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.progress import Progress
    from callinsight.records import Call, Utterance

STAGE = "speech"
FILES = "files"
CHANNELS = "channels"
HEARD = ("done", "partial", "empty")
NAMING = "speakers"
EDITION = 1  # raise it when the same settings give other words
MANIFEST_FIELDS_KEPT = ("channels", "duration_s", "missing_s", "status", "reason")


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
    channels: int = 0  # of the recording; 0 for a transcript
    cut_off: bool = False  # the file ends early, by an unknown length


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
    opened = [entry for entry in entries if entry.call.status != "refused"]
    hashes = {entry.call.id: _hash(entry, config) for entry in opened}
    wanted = []
    for entry in entries:
        if entry.call.status == "refused":
            _save_refused(db, entry.call)
        elif _is_due(db, entry, hashes[entry.call.id], retry_failed=retry_failed):
            wanted.append(entry)
    by_id = {entry.call.id: entry for entry in wanted}
    jobs = _jobs(wanted, config)
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            entry = by_id[job.subject]
            _save(db, entry, heard, hashes[entry.call.id])
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
    name_speakers(db, entries)


def recall(db: Database, entries: Sequence[Entry]) -> list[Entry]:
    """The entries, those whose file is out of reach with what is known of their call from before.

    So a drive that is not there, or a file that was moved, loses nothing that was heard.
    """
    known = {call.file: call for call in store.all_calls(db) if call.status in HEARD}
    recalled, problems = [], []
    for entry in entries:
        before = known.get(entry.call.file)
        if before is None or entry.call.fingerprint or entry.call.status == "refused":
            recalled.append(entry)
            continue
        call = dataclasses.replace(entry.call, id=before.id, fingerprint=before.fingerprint)
        people = tuple(dataclasses.replace(p, call=before.id) for p in entry.participants)
        recalled.append(dataclasses.replace(entry, call=call, participants=people))
        error = (
            f"{entry.where}: {call.file} is not there any more; what was heard of it is kept. "
            "Bring the file back, or remove the row"
        )
        problems.append(Problem(stage=FILES, subject=entry.where, error=error))
    with store.transaction(db):
        store.replace_problems(db, FILES, problems)
    return recalled


def hear(job: SpeechJob) -> Heard:
    """Transcribe a recording or read a transcript; raises AudioError or TranscriptError."""
    if job.engine is None:
        turns = read_transcript(job.path)
        return Heard(tuple(turns), round(turns[-1].end_s, 2), 0.0, "done")
    _check_language(job.engine)
    transcript = transcribe(job.path, job.engine)
    turns = turns_of(transcript.words)
    return Heard(
        tuple(turns),
        transcript.duration_s,
        transcript.missing_s,
        transcript.status,
        len(transcript.words),
        transcript.cut_off,
    )


def lack(file: str, heard: Heard) -> str:
    """In words, what lacks of a file that was heard in part."""
    undecoded = f"{heard.missing_s:.1f} s of {file} cannot be decoded"
    if not heard.cut_off:
        return undecoded
    ending = "the file ends before its end: it was cut off"
    return f"{undecoded}, and {ending}" if heard.missing_s else f"{file}: {ending}"


def engine_settings(engine: str, model: str, language: str, beam_size: int) -> EngineSettings:
    """The engine with its verified weights, fetched if need be; raises InputError, WeightsError."""
    if model not in SPEECH_MODELS:
        raise InputError(
            f"model '{model}' does not hear speech; it must be {' or '.join(SPEECH_MODELS)}"
        )
    folder = weights.folder(model)
    if engine == "openai-whisper":
        # without its own checkpoint the same weights are converted in memory
        with contextlib.suppress(WeightsError):
            folder = weights.folder(f"openai-{model}")
    settings = EngineSettings(
        engine=engine, model=model, folder=folder, language=language, beam_size=beam_size
    )
    _check_language(settings)
    return settings


def _check_language(engine: EngineSettings) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    language, model = engine.language, engine.model
    if language not in _LANGUAGE_CODES:
        raise InputError(
            f"'{language}' is no language that the models know; write a code such as en or de"
        )
    if model.endswith(".en") and language != "en":
        raise InputError(f"model '{model}' hears English only; take 'base' for '{language}'")


def name_speakers(db: Database, entries: Sequence[Entry]) -> None:
    """Say who spoke, again where the sheets say other things than before."""
    problems: list[Problem] = []
    for entry in entries:
        if entry.call.status == "refused":
            continue
        naming = settings_hash(
            entry.call.rep_channel, [dataclasses.asdict(p) for p in entry.participants]
        )
        problems += _update_facts(db, entry)
        if not store.is_done(db, NAMING, entry.call.id, naming):
            with store.transaction(db):
                before = store.utterances_of(db, entry.call.id)
                turns = [_turn(entry, utterance) for utterance in before]
                known = store.get_call(db, entry.call.id)
                store.save_utterances(db, _named(entry, turns, known.channels if known else 0))
                store.record_run(db, NAMING, entry.call.id, naming)
    with store.transaction(db):
        store.replace_problems(db, CHANNELS, problems)


def _hash(entry: Entry, config: Config) -> str:
    if is_transcript(entry.path):
        return settings_hash(EDITION, entry.call.fingerprint)
    speech = config.speech
    return settings_hash(
        EDITION,
        entry.call.fingerprint,
        (speech.engine, _language(entry, config), speech.beam_size),
        weights.fingerprint(speech.model),
        version(speech.engine),
    )


def _is_due(db: Database, entry: Entry, hash_: str, *, retry_failed: bool) -> bool:
    call = entry.call.id
    is_recalled = bool(entry.call.fingerprint) and not entry.path.exists()
    if is_recalled or store.is_done(db, STAGE, call, hash_):
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
    heard = [
        SpeechJob(
            e.call.id,
            e.path,
            engine and dataclasses.replace(engine, language=_language(e, config)),
        )
        for e in recordings
    ]
    return heard + [SpeechJob(e.call.id, e.path, None) for e in transcripts]


def _language(entry: Entry, config: Config) -> str:
    return entry.call.language or config.speech.language


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
            channels=heard.channels,
            status=heard.status,
            reason=_reason(entry, heard),
        )
        named = _named(entry, heard.turns, heard.channels)
        store.save_call(db, call, entry.participants, named)
        store.forget_run(db, NAMING, call.id)
        store.record_run(db, STAGE, call.id, hash_)


def _reason(entry: Entry, heard: Heard) -> str:
    if heard.status == "partial":
        return (
            f"{entry.where}: {lack(entry.call.file, heard)}; "
            "the rest is used. Export the call again if you need all of it"
        )
    return f"{entry.where}: nobody speaks in {entry.call.file}" if heard.status == "empty" else ""


def _save_refused(db: Database, call: Call) -> None:
    if store.get_call(db, call.id) != call:
        with store.transaction(db):
            store.save_call(db, call, [], [])
            store.forget_run(db, STAGE, call.id)


def _update_facts(db: Database, entry: Entry) -> list[Problem]:
    """What the manifest says of a call may change without the call being heard again.

    A rep's channel that the recording does not have is a problem: every voice would be a buyer's.
    """
    known = store.get_call(db, entry.call.id)
    if known is None:
        return []
    kept = {name: getattr(known, name) for name in MANIFEST_FIELDS_KEPT}
    call = dataclasses.replace(entry.call, **kept)
    with store.transaction(db):
        store.update_call(db, call, entry.participants)
    if wrong := wrong_channel(call.rep_channel, call.channels):
        error = f"{entry.where}: {call.file}: {wrong}"
        return [Problem(stage=CHANNELS, subject=entry.where, error=error)]
    return []


def wrong_channel(rep_channel: int | None, channels: int) -> str:
    """What is wrong with the rep's channel in a recording with several; empty if nothing is."""
    if rep_channel is None or channels < 2 or rep_channel < channels:
        return ""
    have = " and ".join(map(str, range(channels)))
    return (
        f"the rep's channel is {rep_channel}, but the recording has the channels {have}; "
        "nobody counts as buyer until it is mended"
    )


def _turn(entry: Entry, utterance: Utterance) -> Turn:
    named = utterance.channel is None and is_transcript(entry.path)
    voice = utterance.speaker if named else ""
    return Turn(utterance.channel, utterance.start_s, utterance.end_s, utterance.text, voice)


def _named(entry: Entry, turns: Sequence[Turn], channels: int) -> list[Utterance]:
    rep_channel = entry.call.rep_channel
    if wrong_channel(rep_channel, channels):
        rep_channel = None
    return utterances_of(entry.call.id, turns, entry.participants, rep_channel)
