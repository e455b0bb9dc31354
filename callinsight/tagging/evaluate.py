"""The tagger against what annotators say of turns.

A sure tag is right if at least one annotator sees its concern, and a concern that they agree on is
missed where there is no sure tag. The strict figures take one annotator's labels as the truth.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.sheets import NO, YES, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.sheets import Row
    from callinsight.tagging.concerns import Reading, Scored

NEEDED = ("text", "subjects")
COLUMNS = (
    *("id", "context", *NEEDED, "acceptable_subjects"),
    *("stance", "acceptable_stances", "ask", "acceptable_ask"),
)
FEWEST = 3  # a concern with fewer agreed turns says nothing and stays out of the average
RESAMPLES = 1000
SEED = 20
INTERVAL = (2.5, 97.5)  # percentiles
LEAST = 0.1  # calibration is about tags that are at least so likely
BINS = 10
OBJECTION = "objection"
NONE = "nothing"


@dataclass(frozen=True, kw_only=True)
class Gold:
    """A turn with what annotators say of it."""

    id: str
    context: str
    text: str
    concerns: frozenset[str]  # all of them say so
    acceptable: frozenset[str]  # at least one says so
    one: frozenset[str]  # the labels of one annotator, else what all say
    stance: str = ""  # empty where they do not agree
    acceptable_stances: frozenset[str] = frozenset()
    ask: bool | None = None  # None where they do not agree
    ask_acceptable: bool = False


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
    exact: Figure  # share of turns whose sure concerns are exactly those of one annotator
    objections: Agreement  # objection or not
    stances: Agreement  # all four
    stance_right: Figure  # share of turns whose stance at least one annotator sees
    asks: Score
    calibration: Calibration
    confusion: dict[str, dict[str, int]]  # missed: said instead: turns
    agreed_objections: int
    missed_objections: tuple[MissedObjection, ...]


# Gold files


def read_gold(path: Path, concerns: Iterable[str]) -> list[Gold]:
    """The turns of a gold file; raises InputError naming file and row."""
    header, rows = read_rows(path, known=COLUMNS)
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise InputError(
            f"{path.name}: there is no column '{missing[0]}'; a file of labelled turns has the columns "
            f"{', '.join(COLUMNS)}, of which {' and '.join(NEEDED)} must be there"
        )
    known = list(concerns)
    gold = [_gold(row, known) for row in rows]
    if not gold:
        raise InputError(f"{path.name}: there are no turns in it; write one a row")
    return gold


def _gold(row: Row, known: list[str]) -> Gold:
    if row.fault:
        raise InputError(f"{row.where}: {row.fault}")
    agreed = frozenset(row.choices("subjects", known))
    stance = row.choice("stance", STANCES, "")
    asks = _flags(row, "ask")
    return Gold(
        id=row.text("id") or row.where,
        context=row.text("context"),
        text=row.needed("text"),
        concerns=agreed,
        acceptable=agreed | set(row.choices("acceptable_subjects", known)),
        one=agreed,
        stance=stance,
        acceptable_stances=frozenset({*row.choices("acceptable_stances", STANCES), stance} - {""}),
        ask=next(iter(asks)) if len(asks) == 1 else None,
        ask_acceptable=True in asks | _flags(row, "acceptable_ask"),
    )


def _flags(row: Row, name: str) -> set[bool]:
    words = [word.casefold() for word in row.words(name)]
    if not set(words) <= {*YES, *NO}:
        raise InputError(f"{row.where}: {name} is '{row.text(name)}'; write 1 or 0")
    return {word in YES for word in words}


# Scores


def evaluate(
    gold: Sequence[Gold], readings: Sequence[Reading], concerns: Sequence[str]
) -> Evaluation:
    """Judge readings of the gold turns, in their order."""
    given = [sure_concerns(reading) for reading in readings]
    staged = [(g, r) for g, r in zip(gold, readings, strict=True) if g.stance]
    exact = np.array([g.one == said for g, said in zip(gold, given, strict=True)])
    near = [r.stance in g.acceptable_stances for g, r in staged]
    pairs = [(g.stance, r.stance) for g, r in staged]
    objections = [(g, r) for g, r in staged if g.stance == OBJECTION]
    enough = tuple(c for c in concerns if sum(c in g.concerns for g in gold) >= FEWEST)
    return Evaluation(
        turns=len(gold),
        lenient=_scores(
            *(given, [g.concerns for g in gold], [g.acceptable for g in gold], concerns, enough)
        ),
        strict=_scores(given, [g.one for g in gold], [g.one for g in gold], concerns, enough),
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
