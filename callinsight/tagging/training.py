"""Fit the heads of the tagger: `make tagger`, and again with each user's corrections.

The encoder has learnt from most sources of turns/. The heads, their calibration and thresholds come
from CALIBRATION_SOURCES, which it has not seen; calibration and thresholds from each of those left
out in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.records import STANCES
from callinsight.tagging.heads import LEAST, PRECISIONS, Heads, features, logistic, softmax
from callinsight.tagging.patterns import PhraseMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.labelled import LabelledTurn

    Surprise = Callable[
        [NDArray[np.float64], NDArray[np.float64]], tuple[float, NDArray[np.float64]]
    ]

CALIBRATION_SOURCES = ("consumer_calls", "household", "plain_calls", "software_calls")
EXAMPLES = Path(__file__).parent / "examples.npz"
FEWEST_WORDS = 3  # of a turn that heads learn from; shorter ones, fitted too, changed nothing
INVERSE_PENALTY = 1.0  # chosen on left-out sources, as is PHRASE_WEIGHT
THRESHOLDS = np.arange(0.1, 0.8, 0.01)
SMOOTHED = 11  # thresholds whose score is averaged, so that one turn more or less moves little
HOLD_CONCERNS, HOLD_STANCES = 10.0, 5.0  # how firmly corrections find heads in place; see below
SLIPS = 0.13  # of a person's stances, as often as two annotators of a turn differ
DECIMALS = 4  # so that the last bits of the solver do not show


@dataclass(frozen=True)
class Example:
    """A labelled turn with its vector, as far as it counts."""

    turn: LabelledTurn
    vector: NDArray[np.float32]  # [SIZE]


@dataclass(frozen=True)
class Answers:
    """What is right, as shares of annotators [examples, ...]."""

    concerns: NDArray[np.float32]
    stances: NDArray[np.float32]
    asks: NDArray[np.float32]  # [examples, 1]

    def of(self, rows: NDArray[np.bool_]) -> Answers:
        """Those of some examples."""
        return Answers(self.concerns[rows], self.stances[rows], self.asks[rows])


@dataclass(frozen=True)
class Scores:
    """Log odds of concerns and asks, scores of stances."""

    concerns: NDArray[np.float32]
    stances: NDArray[np.float32]
    asks: NDArray[np.float32]


def load_examples(turns: Sequence[LabelledTurn], path: Path = EXAMPLES) -> list[Example]:
    """The turns of the calibration sources, with the vectors that come with the program."""
    by_id = {turn.id: turn for turn in turns}
    with np.load(path) as file:
        vectors = file["vectors"].astype(np.float32)
        return [
            Example(by_id[id_], v) for id_, v in zip(file["ids"].tolist(), vectors, strict=True)
        ]


def save_examples(examples: Sequence[Example], path: Path = EXAMPLES) -> None:
    """Write the vectors; the same examples give the same bytes."""
    vectors = np.array([example.vector for example in examples], dtype=np.float16)
    np.savez(path, ids=np.array([e.turn.id for e in examples]), vectors=vectors)


def fit_heads(
    examples: Sequence[Example],
    *,
    concerns: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    encoder: str,
) -> Heads:
    """Fit, calibrate and choose thresholds; `groups` are the phrases behind the features.

    The same examples give the same heads on any number of cores.
    """
    with _one_thread():
        return _fit_heads(examples, concerns, groups, encoder)


def _fit_heads(
    examples: Sequence[Example],
    concerns: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    encoder: str,
) -> Heads:
    vectors = np.array([example.vector for example in examples], dtype=np.float32)
    center, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-3
    inputs = _inputs(examples, groups, center, spread)
    answers = _answers(examples, concerns)
    unseen = _left_out(inputs, answers, [example.turn.source for example in examples])
    calibration = _calibrations(unseen.concerns, answers.concerns)
    ask_calibration = _calibrations(unseen.asks, answers.asks)
    scores = logistic(unseen.concerns * calibration[:, 0] + calibration[:, 1])
    asks = logistic(unseen.asks * ask_calibration[:, 0] + ask_calibration[:, 1])
    thresholds = _best_thresholds(scores, answers.concerns, lenient_f1)
    concerned = np.asarray((scores >= LEAST).any(axis=1))
    objections = _objections(unseen.stances, concerned)
    wanted = answers.stances[:, [STANCES.index("objection")]]
    fitted = _fit(inputs, answers)
    return Heads(
        concerns=tuple(concerns),
        groups=tuple(groups),
        encoder=encoder,
        center=center,
        spread=spread,
        calibration=calibration,
        concern_weights=_calibrated(fitted.concerns, calibration),
        thresholds=thresholds,
        precise=_precise_thresholds(scores, answers.concerns),
        stance_weights=np.round(fitted.stances, DECIMALS),
        objection_threshold=float(_best_thresholds(objections, wanted, kappa)[0]),
        ask_weights=_calibrated(fitted.asks, ask_calibration),
        ask_threshold=float(_best_thresholds(asks, answers.asks, lenient_f1)[0]),
        ask_calibration=ask_calibration,
    )


def correct_heads(
    heads: Heads, corrections: Sequence[Example], *, groups: Mapping[str, Sequence[str]]
) -> Heads:
    """The heads moved by a user's corrections; calibration and thresholds stay.

    Each weight has a normal prior around where it was, so that one slip moves little, and a stance
    that would surprise much may be a slip; the biases stay, for people correct what is in doubt,
    which says nothing of how often it occurs. Chosen by benchmarks/correction_choices.py.
    """
    if not corrections:
        return heads
    inputs = _inputs(corrections, groups, heads.center, heads.spread)
    answers = _answers(corrections, heads.concerns)
    with _one_thread():
        return replace(
            heads,
            concern_weights=_moved(
                heads.concern_weights, inputs, answers.concerns, hold=HOLD_CONCERNS
            ),
            stance_weights=_moved(
                heads.stance_weights,
                inputs,
                answers.stances,
                hold=HOLD_STANCES,
                surprise=surprise_of_stances,
            ),
            ask_weights=_moved(heads.ask_weights, inputs, answers.asks, hold=HOLD_CONCERNS),
        )


def surprise_of_answers(
    scores: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """How little yes and no, each by itself, are expected, and the slope [examples, answers]."""
    surprise = np.logaddexp(0, scores).sum() - (wanted * scores).sum()
    return float(surprise), 1 / (1 + np.exp(-scores)) - wanted


def surprise_of_stances(
    scores: NDArray[np.float64], wanted: NDArray[np.float64], *, slips: float = SLIPS
) -> tuple[float, NDArray[np.float64]]:
    """How little stances are expected, one a turn, if `slips` of them are any stance (Copas 1988)."""
    chances = softmax(scores)
    stated = np.maximum(wanted * chances, 1e-12)
    meant = stated.sum(axis=1, keepdims=True)
    seen = (1 - slips) * meant + slips / scores.shape[1]
    slope = (1 - slips) * meant / seen * (chances - stated / meant)
    return float(-np.log(seen).sum()), slope


def lenient_f1(given: NDArray[np.bool_], shares: NDArray[np.float32]) -> float:
    """F1 where one annotator is enough to be right, and all are needed to be missed."""
    right = (given & (shares > 0)).sum()
    wrong = (given & (shares == 0)).sum()
    missed = (~given & (shares == 1)).sum()
    return float(2 * right / max(1, 2 * right + wrong + missed))


def kappa(given: NDArray[np.bool_], shares: NDArray[np.float32]) -> float:
    """Cohen's kappa over the turns that annotators agree on (Cohen 1960)."""
    agreed = (shares == 0) | (shares == 1)
    ours, theirs = given[agreed], shares[agreed] == 1
    same = float((ours == theirs).mean())
    chance = float(ours.mean() * theirs.mean() + (1 - ours.mean()) * (1 - theirs.mean()))
    return (same - chance) / (1 - chance) if chance < 1 else 0.0


def _one_thread() -> Any:
    """Sums in one order, so that the last bits are the same too."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _inputs(
    examples: Sequence[Example],
    groups: Mapping[str, Sequence[str]],
    center: NDArray[np.float32],
    spread: NDArray[np.float32],
) -> NDArray[np.float32]:
    matcher = PhraseMatcher(groups)
    texts = [example.turn.text for example in examples]
    vectors = np.array([example.vector for example in examples], dtype=np.float32)
    return features(vectors, texts, [matcher.find(t) for t in texts], list(groups), center, spread)


def _answers(examples: Sequence[Example], concerns: Sequence[str]) -> Answers:
    turns = [example.turn for example in examples]
    return Answers(
        concerns=np.array([[t.concern_share(c) for c in concerns] for t in turns], np.float32),
        stances=np.array([[t.stance_share(s) for s in STANCES] for t in turns], np.float32),
        asks=np.array([[t.ask_share] for t in turns], np.float32),
    )


def _fit(inputs: NDArray[np.float32], answers: Answers) -> Scores:
    """Weights of the heads, [answers, features + 1]."""
    return Scores(
        concerns=_binary(inputs, answers.concerns),
        stances=_stances(inputs, answers.stances),
        asks=_binary(inputs, answers.asks),
    )


def _left_out(inputs: NDArray[np.float32], answers: Answers, sources: Sequence[str]) -> Scores:
    """Scores of each source by heads that were fitted on the others."""
    of = np.array(sources)
    scores = Scores(
        *(
            np.zeros(shares.shape, np.float32)
            for shares in (answers.concerns, answers.stances, answers.asks)
        )
    )
    for source in sorted(set(sources)):
        out = of == source
        weights = _fit(inputs[~out], answers.of(~out))
        scores.concerns[out] = inputs[out] @ weights.concerns.T
        scores.stances[out] = inputs[out] @ weights.stances.T
        scores.asks[out] = inputs[out] @ weights.asks.T
    return scores


def _binary(inputs: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """One logistic head a column of shares; an example that is split counts on both sides."""
    from sklearn.linear_model import LogisticRegression

    rows = []
    for share in shares.T:
        yes, no = share > 0, share < 1
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000)
        model.fit(
            np.vstack([inputs[yes], inputs[no]])[:, :-1],
            np.r_[np.ones(yes.sum()), np.zeros(no.sum())],
            sample_weight=np.r_[share[yes], (1 - share)[no]],
        )
        rows.append(np.append(model.coef_[0], model.intercept_[0]))
    return np.array(rows, dtype=np.float32)


def _stances(inputs: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    examples, stances = np.nonzero(shares)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000)
    model.fit(inputs[examples, :-1], stances, sample_weight=shares[examples, stances])
    return np.hstack([model.coef_, model.intercept_[:, np.newaxis]]).astype(np.float32)


def _moved(
    weights: NDArray[np.float32],
    inputs: NDArray[np.float32],
    shares: NDArray[np.float32],
    *,
    hold: float,
    surprise: Surprise = surprise_of_answers,
) -> NDArray[np.float32]:
    """The likeliest weights [answers, features + 1] given new examples and those there were."""
    from scipy.optimize import minimize

    start = weights.astype(np.float64)
    features, wanted = inputs.astype(np.float64), shares.astype(np.float64)

    def loss(moves: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        moved = start.copy()
        moved[:, :-1] += moves.reshape(len(start), -1)
        of_examples, slope = surprise(features @ moved.T, wanted)
        of_weights = (slope.T @ features)[:, :-1].ravel()
        return of_examples + hold / 2 * float(moves @ moves), of_weights + hold * moves

    found = minimize(loss, np.zeros(start[:, :-1].size), jac=True, method="L-BFGS-B")
    moved = start.copy()
    moved[:, :-1] += found.x.reshape(len(start), -1)
    return np.round(moved, DECIMALS).astype(np.float32)


def _calibrations(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Slope and shift [columns, 2] that make log odds probabilities (Platt 1999)."""
    ones = np.ones((len(scores), 1), np.float32)
    fitted = [
        _binary(np.hstack([column[:, np.newaxis], ones]), share[:, np.newaxis])[0]
        for column, share in zip(scores.T, shares.T, strict=True)
    ]
    return np.array(fitted, dtype=np.float32)


def _calibrated(
    weights: NDArray[np.float32], calibration: NDArray[np.float32]
) -> NDArray[np.float32]:
    weights = weights * calibration[:, [0]]
    weights[:, -1] += calibration[:, 1]
    return np.round(weights, DECIMALS)


def _best_thresholds(
    scores: NDArray[np.float32],
    shares: NDArray[np.float32],
    judge: Callable[[NDArray[np.bool_], NDArray[np.float32]], float],
) -> NDArray[np.float32]:
    """The threshold of each column with the best score, smoothed over its neighbours."""
    best = []
    kernel = np.ones(SMOOTHED) / SMOOTHED
    for column, share in zip(scores.T, shares.T, strict=True):
        judged = np.array([judge(column >= threshold, share) for threshold in THRESHOLDS])
        padded = np.pad(judged, SMOOTHED // 2, mode="edge")
        best.append(THRESHOLDS[np.convolve(padded, kernel, "valid").argmax()])
    return np.array(best, dtype=np.float32)


def _precise_thresholds(
    scores: NDArray[np.float32], shares: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The lowest threshold of each column [columns, PRECISIONS] from which on it is so precise."""
    rows = []
    grid = np.arange(0.05, 1.0, 0.01)
    for column, share in zip(scores.T, shares.T, strict=True):
        given = [column >= threshold for threshold in grid]
        precision = np.array([(share[g] > 0).mean() if g.any() else 1.0 for g in given])
        from_here = np.minimum.accumulate(precision[::-1])[::-1]
        reached = [from_here >= wanted for wanted in PRECISIONS]
        rows.append([grid[r.argmax()] if r.any() else 0.99 for r in reached])
    return np.array(rows, dtype=np.float32)


def _objections(stances: NDArray[np.float32], concerned: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The probability of an objection [turns, 1], none where no concern is."""
    objection = softmax(stances)[:, [STANCES.index("objection")]]
    return np.where(concerned[:, np.newaxis], objection, np.float32(0))
