"""The tagger against what annotators say of turns.

A sure tag is right if at least one annotator sees its concern, and a concern that they agree on is
missed where there is no sure tag. The strict figures take only what all agree on for the truth.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.records import STANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.gold import Gold
    from callinsight.tagging.reading import Reading, Scored

FEWEST = 3  # a concern with fewer agreed turns says nothing and stays out of the average
RESAMPLES = 1000
SEED = 20
INTERVAL = (2.5, 97.5)  # percentiles
LEAST = 0.1  # calibration is about tags that are at least so likely
BINS = 10
OBJECTION = "objection"
NONE = "nothing"


@dataclass(frozen=True)
class Figure:
    """A number between 0 and 1 with its 95 % interval; NaN where there is nothing to judge."""

    value: float
    low: float
    high: float


UNKNOWN = Figure(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Rates:
    """Precision, recall and F1."""

    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True)
class Score:
    """How many tags are right, wrong and missed, and what that comes to."""

    agreed: int
    right: int
    wrong: int
    missed: int
    rates: Rates


@dataclass(frozen=True)
class Scores:
    """By concern, and the average over `counted`: those with enough agreed turns."""

    concerns: dict[str, Score]
    counted: tuple[str, ...]
    macro: Rates


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa (1960) over the turns on whose stance annotators agree."""

    turns: int
    kappa: Figure


@dataclass(frozen=True)
class Bin:
    """Tags of similar probability: how probable on average, and how often so."""

    pairs: int
    score: float
    right: float  # share that at least one annotator sees
    agreed: float  # share that all see


@dataclass(frozen=True)
class Calibration:
    """Equal-count bins of (turn, concern) pairs; errors are mean distances of score and share."""

    bins: tuple[Bin, ...]
    error: float  # against `right`
    strict_error: float  # against `agreed`


@dataclass(frozen=True)
class MissedObjection:
    """A turn that annotators agree is an objection, and what the tagger says instead."""

    id: str
    context: str
    text: str
    subjects: tuple[str, ...]
    stance: str
    stance_score: float
    concerns: tuple[Scored, ...]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All that is said of a tagger."""

    turns: int
    lenient: Scores
    strict: Scores
    exact: Figure  # share of turns whose sure concerns are exactly the agreed ones
    objections: Agreement  # objection or not
    stances: Agreement  # all four
    stance_right: Figure  # share of turns whose stance at least one annotator sees
    asks: Score
    calibration: Calibration
    confusion: dict[str, dict[str, int]]  # missed: said instead: turns
    agreed_objections: int
    missed_objections: tuple[MissedObjection, ...]


# Scores


def evaluate(
    gold: Sequence[Gold], readings: Sequence[Reading], concerns: Sequence[str]
) -> Evaluation:
    """Judge readings of the gold turns, in their order."""
    given = [sure_concerns(reading) for reading in readings]
    staged = [(g, r) for g, r in zip(gold, readings, strict=True) if g.stance]
    exact = np.array([g.concerns == said for g, said in zip(gold, given, strict=True)])
    near = [r.stance in g.acceptable_stances for g, r in staged]
    pairs = [(g.stance, r.stance) for g, r in staged]
    objections = [(g, r) for g, r in staged if g.stance == OBJECTION]
    agreed = [g.concerns for g in gold]
    enough = tuple(c for c in concerns if sum(c in g.concerns for g in gold) >= FEWEST)
    return Evaluation(
        turns=len(gold),
        lenient=_scores(*(given, agreed, [g.acceptable for g in gold], concerns, enough)),
        strict=_scores(given, agreed, agreed, concerns, enough),
        exact=_share(exact),
        objections=_agreement(
            [(str(a == OBJECTION), str(b == OBJECTION)) for a, b in pairs], ("True", "False")
        ),
        stances=_agreement(pairs, STANCES),
        stance_right=_share(np.array(near, dtype=bool)),
        asks=_ask_score(gold, readings),
        calibration=calibrate(gold, readings),
        confusion=confuse(gold, given),
        agreed_objections=len(objections),
        missed_objections=tuple(_missed(g, r) for g, r in objections if r.stance != OBJECTION),
    )


def sure_concerns(reading: Reading) -> frozenset[str]:
    """The concerns that count; unsure ones go to review."""
    return frozenset(c.label for c in reading.concerns if c.status == "sure")


def calibrate(gold: Sequence[Gold], readings: Sequence[Reading]) -> Calibration:
    """How often tags are right that are said to be so probable."""
    pairs = sorted(
        (scored.score, scored.label in g.acceptable, scored.label in g.concerns)
        for g, reading in zip(gold, readings, strict=True)
        for scored in reading.concerns
        if scored.score >= LEAST
    )
    if not pairs:
        return Calibration((), float("nan"), float("nan"))
    parts = [part for part in np.array_split(np.array(pairs, dtype=float), BINS) if len(part)]
    bins = tuple(Bin(len(part), *map(float, part.mean(axis=0))) for part in parts)
    return Calibration(
        bins,
        error=sum(b.pairs * abs(b.score - b.right) for b in bins) / len(pairs),
        strict_error=sum(b.pairs * abs(b.score - b.agreed) for b in bins) / len(pairs),
    )


def confuse(gold: Sequence[Gold], given: Sequence[frozenset[str]]) -> dict[str, dict[str, int]]:
    """Missed concerns, each with the wrong ones that were said in its place, and how often.

    `nothing` stands where nothing wrong was said, or nothing was missed.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for g, said in zip(gold, given, strict=True):
        missed, wrong = g.concerns - said, said - g.acceptable
        if missed or wrong:
            for concern in missed or {NONE}:
                counts[concern].update(wrong or {NONE})
    return {
        concern: dict(sorted(said.items(), key=lambda item: (-item[1], item[0])))
        for concern, said in sorted(counts.items())
    }


def _missed(gold: Gold, reading: Reading) -> MissedObjection:
    return MissedObjection(
        id=gold.id,
        context=gold.context,
        text=gold.text,
        subjects=tuple(sorted(gold.acceptable)),
        stance=reading.stance,
        stance_score=reading.stance_score,
        concerns=reading.concerns,
    )


def _scores(
    given: Sequence[frozenset[str]],
    agreed: Sequence[frozenset[str]],
    acceptable: Sequence[frozenset[str]],
    concerns: Sequence[str],
    counted: tuple[str, ...],
) -> Scores:
    tallies = _tallies(
        *(
            np.array([[c in labels for c in concerns] for labels in column], dtype=bool)
            for column in (given, agreed, acceptable)
        )
    )
    totals = tallies.sum(axis=1)
    values, drawn = _rates(totals), _rates(_resampled(tallies))
    inside = [concerns.index(concern) for concern in counted]
    scores = {}
    for i, concern in enumerate(concerns):
        right, wrong, missed = map(int, totals[:, i])
        asked = sum(concern in labels for labels in agreed)
        rates = _as_rates(values[:, i], drawn[:, :, i])
        scores[concern] = Score(asked, right, wrong, missed, rates)
    macro = _as_rates(_mean(values[:, inside]), _mean(drawn[:, :, inside]))
    return Scores(scores, counted, macro)


def _ask_score(gold: Sequence[Gold], readings: Sequence[Reading]) -> Score:
    ask, no_ask = frozenset({"ask"}), frozenset[str]()
    given = [ask if reading.asks else no_ask for reading in readings]
    agreed = [ask if g.ask else no_ask for g in gold]
    acceptable = [ask if g.ask_acceptable else no_ask for g in gold]
    return _scores(given, agreed, acceptable, ["ask"], ("ask",)).concerns["ask"]


def _tallies(
    given: NDArray[np.bool_], agreed: NDArray[np.bool_], acceptable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Whether right, wrong or missed: [3, turns, concerns]."""
    return np.array([given & acceptable, given & ~acceptable, agreed & ~given], dtype=float)


def _rates(tallies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision, recall and F1 [3, ...] from right, wrong and missed [3, ...]; NaN for none of them."""
    right, wrong, missed = tallies
    rates: NDArray[np.float64] = np.array(
        [
            right / np.maximum(1, right + wrong),
            right / np.maximum(1, right + missed),
            2 * right / np.maximum(1, 2 * right + wrong + missed),
        ]
    )
    rates[:, tallies.sum(axis=0) == 0] = np.nan
    return rates


def _agreement(pairs: Sequence[tuple[str, str]], answers: Sequence[str]) -> Agreement:
    """Pairs are (annotators, tagger)."""
    if not pairs:
        return Agreement(0, UNKNOWN)
    tables = np.zeros((len(pairs), len(answers), len(answers)))
    for table, (theirs, ours) in zip(tables, pairs, strict=True):
        table[answers.index(theirs), answers.index(ours)] = 1
    drawn = _kappa(_resampled(tables[None])[0])
    return Agreement(len(pairs), _figure(_kappa(tables.sum(axis=0)), drawn))


def _kappa(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of tables [..., answers, answers]; NaN where all give the same answer to all turns."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
        same = np.trace(shares, axis1=-2, axis2=-1)
        chance = (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1)
        return np.asarray(np.where(chance < 1, (same - chance) / (1 - chance), np.nan))


def _share(true: NDArray[np.bool_]) -> Figure:
    if not len(true):
        return UNKNOWN
    return _figure(true.mean(), _resampled(true[None].astype(float))[0] / len(true))


# Intervals


def _resampled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over turns drawn with replacement, [kinds, RESAMPLES, ...] from [kinds, turns, ...]."""
    return np.asarray(np.moveaxis(np.tensordot(_draws(values.shape[1]), values, axes=(1, 1)), 0, 1))


@functools.lru_cache(maxsize=2)
def _draws(turns: int) -> NDArray[np.float64]:
    """How often each turn is drawn, [RESAMPLES, turns]."""
    random = np.random.default_rng(SEED)
    return random.multinomial(turns, np.full(turns, 1 / turns), size=RESAMPLES).astype(float)


def _as_rates(values: NDArray[np.float64], drawn: NDArray[np.float64]) -> Rates:
    """From [3] and [3, RESAMPLES]."""
    return Rates(*(_figure(value, row) for value, row in zip(values, drawn, strict=True)))


def _figure(value: np.floating | NDArray[np.float64], drawn: NDArray[np.float64]) -> Figure:
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return Figure(float(value), float(low), float(high))


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis, of what is no NaN."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=-1) / known.sum(axis=-1))
