from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.calls.engines.openai_whisper import OpenAIWhisper, load_model

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.calls.engines import EngineSettings, Hearing
    from callinsight.calls.engines.faster_whisper import FasterWhisper

    from .conftest import Cut

pytestmark = pytest.mark.filterwarnings(  # openai-whisper leaves its vocabulary file open
    "ignore:unclosed file:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="module")
def engine(settings: EngineSettings) -> OpenAIWhisper:
    return OpenAIWhisper(replace(settings, engine="openai-whisper"))


def said(hearing: Hearing) -> list[str]:
    return re.findall(r"[a-z']+", hearing.text.casefold())


def test_both_engines_hear_nearly_the_same(
    engine: OpenAIWhisper, tiny: FasterWhisper, cut: Cut
) -> None:
    windows = [cut("rec-01.flac", 0.3, 4.5)]

    for ours, theirs in zip(
        tiny.hear(windows, language="en"), engine.hear(windows, language="en"), strict=True
    ):
        assert len(set(said(ours)) ^ set(said(theirs))) <= 4
        assert len(said(theirs)) > 5
        assert theirs.words[-1].start_s == pytest.approx(ours.words[-1].start_s, abs=0.5)
        assert theirs.log_probability == pytest.approx(ours.log_probability, abs=0.3)
        assert all(0 < word.probability <= 1 for word in theirs.words)
        assert not theirs.is_invented


@pytest.mark.slow
def test_a_name_is_heard_if_it_is_expected(engine: OpenAIWhisper, cut: Cut) -> None:
    samples = cut("rec-08.opus", 0.0, 8.0)

    (without,) = engine.hear([samples], language="en")
    (informed,) = engine.hear([samples], language="en", vocabulary=("Tallybrook",))

    assert "tallybrook" not in said(without)
    assert "tallybrook" in said(informed)


def test_a_silent_window_has_no_words(engine: OpenAIWhisper) -> None:
    (heard,) = engine.hear([np.zeros(3 * SAMPLE_RATE, dtype=np.float32)], language="en")

    assert heard.words == () or heard.is_invented


def test_an_english_model_knows_no_other_language(engine: OpenAIWhisper) -> None:
    assert engine.language_of([np.zeros(SAMPLE_RATE, dtype=np.float32)]) == "en"


def test_it_hears_one_window_at_a_time(engine: OpenAIWhisper) -> None:
    assert engine.batch == 1
    assert engine.hear([], language="en") == []


def test_a_checkpoint_goes_before_converted_weights(tmp_path: Path) -> None:
    (tmp_path / "tiny.en.pt").write_bytes(b"no checkpoint")

    with pytest.raises(Exception, match=r"Invalid magic number|pickle|load key"):
        load_model("tiny.en", tmp_path)
