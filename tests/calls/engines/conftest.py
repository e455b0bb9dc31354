from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from material import DEMO

from callinsight import weights
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.engines import EngineSettings
from callinsight.calls.engines.faster_whisper import FasterWhisper

if TYPE_CHECKING:
    from callinsight.calls.engines import Samples

Cut = "Callable[..., Samples]"


@pytest.fixture(scope="session")
def settings() -> EngineSettings:
    return EngineSettings("faster-whisper", "tiny.en", weights.folder("tiny.en"), "en", 5)


@pytest.fixture(scope="session")
def tiny(settings: EngineSettings) -> FasterWhisper:
    return FasterWhisper(settings)


@pytest.fixture(scope="session")
def base() -> FasterWhisper:
    return FasterWhisper(EngineSettings("faster-whisper", "base", weights.folder("base"), "en", 5))


@pytest.fixture(scope="session")
def cut() -> Cut:
    """One channel of a demo recording from one second to another."""

    def samples(name: str, start_s: float, end_s: float, *, channel: int = 0) -> Samples:
        sound = decode(DEMO / "recordings" / name)
        return sound.read(round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))[channel]

    return samples
