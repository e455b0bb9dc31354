"""Which turns people are asked about, and when their answers hold."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from callinsight.records import DEMAND_STANCES, Correction, Tag, Utterance
from callinsight.tagging.corrections import (
    ASK,
    Labelling,
    defined,
    holding,
    labelled,
    labelling_of,
    labelling_of_tags,
    most_doubtful,
    placed,
    sources_of,
    tags_of,
)
from callinsight.tagging.encoder import Turn
from callinsight.tagging.labelled import Labels
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

THRESHOLDS = {"price_budget": 0.4, "trust_proof": 0.4, "need_fit": 0.4, ASK: 0.5}
FACTS = {
    "taxonomy": "7",
    "source": "heads",
    "call": "c1",
    "deal": "D",
    "persona": "champion",
    "stage": "decision",
    "month": "2026-10",
}


def tag(utterance: str, label: str, score: float, **changes: str) -> Tag:
    facts = {
        "kind": "concern",
        "stance": "objection",
        "status": "sure" if score >= 0.4 else "unsure",
        "evidence": "",
        "deal": utterance,
        "call": utterance,
    }
    return Tag(**FACTS | facts | changes, utterance=utterance, label=label, score=score)


def doubtful(tags: list[Tag], concern: str = "") -> Iterator[str]:
    """The order of these tags, read as the store reads them."""

    def read(kind: str, label: str, stance: str, score: float, upwards: bool) -> Iterator:
        own = [
            (t.score, t.utterance)
            for t in tags
            if (t.kind, t.label, t.stance) == (kind, label, stance)
            and t.status != "uncertain_speaker"
            and (t.score >= score) == upwards
        ]
        return iter(sorted(own, reverse=not upwards))

    def counts_anyway(tag: Tag) -> bool:
        same = [t for t in tags if (t.deal, t.label, t.kind) == (tag.deal, tag.label, "concern")]
        others = [t for t in same if t.status == "sure" and t.stance in DEMAND_STANCES]
        return any(t.utterance != tag.utterance for t in others)

    return most_doubtful(
        sources_of(THRESHOLDS, ["demo"], read, concern=concern),
        THRESHOLDS,
        tags_of=lambda utterance: [t for t in tags if t.utterance == utterance],
        counts_anyway=counts_anyway,
        concern=concern,
    )


def by_looking_at_all(tags: list[Tag]) -> Iterator[str]:
    """The same order, found the plain way: the best of all that is left, again and again."""
    doubts: dict[str, tuple[float, str, str]] = {}
    for one in tags:
        about = ASK if one.kind == "ask" else one.label
        threshold = THRESHOLDS[about]
        room = threshold if one.score < threshold else 1 - threshold
        near = 1 - abs(one.score - threshold) / room
        others = [
            t
            for t in tags
            if (t.deal, t.label, t.status) == (one.deal, one.label, "sure")
            and t.stance != "mention"
            and t.utterance != one.utterance
        ]
        matters = 0.5 if one.kind == "ask" or others else 1.0
        doubt = near * (0.25 if one.kind == "concern" and one.stance == "mention" else matters)
        if near >= 0.1 and doubt > doubts.get(one.utterance, (0.0,))[0]:
            doubts[one.utterance] = doubt, about, f"call {one.call}"
    asked: Counter[str] = Counter()
    while doubts:
        best = min(
            doubts,
            key=lambda u: (
                -doubts[u][0] / (1 + asked[doubts[u][1]]) / (1 + asked[doubts[u][2]]),
                u,
            ),
        )
        asked.update(doubts.pop(best)[1:])
        yield best


@pytest.mark.parametrize("seed", range(20))
def test_reading_only_what_may_come_next_changes_nothing(seed: int) -> None:
    rng = Random(seed)
    tags = {}
    for _ in range(300):
        number, kind = rng.randrange(150), rng.choice(("concern", "concern", "ask"))
        label = "demo" if kind == "ask" else rng.choice(("price_budget", "trust_proof", "need_fit"))
        made = tag(
            f"u{number:03d}",
            label,
            rng.random(),
            kind=kind,
            stance=rng.choice(("objection", "question", "mention")),
            call=f"c{number // 5}",
            deal=f"d{number // 10}",
        )
        tags[made.utterance, made.label] = made

    assert list(doubtful(list(tags.values()))) == list(by_looking_at_all(list(tags.values())))


def correction(number: int, after: str = "/none/", **changes) -> Correction:
    facts = {
        "call": "c1",
        "utterance": "c1:0003",
        "context": "What about the price?",
        "text": "That is too dear, I'm afraid.",
        "at": "2026-11-02T10:00:00+01:00",
        "who": "Mara",
        "action": "change",
        "before": "need_fit/question/",
    }
    return Correction(**facts | changes, id=number, after=after)


def turn(position: int, text: str, context: str = "", **changes) -> tuple[Utterance, Turn]:
    facts = {
        "id": f"c1:{position:04d}",
        "call": "c1",
        "position": position,
        "start_s": 0.0,
        "end_s": 1.0,
        "channel": None,
        "speaker": "Ann Lee",
        "side": "buyer",
        "side_confidence": 1.0,
    }
    return Utterance(**facts | changes, text=text), Turn(context, text)


# Which turns


def test_the_nearer_to_the_threshold_the_sooner_on_either_side_of_it() -> None:
    tags = [
        tag("a", "price_budget", 0.9),
        tag("b", "trust_proof", 0.38),
        tag("c", "need_fit", 0.55),
        tag("sure", "price_budget", 0.95),
        tag("d", "competitor", 0.4),  # has no threshold: nobody knows how sure that is
    ]

    assert list(doubtful(tags)) == ["b", "c", "a"]


def test_what_counts_in_a_number_comes_before_what_does_not() -> None:
    tags = [
        tag("mention", "need_fit", 0.4, stance="mention"),
        tag("ask", "demo", 0.5, kind="ask", status="sure"),
        tag("objection", "price_budget", 0.3),
    ]

    assert list(doubtful(tags)) == ["objection", "ask", "mention"]


def test_a_deal_that_counts_anyway_waits() -> None:
    tags = [
        tag("a1", "price_budget", 0.35, deal="a"),
        tag("a2", "price_budget", 0.99, deal="a"),
        tag("b1", "trust_proof", 0.3, deal="b"),
    ]

    assert list(doubtful(tags))[:2] == ["b1", "a1"]


def test_no_concern_and_no_call_fills_the_list() -> None:
    same_concern = [tag(f"p{n}", "price_budget", 0.4 - 0.01 * n) for n in range(4)]
    same_call = [
        tag("t0", "trust_proof", 0.3, call="p0"),
        tag("n0", "need_fit", 0.28, call="other"),
    ]

    assert list(doubtful([*same_concern, *same_call]))[:3] == ["p0", "n0", "p1"]


def test_each_turn_is_asked_about_once_and_none_whose_speaker_is_uncertain() -> None:
    tags = [
        tag("a", "price_budget", 0.38),
        tag("a", "trust_proof", 0.39),
        tag("b", "price_budget", 0.4, status="uncertain_speaker"),
    ]

    assert list(doubtful(tags)) == ["a"]


def test_only_one_concern_on_demand() -> None:
    tags = [tag("a", "price_budget", 0.4), tag("b", "trust_proof", 0.8)]

    assert list(doubtful(tags, concern="trust_proof")) == ["b"]


# What is said


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (Labelling(), "/none/"),
        (Labelling(asks=("demo",)), "/none/demo"),
        (Labelling(asks=("demo", "trial")), "/none/demo;trial"),
        (
            Labelling(("need_fit", "value_roi"), "question", ("other",)),
            "need_fit;value_roi/question/other",
        ),
    ],
)
def test_what_a_turn_says_as_text_and_back(said: Labelling, text: str) -> None:
    assert said.text == text
    assert labelling_of(text) == said


def test_what_tags_say_together() -> None:
    tags = [
        tag("a", "value_roi", 0.9),
        tag("a", "need_fit", 0.3),
        tag("a", "trial", 0.9, kind="ask"),
        tag("a", "demo", 0.9, kind="ask"),
    ]

    asks = ("demo", "trial")
    assert labelling_of_tags(tags) == Labelling(("need_fit", "value_roi"), "objection", asks)
    assert labelling_of_tags(tags[2:]) == Labelling(asks=asks)


def test_what_the_definitions_have_no_more() -> None:
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)

    assert defined(
        Labelling(("gone", "need_fit"), "question", ("leaflet",)), taxonomy
    ) == Labelling(("need_fit",), "question", ("other",))
    assert defined(Labelling(("gone",), "question"), taxonomy) is None
    assert defined(Labelling(), taxonomy) == Labelling()


# What holds, and where


def test_the_last_word_on_a_turn_holds() -> None:
    first, second = correction(1, "need_fit/question/"), correction(2, "price_budget/objection/")
    other = correction(3, utterance="c1:0005", text="No.")

    assert holding([other, second, first]) == [second, other]


def test_what_is_taken_back_gives_way_to_what_was_said_before() -> None:
    first, second = correction(1, "need_fit/question/"), correction(2)
    undo = correction(3, "need_fit/question/", action="undo", undoes=2)

    assert holding([first, second, undo]) == [first]
    assert holding([first, undo, second, correction(4, action="undo", undoes=1)]) == []


def test_a_correction_follows_its_words_where_turns_are_numbered_anew() -> None:
    turns = [turn(3, "Other words."), turn(4, "that is too dear I’m afraid", "What about price?")]

    assert placed([correction(1)], turns) == {"c1:0004": correction(1)}


def test_a_correction_has_no_place_where_other_words_are_heard() -> None:
    assert placed([correction(1)], [turn(3, "That is too near, I'm afraid.")]) == {}


@pytest.mark.parametrize(
    ("turns", "place"),
    [
        ([(2, ""), (3, "")], "c1:0003"),  # the same number
        ([(1, "What about the price?"), (4, "")], "c1:0001"),  # the same question
        ([(0, ""), (4, "")], "c1:0004"),  # nearest
    ],
)
def test_of_turns_with_the_same_words_the_one_it_was_said_of(turns, place) -> None:
    said = [turn(position, correction(1).text, context) for position, context in turns]

    assert list(placed([correction(1)], said)) == [place]


def test_a_correction_as_tags() -> None:
    utterance, _ = turn(3, "Too dear. Send me the price list.")
    said = Labelling(("price_budget", "value_roi"), "objection", ("pricing_sheet", "trial"))

    made = tags_of(correction(1, said.text), said, utterance, FACTS)

    facts = FACTS | {
        "utterance": "c1:0003",
        "stance": "objection",
        "score": 1.0,
        "status": "sure",
        "source": "correction by Mara",
        "evidence": "Too dear. Send me the price list.",
        "why": "Mara said so on 2026-11-02",
    }
    assert made == [
        Tag(**facts, kind="concern", label="price_budget"),
        Tag(**facts, kind="concern", label="value_roi"),
        Tag(**facts, kind="ask", label="pricing_sheet"),
        Tag(**facts, kind="ask", label="trial"),
    ]
    unknown = replace(utterance, side="unknown")
    uncertain = tags_of(correction(1, said.text), said, unknown, FACTS)
    assert {one.status for one in uncertain} == {"uncertain_speaker"}
    assert tags_of(correction(1), Labelling(), utterance, FACTS) == []


def test_a_correction_as_something_to_learn_from() -> None:
    made = labelled(correction(4, "price_budget/objection/demo"))

    assert (made.id, made.source) == ("correction 4", "corrections")
    assert (made.context, made.text) == ("What about the price?", "That is too dear, I'm afraid.")
    assert made.labels == (Labels(("price_budget",), "objection", ask=True),)
    assert labelled(correction(5)).labels == (Labels((), "none", ask=False),)
