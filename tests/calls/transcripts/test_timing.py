from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callinsight.calls.transcripts.timing import Listed, words_of
from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import text_of


def texts(text: str, *listed: str) -> list[str]:
    words = [Listed(word, (n, n + 1)) for n, word in enumerate(listed)]
    return [word.text for word in words_of(Turn(None, 0, 10, text), words)]


@pytest.mark.parametrize(
    ("text", "listed", "expected"),
    [
        ("Good morning.", ["Good", "morning"], [" Good", " morning."]),
        (
            "“Hi,” she said – “go”!",
            ["Hi", "she", "said", "go"],
            [" “Hi,”", " she", " said –", " “go”!"],
        ),
        ("cloud-based", ["cloud", "based"], [" cloud-", "based"]),
        ("cloud-based", ["cloud", "-based"], [" cloud", "-based"]),
        ("a – b", ["a", "–", "b"], [" a", " –", " b"]),
        ("你好吗?", ["你", "好", "吗"], [" 你", "好", "吗?"]),
        ("New York, then", ["New York,", "then"], [" New York,", " then"]),
        ("Good morning.", ["Good", "evening"], []),
        ("Good morning.", ["Good"], []),
        ("Good morning.", ["morning."], []),
        ("Good.", ["Good.", "Good."], []),
        ("Good.", [], []),
    ],
)
def test_words_are_spelt_as_in_the_text(text: str, listed: list[str], expected: list[str]) -> None:
    assert texts(text, *listed) == expected


@given(
    st.lists(st.text(min_size=1).map(lambda t: "".join(t.split()) or "x"), min_size=1, max_size=6)
)
@example(["-", "a", ".", "-b"])
def test_words_say_what_the_text_says(listed: list[str]) -> None:
    text = " ".join(listed)

    assert [word.strip() for word in texts(text, *listed)] == listed
    assert text_of(words_of(Turn(None, 0, 9, text), [Listed(w, (1, 2)) for w in listed])) == text


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(1, 2), None, (3, 4)], [(1, 2), (2, 3), (3, 4)]),
        ([None, None, (3, 4)], [(1, 2), (2, 3), (3, 4)]),
        ([(1, 2), None, None], [(1, 2), (2, 3.5), (3.5, 5)]),
        ([None, None, None], [(1, 2.333), (2.333, 3.667), (3.667, 5)]),
        ([(1, 3), None, (2, 4)], None),
        ([(1, 3), (2, 1), (2, 4)], [(1, 3), (2, 2), (2, 4)]),
        ([(1, 2), (2, 3), (3, 7)], None),
        ([(0.5, 2), (2, 3), (3, 5.5)], [(0.5, 2), (2, 3), (3, 5.5)]),
    ],
    ids=["between", "first", "last", "none", "back", "negative", "elsewhere", "a little off"],
)
def test_a_word_without_times_takes_the_gap(
    spans: list[tuple[float, float] | None], expected: list[tuple[float, float]] | None
) -> None:
    listed = [Listed(word, span) for word, span in zip("abc", spans, strict=True)]

    words = words_of(Turn(None, 1, 5, "a b c"), listed)

    assert [(word.start_s, word.end_s) for word in words] == (expected or [])
