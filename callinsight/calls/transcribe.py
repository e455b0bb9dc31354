"""What was said in a recording: the speech engines, faster-whisper (default) and openai-whisper."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from callinsight.calls.audio import EMPTY_S, SAMPLE_RATE, Sound, decode
from callinsight.errors import AudioError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WINDOW_S = 30.0  # what Whisper hears at once
PIECE_S = 28.0  # longest stretch of speech without a cut
BATCH = 8  # windows decoded together
MIN_SILENCE_MS = 500
PAD_MS = 200  # kept around speech, or first and last consonants are lost
MIN_SPEECH_MS = 150  # a shorter sound is no word: a note of hold music, a click
VAD_THRESHOLD = 0.5
STRETCH_S, STEP_S = 8.0, 6.0  # the detector starts anew: in a long silence it grows deaf
QUIET_S = 0.1  # the stretch of sound whose loudness decides where a long speech is cut


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds from the start of the call."""

    start_s: float
    end_s: float
    text: str  # with its leading space and its punctuation


@dataclass(frozen=True)
class EngineSettings:
    """What decides the words that come out."""

    engine: str  # faster-whisper | openai-whisper
    model: str
    folder: Path  # of the verified weights
    language: str
    beam_size: int


@dataclass(frozen=True)
class Transcript:
    """All that was heard in one recording."""

    words: tuple[tuple[Word, ...], ...]  # for each channel
    duration_s: float
    missing_s: float
    cut_off: bool = False  # the file ends early, by an unknown length

    @property
    def status(self) -> str:
        """`partial` if sound is missing or cut off, `empty` if nobody speaks, else `done`."""
        if self.missing_s or self.cut_off:
            return "partial"
        return "done" if any(self.words) else "empty"


@dataclass(frozen=True)
class Piece:
    """A stretch of speech, in samples."""

    start: int
    end: int


class Engine(Protocol):
    """Turns windows of speech, each at most 30 s, into words timed from the window's start."""

    def __call__(self, windows: list[NDArray[np.float32]], language: str) -> list[list[Word]]:
        """The words of each window."""
        ...


def transcribe(path: Path, settings: EngineSettings) -> Transcript:
    """Decode a recording and transcribe each of its channels; raises AudioError."""
    sound = decode(path)
    if sound.duration_s < EMPTY_S:
        if sound.missing_s or sound.cut_off:
            raise AudioError(
                f"{path.name}: none of its sound can be decoded; export the call again"
            )
        return Transcript((), sound.duration_s, sound.missing_s)
    windows = windows_of(sound)
    engine = load_engine(dataclasses.replace(settings, language=""))
    heard = engine([samples for _, _, samples in windows], settings.language)
    words: list[list[Word]] = [[] for _ in sound.samples]
    for (channel, pieces, _), window_words in zip(windows, heard, strict=True):
        words[channel].extend(place(window_words, pieces))
    duration_s = round(sound.duration_s, 2)
    return Transcript(tuple(map(tuple, words)), duration_s, sound.missing_s, sound.cut_off)


def windows_of(sound: Sound) -> list[tuple[int, list[Piece], NDArray[np.float32]]]:
    """Speech without its silence in windows of at most 30 s: (channel, pieces, samples).

    Nothing is transcribed where nobody speaks: Whisper invents words on silence.
    """
    return [
        (channel, pieces, _join(samples, pieces))
        for channel, samples in enumerate(sound.samples)
        for pieces in pack(speech(samples))
    ]


def pack(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces in groups, in their order, each of at most 30 s if every piece is."""
    groups: list[list[Piece]] = []
    length = 0
    for piece in pieces:
        size = piece.end - piece.start
        if not groups or length + size > WINDOW_S * SAMPLE_RATE:
            groups.append([])
            length = 0
        groups[-1].append(piece)
        length += size
    return groups


def speech(samples: NDArray[np.float32]) -> list[Piece]:
    """Where somebody speaks in one channel, in pieces of at most 28 s.

    Silero voice activity detection in overlapping stretches. Over a long silence it would miss
    the first second or two of what is said next.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=VAD_THRESHOLD,
        min_speech_duration_ms=MIN_SPEECH_MS,
        min_silence_duration_ms=MIN_SILENCE_MS,
        speech_pad_ms=PAD_MS,
    )
    length, step = round(STRETCH_S * SAMPLE_RATE), round(STEP_S * SAMPLE_RATE)
    found = [
        Piece(start + spoken["start"], start + spoken["end"])
        for start in range(0, max(len(samples) - (length - step), 1), step)
        for spoken in get_speech_timestamps(samples[start : start + length], options)
    ]
    return [part for piece in merge(found) for part in _cut(piece, samples)]


def merge(pieces: list[Piece]) -> list[Piece]:
    """Pieces that overlap or touch as one, by time."""
    merged: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if merged and piece.start <= merged[-1].end:
            merged[-1] = Piece(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return merged


def _cut(piece: Piece, samples: NDArray[np.float32]) -> list[Piece]:
    """Cut a piece that is too long at the quietest spots."""
    longest, quiet = round(PIECE_S * SAMPLE_RATE), round(QUIET_S * SAMPLE_RATE)
    parts = []
    start = piece.start
    while piece.end - start > longest:
        late = samples[start + longest // 2 : start + longest]
        loudness = np.square(late[: len(late) // quiet * quiet]).reshape(-1, quiet).sum(axis=1)
        end = start + longest // 2 + int(loudness.argmin()) * quiet + quiet // 2
        parts.append(Piece(start, end))
        start = end
    return [*parts, Piece(start, piece.end)]


def place(words: list[Word], pieces: list[Piece]) -> list[Word]:
    """Words timed in a window of joined pieces, timed in the call."""
    placed = []
    starts = np.cumsum([0] + [p.end - p.start for p in pieces]) / SAMPLE_RATE
    for word in words:
        middle = (word.start_s + word.end_s) / 2
        index = min(int(np.searchsorted(starts, middle, side="right")) - 1, len(pieces) - 1)
        piece = pieces[max(index, 0)]
        shift = piece.start / SAMPLE_RATE - starts[max(index, 0)]
        low, high = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
        start_s = min(max(word.start_s + shift, low), high)
        end_s = min(max(word.end_s + shift, start_s), high)
        placed.append(Word(round(float(start_s), 2), round(float(end_s), 2), word.text))
    return placed


@functools.lru_cache(maxsize=1)
def load_engine(settings: EngineSettings) -> Engine:
    """The engine with its model in memory, for any language; a worker process loads it once."""
    if settings.engine == "openai-whisper":
        return _openai_whisper(settings)
    return _faster_whisper(settings)


def _faster_whisper(settings: EngineSettings) -> Engine:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(
        str(settings.folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1
    )
    pipeline = BatchedInferencePipeline(model)

    def hear(windows: list[NDArray[np.float32]], language: str) -> list[list[Word]]:
        if not windows:
            return []
        ends = np.cumsum([len(window) for window in windows]) / SAMPLE_RATE
        starts = np.concatenate([[0.0], ends[:-1]])
        segments, _ = pipeline.transcribe(
            np.concatenate(windows),
            language=language,
            beam_size=settings.beam_size,
            batch_size=BATCH,
            word_timestamps=True,
            clip_timestamps=[
                {"start": start, "end": end} for start, end in zip(starts, ends, strict=True)
            ],
        )
        heard: list[list[Word]] = [[] for _ in windows]
        for segment in segments:
            index = int(np.abs(starts - segment.seek / model.frames_per_second).argmin())
            for word in segment.words or ():
                shifted = Word(word.start - starts[index], word.end - starts[index], word.word)
                heard[index].append(shifted)
        return heard

    return hear


def _openai_whisper(settings: EngineSettings) -> Engine:
    import torch
    import whisper

    torch.set_num_threads(1)
    model = load_openai_model(settings.model, settings.folder)

    def hear(windows: list[NDArray[np.float32]], language: str) -> list[list[Word]]:
        heard = []
        for window in windows:
            result: dict[str, Any] = whisper.transcribe(
                model,
                window,
                language=language,
                beam_size=settings.beam_size,
                best_of=5,
                condition_on_previous_text=False,
                word_timestamps=True,
                fp16=False,
                verbose=None,
            )
            words = [word for segment in result["segments"] for word in segment["words"]]
            heard.append([Word(w["start"], w["end"], w["word"]) for w in words])
        return heard

    return hear


def load_openai_model(name: str, folder: Path) -> Any:
    """An openai-whisper model from its own checkpoint in the folder, else from CTranslate2 weights."""
    import whisper

    checkpoint = folder / f"{name}.pt"
    if checkpoint.exists():
        return whisper.load_model(str(checkpoint), device="cpu")
    from callinsight.conversion import openai_state_from_ct2

    dims, state = openai_state_from_ct2(folder / "model.bin")
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**dims))
    model.load_state_dict(state, strict=False)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])  # the checkpoint's word timing
    return model.eval()


def _join(samples: NDArray[np.float32], pieces: list[Piece]) -> NDArray[np.float32]:
    return np.concatenate([samples[piece.start : piece.end] for piece in pieces])
