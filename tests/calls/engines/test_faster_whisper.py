from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.calls.engines import BATCH, EngineSettings, Hearing
from callinsight.calls.engines.faster_whisper import FasterWhisper
from callinsight.pipeline.hearing import has_graphics_card
from callinsight.records import Word

if TYPE_CHECKING:
    from callinsight.calls.engines import Samples

    from .conftest import Cut


def said(hearing: Hearing) -> set[str]:
    return set(re.findall(r"[a-z']+", hearing.text.casefold()))


@pytest.fixture(scope="module")
def windows(cut: Cut) -> dict[str, Samples]:
    """Four stretches of speech, from 3 to 7 s long, each by a word that is in no other."""
    return {
        "hear": cut("rec-01.flac", 0.3, 6.0),
        "train": cut("rec-08.opus", 6.0, 13.0),
        "wing": cut("rec-05.flac", 3.0, 8.5, channel=1),
        "mute": cut("rec-07.opus", 0.0, 4.5),
    }


# --- batches ---


def test_each_windows_words_come_in_its_place(
    tiny: FasterWhisper, windows: dict[str, Samples]
) -> None:
    known = dict(zip(windows, tiny.hear(list(windows.values()), language="en"), strict=True))

    for word, hearing in known.items():
        assert {other for other in windows if other in said(hearing)} == {word}
    for order in list(itertools.permutations(windows))[5:24:9]:
        heard = tiny.hear([windows[word] for word in order], language="en")
        assert heard == [known[word] for word in order]


def test_smaller_batches_hear_every_window(
    settings: EngineSettings, windows: dict[str, Samples]
) -> None:
    engine = FasterWhisper(settings)
    engine.batch = 3

    heard = engine.hear(list(windows.values()), language="en")

    assert [word in said(hearing) for word, hearing in zip(windows, heard, strict=True)] == [
        True
    ] * 4


def test_no_windows_have_no_words(tiny: FasterWhisper) -> None:
    assert tiny.hear([], language="en") == []


def test_words_lie_in_their_window_by_time(
    tiny: FasterWhisper, windows: dict[str, Samples]
) -> None:
    for samples, hearing in zip(
        windows.values(), tiny.hear(list(windows.values()), language="en"), strict=True
    ):
        times = [time for word in hearing.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert times[0] >= 0
        assert times[-1] <= len(samples) / SAMPLE_RATE + 0.02
        assert all(0 < word.probability <= 1 for word in hearing.words)
        assert all(word.text.strip() for word in hearing.words)


# --- names to expect ---


@pytest.mark.parametrize(
    ("name", "start_s", "end_s", "channel", "expected"),
    [
        ("rec-01.flac", 0.0, 6.0, 0, ("Tallybrook",)),
        ("rec-08.opus", 0.0, 8.0, 0, ("Dana Whitfield", "Tallybrook")),
        ("rec-05.flac", 66.0, 78.0, 1, ("Invoq", "Paperlane")),
    ],
)
def test_a_name_is_misheard_until_it_is_expected(
    tiny: FasterWhisper,
    cut: Cut,
    name: str,
    start_s: float,
    end_s: float,
    channel: int,
    expected: tuple[str, ...],
) -> None:
    samples = cut(name, start_s, end_s, channel=channel)
    said_name = "invoq" if "Invoq" in expected else "tallybrook"

    (without,) = tiny.hear([samples], language="en")
    (informed,) = tiny.hear([samples], language="en", vocabulary=expected)

    assert said_name not in said(without)
    assert said_name in said(informed)
    assert tiny.hear([samples], language="en") == [without]  # the names are forgotten again


def test_a_name_to_expect_is_not_heard_where_nobody_says_it(
    tiny: FasterWhisper, windows: dict[str, Samples]
) -> None:
    (heard,) = tiny.hear([windows["mute"]], language="en", vocabulary=("Paperlane", "Invoq"))

    assert "mute" in said(heard)
    assert not {"paperlane", "invoq"} & said(heard)


# --- windows that fail ---


def test_a_window_that_fails_is_heard_again_and_always_alike(
    tiny: FasterWhisper, windows: dict[str, Samples]
) -> None:
    failed = Hearing((Word(0.0, 1.0, " Well", 0.1),), log_probability=-2.0)
    tokens = tiny._tokens("en")

    heard = []
    for _ in range(2):
        heard.append(tiny._again(tokens, tiny._prompt(tokens, ()), windows["hear"], failed))
        tiny.hear([windows["mute"]], language="en")  # what is heard between changes nothing

    assert failed.fails
    assert "hear" in said(heard[0])
    assert heard[0] == heard[1]


# --- languages ---


def test_english_is_recognised(base: FasterWhisper, windows: dict[str, Samples]) -> None:
    assert base.language_of(list(windows.values())) == "en"


def test_an_english_model_knows_no_other_language(tiny: FasterWhisper) -> None:
    assert tiny.language_of([np.zeros(SAMPLE_RATE, dtype=np.float32)]) == "en"


def test_the_language_decides_the_words(base: FasterWhisper, windows: dict[str, Samples]) -> None:
    (english,) = base.hear([windows["hear"]], language="en")
    (french,) = base.hear([windows["hear"]], language="fr")

    assert {"morning", "hear"} <= said(english)
    assert "bonjour" in said(french)


# --- devices ---


def test_on_a_cpu_eight_windows_are_decoded_together(tiny: FasterWhisper) -> None:
    assert tiny.batch == BATCH == 8


def test_a_graphics_card_is_asked_for(settings: EngineSettings) -> None:
    if has_graphics_card("faster-whisper"):
        pytest.skip("there is a graphics card")

    with pytest.raises((RuntimeError, ValueError), match="CUDA"):
        FasterWhisper(replace(settings, device="cuda"))
