from __future__ import annotations

import pytest

from callinsight.calls.forgetting import FORGOTTEN, names_in, runs_of, without_quotes, words_without
from callinsight.records import Word


def words(*texts: str) -> list[Word]:
    return [Word(float(at), at + 1.0, text, 0.9) for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("names", "parts", "text", "left"),
    [
        (["Ann Lee"], False, "ANN  lee and Ann, Lee.", "# and Ann, Lee."),
        (["Ann Lee"], True, "Ask Ann's boss, annual leeway.", "Ask #'s boss, annual leeway."),
        (["Grace van der Berg"], True, "By grace of Grace, der Berg, van.", "By grace of #, der #, van."),
        (["Grace Berg"], True, "BERG and berg of GRACE, by grace", "# and # of #, by grace"),
        (["José Müller"], True, "jose, JOSÉ, Mueller, muller, Jose\u0301 Müllers", "#, #, #, #, # Müllers"),
        (["Soren Oestergaard"], False, "Sören Oestergaard", "#"),
        (["Søren Łuk"], True, "Soren and Luk, soerensen", "# and #, soerensen"),
        (["ann lee"], True, "Ask Ann, lee and ANN.", "Ask #, # and #."),
        (["Bo An"], True, "Bo had an idea, bo.", "# had an idea, bo."),
        (["Åsa Öberg"], False, "ÅSA öberg", "#"),
        (["Dr. Li (Acme)"], False, "so dr. li (acme) said", "so # said"),
        ([" ", ""], True, "nothing", "nothing"),
    ],
)  # fmt: skip
def test_names_are_found_whole_and_in_parts_however_they_are_written(names, parts, text, left):
    assert names_in(names, parts=parts).sub("#", text) == left


def test_timed_words_lose_a_name_over_several_words():
    said = words(" Thanks", " Ann", " Lee,", " bye", " Ann.")

    left = words_without(said, names_in(["Ann Lee"], parts=True))

    assert [(w.start_s, w.end_s, w.text) for w in left] == [
        (0.0, 1.0, " Thanks"),
        (1.0, 3.0, f" {FORGOTTEN},"),
        (3.0, 4.0, " bye"),
        (4.0, 5.0, f" {FORGOTTEN}."),
    ]


def test_what_was_heard_instead_of_a_word_loses_a_name_too():
    (left,) = words_without(
        [Word(0.0, 1.0, " Paperlane", heard=" Ann Lee")], names_in(["Ann Lee"], parts=False)
    )

    assert (left.text, left.heard) == (" Paperlane", "")


def test_a_quote_is_known_by_four_words_in_a_row():
    runs = runs_of(["It is far too expensive for us, we said."])

    assert (
        without_quotes("“Far too expensive, FOR us”, they say", runs) == "“[forgotten]”, they say"
    )
    assert without_quotes("It is far from it, we said", runs) == "It is far from it, we said"
    assert without_quotes("is far too expensive is far too expensive", runs) == (
        "[forgotten] [forgotten]"
    )
