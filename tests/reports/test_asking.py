"""Whether a turn that asks wants something to keep."""

import csv
from pathlib import Path

import pytest

from callinsight.reports.asking import AT_ONCE, TO_KEEP, UNCLEAR, is_agreed, wants

TALK = Path(__file__).parents[2] / "benchmarks" / "asks.csv"


@pytest.mark.parametrize(
    ("said", "reply", "wanted"),
    [
        ("Could you mail me the price list?", "", TO_KEEP),
        ("The price list, for Monday.", "It'll be in your inbox.", TO_KEEP),
        ("Show me where I find that.", "", AT_ONCE),
        ("Show me where I find that.", "I'll send you a film of it tonight.", TO_KEEP),
        ("Where do I see who approved it?", "The little clock at the top.", AT_ONCE),
        ("The price list.", "Forty a month.", UNCLEAR),
        ("", "", UNCLEAR),
    ],
)
def test_what_a_turn_wants(said, reply, wanted):
    assert wants(said, reply) == wanted


def test_an_ask_is_agreed_where_both_say_so():
    assert is_agreed("Could you mail me the list?", "You'll have it today.")
    assert not is_agreed("Could you mail me the list?", "Which list?")
    assert not is_agreed("Nice list.", "You'll have it today.")


def test_hardly_an_ask_of_the_labelled_talk_is_taken_for_none():
    with TALK.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {"open": [], "answered": [], "none": []}
    for row in rows:
        kept[row["truth"]].append(wants(row["text"], row["after"]) == TO_KEEP)
    assert all(kept["open"] + kept["answered"])
    assert sum(kept["none"]) <= 12  # of 50: most of them the tagger takes for no ask at all
