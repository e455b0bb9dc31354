"""The step from files to utterances: transcribe recordings and read transcripts."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.calls.engines import EngineSettings
from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcribe import transcribe
from callinsight.calls.transcripts import facts_of, is_transcript, read_transcript
from callinsight.calls.turns import turns_of
from callinsight.calls.vocabulary import mended, mended_text, names_of, text_of
from callinsight.cluster import run_jobs
from callinsight.config import AUTO, SPEECH_MODELS, Config, settings_hash
from callinsight.errors import CallInsightError, InputError, WeightsError
from callinsight.pipeline.naming import NAMING, name_speakers
from callinsight.records import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.calls.diarize import Voice as HeardVoice
    from callinsight.calls.manifest import Entry
    from callinsight.calls.transcribe import Transcript
    from callinsight.calls.turns import Turn
    from callinsight.progress import Progress
    from callinsight.records import Call

STAGE = "speech"
EDITION = 2  # raise it when the same settings give other words


@dataclass(frozen=True)
class SpeechJob:
    """One file to be heard or read."""

    subject: str  # the call's id, or whatever the caller knows the file by
    path: Path
    engine: EngineSettings | None  # None for a transcript
    voice_model: Path | None = None  # tells the voices of one channel apart
    speakers: int | None = None  # how many there are, if that is known
    enroll: bool = False  # keep how the voices sound
    mishearings: Mapping[str, str] = field(default_factory=dict)  # of transcripts


@dataclass(frozen=True)
class Heard:
    """What a file holds."""

    turns: tuple[Turn, ...]
    duration_s: float
    missing_s: float
    status: str  # done | partial | empty
    channels: int = 0  # of the recording; 0 for a transcript
    cut_off: bool = False  # the file ends early, by an unknown length
    language: str = ""
    loops: tuple[float, ...] = ()  # times at which the engine repeated itself and was cut short
    unclear_s: float = 0.0  # sound like speech of which no word is sure enough
    voices: tuple[Voice, ...] = ()  # how they sound, if that is to be kept


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
    if not config.speech.enroll_reps:
        with store.transaction(db):
            store.remove_voices(db)  # at once, not as each call is heard again
    channels = {call.id: call.channels for call in store.all_calls(db)}
    wanted = []
    for entry in entries:
        if entry.call.status == "refused":
            _save_refused(db, entry.call)
            continue
        if _is_due(db, config, entry, channels.get(entry.call.id, 0), retry_failed=retry_failed):
            wanted.append(entry)
    by_id = {entry.call.id: entry for entry in wanted}
    jobs = _jobs(wanted, config)
    with progress("Transcribe", len(jobs)) as advance:
        for job, heard in run_jobs(hear, jobs, workers=workers):
            entry = by_id[job.subject]
            _save(db, config, entry, heard)
            advance(heard.duration_s if isinstance(heard, Heard) and job.engine else 0.0)
    name_speakers(db, config, entries)


def hear(job: SpeechJob) -> Heard:
    """Transcribe a recording or read a transcript; raises AudioError or TranscriptError."""
    if job.engine is None:
        return _read(job)
    _check_language(job.engine)
    transcript = transcribe(
        job.path,
        job.engine,
        voice_model=job.voice_model,
        speakers=job.speakers,
        keep_voices=job.enroll,
    )
    return Heard(
        turns=tuple(
            turns_of(transcript.words, transcript.voice_of, crossings=transcript.crossings)
        ),
        duration_s=transcript.duration_s,
        missing_s=transcript.missing_s,
        status=transcript.status,
        channels=len(transcript.words),
        cut_off=transcript.cut_off,
        language=transcript.language,
        loops=transcript.loops,
        unclear_s=transcript.unclear_s,
        voices=tuple(
            _voice(job, number, voice, transcript)
            for number, voice in enumerate(transcript.sounds)
            if voice is not None
        ),
    )


def _read(job: SpeechJob) -> Heard:
    facts = facts_of(job.path)
    if facts is not None and facts.status == "empty":
        return Heard((), facts.duration_s, facts.missing_s, "empty", language=facts.language)
    turns = tuple(_mended(turn, job.mishearings) for turn in read_transcript(job.path))
    if facts is None:
        return Heard(turns, round(turns[-1].end_s, 2), 0.0, "done")
    return Heard(
        turns=turns,
        duration_s=facts.duration_s,
        missing_s=facts.missing_s,
        status="partial" if facts.missing_s or facts.cut_off else "done",
        cut_off=facts.cut_off,
        language=facts.language,
    )


def _voice(job: SpeechJob, number: int, voice: HeardVoice, transcript: Transcript) -> Voice:
    """A voice as it is stored, under the name by which its utterances know it."""
    name = f"voice {number + 1}" if transcript.voices else f"channel {number}"
    return Voice(
        call=job.subject,
        voice=name,
        vector=voice.centroid.tobytes(),
        seconds=voice.speech_s,
        model=weights.fingerprint(weights.VOICES),
    )


def has_graphics_card(engine: str) -> bool:
    """Whether the engine finds a graphics card that it can use."""
    if engine == "openai-whisper":
        import torch

        return bool(torch.cuda.is_available())
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _mended(turn: Turn, mishearings: Mapping[str, str]) -> Turn:
    if not turn.words:
        return dataclasses.replace(turn, text=mended_text(turn.text, mishearings))
    words = tuple(mended(turn.words, mishearings))
    return dataclasses.replace(turn, words=words, text=text_of(words))


def lack(file: str, heard: Heard) -> str:
    """In words, what lacks of a file that was heard in part."""
    undecoded = f"{heard.missing_s:.1f} s of {file} cannot be decoded"
    if not heard.cut_off:
        return undecoded
    ending = "the file ends before its end: it was cut off"
    return f"{undecoded}, and {ending}" if heard.missing_s else f"{file}: {ending}"


def unclear(file: str, heard: Heard) -> str:
    """In words, that nothing of what may be speech is sure enough."""
    return (
        f"no word of {file} is sure enough, though {heard.unclear_s:.0f} s of it sound like speech; "
        "listen to it, and export the call again with less noise if somebody speaks"
    )


def repeats(file: str, heard: Heard) -> str:
    """In words, where the engine got stuck in a phrase."""
    times = ", ".join(f"{int(s // 60)}:{s % 60:02.0f}" for s in heard.loops)
    return (
        f"{file}: near {times} the speech engine repeated the same words over and over; "
        "only the first round is kept. Listen there before you quote it"
    )


def engine_settings(
    engine: str,
    model: str,
    *,
    language: str,
    beam_size: int,
    device: str = "cpu",
    vocabulary: tuple[str, ...] = (),
) -> EngineSettings:
    """The engine with its verified weights, fetched if need be; raises InputError, WeightsError."""
    if model not in SPEECH_MODELS:
        raise InputError(
            f"model '{model}' does not hear speech; it must be {' or '.join(SPEECH_MODELS)}"
        )
    if device == "cuda" and not has_graphics_card(engine):
        raise InputError(
            f"device is 'cuda', but {engine} finds no graphics card that it can use here; "
            "mend its driver, or set device to 'cpu'"
        )
    folder = weights.folder(model)
    if engine == "openai-whisper":
        # without its own checkpoint the same weights are converted in memory
        with contextlib.suppress(WeightsError):
            folder = weights.folder(f"openai-{model}")
    settings = EngineSettings(engine, model, folder, language, beam_size, device, vocabulary)
    _check_language(settings)
    return settings


def _check_language(engine: EngineSettings) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    language, model = engine.language, engine.model
    if language == AUTO:
        return
    if language not in _LANGUAGE_CODES:
        raise InputError(
            f"'{language}' is no language that the models know; write a code such as en or de, or auto"
        )
    if model.endswith(".en") and language != "en":
        raise InputError(f"model '{model}' hears English only; take 'base' for '{language}'")


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


def _is_due(
    db: Database, config: Config, entry: Entry, channels: int, *, retry_failed: bool
) -> bool:
    """Whether a call is to be heard; what was heard while voices were kept is as good without."""
    call = entry.call.id
    hashes = {
        _hash(entry, config, channels, enroll=enroll)
        for enroll in (True, config.speech.enroll_reps)
    }
    is_recalled = bool(entry.call.fingerprint) and not entry.path.exists()
    if is_recalled or any(store.is_done(db, STAGE, call, hash_) for hash_ in hashes):
        return False
    failed = any(store.has_failed(db, STAGE, call, hash_) for hash_ in hashes)
    return retry_failed or not failed


def _jobs(entries: Sequence[Entry], config: Config) -> list[SpeechJob]:
    """Recordings first, the longest files foremost, so that no worker is left with one at the end."""
    recordings = [entry for entry in entries if not is_transcript(entry.path)]
    transcripts = [entry for entry in entries if is_transcript(entry.path)]
    recordings.sort(key=lambda e: e.path.stat().st_size if e.path.exists() else 0, reverse=True)
    speech = config.speech
    jobs = []
    if recordings:
        engine = engine_settings(
            speech.engine,
            speech.model,
            language=speech.language,
            beam_size=speech.beam_size,
            device=speech.device,
        )
        voice_model = weights.folder(weights.VOICES)
        jobs = [_recording_job(entry, config, engine, voice_model) for entry in recordings]
    return jobs + [
        SpeechJob(entry.call.id, entry.path, None, mishearings=speech.mishearings)
        for entry in transcripts
    ]


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
    )


def _language(entry: Entry, config: Config) -> str:
    return entry.call.language or config.speech.language


def _vocabulary(entry: Entry, config: Config) -> tuple[str, ...]:
    """Names to expect in a call: its own go first."""
    return names_of(entry.call.vocabulary.split(";"), config.speech.vocabulary)


def _speakers(entry: Entry) -> int | None:
    """How many take part, if the sheets name both sides; a sheet with one side is not complete."""
    sides = {person.side for person in entry.participants}
    return len(entry.participants) if len(sides) == 2 else None


def _save(db: Database, config: Config, entry: Entry, heard: Heard | CallInsightError) -> None:
    hash_ = _hash(entry, config, heard.channels if isinstance(heard, Heard) else 0)
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
            language=entry.call.language or heard.language,
            status=heard.status,
            reason=_reason(entry, heard),
        )
        unnamed = utterances_of(call.id, heard.turns, (), None)
        store.save_call(db, call, entry.participants, unnamed)
        store.replace_voices(db, call.id, heard.voices)
        store.forget_run(db, NAMING, call.id)
        store.record_run(db, STAGE, call.id, hash_)


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
