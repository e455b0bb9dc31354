"""Where nobody speaks, nothing is written; what is said around it stays as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from material import write_wave

from callinsight import weights
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.engines import EngineSettings
from callinsight.calls.transcribe import transcribe

from .conftest import RECORDINGS
from .noises import CROWDS, NOISES, over_the_telephone

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.records import Word

    from .conftest import Samples

MODEL = "base"
MINUTE = 60.0  # s
SPLICED = ("silence", "white", "hum-50", "ringback-us", "dtmf", "band", "singer", "la-la", "coughs")


@pytest.fixture(scope="module")
def engine() -> EngineSettings:
    return EngineSettings("faster-whisper", MODEL, weights.folder(MODEL), "en", 5)


@pytest.fixture(scope="module")
def voices() -> list[Samples]:
    """Eight people of the demo, alone."""
    calls = (decode(RECORDINGS / f"rec-0{number}.flac") for number in (1, 2, 3, 5))
    return [channel for sound in calls for channel in sound.read()]


def hear(folder: Path, engine: EngineSettings, samples: Samples) -> list[Word]:
    write_wave(folder / "a.wav", samples[np.newaxis])
    return [word for words in transcribe(folder / "a.wav", engine).words for word in words]


def said(words: list[Word]) -> list[str]:
    return re.findall(r"[a-z0-9']+", "".join(word.text for word in words).casefold())


@pytest.mark.parametrize(
    "telephone", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["wide", "telephone"]
)
@pytest.mark.parametrize("name", list(NOISES))
def test_a_minute_of_noise_has_no_words(
    engine: EngineSettings, tmp_path: Path, name: str, telephone: bool
) -> None:
    noise = NOISES[name](MINUTE)
    if telephone:
        noise = over_the_telephone(noise)

    assert hear(tmp_path, engine, noise) == []


@pytest.mark.parametrize("name", list(CROWDS))
def test_a_minute_of_voices_that_nobody_understands_has_no_words(
    engine: EngineSettings, tmp_path: Path, voices: list[Samples], name: str
) -> None:
    assert hear(tmp_path, engine, CROWDS[name](voices, MINUTE)) == []


def pause(samples: Samples) -> int:
    """The middle of the longest pause, so that no word is cut."""
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    longest = int(np.diff(loud).argmax())
    return int(loud[longest] + loud[longest + 1]) // 2


@pytest.mark.parametrize("name", SPLICED)
def test_noise_in_a_call_leaves_its_words_alone(
    engine: EngineSettings, tmp_path: Path, call: Samples, name: str
) -> None:
    at = pause(call[0])
    alone = hear(tmp_path, engine, call[0])

    words = hear(
        tmp_path, engine, np.concatenate([call[0, :at], NOISES[name](MINUTE), call[0, at:]])
    )

    at_s = at / SAMPLE_RATE
    inside = [word for word in words if at_s + 0.3 < word.end_s and word.start_s < at_s + 59.7]
    assert inside == []
    assert said(words) == said(alone) != []
