"""One file heard or read: a recording to turns, or a transcript, and in words what lacks of it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import weights
from callinsight.addresses import Address, fetched
from callinsight.calls.engines import EngineSettings
from callinsight.calls.transcribe import transcribe
from callinsight.calls.transcripts import facts_of, read_transcript
from callinsight.calls.turns import turns_of
from callinsight.config import AUTO, SPEECH_MODELS, TIME_LIMIT_FACTOR
from callinsight.deadlines import give_up_after
from callinsight.errors import ClusterError, InputError, WeightsError
from callinsight.pipeline.privacy import cleaned
from callinsight.records import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callinsight.calls.diarize import Voice as HeardVoice
    from callinsight.calls.redaction import Rules
    from callinsight.calls.transcribe import Transcript
    from callinsight.calls.turns import Turn

SHORT_S = 60.0  # shorter sound is given as much time as this much: a model has to be loaded too


@dataclass(frozen=True)
class SpeechJob:
    """One file to be heard or read."""

    subject: str  # the call's id, or whatever the caller knows the file by
    path: Path | Address
    engine: EngineSettings | None  # None for a transcript
    voice_model: Path | None = None  # tells the voices of one channel apart
    speakers: int | None = None  # how many there are, if that is known
    enroll: bool = False  # keep how the voices sound
    mishearings: Mapping[str, str] = field(default_factory=dict)
    rules: Rules | None = None  # which personal data is taken out
    seen: bool = False  # the driver has found the file
    time_limit_factor: float = TIME_LIMIT_FACTOR  # times its length


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


def hear(job: SpeechJob) -> Heard:
    """Transcribe a recording or read a transcript, without personal data that is not to be kept.

    A worker in which decoding or hearing takes longer than its time limit ends. Raises AudioError
    or TranscriptError.
    """
    give_up_after(SHORT_S * job.time_limit_factor)
    with fetched(job.path) as path:
        heard = _read(path) if job.engine is None else _listen(job, path, job.engine)
    return dataclasses.replace(heard, turns=cleaned(heard.turns, job.mishearings, job.rules))


def hear_afar(job: SpeechJob) -> Heard:
    """`hear` on a machine of a cluster, which has its own weights, card and view of the folders.

    Raises ClusterError for what would fail every call of the run there.
    """
    here = f"worker {socket.gethostname()}"
    if job.seen and isinstance(job.path, Path) and not job.path.exists():
        raise ClusterError(
            f"{here} does not see {job.path}: share the folder of recordings with all machines of "
            "the cluster under the same path, or keep the recordings in a store such as s3://"
        )
    try:
        if job.rules is not None and job.rules.names:
            _names_here()
        if (used := job.engine) is not None:
            folder, voices = _kept_here(used.engine, used.model, used.device)
            used = dataclasses.replace(used, folder=folder)
            job = dataclasses.replace(job, engine=used, voice_model=voices)
    except (InputError, WeightsError) as error:
        raise ClusterError(f"{here}: {error}") from None
    return hear(job)


def _listen(job: SpeechJob, path: Path, engine: EngineSettings) -> Heard:
    _check_language(engine)
    transcript = transcribe(
        path,
        engine,
        voice_model=job.voice_model,
        speakers=job.speakers,
        keep_voices=job.enroll,
        decoded=lambda length_s: give_up_after(max(length_s, SHORT_S) * job.time_limit_factor),
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


def _read(path: Path) -> Heard:
    facts = facts_of(path)
    if facts is not None and facts.status == "empty":
        return Heard((), facts.duration_s, facts.missing_s, "empty", language=facts.language)
    turns = tuple(read_transcript(path))
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
    afar: bool = False,
) -> EngineSettings:
    """The engine with its verified weights, fetched if need be; raises InputError, WeightsError.

    For work `afar`, weights and graphics card are those of the machine that will do it.
    """
    if model not in SPEECH_MODELS:
        raise InputError(
            f"model '{model}' does not hear speech; it must be {' or '.join(SPEECH_MODELS)}"
        )
    folder = Path() if afar else _weights_here(engine, model, device)
    settings = EngineSettings(engine, model, folder, language, beam_size, device, vocabulary)
    _check_language(settings)
    return settings


@functools.cache
def _names_here() -> Path:
    return weights.folder(weights.NAMES)


@functools.cache
def _kept_here(engine: str, model: str, device: str) -> tuple[Path, Path]:
    """The weights of engine and voices; a worker looks once whether they are all right."""
    return _weights_here(engine, model, device), weights.folder(weights.VOICES)


def _weights_here(engine: str, model: str, device: str) -> Path:
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
    return folder


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
