from dataclasses import replace

import numpy as np
import pytest

from callinsight import weights
from callinsight.records import STANCES
from callinsight.tagging import training
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.encoder import SIZE
from callinsight.tagging.heads import PRECISIONS, Heads, load_heads, logistic, softmax
from callinsight.tagging.labelled import LabelledTurn, Labels, load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.training import (
    CALIBRATION_SOURCES,
    THRESHOLDS,
    Example,
    correct_heads,
    fit_heads,
    kappa,
    lenient_f1,
    load_examples,
    save_examples,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

CONCERNS = ("price_budget", "need_fit")
GROUPS = {"price_budget": ("too dear",), "need_fit": ()}
AXES = {"price_budget": 0, "need_fit": 1, "objection": 2, "question": 3, "mention": 4, "ask": 5}
KINDS = (  # what the made-up turns say, in equal parts
    Labels(("price_budget",), "objection", ask=False),
    Labels(("price_budget",), "question", ask=True),
    Labels(("need_fit",), "objection", ask=False),
    Labels(("price_budget", "need_fit"), "question", ask=False),
    Labels(("need_fit",), "mention", ask=True),
    Labels((), "none", ask=False),
    Labels((), "none", ask=False),
    Labels((), "none", ask=True),
)
NONE = KINDS[-2]


def vector_of(labels: Labels, random: np.random.Generator) -> np.ndarray:
    """Noise, and far along the axis of all that is said."""
    vector = random.normal(size=SIZE).astype(np.float32)
    for name in (*labels.concerns, labels.stance, *(["ask"] if labels.ask else [])):
        if name in AXES:
            vector[AXES[name]] += 4
    return vector.astype(np.float16).astype(np.float32)


def some_examples(seed: int = 1, *, each: int = 12) -> list[Example]:
    """Examples of every kind from three sources, with vectors in clusters."""
    random = np.random.default_rng(seed)
    return [
        Example(
            LabelledTurn(f"{source}-{n}", source, "", f"turn {n} of {source}", (labels,)),
            vector_of(labels, random),
        )
        for source in ("a", "b", "c")
        for n, labels in enumerate(KINDS * each)
    ]


def fit(examples: list[Example]) -> Heads:
    return fit_heads(examples, concerns=CONCERNS, groups=GROUPS, encoder="print")


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fit(some_examples())


def inputs_of(heads: Heads, examples: list[Example]) -> np.ndarray:
    matcher = PhraseMatcher(GROUPS)
    texts = [example.turn.text for example in examples]
    vectors = np.array([example.vector for example in examples])
    return heads.features(vectors, texts, [matcher.find(text) for text in texts])


def chances(heads: Heads, examples: list[Example]) -> np.ndarray:
    """Probability of each concern [examples, concerns]."""
    return logistic(inputs_of(heads, examples) @ heads.concern_weights.T)


def array(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def column(*values: float) -> np.ndarray:
    return array(*values)[:, np.newaxis]


# --- fitting ---


def test_heads_tell_turns_that_they_have_not_seen(heads):
    unseen = some_examples(2)
    inputs = inputs_of(heads, unseen)

    concerns = chances(heads, unseen) >= heads.thresholds
    stances = softmax(inputs @ heads.stance_weights.T).argmax(axis=1)
    asks = logistic(inputs @ heads.ask_weights.T)[:, 0] >= heads.ask_threshold

    wanted = [example.turn.labels[0] for example in unseen]
    right = [
        tuple(c for c, is_there in zip(CONCERNS, row, strict=True) if is_there) == w.concerns
        for row, w in zip(concerns, wanted, strict=True)
    ]
    assert np.mean(right) > 0.85
    assert np.mean([STANCES[s] == w.stance for s, w in zip(stances, wanted, strict=True)]) > 0.8
    assert np.mean([a == w.ask for a, w in zip(asks, wanted, strict=True)]) > 0.9


def test_scores_are_probabilities(heads):
    """Of the turns that get a score near p, a share near p has the concern."""
    unseen = some_examples(3, each=40)
    scores = chances(heads, unseen)[:, 0]
    has = np.array([example.turn.concern_share("price_budget") for example in unseen])

    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        here = (scores >= low) & (scores < high)
        assert here.sum() > 30
        assert scores[here].mean() == pytest.approx(has[here].mean(), abs=0.12)


def test_fitting_twice_gives_the_same_bytes(heads, tmp_path):
    heads.save(tmp_path / "one.npz")
    fit(some_examples()).save(tmp_path / "other.npz")

    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    again = load_heads(tmp_path / "one.npz")
    assert (again.concerns, again.groups, again.encoder) == (CONCERNS, tuple(GROUPS), "print")
    assert again.concern_weights.shape == (len(CONCERNS), SIZE + len(GROUPS) + 3)
    assert again.stance_weights.shape == (len(STANCES), SIZE + len(GROUPS) + 3)


def test_what_annotators_are_split_on_is_as_likely_as_not():
    """The same vectors: first both annotators see price, then one of them, then none."""
    yes, no = Labels(("price_budget",), "objection", ask=True), NONE
    scores = []
    for labels in ((yes, yes), (yes, no), (no, no)):
        examples = [
            replace(e, turn=replace(e.turn, labels=labels)) if e.turn.labels[0] == KINDS[0] else e
            for e in some_examples()
        ]
        changed = [example for example in examples if example.turn.labels == labels]
        scores.append(chances(fit(examples), changed)[:, 0].mean())

    assert scores[0] > 0.8
    assert 0.35 < scores[1] < 0.65
    assert scores[2] < 0.2


def test_a_split_turn_counts_like_two_of_half_the_weight(monkeypatch):
    random = np.random.default_rng(5)
    inputs = np.hstack([random.normal(size=(30, 3)), np.ones((30, 1))]).astype(np.float32)
    shares = np.repeat(column(1, 0.5, 0), 10, axis=0)
    shares[::4] = 1 - shares[::4]

    given = training._binary(inputs, shares)

    whole = shares[:, 0] != 0.5
    split = shares[~whole]
    monkeypatch.setattr(training, "INVERSE_PENALTY", training.INVERSE_PENALTY / 2)  # all is doubled
    apart = training._binary(
        np.vstack([inputs[whole], inputs[whole], inputs[~whole], inputs[~whole]]),
        np.vstack([shares[whole], shares[whole], np.ones_like(split), np.zeros_like(split)]),
    )
    assert given == pytest.approx(apart, abs=1e-3)


def test_what_cannot_be_told_of_an_unseen_source_is_less_sure():
    """A source whose words for the price are like nothing that the others say."""
    strange = [
        replace(e, vector=np.roll(e.vector, 50)) if e.turn.source == "c" else e
        for e in some_examples()
    ]

    plain, calibrated = fit(some_examples()), fit(strange)

    assert 0 < calibrated.calibration[0, 0] < 0.6 * plain.calibration[0, 0]


def test_weights_are_rounded_so_that_the_last_bits_do_not_show(heads):
    for rows in (heads.concern_weights, heads.stance_weights, heads.ask_weights):
        assert rows == pytest.approx(np.round(rows, 4), abs=1e-7)


# --- corrections ---


def corrected(*, number: int = 1) -> list[Example]:
    """Turns that heads take for price, of which a user says that they are about the need."""
    labels = Labels(("need_fit",), "mention", ask=False)
    vector = vector_of(KINDS[0], np.random.default_rng(18))
    return [
        Example(LabelledTurn(f"own-{n}", "corrections", "", "their own words", (labels,)), vector)
        for n in range(number)
    ]


def test_a_correction_moves_the_turn_and_leaves_calibration(heads):
    corrections = corrected(number=9)

    moved = correct_heads(heads, corrections, groups=GROUPS)

    before, after = chances(heads, corrections)[0], chances(moved, corrections)[0]
    assert after[0] < before[0] - 0.05
    assert after[1] > before[1] + 0.05
    for name in ("calibration", "thresholds", "precise", "center", "spread", "ask_calibration"):
        assert getattr(moved, name) is getattr(heads, name)
    assert moved.objection_threshold == heads.objection_threshold
    assert moved.ask_threshold == heads.ask_threshold
    others = some_examples(2)
    assert np.abs(chances(moved, others) - chances(heads, others)).mean() < 0.05


def test_more_corrections_move_it_further(heads):
    scores = [
        chances(correct_heads(heads, said, groups=GROUPS), corrected())[0, 0]
        for said in ([], corrected(), corrected(number=9), corrected(number=50))
    ]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] > heads.thresholds[0] > scores[-1]


def test_no_corrections_give_the_heads_that_were_there(heads):
    assert correct_heads(heads, [], groups=GROUPS).digest() == heads.digest()


def test_corrections_leave_the_biases(heads):
    """People correct what is in doubt, which does not tell how often a thing is said."""
    moved = correct_heads(heads, corrected(number=9), groups=GROUPS)

    for name in ("concern_weights", "stance_weights", "ask_weights"):
        before, after = getattr(heads, name), getattr(moved, name)
        assert after[:, -1] == pytest.approx(before[:, -1], abs=1e-4)
    assert np.abs(moved.concern_weights - heads.concern_weights).max() > 0.01
    assert np.abs(moved.stance_weights - heads.stance_weights).max() > 0.01


def test_the_order_of_corrections_does_not_matter(heads):
    several = [*corrected(number=2), *some_examples(3)[:9]]

    moved = correct_heads(heads, several, groups=GROUPS)

    again = correct_heads(heads, several[::-1], groups=GROUPS)
    assert again.concern_weights == pytest.approx(moved.concern_weights, abs=2e-3)
    assert again.stance_weights == pytest.approx(moved.stance_weights, abs=2e-3)


@pytest.fixture(scope="module")
def shipped() -> tuple[Heads, list[Example], np.ndarray]:
    """The heads that come with the program, what they learnt from, and its inputs."""
    heads, examples = load_heads(), load_examples(load_turns())
    matcher = PhraseMatcher(phrase_groups(load_taxonomy(DEFAULT_TAXONOMY)))
    texts = [example.turn.text for example in examples]
    vectors = np.array([example.vector for example in examples])
    return heads, examples, heads.features(vectors, texts, [matcher.find(t) for t in texts])


def objections(heads: Heads, inputs: np.ndarray) -> np.ndarray:
    stances = softmax(inputs @ heads.stance_weights.T)
    return stances[:, STANCES.index("objection")] >= heads.objection_threshold


@pytest.mark.parametrize("taken_for", [NONE, Labels(("need_fit",), "objection", ask=False)])
def test_one_slip_moves_few_objections_elsewhere(shipped, taken_for):
    heads, examples, inputs = shipped
    groups = phrase_groups(load_taxonomy(DEFAULT_TAXONOMY))
    before = objections(heads, inputs)
    rows = np.flatnonzero(before == (taken_for is NONE))[:: 20 if taken_for is NONE else 60]

    moved = []
    for row in rows:
        slip = replace(examples[row], turn=replace(examples[row].turn, labels=(taken_for,)))
        changed = objections(correct_heads(heads, [slip], groups=groups), inputs) != before
        changed[row] = False
        moved.append(changed.sum() / before.sum())

    assert len(rows) > 25
    assert np.mean(moved) < 0.02
    assert max(moved) < 0.06


def test_what_many_say_moves_even_what_heads_are_sure_of(shipped):
    """Each of them alone would be taken for a slip."""
    heads, examples, inputs = shipped
    groups = phrase_groups(load_taxonomy(DEFAULT_TAXONOMY))
    surest = int(softmax(inputs @ heads.stance_weights.T)[:, STANCES.index("objection")].argmax())
    said = replace(examples[surest], turn=replace(examples[surest].turn, labels=(NONE,)))

    one, many = (correct_heads(heads, [said] * times, groups=groups) for times in (1, 60))

    assert objections(heads, inputs)[surest]
    assert objections(one, inputs)[surest]
    assert not objections(many, inputs)[surest]


@pytest.mark.parametrize("surprise", [training.surprise_of_answers, training.surprise_of_stances])
def test_the_slope_of_a_surprise_is_how_it_grows(surprise):
    random = np.random.default_rng(3)
    scores = random.normal(size=(6, len(STANCES)))
    wanted = np.eye(len(STANCES))[[0, 1, 2, 3, 0, 1]]
    wanted[5] = (0.5, 0.5, 0, 0)

    _, slope = surprise(scores, wanted)

    by_steps = np.zeros_like(scores)
    for at in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[at] = 1e-5
        by_steps[at] = (
            surprise(scores + step, wanted)[0] - surprise(scores - step, wanted)[0]
        ) / 2e-5
    assert slope == pytest.approx(by_steps, abs=1e-6)


def test_without_slips_a_surprise_is_the_log_of_the_chance():
    scores = np.array([[2.0, 0.0, -1.0, 1.0], [0.0, 3.0, 0.5, 0.0]])
    wanted = np.eye(4)[[1, 1]]

    surprise, slope = training.surprise_of_stances(scores, wanted, slips=0)

    chances = softmax(scores)
    assert surprise == pytest.approx(-np.log(chances[:, 1]).sum())
    assert slope == pytest.approx(chances - wanted)


# --- the judges ---


def test_lenient_f1_by_hand():
    given = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    shares = array(1, 1, 0.5, 0, 1, 0.5, 0.5, 0)

    # right: two that both see, one that one sees; wrong: one; missed: one that both see
    assert lenient_f1(given, shares) == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))


@pytest.mark.parametrize(
    ("given", "shares", "f1"),
    [((1, 0), (1, 0), 1), ((0, 0), (0.5, 0), 0), ((0, 0), (1, 0), 0), ((1, 1), (0, 0), 0)],
)
def test_lenient_f1_at_its_ends(given, shares, f1):
    assert lenient_f1(np.array(given, dtype=bool), array(*shares)) == f1


def test_kappa_by_hand():
    """Cohen's own kind of table: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no."""
    given = np.repeat([True, True, False, False], [20, 5, 10, 15])
    shares = np.repeat(array(1, 0, 1, 0), [20, 5, 10, 15])

    assert kappa(given, shares) == pytest.approx(0.4)
    split = np.r_[shares, array(0.5, 0.5, 0.5)]
    assert kappa(np.r_[given, [True, True, True]], split) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("given", "shares", "expected"),
    [((1, 0), (1, 0), 1), ((1, 0), (0, 1), -1), ((1, 1), (1, 1), 0), ((0, 0), (0, 0), 0)],
)
def test_kappa_at_its_ends(given, shares, expected):
    assert kappa(np.array(given, dtype=bool), array(*shares)) == pytest.approx(expected)


# --- thresholds ---


def best_threshold(judged: dict[float, float]) -> float:
    """The threshold chosen where these are judged as given, and all others 0."""
    scores = (THRESHOLDS - 0.005)[:, np.newaxis].astype(np.float32)  # one between each two
    of_number = {
        int((scores >= threshold).sum()): judged.get(round(float(threshold), 2), 0.0)
        for threshold in THRESHOLDS
    }
    found = training._best_thresholds(
        scores, np.zeros_like(scores), lambda given, _: of_number[int(given.sum())]
    )
    return round(float(found[0]), 2)


def hundredths(start: int, end: int) -> list[float]:
    return [n / 100 for n in range(start, end)]


def test_a_broad_hill_beats_a_lone_peak():
    hill = dict.fromkeys(hundredths(25, 36), 0.7)

    assert best_threshold(hill) == 0.3
    assert best_threshold(hill | {0.55: 1.0}) == 0.3
    assert best_threshold({0.55: 1.0}) in hundredths(50, 61)


def test_a_hill_at_the_edge_is_not_held_against_it():
    assert best_threshold(dict.fromkeys(hundredths(10, 20), 0.7)) <= 0.14
    assert best_threshold(dict.fromkeys(hundredths(70, 80), 0.7)) >= 0.75


def test_each_column_has_a_threshold_of_its_own():
    scores = np.hstack([column(0.9, 0.8, 0.2, 0.1), column(0.3, 0.28, 0.12, 0.1)])
    shares = np.repeat(column(1, 1, 0, 0), 2, axis=1)

    high, low = training._best_thresholds(scores, shares, lenient_f1)

    assert 0.2 < high < 0.8
    assert 0.12 < low < 0.28


def test_thresholds_for_precisions_by_hand():
    """Precision by threshold: 3/6, then 3/5, 3/4, 2/3, 1, 1, and nothing is given above."""
    scores = column(0.905, 0.805, 0.705, 0.605, 0.505, 0.405)
    shares = column(1, 0.5, 0, 1, 0, 0)

    (row,) = training._precise_thresholds(scores, shares)

    assert dict(zip(PRECISIONS, np.round(row, 2).tolist(), strict=True)) == pytest.approx(
        {0.5: 0.05, 0.6: 0.41, 0.7: 0.71, 0.8: 0.71, 0.9: 0.71, 0.95: 0.71}
    )


def test_a_precision_that_is_never_reached_needs_a_score_that_none_has():
    (row,) = training._precise_thresholds(column(0.905, 0.805), column(0, 0))

    assert row.tolist() == pytest.approx([0.91] * len(PRECISIONS), abs=1e-6)


def test_thresholds_come_from_sources_that_were_left_out():
    """Heads that saw all sources are surer of them than those that judge an unseen one."""
    examples = some_examples(7, each=4)  # few, so that each source matters
    inputs = inputs_of(fit(examples), examples)
    answers = training._answers(examples, CONCERNS)

    unseen = training._left_out(inputs, answers, [example.turn.source for example in examples])

    by_hand = np.zeros_like(unseen.concerns)
    for source in ("a", "b", "c"):
        here = np.array([example.turn.source == source for example in examples])
        weights = training._fit(inputs[~here], answers.of(~here))
        by_hand[here] = inputs[here] @ weights.concerns.T
    seen = inputs @ training._fit(inputs, answers).concerns.T
    assert unseen.concerns == pytest.approx(by_hand, abs=1e-5)
    right = answers.concerns * 2 - 1
    assert (seen * right).mean() > (unseen.concerns * right).mean() + 0.1


# --- the examples that come with the program ---


def test_examples_come_back_as_they_were_saved(tmp_path):
    examples = some_examples()
    turns = [example.turn for example in reversed(examples)]

    for name in ("one.npz", "other.npz"):
        save_examples(examples, tmp_path / name)

    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    again = load_examples(turns, tmp_path / "one.npz")
    assert [example.turn for example in again] == [example.turn for example in examples]
    assert [e.vector.tolist() for e in again] == [e.vector.tolist() for e in examples]
    assert {example.vector.dtype for example in again} == {np.dtype(np.float32)}


def test_the_shipped_examples_are_of_the_calibration_sources():
    turns = load_turns()

    examples = load_examples(turns)

    assert {example.turn.source for example in examples} == set(CALIBRATION_SOURCES)
    long_enough = [t for t in turns if t.source in CALIBRATION_SOURCES and len(t.text.split()) > 3]
    assert {turn.id for turn in long_enough} <= {example.turn.id for example in examples}
    assert all(np.isfinite(example.vector).all() for example in examples)


def test_the_shipped_heads_are_what_the_shipped_examples_give():
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)

    again = fit_heads(
        load_examples(load_turns()),
        concerns=list(taxonomy.concerns),
        groups=phrase_groups(taxonomy),
        encoder=weights.fingerprint(weights.TAGGING),
    )

    shipped = load_heads()
    assert (again.concerns, again.groups, again.encoder) == (
        *(shipped.concerns, shipped.groups, shipped.encoder),
    )
    for name in ("center", "spread", "concern_weights", "stance_weights", "ask_weights"):
        np.testing.assert_allclose(getattr(again, name), getattr(shipped, name), atol=2e-3)
    for name in ("thresholds", "precise", "objection_threshold", "ask_threshold"):
        np.testing.assert_allclose(getattr(again, name), getattr(shipped, name), atol=0.011)
