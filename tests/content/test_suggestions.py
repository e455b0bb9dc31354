from __future__ import annotations

import pytest

from callinsight.content.suggestions import (
    ACCEPTED,
    LEAST,
    REJECTED,
    Heard,
    fill,
    probability,
    suggest,
    without,
)
from callinsight.records import ContentItem, Suggestion
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)


def item(id_: str = "a", **facts) -> ContentItem:
    return ContentItem(id=id_, **({"title": "A", "content_type": "blog"} | facts))


def told(*items: ContentItem, heard=None, answered=()) -> list[tuple[str, str, str]]:
    found = suggest(
        items,
        heard or {},
        concerns=TAXONOMY.concerns,
        personas=TAXONOMY.personas,
        answered=answered,
    )
    return [(one.item, one.field, one.value) for one in found]


def test_what_the_words_and_the_type_say():
    heard = {"a": [Heard("value_roi", 0.9, "says “payback”"), Heard("need_fit", 0.2, "")]}
    (first, second) = suggest(
        [item(content_type="case_study")],
        heard,
        concerns=TAXONOMY.concerns,
        personas=(),
    )
    assert (first.value, first.score, first.why) == ("value_roi", 0.87, "says “payback”")
    assert (second.value, second.why) == ("trust_proof", "its type is case_study")
    assert first.score > second.score >= LEAST


def test_an_asset_with_concerns_gets_none_but_a_persona():
    heard = {"a": [Heard("value_roi", 0.9, "")]}
    assert told(item(concerns=("price_budget",)), heard=heard) == [
        ("a", "personas", "economic_buyer")
    ]
    assert told(item(concerns=("price_budget",), personas=("champion",)), heard=heard) == []


@pytest.mark.parametrize("status", [ACCEPTED, REJECTED])
def test_what_was_answered_is_not_proposed_again(status):
    heard = {"a": [Heard("price_budget", 0.9, "")]}
    answer = Suggestion(
        item="a", field="concerns", value="price_budget", score=0.9, why="", status=status
    )
    assert told(item(), heard=heard, answered=[answer]) == [("a", "personas", "economic_buyer")]


def test_nothing_for_what_is_archived_or_unlikely():
    heard = {"a": [Heard("price_budget", 0.9, "")], "b": [Heard("price_budget", 0.3, "")]}
    assert told(item("a", status="archived"), item("b"), heard=heard) == []


def test_a_probability_grows_with_what_the_tagger_says():
    values = [probability(p / 20, made_for=False) for p in range(21)]
    assert values == sorted(values)
    assert all(probability(p / 20, made_for=True) > values[p] for p in range(21))
    assert 0 < values[0] < LEAST < values[-1] < 1


def test_accepted_values_fill_the_asset_each_once():
    answers = [
        Suggestion(item="a", field=field, value=value, score=1.0, why="", status=status)
        for field, value, status in (
            ("concerns", "value_roi", ACCEPTED),
            ("concerns", "need_fit", REJECTED),
            ("stages", "decision", ACCEPTED),
        )
    ]
    filled = fill([item(concerns=("value_roi",)), item("b")], answers)
    assert (filled[0].concerns, filled[0].stages) == (("value_roi",), ("decision",))
    assert filled[1] == item("b")
    assert without(filled[0], "stages", "decision").stages == ()
