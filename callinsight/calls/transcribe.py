"""What was said in a recording, by which voice and in which language."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.activity import PIECE_S, Piece, speech
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
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.calls.diarize import Diarization, Voice
    from callinsight.calls.engines import Engine, EngineSettings, Hearing

SHORT_S = 6.0  # less sound than this may be no speech, whatever it seems to be
LONG_WORD_S = 0.6  # few words are longer
PAUSE_S = 0.5  # a longer one parts what is said
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
    unclear_s: float = 0.0  # sound like speech of which no word is sure enough

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
    doubtful: bool = False  # it may be no speech

    @property
    def length_s(self) -> float:
        """How much sound it holds."""
        return sum(piece.end - piece.start for piece in self.pieces) / SAMPLE_RATE


def transcribe(
    path: Path,
    settings: EngineSettings,
    *,
    voice_model: Path | None = None,
    speakers: int | None = None,
    keep_voices: bool = False,
    decoded: Callable[[float], object] = lambda _seconds: None,
) -> Transcript:
    """Decode a recording and transcribe each of its channels; raises AudioError.

    With a `voice_model` (a folder), the voices of a recording with one channel are told apart:
    so many `speakers`, or as many as there seem to be. `keep_voices` notes how each sounds.
    `decoded` is told how many seconds of sound there are, before they are heard.
    """
    sound = decode(path)
    decoded(sound.duration_s)
    if sound.duration_s < EMPTY_S:
        if sound.missing_s or sound.cut_off:
            raise AudioError(
                f"{path.name}: none of its sound can be decoded; export the call again"
            )
        return Transcript((), sound.duration_s, sound.missing_s)
    spoken = [speech(sound, channel) for channel in range(sound.channels)]
    levels = measure(sound, spoken)
    pieces = gate(sound, spoken, levels)
    voices = None
    if voice_model is not None:
        sound, pieces, voices = _tell_apart(sound, pieces, voice_model, speakers)
    heard = _hear(sound, windows_of(sound, pieces), settings)
    return Transcript(
        words=tuple(map(tuple, without_echoes(heard.words, levels))),
        duration_s=round(sound.duration_s, 2),
        missing_s=sound.missing_s,
        cut_off=sound.cut_off,
        language=heard.language,
        voices=voices,
        sounds=_sounds(sound, pieces, voices, voice_model) if voice_model and keep_voices else (),
        loops=tuple(sorted(heard.loops)),
        unclear_s=round(heard.unclear_s, 2),
    )


def _tell_apart(
    sound: Sound, pieces: list[list[Piece]], voice_model: Path, speakers: int | None
) -> tuple[Sound, list[list[Piece]], Diarization | None]:
    """The voices of a sound with one channel, and the sound and pieces that they lie in.

    Where only one of several channels speaks, with several voices, the others are dead.
    """
    speaking = [channel for channel, spoken in enumerate(pieces) if spoken]
    if sound.channels > 1 and len(speaking) != 1:
        return sound, pieces, None
    channel = speaking[0] if speaking else 0
    alone, its_pieces = sound.alone(channel), pieces[channel]
    voices = diarize(alone, its_pieces, voice_model, speakers=speakers)
    if sound.channels > 1 and len(voices.voices) < 2:
        return sound, pieces, None
    return alone, [its_pieces], voices


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
    """The speech of each channel, without its silence, in windows of at most 28 s.

    Nothing is transcribed where nobody speaks: Whisper invents words on silence. What may be noise
    is kept out of the windows of speech. Windows hold one channel: with several in one, more words
    come out wrong (benchmarks/README.md).
    """
    windows = []
    for channel, spoken in enumerate(pieces):
        doubtful = [is_doubtful(sound.read(p.start, p.end)[channel]) for p in spoken]
        clear = [piece for piece, doubted in zip(spoken, doubtful, strict=True) if not doubted]
        windows += [Window(channel, group) for group in pack(clear)]
        runs = itertools.groupby(zip(spoken, doubtful, strict=True), key=lambda item: item[1])
        for doubted, run in runs:
            if doubted:
                groups = pack(piece for piece, _ in run)
                windows += [Window(channel, group, doubtful=True) for group in groups]
    return windows


def pack(pieces: Iterable[Piece]) -> list[tuple[Piece, ...]]:
    """Pieces in groups, in their order, each of at most 28 s if every piece is.

    The two seconds that are left keep the engine from losing the last words.
    """
    groups: list[list[Piece]] = []
    length = 0
    for piece in pieces:
        size = piece.end - piece.start
        if not groups or length + size > PIECE_S * SAMPLE_RATE:
            groups.append([])
            length = 0
        groups[-1].append(piece)
        length += size
    return [tuple(group) for group in groups]


def place(words: Iterable[Word], pieces: Sequence[Piece]) -> list[Word]:
    """Words timed in a window of joined pieces, timed in the call.

    A word lies in the piece with its middle. One that seems long, and begins a sentence or follows a
    pause, lies in the piece with its end: the engine was still waiting for it in the piece before.
    """
    placed = []
    starts = np.cumsum([0] + [p.end - p.start for p in pieces]) / SAMPLE_RATE
    before = SENTENCE_END[0]

    def index_of(at_s: float) -> int:
        return max(0, min(int(np.searchsorted(starts, at_s, side="right")) - 1, len(pieces) - 1))

    for word in words:
        index, last = index_of((word.start_s + word.end_s) / 2), index_of(word.end_s - EDGE_S)
        pause_s = (pieces[last].start - pieces[index].end) / SAMPLE_RATE
        waits = before.endswith(SENTENCE_END) or pause_s > PAUSE_S
        if waits and word.end_s - word.start_s > LONG_WORD_S:
            index = last
        piece = pieces[index]
        shift = piece.start / SAMPLE_RATE - starts[index]
        low, high = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
        start_s = min(max(word.start_s + shift, low), high)
        end_s = min(max(word.end_s + shift, start_s), high)
        times = round(float(start_s), 2), round(float(end_s), 2)
        placed.append(Word(*times, word.text, word.probability))
        before = word.text.rstrip()
    return placed


@dataclass
class _Heard:
    """What has been heard so far."""

    language: str
    words: list[list[Word]]  # of each channel, by time
    loops: list[float] = field(default_factory=list)
    unclear_s: float = 0.0


def _hear(sound: Sound, windows: Sequence[Window], settings: EngineSettings) -> _Heard:
    """The words of all windows, without those that are too doubtful or said over and over."""
    engine = load_engine(settings.without_call())
    language = settings.language
    if language == AUTO:
        language = _language(engine, sound, windows)
    heard = _Heard(language, [[] for _ in range(sound.channels)])
    for start in range(0, len(windows), engine.batch):
        batch = windows[start : start + engine.batch]
        samples = _samples(sound, batch)
        hearings = hear_all(engine, samples, language=language, vocabulary=settings.vocabulary)
        for window, hearing in zip(batch, hearings, strict=True):
            _add(heard, window, hearing)
    for said in heard.words:
        said.sort(key=lambda word: word.start_s)
    return heard


def _add(heard: _Heard, window: Window, hearing: Hearing) -> None:
    may_be_none = window.doubtful or window.length_s < SHORT_S
    if hearing.is_unlikely if may_be_none else hearing.is_invented:
        heard.unclear_s += window.length_s
        return
    if (loop := next_loop(hearing.words)) is not None:
        heard.loops += [w.start_s for w in place([hearing.words[loop.start]], window.pieces)]
    heard.words[window.channel] += place(first_round(hearing.words), window.pieces)


def _language(engine: Engine, sound: Sound, windows: Sequence[Window]) -> str:
    """The language of the longest windows; empty where nobody speaks."""
    longest = sorted(windows, key=lambda window: window.length_s, reverse=True)[:DETECTED]
    return engine.language_of(_samples(sound, longest)) if longest else ""


def _samples(sound: Sound, windows: Iterable[Window]) -> list[NDArray[np.float32]]:
    return [
        np.concatenate([sound.read(p.start, p.end)[window.channel] for p in window.pieces])
        for window in windows
    ]
