from __future__ import annotations

from dataclasses import replace

import pytest

from callinsight import weights
from callinsight.calls.engines import (
    DISBELIEVED,
    DOUBTED,
    NO_SPEECH,
    EngineSettings,
    Hearing,
    best,
    load_engine,
    prompt_of,
)
from callinsight.calls.engines.faster_whisper import FasterWhisper
from callinsight.calls.engines.openai_whisper import OpenAIWhisper
from callinsight.errors import InputError
from callinsight.pipeline.hearing import engine_settings, has_graphics_card
from callinsight.records import Word


def heard(text: str, *, log_probability: float = -0.3, pace: float = 3.0) -> Hearing:
    """The words of a text, so many a second."""
    words = tuple(
        Word(index / pace, (index + 1) / pace, f" {word}")
        for index, word in enumerate(text.split())
    )
    return Hearing(words, log_probability)


GOOD = heard("I would rather wait until the audit is over.")
DOUBTFUL = heard("I would rather wade until the order is over.", log_probability=-1.2)
WORSE = heard("I wood.", log_probability=-1.9)
STUCK = heard("the price " * 12, log_probability=-0.1)
STUCK_WORSE = heard("the rice " * 12, log_probability=-0.4)


def test_a_hearing_fails_if_it_is_unlikely_or_loops() -> None:
    assert [one.fails for one in (GOOD, DOUBTFUL, WORSE, STUCK)] == [False, True, True, True]
    assert [one.loops for one in (GOOD, DOUBTFUL, WORSE, STUCK)] == [False, False, False, True]


def test_silence_fails_not_however_unlikely_it_is() -> None:
    silence = Hearing((), log_probability=-3.0)

    assert not silence.fails
    assert not silence.loops
    assert silence.text == ""


def test_a_hearing_loops_by_its_pace_or_by_its_repetition() -> None:
    assert not heard("Bye bye. " * 5, pace=3).loops
    assert heard("Bye bye. " * 5, pace=12).loops  # nobody speaks so fast
    assert heard("Can you hear me all right now? " * 5, pace=3).loops  # little but repetition


def test_the_text_is_that_of_all_words() -> None:
    assert GOOD.text == " I would rather wait until the audit is over."


@pytest.mark.parametrize(
    ("tries", "chosen"),
    [
        ([GOOD], GOOD),
        ([STUCK, DOUBTFUL, GOOD, heard("Else.", log_probability=-0.1)], GOOD),
        ([STUCK, WORSE, DOUBTFUL], DOUBTFUL),
        ([STUCK, WORSE], WORSE),
        ([STUCK_WORSE, STUCK], STUCK),
        ([STUCK, Hearing(())], Hearing(())),
    ],
    ids=["one", "the first good", "the likeliest", "no loop", "all loop", "silence"],
)
def test_the_best_of_several_tries(tries: list[Hearing], chosen: Hearing) -> None:
    assert best(tries) == chosen


def surely(*probabilities: float, no_speech: float = 0.0) -> Hearing:
    """Different words, so sure each."""
    words = tuple(Word(i, i + 0.5, f" word{i}", p) for i, p in enumerate(probabilities))
    return Hearing(words, no_speech=no_speech)


def test_words_without_evidence_are_invented() -> None:
    assert surely(0.9, 0.9, 0.1).evidence == pytest.approx((0.9 * 0.9 * 0.1) ** (1 / 3))
    assert surely(DISBELIEVED - 0.01).is_invented
    assert not surely(DISBELIEVED + 0.01).is_invented
    assert Hearing(()).is_invented


def test_where_nobody_may_be_speaking_more_evidence_is_needed() -> None:
    doubted = surely(DOUBTED - 0.01, no_speech=NO_SPEECH + 0.01)

    assert doubted.is_unlikely
    assert not doubted.is_invented  # sound that is clearly speech keeps it
    assert not surely(DOUBTED - 0.01, no_speech=NO_SPEECH - 0.01).is_unlikely
    assert not surely(DOUBTED + 0.01, no_speech=0.99).is_unlikely
    assert surely(DISBELIEVED - 0.01).is_unlikely


def test_a_word_said_before_is_no_further_evidence() -> None:
    repeated = Hearing((Word(0, 1, " So.", 0.1), Word(1, 2, " so", 0.9), Word(2, 3, " so,", 0.99)))

    assert repeated.evidence == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("vocabulary", "prompt"),
    [((), ""), (("Tallybrook",), "Tallybrook."), (("Invoq", "Jo Lane"), "Invoq, Jo Lane.")],
)
def test_names_to_expect_as_text(vocabulary: tuple[str, ...], prompt: str) -> None:
    assert prompt_of(vocabulary) == prompt


def test_calls_that_differ_in_language_and_names_share_an_engine(settings: EngineSettings) -> None:
    calls = [settings, replace(settings, language="auto", vocabulary=("Invoq",))]

    one, other = (load_engine(call.without_call()) for call in calls)

    assert one is other
    assert isinstance(one, FasterWhisper)
    assert replace(settings, beam_size=1).without_call() != settings.without_call()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_the_engine_is_the_one_that_is_named(settings: EngineSettings) -> None:
    other = replace(settings, engine="openai-whisper")

    assert isinstance(load_engine(other.without_call()), OpenAIWhisper)


@pytest.mark.parametrize("engine", ["faster-whisper", "openai-whisper"])
def test_a_graphics_card_that_is_not_there(engine: str) -> None:
    if has_graphics_card(engine):
        pytest.skip("there is a graphics card")

    with pytest.raises(InputError) as caught:
        engine_settings(engine, "tiny.en", language="en", beam_size=5, device="cuda")

    assert str(caught.value) == (
        f"device is 'cuda', but {engine} finds no graphics card that it can use here; "
        "mend its driver, or set device to 'cpu'"
    )


def test_the_settings_of_an_engine() -> None:
    assert engine_settings(
        "faster-whisper", "tiny.en", language="auto", beam_size=3, vocabulary=("Invoq",)
    ) == EngineSettings(
        "faster-whisper", "tiny.en", weights.folder("tiny.en"), "auto", 3, "cpu", ("Invoq",)
    )


@pytest.mark.parametrize(
    ("model", "language", "message"),
    [
        (
            "base",
            "german",
            "'german' is no language that the models know; write a code such as en or de, or auto",
        ),
        ("tiny.en", "de", "model 'tiny.en' hears English only; take 'base' for 'de'"),
        (
            "all-MiniLM-L6-v2",
            "en",
            "model 'all-MiniLM-L6-v2' does not hear speech; it must be base or tiny.en",
        ),
    ],
)
def test_settings_that_cannot_be(model: str, language: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        engine_settings("faster-whisper", model, language=language, beam_size=5)

    assert str(caught.value) == message
