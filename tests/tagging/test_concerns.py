from dataclasses import replace

import numpy as np
import pytest

from callinsight import weights
from callinsight.errors import ConfigError
from callinsight.records import DEMAND_STANCES, STANCES
from callinsight.tagging.concerns import Heads, Reading, Scored, Tagger, load_heads
from callinsight.tagging.embed import Embedder
from callinsight.taxonomy import DEFAULT_TAXONOMY, Concern, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
OWN = Concern(
    id="accessibility",
    label="Accessibility",
    description="Can everyone use it?",
    patterns=("screen reader~", "accessib~"),
)
WITH_OWN = replace(TAXONOMY, concerns={**TAXONOMY.concerns, OWN.id: OWN})


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(weights.folder(weights.EMBEDDING))


@pytest.fixture(scope="module")
def read(embedder):
    """One turn read with the heads that are shipped."""

    def read_one(text, context="", *, taxonomy=TAXONOMY, competitors=()) -> Reading:
        tagger = Tagger(
            taxonomy,
            load_heads(),
            encoder=weights.fingerprint(weights.EMBEDDING),
            competitors=competitors,
        )
        return tagger.read([text], embedder.encode([text]), embedder.encode([context]))[0]

    return read_one


def sure(reading: Reading) -> set[str]:
    return {concern.label for concern in reading.concerns if concern.status == "sure"}


def constant_heads(**chances: float) -> Heads:
    """Heads that give each concern this chance whatever is said; thresholds are 0.4."""
    weights_ = np.zeros((len(chances), 2 * 384 + 3), dtype=np.float32)
    weights_[:, -1] = [np.log(p / (1 - p)) for p in chances.values()]
    return Heads(
        concerns=tuple(chances),
        concern_weights=weights_,
        thresholds=np.full(len(chances), 0.4, dtype=np.float32),
        stance_weights=np.zeros((len(STANCES), weights_.shape[1]), dtype=np.float32),
        ask_weights=np.zeros((1, weights_.shape[1]), dtype=np.float32),
        ask_threshold=0.9,
        groups=(),
        encoder="constant",
    )


def read_constant(text: str, heads: Heads, *, taxonomy=TAXONOMY, competitors=()) -> Reading:
    tagger = Tagger(taxonomy, heads, encoder="constant", competitors=competitors)
    return tagger.read([text], np.zeros((1, 384)), np.zeros((1, 384)))[0]


@pytest.mark.parametrize(
    ("context", "text", "concern", "stance"),
    [
        (
            "The business plan comes to forty thousand a year.",
            "That is way too expensive for us, we can't afford it.",
            "price_budget",
            "objection",
        ),
        (
            "Shall we go ahead?",
            "I can't decide this alone, I have to run it by my boss and the board first.",
            "authority_consensus",
            "objection",
        ),
        (
            "It runs for three years.",
            "We won't sign a three-year contract, the cancellation terms are unacceptable.",
            "legal_procurement",
            "objection",
        ),
        ("Any questions so far?", "How much does it cost per user?", "price_budget", "question"),
        (
            "Where would you like to start?",
            "Where is our data stored, and is it encrypted?",
            "security_compliance",
            "question",
        ),
        (
            "Here is how it works.",
            "Does it integrate with our SAP system?",
            "technical_integration",
            "question",
        ),
    ],
)
def test_a_clear_turn(read, context, text, concern, stance):
    reading = read(text, context)

    likeliest = max(reading.concerns, key=lambda c: c.score)
    assert (likeliest.label, likeliest.status) == (concern, "sure")
    assert reading.stance == stance
    assert reading.stance_score > 0.8
    assert not reading.asks
    assert reading.ask_kind == ""


@pytest.mark.parametrize(
    ("text", "concern", "kind"),
    [
        ("Can you send me a case study from a company like ours?", "trust_proof", "case_study"),
        ("Could you email me your SOC 2 report, please?", "security_compliance", "security_pack"),
    ],
)
def test_an_ask_with_its_kind(read, text, concern, kind):
    reading = read(text, "Is there anything you need from us?")

    assert reading.asks
    assert reading.ask_kind == kind
    assert concern in sure(reading)


def test_an_ask_of_no_known_kind_is_other(read):
    reading = read("Could you send me something in writing that I can read tonight?")

    assert (reading.asks, reading.ask_kind) == (True, "other")


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (
            "Tell me about your process today.",
            "Every month we spend three days typing invoices by hand, and it drives everybody mad.",
        ),
        (
            "How do you do it today?",
            "Our drivers write everything on paper and half of it gets lost on the way.",
        ),
        ("How was the weekend?", "Oh lovely, thanks, we went hiking with the kids."),
    ],
)
def test_a_pain_or_small_talk_is_no_demand(read, context, text):
    reading = read(text, context)

    assert not sure(reading) or reading.stance not in DEMAND_STANCES
    assert not reading.asks


@pytest.mark.parametrize("text", ["Yeah, okay.", "Mm-hmm.", "", "Too expensive", "Too expensive?!"])
def test_a_turn_of_one_or_two_words_says_nothing(read, text):
    assert read(text, "Is it the price?") == Reading((), "none", 1.0, False, "", 0.0)


@pytest.mark.parametrize(
    ("name", "text", "evidence"),
    [
        ("Paperlane", "We have seen Paperlane last week.", "paperlane"),
        ("Paper-Lane Ltd", "We have seen paper lane ltd last week.", "paper lane ltd"),
        ("Yahoo!", "We have seen Yahoo last week.", "yahoo"),
    ],
)
def test_a_rivals_name_is_a_sure_competitor(read, name, text, evidence):
    reading = read(text, competitors=[name])

    found = {c.label: c for c in reading.concerns}["competitor"]
    assert (found.status, found.evidence) == ("sure", evidence)
    assert found.score >= 0.9


def test_rivals_of_the_taxonomy_count_as_those_of_the_pipeline(read):
    rivals = replace(TAXONOMY.concerns["competitor"], names=("Invoq", "", "!"))
    taxonomy = replace(TAXONOMY, concerns={**TAXONOMY.concerns, "competitor": rivals})

    assert "competitor" in sure(read("My brother works at Invoq now.", taxonomy=taxonomy))
    assert "competitor" not in sure(read("My brother works at Invoq now."))


def test_a_concern_of_ones_own_works_by_its_phrases(read):
    text = "Can a blind colleague use it with a screen reader?"

    (found,) = [c for c in read(text, taxonomy=WITH_OWN).concerns if c.label == OWN.id]

    assert found == Scored("accessibility", 0.5, "sure", "screen reader")
    assert OWN.id not in sure(read("How much does it cost per user?", taxonomy=WITH_OWN))


def test_a_concern_of_ones_own_is_no_echo_of_a_strong_one():
    heads = constant_heads(price_budget=0.95)

    reading = read_constant("No screen reader can read it.", heads, taxonomy=WITH_OWN)

    assert sure(reading) == {"price_budget", OWN.id}


def test_a_rivals_name_does_not_drown_the_other_concerns():
    heads = constant_heads(price_budget=0.5, competitor=0.01)

    reading = read_constant("Acme wants a lot less.", heads, competitors=["Acme"])

    assert reading.concerns == (
        Scored("price_budget", 0.5, "sure", "Acme wants a lot less."),
        Scored("competitor", 0.9, "sure", "acme"),
    )


@pytest.mark.parametrize(
    ("chance", "status"), [(0.41, "sure"), (0.39, "unsure"), (0.25, "unsure"), (0.23, None)]
)
def test_the_band_of_the_unsure(chance, status):
    reading = read_constant("Whatever they say.", constant_heads(price_budget=chance))

    assert [c.status for c in reading.concerns] == ([status] if status else [])
    assert reading.stance == ("none" if status is None else "objection")


@pytest.mark.parametrize(("chance", "labels"), [(0.55, 2), (0.53, 1)])
def test_an_echo_of_a_likelier_concern_is_left_out(chance, labels):
    heads = constant_heads(price_budget=0.9, value_roi=chance)

    assert len(read_constant("Whatever they say.", heads).concerns) == labels


def test_a_concern_that_the_user_removed_is_not_found():
    taxonomy = replace(TAXONOMY, concerns={"value_roi": TAXONOMY.concerns["value_roi"]})
    heads = constant_heads(price_budget=0.9, value_roi=0.5)

    reading = read_constant("Whatever they say.", heads, taxonomy=taxonomy)

    assert [c.label for c in reading.concerns] == ["value_roi"]


def test_heads_of_another_encoder_are_refused():
    with pytest.raises(ConfigError) as caught:
        Tagger(TAXONOMY, load_heads(), encoder="another")

    assert str(caught.value) == (
        "the tagger was trained on another embedding model; "
        "run 'make tagger' to train it on this one"
    )


def test_no_turns_no_readings():
    tagger = Tagger(TAXONOMY, load_heads(), encoder=weights.fingerprint(weights.EMBEDDING))

    assert tagger.read([], np.zeros((0, 384)), np.zeros((0, 384))) == []


def test_turns_are_read_alike_alone_and_together(embedder):
    texts = ["That is too expensive for us.", "Where is our data stored?", "Nice weather today."]
    vectors = embedder.encode(texts)
    tagger = Tagger(TAXONOMY, load_heads(), encoder=weights.fingerprint(weights.EMBEDDING))

    together = tagger.read(texts, vectors, vectors)

    alone = [
        tagger.read([text], vectors[i : i + 1], vectors[i : i + 1])[0]
        for i, text in enumerate(texts)
    ]
    assert [sure(r) for r in together] == [sure(r) for r in alone]
    assert [r.stance for r in together] == [r.stance for r in alone]
