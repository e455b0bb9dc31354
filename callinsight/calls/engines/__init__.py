"""The speech engines, faster-whisper (default) and openai-whisper: windows of speech to words."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from callinsight.calls.loops import COMPRESSION_RATIO, compression_ratio, is_loop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from callinsight.records import Word

    Samples = NDArray[np.float32]

AUTO = "auto"
DEVICES = ("cpu", "cuda")
BATCH = 8  # windows decoded together
BATCH_GPU = 24
DETECTED = 4  # windows that tell the language of a call
# A window that fails is heard again with more chance in its words, as in openai-whisper
# (Radford et al., 2022, section 4.5).
TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
LOG_PROBABILITY = -1.0  # of a token on average; less than this is doubtful
# Measured on windows of noise, music and crowds against windows of real calls: log probability and
# the probability of no speech as openai-whisper uses them let a third of the invented words pass.
DISBELIEVED = 0.2  # evidence below which words are invented
DOUBTED, NO_SPEECH = 0.5, 0.35  # the same where the engine also doubts that somebody speaks


@dataclass(frozen=True)
class EngineSettings:
    """What decides the words that come out."""

    engine: str  # faster-whisper | openai-whisper
    model: str
    folder: Path  # of the verified weights
    language: str  # a code, or `auto`
    beam_size: int
    device: str = "cpu"  # cpu | cuda
    vocabulary: tuple[str, ...] = ()  # names to expect

    def without_call(self) -> EngineSettings:
        """What the loaded engine depends on: the same for all calls."""
        return dataclasses.replace(self, language="", vocabulary=())


@dataclass(frozen=True)
class Hearing:
    """What an engine hears in one window, with how sure it is."""

    words: tuple[Word, ...]  # timed from the window's start
    log_probability: float = 0.0  # of a token on average
    no_speech: float = 0.0  # probability that nobody speaks

    @property
    def text(self) -> str:
        """All words."""
        return "".join(word.text for word in self.words)

    @property
    def loops(self) -> bool:
        """Whether the engine got stuck in a phrase."""
        return compression_ratio(self.text) > COMPRESSION_RATIO or is_loop(self.words)

    @property
    def fails(self) -> bool:
        """Whether the window should be heard again."""
        return bool(self.words) and (self.loops or self.log_probability < LOG_PROBABILITY)

    @property
    def evidence(self) -> float:
        """The geometric mean of the words' probabilities; a word said before tells nothing more.

        An engine that repeats what it has invented gets ever surer of it.
        """
        first = {word.text.strip(" .,?!").casefold(): word for word in reversed(self.words)}
        logs = [math.log(max(word.probability, 1e-4)) for word in first.values()]
        return math.exp(sum(logs) / len(logs)) if logs else 0.0

    @property
    def is_invented(self) -> bool:
        """Whether there is too little evidence that these words were said."""
        return self.evidence < DISBELIEVED

    @property
    def is_unlikely(self) -> bool:
        """Whether words of sound that may be no speech at all are too doubtful to keep."""
        unlikely = self.no_speech > NO_SPEECH and self.evidence < DOUBTED
        return self.is_invented or unlikely


class Engine(Protocol):
    """A model in memory that hears windows of speech, each at most 30 s of float32 at 16 kHz."""

    batch: int  # windows that it hears best together

    def hear(
        self, windows: Sequence[Samples], *, language: str, vocabulary: Sequence[str] = ()
    ) -> list[Hearing]:
        """What is said in each window; each is heard by itself."""
        ...

    def language_of(self, windows: Sequence[Samples]) -> str:
        """The code of the language that is spoken in the windows together."""
        ...


@functools.lru_cache(maxsize=1)
def load_engine(settings: EngineSettings) -> Engine:
    """The engine with its model in memory; a worker process loads it once.

    `settings` are those `without_call`, so that all calls find the same engine.
    """
    if settings.engine == "openai-whisper":
        from callinsight.calls.engines.openai_whisper import OpenAIWhisper

        return OpenAIWhisper(settings)
    from callinsight.calls.engines.faster_whisper import FasterWhisper

    return FasterWhisper(settings)


def best(hearings: Sequence[Hearing]) -> Hearing:
    """Of several tries at a window, the first that does not fail; else the likeliest without a loop."""
    good = next((hearing for hearing in hearings if not hearing.fails), None)
    return good or max(hearings, key=lambda hearing: (not hearing.loops, hearing.log_probability))


def prompt_of(vocabulary: Sequence[str]) -> str:
    """Names to expect, as Whisper takes them: text that might have been said before."""
    return ", ".join(vocabulary) + "." if vocabulary else ""
