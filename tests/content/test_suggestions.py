from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.content.suggestions import (
    ACCEPTED,
    LEAST,
    REJECTED,
    Counted,
    Heard,
    fill,
    is_blank,
    probability,
    suggest,
    without,
)
from callinsight.records import ContentItem, Suggestion
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)


BLOG = {"title": "A", "content_type": "blog", "stages": ("awareness",)}


def item(id_: str = "a", **facts) -> ContentItem:
    return ContentItem(id=id_, **(BLOG | facts))


NOBODY = Counted(personas={}, stages={})
CALLS = Counted(
    personas={
        ("price_budget", "economic_buyer"): (14, 20),
        ("price_budget", "champion"): (5, 20),
        ("value_roi", "economic_buyer"): (4, 4),
    },
    stages={("price_budget", "decision"): (20, 20), ("price_budget", "consideration"): (9, 20)},
)


def proposed(*items: ContentItem, heard=None, answered=(), counted=CALLS, cues=None):
    return suggest(
        items, heard or {}, TAXONOMY, counted=counted, cues=cues or {}, answered=answered
    )


def told(*items: ContentItem, **given) -> list[tuple[str, str, str]]:
    return [(one.item, one.field, one.value) for one in proposed(*items, **given)]


def cohort(probability: float, *, of: int = 39) -> dict[str, list[Heard]]:
    """Assets most of which read alike, and some of which do not."""
    alike = {f"x{i}": [Heard("need_fit", probability, "")] for i in range(of)}
    return alike | {f"y{i}": [] for i in range(of // 3)}


def of_need(heard: dict[str, list[Heard]], *, content_type: str = "blog") -> list[tuple]:
    items = [item(id_, content_type=content_type) for id_ in heard]
    found = proposed(*items, heard=heard, counted=NOBODY)
    return [(one.item, one.score, one.why) for one in found if one.value == "need_fit"]


def test_what_most_assets_read_like_is_proposed_where_it_stands_out():
    heard = cohort(0.6) | {"a": [Heard("need_fit", 0.97, "says “roadmap”")]}

    assert of_need(heard) == [("a", 0.67, "says “roadmap”; more than most of your assets")]


@pytest.mark.parametrize("probability", [0.55, 0.7, 0.9, 0.98])
def test_a_trade_whose_pages_all_read_alike_gives_no_proposals(probability):
    assert of_need({f"a{i}": [Heard("need_fit", probability, "")] for i in range(50)}) == []


@pytest.mark.parametrize(
    "heard",
    [
        cohort(0.6, of=12),  # too few assets to tell how they usually read
        {f"x{i}": [Heard("need_fit", 0.6, "")] for i in range(20)}
        | {f"y{i}": [] for i in range(20)},
    ],
)
def test_where_few_read_alike_nothing_is_held_against_any(heard):
    assert {score for _, score, _ in of_need(heard)} == {round(probability(0.6, made_for=False), 2)}


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans())
def test_what_is_usual_never_makes_an_asset_likelier(tagger, middle, made_for):
    alone = probability(tagger, made_for=made_for)

    assert probability(tagger, made_for=made_for, middle=middle) <= alone


def test_what_the_words_and_the_type_say():
    heard = {"a": [Heard("value_roi", 0.9, "says “payback”"), Heard("need_fit", 0.2, "")]}
    (first, second) = proposed(
        item(content_type="case_study", stages=("decision",)), heard=heard, counted=NOBODY
    )
    assert (first.value, first.score, first.why) == ("value_roi", 0.87, "says “payback”")
    assert (second.value, second.why) == ("trust_proof", "its type is case study")
    assert first.score > second.score >= LEAST


def test_who_raises_its_concern_is_proposed_with_the_deals_counted():
    (one,) = proposed(item(concerns=("price_budget",)))
    assert (one.field, one.value, one.score) == ("personas", "economic_buyer", 0.48)
    assert (
        one.why
        == "Price and budget is raised by economic buyer in 14 of 20 deals; until then it is for anybody"
    )


def test_a_likely_concern_lends_its_doubt_to_who_raises_it():
    heard = {"a": [Heard("price_budget", 0.9, "")]}
    concern, persona = proposed(item(), heard=heard)
    assert (concern.field, persona.field) == ("concerns", "personas")
    assert persona.score == pytest.approx(0.48 * concern.score, abs=0.01)


def test_too_few_deals_or_none_say_nothing_of_personas_and_stages():
    talk = item(concerns=("value_roi",), content_type="talk_track", stages=())
    assert told(talk) == []
    assert told(item(concerns=("price_budget",)), counted=NOBODY) == []


def test_an_asset_that_people_tagged_gets_nothing():
    tagged = item(concerns=("price_budget",), personas=("champion",), stages=("decision",))
    heard = {"a": [Heard("value_roi", 0.9, "")]}
    assert told(tagged, heard=heard, cues={"a": {"retention": "says “renewal”"}}) == []
    assert not is_blank(tagged, TAXONOMY)


def test_without_stages_of_its_type_those_it_is_asked_for_at_are_proposed():
    found = proposed(
        item(
            concerns=("price_budget",),
            personas=("champion",),
            content_type="talk_track",
            stages=(),
        ),
        cues={"a": {"consideration": "says “demo”"}},
    )
    assert [(one.field, one.value, one.score) for one in found] == [
        ("stages", "decision", 0.88),
        ("stages", "consideration", 0.75),
    ]
    assert [one.why for one in found] == [
        "Price and budget is raised at decision in 20 of 20 deals",
        "says “demo”; Price and budget is raised at consideration in 9 of 20 deals",
    ]


def test_beside_the_stages_of_its_type_none_is_proposed():
    """Two of five were right that its words speak of: less than what is proposed at all."""
    blog = item(concerns=("price_budget",), personas=("champion",), stages=("awareness",))
    cues = {"a": {"decision": "says “quote”", "consideration": "says “drag”"}}
    assert proposed(blog, cues=cues) == []


def test_an_asset_without_the_stages_of_its_type_is_proposed_those():
    (one,) = proposed(item(concerns=("price_budget",), personas=("champion",), stages=()))
    assert (one.value, one.score, one.why) == ("awareness", 0.94, "its type is blog")


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
    filled = fill([item(concerns=("value_roi",), stages=()), item("b")], answers)
    assert (filled[0].concerns, filled[0].stages) == (("value_roi",), ("decision",))
    assert filled[1] == item("b")
    assert without(filled[0], "stages", "decision").stages == ()
