import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from callinsight import weights
from callinsight.records import Topic
from callinsight.tagging.embed import Embedder
from callinsight.tagging.topics import (
    CONTRACTIONS,
    FEWEST,
    FILLERS,
    LABEL_TERMS,
    NEAR,
    TELLING,
    TopicModel,
    find_topics,
    nearest_topic,
)
from callinsight.tagging.training import load_turns

pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

NAMES = ["Brønlund, Zoë (Acme)", "O’Neil-Price Ltd."]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Three hundred turns, and twelve on a thing that no other turn speaks of."""
    turns = [turn.text for turn in load_turns() if len(turn.text.split()) >= 6][::5][:300]
    assert len(turns) == 300
    assert not any("forklift" in turn.lower() for turn in turns)
    return turns + [
        f"Zoë Brønlund of Acme parks forklift number {i} beside O’Neil’s forklift, at the charger."
        for i in range(12)
    ]


@pytest.fixture(scope="module")
def embed() -> Callable[[list[str]], np.ndarray]:
    return Embedder(weights.folder(weights.EMBEDDING)).encode


@pytest.fixture(scope="module")
def vectors(texts, embed) -> np.ndarray:
    return embed(texts)


@pytest.fixture(scope="module")
def model(texts, vectors, embed) -> TopicModel:
    return find_topics(texts, vectors, embed=embed, names=NAMES)


def topic(topic_id: int, centroid: np.ndarray) -> Topic:
    return Topic(
        id=topic_id, label="x", terms="x", centroid=centroid.astype(np.float32).tobytes(), size=1
    )


def words_of_labels(model: TopicModel) -> set[str]:
    return {word for t in model.topics for word in re.findall(r"\w+", t.terms)}


def test_the_same_input_gives_the_same_topics(texts, vectors, embed, model):
    assert find_topics(texts, vectors, embed=embed, names=NAMES) == model


def test_topics_are_what_their_turns_say(model):
    assert 4 <= len(model.topics) <= 60
    assert len({t.id for t in model.topics}) == len(model.topics)
    sizes = Counter(best for best, _ in model.of_turn if best is not None)
    assert {t.id: t.size for t in model.topics} == sizes
    for t in model.topics:
        assert np.linalg.norm(np.frombuffer(t.centroid, dtype=np.float32)) == pytest.approx(1)
        assert t.label.split(", ") == t.terms.split(";")[: len(t.label.split(", "))]
        assert len(t.label.split(", ")) <= LABEL_TERMS


def test_turns_belong_to_the_nearest_centroid(vectors, model):
    assert nearest_topic(vectors, model.topics) == list(model.of_turn)


def test_a_topics_own_word_names_it(model):
    """Words that stand in one topic alone are the best of names."""
    of_the_twelve = Counter(best for best, _ in model.of_turn[-12:])
    topic_id, turns = of_the_twelve.most_common(1)[0]

    assert turns == 12
    (named,) = (t for t in model.topics if t.id == topic_id)
    assert "forklift" in named.label


def test_labels_carry_no_fillers(model):
    assert not words_of_labels(model) & {*FILLERS, *CONTRACTIONS}


def test_labels_are_near_to_what_the_turns_say(model, embed):
    for t in model.topics:
        centroid = np.frombuffer(t.centroid, dtype=np.float32)
        assert all(cosine >= TELLING for cosine in embed(t.label.split(", ")) @ centroid)


def test_labels_carry_no_numbers_and_no_word_in_two_numbers(texts, model):
    words = words_of_labels(model)

    assert "forklift" in words
    assert not [word for word in words if word + "s" in words]
    assert not words & {"eighty", "hundred", "fourth", "twelve"}


def test_words_that_do_not_cohere_are_no_topic(texts, vectors):
    """A word with a meaning far from what its turns say does not name them."""

    def far(terms: list[str]) -> np.ndarray:
        return np.tile(-vectors.mean(axis=0), (len(terms), 1))

    assert find_topics(texts, vectors, embed=far).topics == ()


def test_labels_carry_no_names(texts, vectors, embed, model):
    names = {"zoe", "nlund", "oneil", "oneils", "acme"}
    assert not words_of_labels(model) & names
    assert (
        words_of_labels(find_topics(texts, vectors, embed=embed)) & names
    )  # without the list they are there


@pytest.mark.parametrize("turns", [0, 1, 2, 5, FEWEST - 1])
def test_too_few_turns_have_no_topics(texts, vectors, embed, turns):
    found = find_topics(texts[:turns], vectors[:turns], embed=embed)

    assert found == TopicModel((), ((None, 0.0),) * turns)


def test_few_turns_have_few_topics(texts, vectors, embed):
    found = find_topics(texts[:FEWEST], vectors[:FEWEST], embed=embed)

    assert len(found.of_turn) == FEWEST
    assert len(found.topics) <= 4


def test_the_same_turn_over_and_over_is_one_topic(texts, embed):
    longest = max(texts, key=len)

    found = find_topics([longest] * 30, embed([longest] * 30), embed=embed)

    assert [t.size for t in found.topics] == [30]


def test_turns_of_nothing_but_fillers_have_no_topics(vectors, embed):
    assert find_topics(["Yeah, okay, right."] * 30, vectors[:30], embed=embed).topics == ()


def test_nearest_topic():
    one, two, three = np.eye(384, dtype=np.float32)[:3]
    topics = [topic(7, one), topic(3, two)]
    halfway = (one + two * 2) / np.sqrt(5)
    far = NEAR - 0.01
    hardly = far * one + np.sqrt(1 - far**2) * three

    found = nearest_topic(np.stack([one, halfway, three, hardly]).astype(np.float32), topics)

    assert found == [(7, 1.0), (3, 0.8944), (None, 0.0), (None, 0.44)]


def test_without_topics_no_turn_has_one(vectors):
    assert nearest_topic(vectors[:2], []) == [(None, 0.0), (None, 0.0)]
    assert nearest_topic(vectors[:0], [topic(1, vectors[0])]) == []
