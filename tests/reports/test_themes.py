"""Themes in the month: what is asked about, what is only talked of, what a concern names."""

import pytest

from callinsight.records import Topic
from callinsight.reports.themes import Spoken, themes_of
from callinsight.reports.wording import Names
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

NAMES = Names(load_taxonomy(DEFAULT_TAXONOMY))


def spoken(label: str, asking: int, *, deals: int = 9, turns: int = 20, **facts) -> Spoken:
    facts = {"id": sum(map(ord, label)), "terms": "", "centroid": b"", "size": turns} | facts
    topic = Topic(label=label, **facts)
    return Spoken(topic=topic, turns=turns, deals=deals, asking=asking)


def told(*given: Spoken, new: str = "2026-10"):
    return themes_of(given, NAMES, new=new, min_deals=5)


def test_what_most_deals_ask_about_comes_first_without_its_name_repeated():
    found = told(
        spoken("wide", 5, deals=30),
        spoken("carbon, footprint", 8, terms="carbon;scope three"),
        spoken("silent", 9, turns=0),
    )

    assert [(t.label, t.terms, t.asking, t.deals, t.turns, t.pct) for t in found.themes] == [
        ("carbon, footprint", "scope three", "8", "9", "20", 100.0),
        ("wide", "", "5", "30", "20", 62.5),
    ]
    assert found.theme_sentence == (
        "What buyers ask about outside the list of concerns, found in their own words."
    )
    assert found.theme_notes == ()


def test_more_than_a_dozen_are_counted():
    found = told(*(spoken(f"theme {number}", 5 + number) for number in range(14)))

    assert len(found.themes) == 12
    assert found.theme_notes == ("Two smaller themes are not listed.",)


def test_what_few_ask_about_and_what_a_concern_names_stands_in_words_only():
    found = told(
        spoken("hat", 0, deals=5),
        spoken("plant", 1, deals=7),
        spoken("box", 4, deals=8),
        spoken("certificate, report", 9, deals=11, named_by="security_compliance"),
        spoken("pay, return", 3, deals=12, named_by="value_roi"),
    )

    assert found.themes == ()
    assert found.theme_sentence == (
        "Nothing outside the list of concerns is asked about in 5 deals or more."
    )
    talk, restated = found.theme_notes
    assert talk == (
        "Talked of, and asked about in fewer than 5 deals: “box” (8 deals), “plant” (7 deals) and "
        "“hat” (5 deals)."
    )
    assert restated == (
        "Concerns under other words, counted there: “pay, return” (Value and return) and "
        "“certificate, report” (Security and compliance)."
    )


def test_a_long_list_of_talk_is_cut():
    found = told(*(spoken(f"talk {number}", 0, deals=20 - number) for number in range(5)))

    (talk,) = found.theme_notes
    assert talk == (
        "Talked of, and asked about in fewer than 5 deals: “talk 0” (20 deals), “talk 1” (19 deals), "
        "“talk 2” (18 deals) and 2 more."
    )


def test_a_theme_of_ones_own_stands_whoever_asks_and_whatever_names_it():
    own = {"label_source": "user", "named_by": "price_budget"}

    assert [t.label for t in told(spoken("winter stock", 0, **own)).themes] == ["winter stock"]


@pytest.mark.parametrize(
    ("asking", "sentence"),
    [
        (
            (5, 6),
            " Two themes are new this month: “new 1” and “new 0”.",
        ),
        ((5, 4), " One theme is new this month: “new 0”."),
    ],
)
def test_new_ones_are_named(asking, sentence):
    given = [spoken(f"new {i}", n, first_seen="2026-10") for i, n in enumerate(asking)]
    found = told(*given, spoken("old", 7, first_seen="2026-09"))

    assert found.theme_sentence.endswith(f"words.{sentence}")
    assert {t.label for t in found.themes if t.new} == {
        f"new {i}" for i, number in enumerate(asking) if number >= 5
    }


def test_without_any_theme_nothing_is_said():
    assert told() == told(spoken("silent", 0, turns=0))
    assert (told().theme_sentence, told().theme_notes) == ("", ())
