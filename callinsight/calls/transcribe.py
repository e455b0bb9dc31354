"""What was said in a recording, by which voice and in which language."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.activity import Piece, speech
from callinsight.calls.audio import EMPTY_S, SAMPLE_RATE, Sound, decode
from callinsight.calls.bleed import gate, measure, without_echoes
from callinsight.calls.diarize import diarize
from callinsight.calls.engines import AUTO, DETECTED, load_engine
from callinsight.calls.engines.unheard import hear_all
from callinsight.calls.loops import first_round, next_loop
from callinsight.calls.noise import is_doubtful
from callinsight.calls.turns import SENTENCE_END
from callinsight.errors import AudioError
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.calls.diarize import Diarization, Voice
    from callinsight.calls.engines import Engine, EngineSettings

WINDOW_S = 30.0  # what Whisper hears at once
LONG_WORD_S = 0.6  # few words are longer
EDGE_S = 0.1  # less than this at the end of a word may already be the next


@dataclass(frozen=True)
class Transcript:
    """All that was heard in one recording."""

    words: tuple[tuple[Word, ...], ...]  # for each channel
    duration_s: float
    missing_s: float
    cut_off: bool = False  # the file ends early, by an unknown length
    language: str = ""
    voices: Diarization | None = None  # who spoke when, where there is one channel
    sounds: tuple[Voice | None, ...] = ()  # of each voice or channel, if that is wanted
    loops: tuple[float, ...] = ()  # times at which the engine repeated itself and was cut short

    @property
    def status(self) -> str:
        """`partial` if sound is missing or cut off, `empty` if nobody speaks, else `done`."""
        if self.missing_s or self.cut_off:
            return "partial"
        return "done" if any(self.words) else "empty"

    def voice_of(self, word: Word) -> tuple[str, float]:
        """Which of the voices of one channel says a word, and how sure that is."""
        if self.voices is None or not self.voices.spans:
            return "", 1.0
        index, confidence = self.voices.voice_of(word.start_s, word.end_s)
        if index is None:  # it lies between two spans
            middle_s = (word.start_s + word.end_s) / 2
            index = min(
                self.voices.spans,
                key=lambda span: max(span.start_s - middle_s, middle_s - span.end_s),
            ).voice
        return f"voice {index + 1}", confidence

    @property
    def crossings(self) -> list[tuple[float, float]]:
        """When two of the voices of one channel are heard at once: (start, end) in seconds."""
        spans = self.voices.spans if self.voices else ()
        return [(span.start_s, span.end_s) for span in spans if span.overlapped]


@dataclass(frozen=True)
class Window:
    """Pieces of one channel that an engine hears together."""

    channel: int
    pieces: tuple[Piece, ...]


def transcribe(
    path: Path,
    settings: EngineSettings,
    *,
    voice_model: Path | None = None,
    speakers: int | None = None,
    keep_voices: bool = False,
) -> Transcript:
    """Decode a recording and transcribe each of its channels; raises AudioError.

    With a `voice_model` (a folder), the voices of a recording with one channel are told apart:
    so many `speakers`, or as many as there seem to be. `keep_voices` notes how each sounds.
    """
    sound = decode(path)
    if sound.duration_s < EMPTY_S:
        if sound.missing_s or sound.cut_off:
            raise AudioError(
                f"{path.name}: none of its sound can be decoded; export the call again"
            )
        return Transcript((), sound.duration_s, sound.missing_s)
    spoken = [speech(sound, channel) for channel in range(sound.channels)]
    levels = measure(sound, spoken)
    pieces = gate(sound, spoken, levels)
    windows = windows_of(sound, pieces)
    engine = load_engine(settings.without_call())
    language = settings.language
    if language == AUTO:
        language = _language(engine, sound, windows)
    words, loops = _words(engine, sound, windows, language, settings.vocabulary)
    voices = None
    if voice_model and sound.channels == 1:
        voices = diarize(sound, pieces[0], voice_model, speakers=speakers)
    return Transcript(
        words=tuple(map(tuple, without_echoes(words, levels))),
        duration_s=round(sound.duration_s, 2),
        missing_s=sound.missing_s,
        cut_off=sound.cut_off,
        language=language,
        voices=voices,
        sounds=_sounds(sound, pieces, voices, voice_model) if voice_model and keep_voices else (),
        loops=loops,
    )


def _sounds(
    sound: Sound,
    pieces: Sequence[Sequence[Piece]],
    voices: Diarization | None,
    voice_model: Path,
) -> tuple[Voice | None, ...]:
    """How each voice of the channel, or else each channel, sounds; None for a silent one."""
    if voices is not None:
        return voices.voices
    found = [
        diarize(sound.alone(channel), spoken, voice_model, speakers=1).voices
        for channel, spoken in enumerate(pieces)
    ]
    return tuple(next(iter(voices), None) for voices in found)


def windows_of(sound: Sound, pieces: Iterable[Sequence[Piece]]) -> list[Window]:
    """The speech of each channel, without its silence, in windows of at most 30 s.

    Nothing is transcribed where nobody speaks: Whisper invents words on silence. What may be noise
    is kept out of the windows of speech. Windows hold one channel: with several in one the encoder
    has less to do, but more words come out wrong (benchmarks/README.md).
    """
    windows = []
    for channel, spoken in enumerate(pieces):
        doubtful = [is_doubtful(sound.read(p.start, p.end)[channel]) for p in spoken]
        clear = [piece for piece, doubted in zip(spoken, doubtful, strict=True) if not doubted]
        windows += [Window(channel, group) for group in pack(clear)]
        runs = itertools.groupby(zip(spoken, doubtful, strict=True), key=lambda item: item[1])
        for doubted, run in runs:
            if doubted:
                windows += [Window(channel, group) for group in pack(piece for piece, _ in run)]
    return windows


def pack(pieces: Iterable[Piece]) -> list[tuple[Piece, ...]]:
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
    return [tuple(group) for group in groups]


def place(words: Iterable[Word], pieces: Sequence[Piece]) -> list[Word]:
    """Words timed in a window of joined pieces, timed in the call.

    A word lies in the piece with its middle. One that begins a sentence and seems long lies in the
    piece with its end: the engine was still waiting for it in the piece before.
    """
    placed = []
    starts = np.cumsum([0] + [p.end - p.start for p in pieces]) / SAMPLE_RATE
    before = SENTENCE_END[0]
    for word in words:
        waits = word.end_s - word.start_s > LONG_WORD_S and before.endswith(SENTENCE_END)
        inside_s = word.end_s - EDGE_S if waits else (word.start_s + word.end_s) / 2
        index = min(int(np.searchsorted(starts, inside_s, side="right")) - 1, len(pieces) - 1)
        piece = pieces[max(index, 0)]
        shift = piece.start / SAMPLE_RATE - starts[max(index, 0)]
        low, high = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
        start_s = min(max(word.start_s + shift, low), high)
        end_s = min(max(word.end_s + shift, start_s), high)
        times = round(float(start_s), 2), round(float(end_s), 2)
        placed.append(Word(*times, word.text, word.probability))
        before = word.text.rstrip()
    return placed


def _words(
    engine: Engine,
    sound: Sound,
    windows: Sequence[Window],
    language: str,
    vocabulary: Sequence[str],
) -> tuple[list[list[Word]], tuple[float, ...]]:
    """The words of each channel, and when an engine that repeats itself was cut short."""
    words: list[list[Word]] = [[] for _ in range(sound.channels)]
    loops = []
    for start in range(0, len(windows), engine.batch):
        batch = windows[start : start + engine.batch]
        heard = hear_all(engine, _samples(sound, batch), language=language, vocabulary=vocabulary)
        for window, hearing in zip(batch, heard, strict=True):
            if hearing.is_invented:
                continue
            if (loop := next_loop(hearing.words)) is not None:
                loops += [
                    word.start_s for word in place([hearing.words[loop.start]], window.pieces)
                ]
            words[window.channel] += place(first_round(hearing.words), window.pieces)
    return [sorted(said, key=lambda word: word.start_s) for said in words], tuple(sorted(loops))


def _language(engine: Engine, sound: Sound, windows: Sequence[Window]) -> str:
    """The language of the longest windows; English where nobody speaks."""
    longest = sorted(windows, key=_length, reverse=True)[:DETECTED]
    return engine.language_of(_samples(sound, longest)) if longest else "en"


def _length(window: Window) -> int:
    return sum(piece.end - piece.start for piece in window.pieces)


def _samples(sound: Sound, windows: Iterable[Window]) -> list[NDArray[np.float32]]:
    return [
        np.concatenate([sound.read(p.start, p.end)[window.channel] for p in window.pieces])
        for window in windows
    ]
