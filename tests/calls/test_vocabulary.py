from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.calls.vocabulary import mended, mended_text, names_of, text_of
from callinsight.records import Word


def spoken(text: str) -> list[Word]:
    """A word every half second, each a little surer than the one before."""
    return [
        Word(i / 2, i / 2 + 0.4, f" {word}", round(0.5 + i / 100, 2))
        for i, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("said", "mishearings", "meant"),
    [
        ("We use invoke here.", {"invoke": "Invoq"}, "We use Invoq here."),
        ("We use tally brook.", {"tally brook": "Tallybrook"}, "We use Tallybrook."),
        ("Tally Brook? TALLY, brook!", {"tally brook": "Tallybrook"}, "Tallybrook? Tallybrook!"),
        ("the ERP", {"ERP": "e.r.p."}, "the e.r.p."),
        ("a tally of the brook", {"tally brook": "Tallybrook"}, "a tally of the brook"),
        ("invoked invoke", {"invoke": "Invoq"}, "invoked Invoq"),
        (
            "paper lane and paper",
            {"paper": "Papier", "paper lane": "Paperlane"},
            "Paperlane and Papier",
        ),
        ("pay per lane", {"pay per": "Paper", "per lane": "Perlane"}, "Paper lane"),
        ("red red red", {"red red": "Redder"}, "Redder red"),
        ('"Paper lane," he said.', {"paper lane": "Paperlane"}, '"Paperlane," he said.'),
        ("(tally brook)... or so", {"tally brook": "Tallybrook"}, "(Tallybrook)... or so"),
        ("from tally-brook now", {"tally brook": "Tallybrook"}, "from Tallybrook now"),
        ("from tally brook now", {"Tally-Brook": "Tallybrook"}, "from Tallybrook now"),
        ("tally - brook", {"tally brook": "Tallybrook"}, "Tallybrook"),
        ("it’s OK", {"it's": "it is"}, "it is OK"),
        ("den Zürich see", {"ZÜRICH SEE": "Zürichsee"}, "den Zürichsee"),
        ("a – b", {"": "x", "-": "y", "...": "z"}, "a – b"),
        ("in voke", {"in voke": "Invoq", "Invoq": "wrong"}, "Invoq"),
        ("", {"a": "b"}, ""),
    ],
)
def test_misheard_phrases_are_replaced(said: str, mishearings: dict[str, str], meant: str) -> None:
    assert mended_text(said, mishearings) == meant
    assert text_of(mended(spoken(said), mishearings)) == meant


def test_what_is_meant_has_the_time_of_the_phrase_and_its_least_probability() -> None:
    words = spoken("We use tally brook, then.")

    assert mended(words, {"Tally Brook": "Tallybrook"}) == [
        *words[:2],
        Word(1.0, 1.9, " Tallybrook,", 0.52, heard=" tally brook,"),
        words[4],
    ]


def test_another_list_begins_from_what_was_heard() -> None:
    words = spoken("We use tally brook, then.")
    once = mended(words, {"tally brook": "Telebrook"})

    assert text_of(mended(once, {"tally": "Sally"})) == "We use Sally brook, then."
    assert text_of(mended(once, {"Telebrook": "wrong"})) == "We use tally brook, then."
    undone = mended(once, {})
    assert text_of(undone) == text_of(words)
    assert [(w.start_s, w.end_s) for w in undone[2:4]] == [(1.0, 1.45), (1.45, 1.9)]
    assert [w.heard for w in undone] == [""] * 5


def test_a_phrase_that_the_engine_writes_with_a_hyphen_stays_mended() -> None:
    words = [Word(0.0, 0.5, " Tally", 0.5), Word(0.5, 1.0, "-brook", 0.6), Word(1.0, 1.2, " is")]
    mishearings = {"tally brook": "Tallybrook"}

    once = mended(words, mishearings)

    assert text_of(once) == "Tallybrook is"
    assert mended(once, mishearings) == once
    assert text_of(mended(once, {})) == "Tally-brook is"


def test_a_second_part_of_a_word_can_be_mended() -> None:
    words = [Word(0.0, 0.5, " e"), Word(0.5, 1.0, "-male")]

    assert text_of(mended(words, {"male": "mail"})) == "e-mail"


def test_a_text_without_a_list_stays_as_it_is() -> None:
    assert mended_text(" a  b\n", {}) == " a  b\n"


def test_names_come_once_and_in_order() -> None:
    assert names_of(["Invoq", " Tallybrook "], ["", "Invoq", "Jo Lane"]) == (
        "Invoq",
        "Tallybrook",
        "Jo Lane",
    )
    assert names_of([""], ()) == ()


def test_the_text_is_on_one_line() -> None:
    assert text_of([Word(0, 1, " So,"), Word(1, 2, "\n well"), Word(2, 3, "-known  ")]) == (
        "So, well-known"
    )
    assert text_of([]) == ""


PARTS = st.sampled_from(["paper", "Lane", "lane,", "tally-brook", "'tally'", "brook.", "–", "is"])
LISTS = st.dictionaries(
    st.lists(PARTS, max_size=3).map(" ".join),
    st.sampled_from(["Paperlane", "Tallybrook", "paper", "Jo Lane"]),
    max_size=4,
)


@st.composite
def heard(draw: st.DrawFn) -> list[Word]:
    words, now = [], 0.0
    for part in draw(st.lists(PARTS, max_size=12)):
        end_s = now + draw(st.floats(0, 2))
        words.append(Word(now, end_s, f" {part}", draw(st.floats(0, 1))))
        now = end_s + draw(st.floats(0, 1))
    return words


@given(heard())
def test_an_empty_list_changes_nothing(words: list[Word]) -> None:
    assert mended(words, {}) == words


@given(heard(), LISTS)
def test_to_mend_twice_is_to_mend_once(words: list[Word], mishearings: dict[str, str]) -> None:
    once = mended(words, mishearings)

    assert mended(once, mishearings) == once


@given(heard(), LISTS, LISTS)
def test_an_earlier_list_leaves_no_trace(
    words: list[Word], earlier: dict[str, str], later: dict[str, str]
) -> None:
    assert text_of(mended(mended(words, earlier), later)) == text_of(mended(words, later))
    assert text_of(mended(mended(words, earlier), {})) == text_of(words)
