import numpy as np
import pytest

from callinsight import weights
from callinsight.tagging.embed import BATCH, Embedder, embed, text_hash

TEXTS = [
    "How much is it?",
    "",
    "We can’t sign before the audit, and my boss wants to see two other offers first.",
    "yeah",
    "long " * 400,
    "Ist das nicht zu teuer? 😀",
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(weights.folder("all-MiniLM-L6-v2"))


def refuse() -> Embedder:
    raise AssertionError("the model must not be loaded")


def test_vectors_have_length_one(embedder):
    vectors = embedder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_alone_gives_what_it_gives_in_a_batch(embedder):
    many = (TEXTS * (BATCH // 2))[: 2 * BATCH + 3]

    together = embedder.encode(many)

    alone = np.vstack([embedder.encode([text]) for text in TEXTS])
    for text, vector in zip(many, together, strict=True):
        assert vector == pytest.approx(alone[TEXTS.index(text)], abs=1e-6)


def test_the_same_texts_give_the_same_bytes(embedder):
    assert embedder.encode(TEXTS).tobytes() == embedder.encode(TEXTS).tobytes()


def test_vectors_mean_something(embedder):
    price, cost, weather = embedder.encode(
        ["What does it cost?", "How much is the price?", "It rained all day on Sunday."]
    )

    assert price @ cost > 0.6
    assert price @ weather < 0.3


def test_nothing_gives_nothing(embedder):
    assert embedder.encode([]).shape == (0, 384)
    assert embed([], {}, refuse) == {}


def test_the_model_is_not_loaded_for_stored_texts(embedder):
    vectors = embedder.encode(TEXTS)
    stored = {text_hash(t): v.tobytes() for t, v in zip(TEXTS, vectors, strict=True)}

    found = embed(TEXTS, stored, refuse)

    assert set(found) == set(stored)
    assert all(found[key].tobytes() == stored[key] for key in stored)


def test_only_what_is_missing_is_computed(embedder):
    stored = {text_hash("yeah"): np.full(384, 0.5, dtype=np.float32).tobytes()}

    found = embed(["yeah", "How much is it?", "How much is it?"], stored, lambda: embedder)

    assert set(found) == {text_hash("yeah"), text_hash("How much is it?")}
    assert found[text_hash("yeah")].tolist() == [0.5] * 384  # taken as stored
    assert found[text_hash("How much is it?")] == pytest.approx(
        embedder.encode(["How much is it?"])[0], abs=1e-6
    )
