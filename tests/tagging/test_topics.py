import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from themes import SMALL_TALK, THEMES, turns_of

from callinsight import weights
from callinsight.records import Topic
from callinsight.tagging.embed import Embedder
from callinsight.tagging.small_talk import BUSINESS, leaning
from callinsight.tagging.small_talk import SMALL_TALK as EXAMPLES
from callinsight.tagging.topics import (
    CONTRACTIONS,
    FEWEST,
    FILLERS,
    LABEL_TERMS,
    LEANS,
    NEAR,
    SAME,
    Theme,
    centroid_of,
    find_themes,
    match_centroids,
    nearest_topic,
    says_something,
)

pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

NAMES = ["Brønlund, Zoë (Acme)", "O’Neil-Price Ltd."]
DEALS = 20


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Twenty turns on each of five themes, and twelve that name people, with numbers."""
    turns = [turn for theme in THEMES for turn in turns_of(theme)]
    return turns + [
        f"Zoë Brønlund of Acme hires crane number {i} beside O’Neil’s crane, since ours broke."
        for i in range(12)
    ]


@pytest.fixture(scope="module")
def deals(texts) -> list[str]:
    return [f"D{i % DEALS}" for i in range(len(texts))]


@pytest.fixture(scope="module")
def embed() -> Callable[[list[str]], np.ndarray]:
    return Embedder(weights.folder(weights.EMBEDDING)).encode


@pytest.fixture(scope="module")
def lean(embed) -> Callable[[np.ndarray], np.ndarray]:
    return leaning(embed)


@pytest.fixture(scope="module")
def vectors(texts, embed) -> np.ndarray:
    return embed(texts)


@pytest.fixture(scope="module")
def themes(texts, vectors, embed, lean, deals) -> list[Theme]:
    return find_themes(texts, vectors, embed=embed, lean=lean, deals=deals, names=NAMES)


def topic(topic_id: int, centroid: np.ndarray) -> Topic:
    return Topic(
        id=topic_id, label="x", terms="x", centroid=centroid.astype(np.float32).tobytes(), size=1
    )


def words_of(themes: list[Theme]) -> set[str]:
    return {word for theme in themes for word in re.findall(r"\w+", theme.terms)}


def test_the_same_input_gives_the_same_themes(texts, vectors, embed, lean, deals, themes):
    again = find_themes(texts, vectors, embed=embed, lean=lean, deals=deals, names=NAMES)

    assert [(t.label, t.terms) for t in again] == [(t.label, t.terms) for t in themes]
    assert all((a.centroid == b.centroid).all() for a, b in zip(again, themes, strict=True))


def test_every_theme_is_found_and_named_by_its_own_words(texts, vectors, themes):
    topics = [topic(i, theme.centroid) for i, theme in enumerate(themes)]
    near = [best for best, _ in nearest_topic(vectors, topics)]

    for number, name in enumerate(THEMES):
        own = Counter(near[20 * number : 20 * number + 20])
        labels = " ".join(themes[best].label for best in own if best is not None)
        assert name.removesuffix("s") in labels, f"{name}: {labels}"
        others = set(near) - set(own)
        assert not {best for best in own if best is not None} & {
            best for i, best in enumerate(near) if i // 20 != number
        }, f"{name} shares a theme: {others}"


def test_labels_are_short_and_the_first_of_the_terms(themes):
    for theme in themes:
        label = theme.label.split(", ")
        assert label == theme.terms.split(";")[: len(label)]
        assert len(label) <= LABEL_TERMS
        assert np.linalg.norm(theme.centroid) == pytest.approx(1)


def test_labels_carry_no_fillers_and_no_numbers(themes):
    words = words_of(themes)

    assert not words & {*FILLERS, *CONTRACTIONS}
    assert not words & {"two", "four", "half", "twelve"}
    assert not [word for word in words if word + "s" in words]


def test_labels_carry_no_names(texts, vectors, embed, lean, deals, themes):
    names = {"zoe", "nlund", "oneil", "oneils", "acme"}
    unnamed = find_themes(texts, vectors, embed=embed, lean=lean, deals=deals)

    assert "crane" in words_of(themes)
    assert not words_of(themes) & names
    assert words_of(unnamed) & names  # without the list they are there


def test_the_story_of_one_account_is_no_theme(texts, vectors, embed, lean, deals):
    """What only two deals speak of stays out, however often they do."""
    two = [*deals[:-12], *(f"D{i % 2}" for i in range(12))]

    found = find_themes(texts, vectors, embed=embed, lean=lean, deals=two, names=NAMES)

    assert "forklift" in words_of(found)
    assert "crane" not in words_of(found)


def test_small_talk_is_no_theme(texts, vectors, embed, lean):
    said = [
        f"{talk} {more}"
        for talk in SMALL_TALK
        for more in ("Lovely.", "Right then.", "You know.", "Bye bye.")
    ]
    everything = [*texts[:60], *said]
    deals = [f"D{i % DEALS}" for i in range(len(everything))]

    found = find_themes(
        everything, np.concatenate([vectors[:60], embed(said)]), embed=embed, lean=lean, deals=deals
    )

    small = centroid_of(embed(said))
    assert found
    assert all(theme.centroid @ small < NEAR for theme in found)
    assert not words_of(found) & {"raining", "mute", "thursday", "weekend", "door"}


def test_turns_lean_to_business_or_to_small_talk(embed, lean):
    business = [turn for theme in THEMES for turn in turns_of(theme)]

    assert (lean(embed(business)) >= LEANS).all()
    assert (lean(embed(list(SMALL_TALK))) < LEANS).all()
    assert not {*EXAMPLES, *BUSINESS} & {*business, *SMALL_TALK}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Yeah, okay, right, um, I mean, sure.", False),
        ("Twenty-eight. Hm. That's twenty-nine, is it?", False),
        ("That would be lovely, thank you very much.", False),
        ("The invoice sits in a drawer.", True),
    ],
)
def test_a_turn_of_fillers_and_numbers_says_nothing(text, says):
    assert says_something(text) is says


@pytest.mark.parametrize("turns", [0, 1, 2, FEWEST - 1])
def test_too_few_turns_have_no_themes(texts, vectors, embed, lean, deals, turns):
    found = find_themes(texts[:turns], vectors[:turns], embed=embed, lean=lean, deals=deals[:turns])

    assert found == []


def test_the_same_words_in_one_deal_count_once(texts, vectors, embed, lean):
    turns = texts[:15] * 4

    assert (
        find_themes(turns, np.tile(vectors[:15], (4, 1)), embed=embed, lean=lean, deals=["D"] * 60)
        == []
    )


def test_turns_of_nothing_but_fillers_have_no_themes(vectors, embed, lean, deals):
    said = ["Yeah, okay, right."] * 30

    assert find_themes(said, vectors[:30], embed=embed, lean=lean, deals=deals[:30]) == []


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


def test_each_topic_lives_on_in_one_at_most():
    one, two, three = np.eye(384, dtype=np.float32)[:3]
    like_one = SAME * one + np.sqrt(1 - SAME**2) * two
    hardly = (SAME - 0.01) * two + np.sqrt(1 - (SAME - 0.01) ** 2) * three

    pairs = match_centroids(np.stack([one, two]), np.stack([hardly, like_one]))

    assert [(i, j, round(cosine, 2)) for i, j, cosine in pairs] == [(0, 1, SAME)]
    assert match_centroids(np.zeros((0, 384), np.float32), np.stack([one])) == []
