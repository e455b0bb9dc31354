from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.calls.loops import (
    COMPRESSION_RATIO,
    Loop,
    compression_ratio,
    first_round,
    is_loop,
    next_loop,
)
from callinsight.records import Word


def say(text: str, *, pace: float = 3.0, start_s: float = 0.0) -> list[Word]:
    """The words of a text, so many a second."""
    return [
        Word(start_s + index / pace, start_s + (index + 1) / pace, f" {word}")
        for index, word in enumerate(text.split())
    ]


def text(words: list[Word]) -> str:
    return "".join(word.text for word in words).strip()


PEOPLE = [
    ("", 3),
    ("Hello.", 3),
    ("No, no, no. That is not what I said.", 5),
    ("No no no no no no no no, listen.", 5),
    ("Bye. Bye bye. Bye bye bye.", 5),
    ("Thank you. Thank you. Thank you. Bye.", 4),
    ("Yeah, yeah, yeah, yeah, yeah, yeah, I know.", 6),
    ("Four one one one one one one one one one one one one one one one.", 4),
    ("It is one zero one zero one zero one zero, is that right?", 4),
    ("4111 1111 1111 1111 and the code is 000.", 2),
    ("Hello? Can you hear me? Can you hear me? Can you hear me? Can you hear me? Hello?", 4),
    ("Ha ha ha ha ha ha ha ha ha, very good.", 6),
    ("Let me check that, let me check that for you, let me check.", 5),
    ("I am I am I am going to send it.", 6),
]


@pytest.mark.parametrize(("said", "pace"), PEOPLE)
def test_a_person_may_repeat_words(said: str, pace: float) -> None:
    words = say(said, pace=pace)

    assert not is_loop(words)
    assert first_round(words) == words


LOOPS = [
    ("I know " + "the " * 8, 12, "I know the"),  # faster than anybody speaks
    ("So the the the " + "the " * 20, 3, "So the"),  # longer than anybody repeats a word
    ("Bye bye. " * 6, 12, "Bye"),
    ("Who's there? " * 8, 3, "Who's there?"),
    ("I am here to thank you for it. " * 4, 5, "I am here to thank you for it."),
    ("Yes. I'm sorry. " * 4, 6, "Yes. I'm sorry."),
    ("Well. " + "Can you hear me? " * 6, 3, "Well. Can you hear me?"),
    ("one two three four five six seven eight nine ten eleven " * 6, 3, None),
]


@pytest.mark.parametrize(("said", "pace", "kept"), LOOPS)
def test_a_loop_is_cut_to_its_first_round(said: str, pace: float, kept: str | None) -> None:
    words = say(said, pace=pace)

    assert is_loop(words)
    assert text(first_round(words)) == (kept or " ".join(said.split()[:11]))


def test_case_and_punctuation_do_not_hide_a_loop() -> None:
    words = say("Thank you. thank you, Thank you! thank you; THANK YOU thank you.", pace=10)

    assert next_loop(words) == Loop(0, 12, 2)


def test_the_words_around_a_loop_are_kept() -> None:
    words = say("We talked about " + "the price and " * 6 + "the price then I left", pace=6)

    assert text(first_round(words)) == "We talked about the price and then I left"


def test_each_of_two_loops_is_cut() -> None:
    words = say("so " * 24 + "I think " + "we can go " * 7, pace=4)

    assert text(first_round(words)) == "so I think we can go"


def test_words_in_no_time_at_all_are_a_loop() -> None:
    assert is_loop([Word(4.0, 4.0, " okay")] * 7)
    assert not is_loop([Word(4.0, 4.0, " okay")] * 6)


@given(st.lists(st.sampled_from(["no", "yes", "I", "know", "7"]), max_size=60), st.floats(0.5, 20))
def test_what_is_kept_has_no_loop_and_no_new_word(said: list[str], pace: float) -> None:
    words = say(" ".join(said), pace=pace)

    kept = first_round(words)

    assert [word for word in words if word in kept] == kept
    assert (kept == words) == (not is_loop(words))


def test_the_ratio_of_a_repetitive_text_is_above_the_threshold() -> None:
    assert compression_ratio("") == 0
    assert compression_ratio("I would rather wait until the audit is over.") < 1.5
    assert compression_ratio("Who's there? " * 16) > COMPRESSION_RATIO
