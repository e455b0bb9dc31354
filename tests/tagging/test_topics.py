import re
from collections import Counter

import numpy as np
import pytest

from callinsight import weights
from callinsight.records import Topic
from callinsight.tagging.embed import Embedder
from callinsight.tagging.topics import (
    CONTRACTIONS,
    FEWEST,
    FILLERS,
    NEAR,
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
def vectors(texts) -> np.ndarray:
    return Embedder(weights.folder(weights.EMBEDDING)).encode(texts)


@pytest.fixture(scope="module")
def model(texts, vectors) -> TopicModel:
    return find_topics(texts, vectors, names=NAMES)


def topic(topic_id: int, centroid: np.ndarray) -> Topic:
    return Topic(
        id=topic_id, label="x", terms="x", centroid=centroid.astype(np.float32).tobytes(), size=1
    )


def words_of_labels(model: TopicModel) -> set[str]:
    return {word for t in model.topics for word in re.findall(r"\w+", t.terms)}


def test_the_same_input_gives_the_same_topics(texts, vectors, model):
    assert find_topics(texts, vectors, names=NAMES) == model


def test_topics_are_what_their_turns_say(model):
    assert 4 <= len(model.topics) <= 60
    assert len({t.id for t in model.topics}) == len(model.topics)
    sizes = Counter(best for best, _ in model.of_turn if best is not None)
    assert {t.id: t.size for t in model.topics} == sizes
    for t in model.topics:
        assert np.linalg.norm(np.frombuffer(t.centroid, dtype=np.float32)) == pytest.approx(1)
        assert t.label == ", ".join(t.terms.split(";")[:3])


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


def test_labels_carry_no_names(texts, vectors, model):
    names = {"zoe", "nlund", "oneil", "oneils", "acme"}
    assert not words_of_labels(model) & names
    assert words_of_labels(find_topics(texts, vectors)) & names  # without the list they are there


@pytest.mark.parametrize("turns", [0, 1, 2, 5, FEWEST - 1])
def test_too_few_turns_have_no_topics(texts, vectors, turns):
    found = find_topics(texts[:turns], vectors[:turns])

    assert found == TopicModel((), ((None, 0.0),) * turns)


def test_few_turns_have_few_topics(texts, vectors):
    found = find_topics(texts[:FEWEST], vectors[:FEWEST])

    assert len(found.of_turn) == FEWEST
    assert len(found.topics) <= 4


def test_the_same_turn_over_and_over_is_one_topic(texts, vectors):
    found = find_topics([max(texts, key=len)] * 30, np.repeat(vectors[:1], 30, axis=0))

    assert [t.size for t in found.topics] == [30]


def test_turns_of_nothing_but_fillers_have_no_topics(vectors):
    assert find_topics(["Yeah, okay, right."] * 30, vectors[:30]).topics == ()


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
