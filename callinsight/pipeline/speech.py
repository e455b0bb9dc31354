"""The step from files to utterances: which calls are due, and what was heard of them is kept."""

from __future__ import annotations

import dataclasses
from importlib.metadata import version
from logging import WARNING
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.addresses import Address
from callinsight.calls.redaction import redactions_of
from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcripts import is_transcript
from callinsight.calls.vocabulary import names_of
from callinsight.cluster import run_jobs
from callinsight.config import Config, settings_hash
from callinsight.errors import CallInsightError
from callinsight.journal import note
from callinsight.pipeline.hearing import (
    Heard,
    SpeechJob,
    engine_settings,
    hear,
    hear_afar,
    lack,
    repeats,
    unclear,
)
from callinsight.pipeline.naming import NAMING, name_speakers
from callinsight.pipeline.privacy import kept_participants, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from callinsight.calls.engines import EngineSettings
    from callinsight.calls.manifest import Entry
    from callinsight.progress import Progress
    from callinsight.records import Call

STAGE = "speech"
EDITION = 2  # raise it when the same settings give other words


def transcribe_calls(
    db: Database,
    config: Config,
    entries: Sequence[Entry],
    *,
    workers: int,
    retry_failed: bool,
    progress: Progress,
    cluster: str = "",
) -> None:
    """Bring every call's utterances up to date; one transaction a call.

    With the address of a `cluster`, its workers hear the calls.
    """
    if not config.speech.enroll_reps:
        with store.transaction(db):
            store.remove_voices(db)  # at once, not as each call is heard again
    channels = {call.id: call.channels for call in store.all_calls(db)}
    kept = store.sealed_calls(db)
    excess = _with_less_to_take_out(db, config)
    wanted = []
    for entry in entries:
        if entry.call.status == "refused":
            _save_refused(db, entry.call)
            continue
        if entry.call.id not in kept and _is_due(
            db,
            config,
            entry,
            channels.get(entry.call.id, 0),
            retry_failed=retry_failed,
            anew=entry.call.id in excess,
        ):
            wanted.append(entry)
    by_id = {entry.call.id: entry for entry in wanted}
    jobs = _jobs(wanted, config, afar=bool(cluster))
    ear = hear_afar if cluster else hear
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(ear, jobs, workers=workers, address=cluster):
            entry = by_id[job.subject]
            _save(db, config, entry, heard)
            _note(job.subject, heard)
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
    name_speakers(db, config, entries)


def _hash(entry: Entry, config: Config, channels: int, *, enroll: bool | None = None) -> str:
    """What decides what is heard; `channels` is 0 where it is not known how many there are."""
    speech = config.speech
    enroll = speech.enroll_reps if enroll is None else enroll
    if is_transcript(entry.path):
        return settings_hash(EDITION, entry.call.fingerprint, speech.mishearings)
    return settings_hash(
        EDITION,
        entry.call.fingerprint,
        (speech.engine, _language(entry, config), speech.beam_size, speech.device),
        (_vocabulary(entry, config), enroll),
        _speakers(entry) if channels < 2 else None,  # channels tell the speakers apart
        (weights.fingerprint(speech.model), weights.fingerprint(weights.VOICES)),
        version(speech.engine),
    )


def _with_less_to_take_out(db: Database, config: Config) -> set[str]:
    """Calls that lack words which may be kept by now: only hearing them again brings these back."""
    kinds = {*config.privacy.redact, *(["name"] if config.privacy.redact_names else [])}
    return {call for call, gone in store.kinds_redacted(db).items() if gone - kinds}


def _is_due(
    db: Database,
    config: Config,
    entry: Entry,
    channels: int,
    *,
    retry_failed: bool,
    anew: bool = False,
) -> bool:
    """Whether a call is to be heard; what was heard while voices were kept is as good without."""
    call = entry.call.id
    hashes = {
        _hash(entry, config, channels, enroll=enroll)
        for enroll in (True, config.speech.enroll_reps)
    }
    is_recalled = bool(entry.call.fingerprint) and not entry.path.exists()
    done = any(store.is_done(db, STAGE, call, hash_) for hash_ in hashes)
    if is_recalled or (done and not anew):
        return False
    failed = any(store.has_failed(db, STAGE, call, hash_) for hash_ in hashes)
    return retry_failed or not failed


def _jobs(entries: Sequence[Entry], config: Config, *, afar: bool = False) -> list[SpeechJob]:
    """Recordings first, the longest files foremost, so that no worker is left with one at the end."""
    recordings = [entry for entry in entries if not is_transcript(entry.path)]
    transcripts = [entry for entry in entries if is_transcript(entry.path)]
    recordings.sort(key=_size, reverse=True)
    speech = config.speech
    jobs = []
    if recordings:
        engine = engine_settings(
            speech.engine,
            speech.model,
            language=speech.language,
            beam_size=speech.beam_size,
            device=speech.device,
            afar=afar,
        )
        voice_model = Path() if afar else weights.folder(weights.VOICES)
        jobs = [_recording_job(entry, config, engine, voice_model) for entry in recordings]
    return jobs + [
        SpeechJob(
            entry.call.id,
            entry.path,
            None,
            mishearings=speech.mishearings,
            rules=rules_of(config.privacy, entry.participants),
            seen=bool(entry.call.fingerprint),
        )
        for entry in transcripts
    ]


def _size(entry: Entry) -> int:
    if isinstance(entry.path, Address):
        return entry.path.size
    return entry.path.stat().st_size if entry.path.exists() else 0


def _recording_job(
    entry: Entry, config: Config, engine: EngineSettings, voice_model: Path
) -> SpeechJob:
    return SpeechJob(
        subject=entry.call.id,
        path=entry.path,
        engine=dataclasses.replace(
            engine, language=_language(entry, config), vocabulary=_vocabulary(entry, config)
        ),
        voice_model=voice_model,
        speakers=_speakers(entry),
        enroll=config.speech.enroll_reps,
        mishearings=config.speech.mishearings,
        rules=rules_of(config.privacy, entry.participants),
        seen=bool(entry.call.fingerprint),
        time_limit_factor=config.speech.time_limit_factor,
    )


def _language(entry: Entry, config: Config) -> str:
    return entry.call.language or config.speech.language


def _vocabulary(entry: Entry, config: Config) -> tuple[str, ...]:
    """Names to expect in a call: its own go first."""
    return names_of(entry.vocabulary.split(";"), config.speech.vocabulary)


def _speakers(entry: Entry) -> int | None:
    """How many take part, if the sheets name both sides; a sheet with one side is not complete."""
    sides = {person.side for person in entry.participants}
    return len(entry.participants) if len(sides) == 2 else None


def _save(db: Database, config: Config, entry: Entry, heard: Heard | CallInsightError) -> None:
    hash_ = _hash(entry, config, heard.channels if isinstance(heard, Heard) else 0)
    people = kept_participants(entry.participants, config.privacy)
    with store.transaction(db):
        if isinstance(heard, CallInsightError):
            error = f"{entry.where}: {heard}"
            call = dataclasses.replace(entry.call, status="failed", reason=error)
            store.save_call(db, call, people, [])
            store.record_run(db, STAGE, call.id, hash_, error=error)
            return
        call = dataclasses.replace(
            entry.call,
            duration_s=heard.duration_s,
            missing_s=heard.missing_s,
            channels=heard.channels,
            language=entry.call.language or heard.language,
            status=heard.status,
            reason=_reason(entry, heard),
        )
        unnamed = utterances_of(call.id, heard.turns, (), None)
        store.save_call(db, call, people, unnamed)
        store.replace_redactions(db, call.id, redactions_of(unnamed))
        store.replace_voices(db, call.id, heard.voices)
        store.forget_run(db, NAMING, call.id)
        store.record_run(db, STAGE, call.id, hash_)


def _note(call: str, heard: Heard | CallInsightError) -> None:
    if isinstance(heard, CallInsightError):
        error = type(heard).__name__
        note("call failed", level=WARNING, call=call, stage=STAGE, error=error)
    else:
        note("call heard", call=call, status=heard.status, audio_s=heard.duration_s)


def _reason(entry: Entry, heard: Heard) -> str:
    file, told = entry.call.file, []
    if heard.status == "partial":
        rest = "the rest is used. Export the call again if you need all of it"
        told.append(f"{lack(file, heard)}; {rest}")
    if heard.status == "empty" and heard.unclear_s:
        told.append(unclear(file, heard))
    elif heard.status == "empty":
        told.append(f"nobody speaks in {file}")
    if heard.loops:
        told.append(repeats(file, heard))
    return f"{entry.where}: {'. '.join(told)}" if told else ""


def _save_refused(db: Database, call: Call) -> None:
    if store.get_call(db, call.id) != call:
        with store.transaction(db):
            store.save_call(db, call, [], [])
            store.forget_run(db, STAGE, call.id)
