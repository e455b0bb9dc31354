from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.calls.engines import Hearing
from callinsight.calls.engines.unheard import (
    EDGE_S,
    ROUNDS,
    UNHEARD_S,
    WORD_S,
    Gap,
    gaps_of,
    hear_all,
)
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.calls.engines import Samples
    from callinsight.calls.engines.faster_whisper import FasterWhisper

    from .conftest import Cut


def say(text: str, *, start_s: float = 0.0, pace: float = 3.0, probability: float = 0.9) -> Hearing:
    """The words of a text from a second on, so many a second."""
    return Hearing(
        tuple(
            Word(start_s + i / pace, start_s + (i + 1) / pace, f" {word}", probability)
            for i, word in enumerate(text.split())
        ),
        log_probability=-0.3,
    )


def window(seconds: float, *, seed: int = 0) -> Samples:
    samples = np.random.default_rng(seed).normal(0, 0.1, round(seconds * SAMPLE_RATE))
    return samples.astype(np.float32)


class Recited:
    """An engine that recites what it is given, one list for each time that it is asked."""

    batch = 8

    def __init__(self, *answers: list[Hearing]) -> None:
        self.answers = list(answers)
        self.asked: list[list[Samples]] = []
        self.options: list[tuple[str, Sequence[str]]] = []

    def hear(
        self, windows: Sequence[Samples], *, language: str, vocabulary: Sequence[str] = ()
    ) -> list[Hearing]:
        self.asked.append(list(windows))
        self.options.append((language, vocabulary))
        return self.answers.pop(0)

    def language_of(self, windows: Sequence[Samples]) -> str:
        return "en" if windows else ""


# --- gaps ---


def test_no_gap_where_words_follow_each_other() -> None:
    assert gaps_of(0, say("one two three four five six").words, 2.0 + UNHEARD_S) == []


def test_gaps_before_between_and_behind_words() -> None:
    words = (Word(4.0, 4.5, " one"), Word(4.6, 5.0, " two"), Word(10.0, 10.5, " three"))

    assert gaps_of(3, words, 20.0) == [
        Gap(3, 0.0, 4.0),
        Gap(3, 5.0 + EDGE_S, 10.0),
        Gap(3, 10.5 + EDGE_S, 20.0),
    ]


def test_a_short_pause_is_no_gap() -> None:
    start_s = 1.0 + EDGE_S + UNHEARD_S - 0.01
    words = (Word(0.0, 1.0, " one"), Word(start_s, start_s + 0.5, " two"))

    assert gaps_of(0, words, start_s + 1.0) == []


def test_a_word_that_is_waited_for_begins_behind_the_gap() -> None:
    words = (Word(0.0, 6.0, " So"), Word(6.0, 6.2 + WORD_S, " then"))

    assert gaps_of(0, words, 8.0) == [Gap(0, 0.0, 6.0 - WORD_S)]

    engine = Recited([Hearing(words)], [say("a b c d", pace=1.0)])
    (heard,) = hear_all(engine, [window(8.0)], language="en")
    assert heard.text == " a b c d So then"
    assert heard.words[4] == Word(6.0 - WORD_S, 6.0, " So")


def test_a_window_without_words_has_no_gap() -> None:
    assert gaps_of(0, (), 30.0) == []


@given(
    st.lists(st.tuples(st.floats(0, 29), st.floats(0, 0.9)), min_size=1, max_size=12),
)
def test_gaps_are_long_enough_hold_no_word_and_are_in_order(
    times: list[tuple[float, float]],
) -> None:
    words, end_s = [], 0.0
    for gap_s, length_s in times:
        words.append(Word(end_s + gap_s, end_s + gap_s + length_s, " a"))
        end_s = words[-1].end_s

    gaps = gaps_of(0, words, end_s + 1.0)

    assert gaps == sorted(gaps, key=lambda gap: gap.start_s)
    for gap in gaps:
        assert gap.end_s - gap.start_s >= UNHEARD_S
        assert not any(w.start_s < gap.end_s and w.end_s > gap.start_s for w in words)


# --- hearing them, by an engine that recites ---


def test_what_was_heard_whole_is_not_heard_again() -> None:
    whole = say("one two three four five six")
    engine = Recited([whole, Hearing(())])

    assert hear_all(engine, [window(2.0), window(30.0)], language="en") == [whole, Hearing(())]
    assert len(engine.asked) == 1


def test_the_words_of_a_gap_come_in_their_place() -> None:
    samples = window(10.0)
    before = " ".join(f"w{number}" for number in range(27))
    engine = Recited([say("and so on", start_s=9.0)], [say(before)])

    (heard,) = hear_all(engine, [samples], language="en")

    assert heard.text == f" {before} and so on"
    assert [w.start_s for w in heard.words] == sorted(w.start_s for w in heard.words)
    assert np.array_equal(engine.asked[1][0], samples[: 9 * SAMPLE_RATE])


def test_words_found_behind_others_are_timed_from_the_start_of_the_window() -> None:
    engine = Recited([say("one two three", pace=1.0)], [say("four five six", pace=1.0)])

    (heard,) = hear_all(engine, [window(6.2)], language="en")

    times = [(word.text, round(word.start_s, 2), round(word.end_s, 2)) for word in heard.words]
    assert times[3:] == [
        (" four", 3 + EDGE_S, 4 + EDGE_S),
        (" five", 4 + EDGE_S, 5 + EDGE_S),
        (" six", 5 + EDGE_S, 6 + EDGE_S),
    ]


def test_the_gaps_of_all_windows_are_heard_together_and_alike() -> None:
    engine = Recited(
        [say("one"), say("two", start_s=5.0), say("three")],
        [say("a b c d e", pace=1.0), say("f g h i j", pace=1.0)],
    )

    heard = hear_all(
        engine,
        [window(5.5), window(5.5), window(1.0)],
        language="de",
        vocabulary=("Invoq",),
    )

    assert [hearing.text for hearing in heard] == [" one a b c d e", " f g h i j two", " three"]
    assert [len(windows) for windows in engine.asked] == [3, 2]
    assert engine.options == [("de", ("Invoq",))] * 2


def test_what_fails_in_a_gap_is_left_out() -> None:
    first = say("one two", start_s=8.0)
    for failed in (
        say("the price " * 12, pace=9.0),  # a loop
        say("well well", probability=0.01),  # invented
        Hearing(say("mumble").words, log_probability=-1.5),
    ):
        engine = Recited([first], [failed])

        assert hear_all(engine, [window(9.0)], language="en") == [first]
        assert len(engine.asked) == 2  # and the same gap is not tried again


def test_a_gap_that_is_heard_in_part_is_heard_on_but_not_for_ever() -> None:
    engine = Recited([say("one")], *[[say("more")] for _ in range(9)])

    (heard,) = hear_all(engine, [window(30.0)], language="en")

    assert len(engine.asked) == 1 + ROUNDS
    assert heard.text == " one" + " more" * ROUNDS


# --- a real case ---


def said(hearing: Hearing) -> list[str]:
    return re.findall(r"[a-z']+", hearing.text.casefold())


def test_speech_that_the_engine_leapt_over(tiny: FasterWhisper, cut: Cut) -> None:
    spoken = ((33.7, 39.9), (40.3, 49.7), (50.0, 52.0), (52.7, 63.8))
    samples = np.concatenate([cut("rec-06.opus", start_s, end_s) for start_s, end_s in spoken])
    leapt = {"invoices", "timed", "delivery", "tickets", "worst"}

    (once,) = tiny.hear([samples], language="en")
    (heard,) = hear_all(tiny, [samples], language="en")

    assert not leapt & set(said(once))
    assert leapt <= set(said(heard))
    assert set(said(once)) <= set(said(heard))
    at = {word.text.strip(" .,").casefold(): word.start_s for word in heard.words}
    assert at["invoices"] < 6 < at["worst"] < at["money"]


def test_speech_before_the_first_word_that_the_engine_hears(tiny: FasterWhisper, cut: Cut) -> None:
    samples = cut("rec-05.flac", 20.0, 44.0, channel=1)
    names = ("Paperlane", "Invoq")

    (once,) = tiny.hear([samples], language="en", vocabulary=names)
    (heard,) = hear_all(tiny, [samples], language="en", vocabulary=names)

    assert "statements" not in " ".join(said(once)[:8])
    assert said(heard)[:8] == [
        "and",
        "checking",
        "their",
        "statements",
        "takes",
        "one",
        "person",
        "nearly",
    ]
