import re
from dataclasses import fields, replace

import numpy as np
import pytest
from material import ROOT

from callinsight import weights
from callinsight.records import STANCES
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.encoder import SIZE
from callinsight.tagging.heads import (
    PHRASE_WEIGHT,
    PRECISIONS,
    Heads,
    features,
    load_heads,
    logistic,
    softmax,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, TRAINED, load_taxonomy

INPUTS = SIZE + 1 + 3


def some_heads() -> Heads:
    """Two concerns, one group of phrases; every number another."""
    random = np.random.default_rng(4)

    def numbers(*shape: int) -> np.ndarray:
        return random.random(shape, dtype=np.float32)

    return Heads(
        concerns=("price_budget", "naïve"),
        groups=("price_budget",),
        encoder="print",
        center=numbers(SIZE),
        spread=numbers(SIZE) + 0.5,
        concern_weights=numbers(2, INPUTS),
        calibration=numbers(2, 2),
        thresholds=numbers(2),
        precise=np.sort(numbers(2, len(PRECISIONS))),
        stance_weights=numbers(len(STANCES), INPUTS),
        objection_threshold=0.31,
        ask_weights=numbers(1, INPUTS),
        ask_threshold=0.47,
        ask_calibration=numbers(1, 2),
    )


def test_heads_come_back_as_they_were_saved(tmp_path):
    heads = some_heads()

    heads.save(tmp_path / "heads.npz")

    again = load_heads(tmp_path / "heads.npz")
    assert again.digest() == heads.digest()
    for field in fields(Heads):
        given, expected = getattr(again, field.name), getattr(heads, field.name)
        if isinstance(expected, np.ndarray):
            assert given.dtype == expected.dtype
            assert given.tolist() == expected.tolist()
        else:
            assert given == expected
            assert type(given) is type(expected)


def test_the_same_heads_are_the_same_bytes(tmp_path):
    for name in ("one.npz", "other.npz"):
        some_heads().save(tmp_path / name)

    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


@pytest.mark.parametrize("field", [field.name for field in fields(Heads)])
def test_every_part_has_its_share_in_the_digest(field):
    heads = some_heads()
    value = getattr(heads, field)
    if isinstance(value, np.ndarray):
        other = value.copy()
        other.flat[-1] += 1e-3
    else:
        other = {tuple: ("another",), str: "another", float: 0.5}[type(value)]

    changed = replace(heads, **{field: other})

    assert len(heads.digest()) == 12
    assert changed.digest() != heads.digest()


def test_thresholds_for_a_precision():
    heads = some_heads()

    assert heads.thresholds_for(0) is heads.thresholds
    for column, precision in enumerate(PRECISIONS):
        assert heads.thresholds_for(precision).tolist() == heads.precise[:, column].tolist()


@pytest.mark.parametrize(
    ("wanted", "given"), [(0.01, 0.5), (0.55, 0.6), (0.85, 0.9), (0.93, 0.95), (0.99, 0.95)]
)
def test_a_precision_between_two_is_the_higher_one(wanted, given):
    heads = some_heads()

    assert heads.thresholds_for(wanted).tolist() == heads.thresholds_for(given).tolist()


def test_features_by_hand():
    center, spread = np.full(4, 1, np.float32), np.array([1, 2, 1, 1], np.float32)
    vectors = np.array([[3, 5, 1, 0], [1, 1, 1, 1]], np.float32)

    given = features(
        *(vectors, ["How much is it?", "no"], [{"ask": ["how much"], "unknown": ["it"]}, {}]),
        *(["price", "ask"], center, spread),
    )

    length = np.log([5, 2]) / 4
    assert given.dtype == np.float32
    assert given == pytest.approx(
        np.array(
            [
                [1, 1, 0, -0.5, 0, PHRASE_WEIGHT, length[0], 1, 1],
                [0, 0, 0, 0, 0, 0, length[1], 0, 1],
            ]
        )
    )


def test_heads_have_features_of_their_own_making():
    heads = some_heads()
    vectors = np.ones((1, SIZE), np.float32)

    (given,) = heads.features(vectors, ["Too dear."], [{"price_budget": ["dear"]}])

    assert given[:SIZE] == pytest.approx((1 - heads.center) / heads.spread / np.sqrt(SIZE))
    assert given[SIZE:] == pytest.approx([PHRASE_WEIGHT, np.log(3) / 4, 0, 1])


def test_features_of_no_turns_and_of_no_phrases():
    heads = replace(some_heads(), groups=())

    assert heads.features(np.zeros((0, SIZE), np.float32), [], []).shape == (0, SIZE + 3)
    assert heads.features(np.zeros((2, SIZE), np.float32), ["", "a"], [{}, {}]).shape[1] == SIZE + 3


def test_log_odds_as_probabilities():
    assert logistic(np.array([0, np.log(3), -30], np.float32)) == pytest.approx([0.5, 0.75, 0])
    assert softmax(np.log(np.array([[1, 2, 1], [1, 1, 0.5]], np.float32))) == pytest.approx(
        np.array([[0.25, 0.5, 0.25], [0.4, 0.4, 0.2]])
    )
    assert softmax(np.array([[500, 500]], np.float32)).tolist() == [[0.5, 0.5]]


def test_the_shipped_heads_fit_this_program():
    heads = load_heads()

    inputs = SIZE + len(heads.groups) + 3
    assert heads.encoder == weights.fingerprint(weights.TAGGING)
    assert heads.groups == tuple(phrase_groups(load_taxonomy(DEFAULT_TAXONOMY)))
    assert set(heads.concerns) == set(TRAINED)
    assert heads.concern_weights.shape == (len(TRAINED), inputs)
    assert heads.stance_weights.shape == (len(STANCES), inputs)
    assert heads.ask_weights.shape == (1, inputs)
    assert heads.precise.shape == (len(TRAINED), len(PRECISIONS))
    assert (np.diff(heads.precise, axis=1) >= 0).all()


def test_the_documented_thresholds_are_those_of_the_heads():
    text = (ROOT / "benchmarks" / "README.md").read_text()
    table = text.partition('What "sure" means')[2].split("```")[1]
    told = re.findall(r"^([a-z_]+) +(0\.\d\d)", table, re.MULTILINE)
    heads = load_heads()
    thresholds = {
        **dict(zip(heads.concerns, heads.thresholds.tolist(), strict=True)),
        "ask": heads.ask_threshold,
    }

    assert dict(told) == {name: f"{at:.2f}" for name, at in thresholds.items()}
