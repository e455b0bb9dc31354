import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.tagging.sentences import (
    FEWEST_WORDS,
    MOST_WORDS,
    PIECE_WORDS,
    pieces_of,
    sentences_of,
)

WORDS = st.sampled_from(
    ["we", "and", "price,", "it’s", "naïve", "so", "Ü.", "😀", "why?", "no!", "…"]
)
TURNS = st.lists(WORDS, max_size=400).map(" ".join)


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences_of(text)]


def numbered(count: int) -> str:
    return " ".join(f"w{number}" for number in range(count))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n ", []),
        ("Fine.", ["Fine."]),
        ("It is dear for us.", ["It is dear for us."]),
        (
            "It is dear for us. Can you do less? We would like that!",
            ["It is dear for us. ", "Can you do less? ", "We would like that!"],
        ),
        (
            "We pay 3.50 a month… and you want ten.",
            ["We pay 3.50 a month… ", "and you want ten."],
        ),
        (
            "Das ist uns zu teuer.\nWir müssen das klären.",
            ["Das ist uns zu teuer.\n", "Wir müssen das klären."],
        ),
        ("No. It is dear for us.", ["No. It is dear for us."]),
        ("It is dear for us. No way.", ["It is dear for us. No way."]),
        (
            "Hm. Well. No. It is dear. We like it though.",
            ["Hm. Well. No. It is dear. ", "We like it though."],
        ),
    ],
)
def test_sentences(text, sentences):
    assert said(text) == sentences


def test_a_sentence_that_goes_on_and_on_is_cut_where_it_can_be():
    text = f"{numbered(25)}, {numbered(10)} but {numbered(20)}"

    assert said(text) == [f"{numbered(25)}, ", f"{numbered(10)} ", f"but {numbered(20)}"]


def test_parts_that_are_short_together_stay_together():
    text = f"{numbered(5)}, {numbered(5)}, {numbered(5)}, {numbered(30)}"

    assert said(text) == [
        f"{numbered(5)}, {numbered(5)}, {numbered(5)}, ",
        numbered(30),
    ]


def test_a_sentence_of_most_words_is_not_cut():
    commas = ", ".join(numbered(MOST_WORDS).split())

    assert said(commas) == [commas]


def test_words_without_any_joint_are_counted_off():
    words = numbered(2 * MOST_WORDS + 10)

    cut = said(words)

    assert [len(part.split()) for part in cut] == [MOST_WORDS, MOST_WORDS, 10]
    assert "".join(cut) == words


def test_a_cut_leaves_no_crumbs():
    assert [len(part.split()) for part in said(numbered(MOST_WORDS + FEWEST_WORDS - 1))] == [43]


@given(TURNS)
def test_sentences_cover_all_words_in_order(text):
    spans = sentences_of(text)

    assert " ".join(text[a:b].strip() for a, b in spans).split() == text.split()
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert len(spans) < 2 or all(len(text[a:b].split()) >= FEWEST_WORDS for a, b in spans)


@pytest.mark.parametrize(
    "text", ["", "  ", "Fine.", f"{numbered(PIECE_WORDS // 2)}. {numbered(PIECE_WORDS // 2)}."]
)
def test_a_turn_that_can_be_read_at_once_is_one_piece(text):
    assert pieces_of(text) == ([text] if text.strip() else [])


def test_a_long_turn_in_pieces_of_whole_sentences():
    sentence = f"{numbered(35)}. "

    pieces = pieces_of(sentence * 8)

    assert pieces == [sentence * 3, sentence * 3, sentence * 2]


@given(TURNS)
def test_pieces_have_all_words_and_can_be_read_at_once(text):
    pieces = pieces_of(text)

    assert " ".join(piece.strip() for piece in pieces).split() == text.split()
    assert all(len(piece.split()) <= PIECE_WORDS for piece in pieces)


def test_a_string_of_short_answers_is_cut_too():
    assert max(len(piece.split()) for piece in pieces_of("Oh no. " * 100)) <= PIECE_WORDS
