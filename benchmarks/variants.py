"""What else was tried with the heads: `python benchmarks/variants.py`; some minutes on one core.

The encoder stays as it is. Each source that it has not seen is left out in turn; heads are fitted on
the others, and calibration and thresholds come from each of those left out of the fit in turn, as
`make tagger` does. A row differs from the first in one thing, and is held against it turn by turn
(paired bootstrap). Of a turn so long that it is read in pieces, the first counts; names of rivals are
not looked for; else figures are as in benchmarks/tagging.py.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from corrections import DRAWS, GROUPS, SEED, TAXONOMY, interval, kappas, macro_f1
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from turn_vectors import vectors_of

from callinsight.records import STANCES
from callinsight.tagging.concerns import pieces
from callinsight.tagging.encoder import SIZE, Turn
from callinsight.tagging.heads import LEAST, features, logistic, softmax
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.sentences import sentences_of
from callinsight.tagging.training import (
    CALIBRATION_SOURCES,
    INVERSE_PENALTY,
    _answers,
    _best_thresholds,
    _binary,
    kappa,
    lenient_f1,
    load_examples,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Flags = NDArray[np.bool_]


CONCERNS = list(TAXONOMY.concerns)
OBJECTION, NONE = STANCES.index("objection"), STANCES.index("none")
MATCHER = PhraseMatcher(GROUPS)
EXAMPLES = load_examples(load_turns())
VECTORS = np.array([example.vector for example in EXAMPLES], np.float32)
ANSWERS = _answers(EXAMPLES, CONCERNS)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How heads are fitted."""

    c: float = INVERSE_PENALTY
    positives: float = 1.0  # how much turns with the concern weigh
    phrases: float = 1.0  # of the weight that they have
    beside: bool = False  # the maximum over the vectors of sentences, beside the turn's


@dataclass(frozen=True)
class Way:
    """A row of the table."""

    name: str
    fit: Fit = Fit()
    signal: str = "turn"  # what the probability of a concern is made of
    lowest: float = 0.0  # of thresholds
    highest: float = 1.0
    objection: str = "concern from 0.1"


WAYS = (
    Way("what is there"),
    Way("the maximum over sentences, in place of the turn", signal="sentences"),
    Way("calibrated on turn and strongest sentence", signal="both"),
    Way("maximum over sentences' vectors beside the turn's", Fit(beside=True)),
    *(Way(f"C of the regression {c:g} in place of 1", Fit(c=c)) for c in (0.1, 0.3, 3, 10)),
    *(Way(f"turns with the concern weigh {w} times", Fit(positives=w)) for w in (2, 4)),
    *(Way(f"phrases weigh {w:g} times", Fit(phrases=w)) for w in (0, 0.5, 2)),
    Way("the 10 most similar turns, in place of the head", signal="alone 10"),
    *(Way(f"the {k} most similar turns beside the head", signal=f"near {k}") for k in (10, 30)),
    Way("the stance's `none` as evidence against concerns", signal="none"),
    Way("one threshold for all concerns, 0.5", lowest=0.5, highest=0.5),
    Way("no threshold below 0.4", lowest=0.4),
    Way("no threshold above 0.4", highest=0.4),
    Way("an objection only where a concern is sure", objection="concern sure"),
    Way("an objection makes its likeliest concern sure", objection="makes sure"),
)


@dataclass(frozen=True)
class Read:
    """What heads say of turns of sources that they were not fitted on, as log odds."""

    turns: Floats  # [turns, concerns]
    sentences: Floats  # [turns, concerns], the most that one of the turn's has
    stances: Floats  # [turns, STANCES]


@dataclass(frozen=True)
class Sentences:
    """Those of all turns, one after the other."""

    vectors: Floats  # [sentences, SIZE]
    texts: list[str]
    starts: NDArray[np.int64]  # [turns], where those of a turn begin


def main() -> None:
    """Print a row a way."""
    turns = [example.turn for example in EXAMPLES]
    count = len(turns)
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    draws = np.vstack([np.ones(count), drawn])
    names = ("macro F1", "difference", "objection kappa", "difference")
    print(f"{count} turns of {len(CALIBRATION_SOURCES)} sources, each left out in turn; 95 %\n")
    print(f"{'':52}" + "".join(f"{name:>26}" for name in names))
    first: tuple[NDArray[np.float64], ...] = ()
    for way in WAYS:
        print(way.name, file=sys.stderr)
        sure, objections = said(way)
        values = macro_f1(sure, turns, draws), kappas(objections, turns, draws)
        first = first or values
        cells = [
            interval(v) for own, was in zip(values, first, strict=True) for v in (own, own - was)
        ]
        print(f"{way.name:52}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


def said(way: Way) -> tuple[Flags, Flags]:
    """Which concerns are sure [turns, concerns], and which turns are objections [turns]."""
    sure, objections = np.zeros(ANSWERS.concerns.shape, bool), np.zeros(len(EXAMPLES), bool)
    for source in CALIBRATION_SOURCES:
        out = of(source)
        right = ANSWERS.of(~out)
        scores = calibrated(signals_of(way, source), out)
        best = _best_thresholds(scores[~out], right.concerns, lenient_f1)
        given = scores >= np.clip(best, way.lowest, way.highest)
        concerned = given if way.objection == "concern sure" else scores >= LEAST
        objecting = softmax(read(way.fit, source).stances)[:, [OBJECTION]]
        objecting = np.where(concerned.any(axis=1, keepdims=True), objecting, np.float32(0))
        wanted = right.stances[:, [OBJECTION]]
        objects = objecting[:, 0] >= _best_thresholds(objecting[~out], wanted, kappa)[0]
        if way.objection == "makes sure":
            rows = np.flatnonzero(objects & ~given.any(axis=1))
            given[rows, scores[rows].argmax(axis=1)] = True
        sure[out], objections[out] = given[out], objects[out]
    return sure, objections


@functools.cache
def of(source: str) -> Flags:
    """The turns of a source."""
    return np.array([example.turn.source == source for example in EXAMPLES])


def signals_of(way: Way, left_out: str) -> list[Floats]:
    """What probabilities are made of, each [turns, concerns]."""
    says = read(way.fit, left_out)
    kind, _, count = way.signal.partition(" ")
    match kind:
        case "turn":
            return [says.turns]
        case "sentences":
            return [says.sentences]
        case "both":
            return [says.turns, says.sentences]
        case "none":
            return [says.turns, np.repeat(says.stances[:, [NONE]], len(CONCERNS), axis=1)]
        case "alone":
            return [alike(int(count), left_out)]
        case _:
            return [says.turns, alike(int(count), left_out)]


def calibrated(signals: list[Floats], out: Flags) -> Floats:
    """Probabilities [turns, concerns], fitted on the sources that are not out (Platt 1999)."""
    columns = []
    for at in range(len(CONCERNS)):
        inputs = np.column_stack([*(signal[:, at] for signal in signals), np.ones(len(out))])
        weights = _binary(inputs[~out].astype(np.float32), ANSWERS.concerns[~out][:, [at]])[0]
        columns.append(logistic(inputs.astype(np.float32) @ weights))
    return np.column_stack(columns)


@functools.cache
def read(fit: Fit, left_out: str) -> Read:
    """Each source by heads that have seen neither it nor the one left out."""
    inputs, of_sentences = inputs_of(fit, left_out)
    shape = ANSWERS.concerns.shape
    says = Read(*(np.zeros(s, np.float32) for s in (shape, shape, ANSWERS.stances.shape)))
    for source in CALIBRATION_SOURCES:
        judged = of(source)
        learnt = ~judged & ~of(left_out)
        answers = ANSWERS.of(learnt)
        concerns = np.vstack(
            [
                regression(fit, inputs[learnt], np.c_[1 - share, fit.positives * share])
                for share in answers.concerns.T
            ]
        )
        stances = regression(fit, inputs[learnt], answers.stances)
        strongest = np.maximum.reduceat(of_sentences @ concerns.T, sentences_of_turns().starts)
        says.turns[judged] = inputs[judged] @ concerns.T
        says.sentences[judged] = strongest[judged]
        says.stances[judged] = inputs[judged] @ stances.T
    return says


def regression(fit: Fit, inputs: Floats, shares: Floats) -> Floats:
    """Weights [answers, features + 1] for shares [turns, answers]; of two answers, the second's."""
    turns, answers = np.nonzero(shares)
    model = LogisticRegression(C=fit.c, max_iter=2000)
    model.fit(inputs[turns, :-1], answers, sample_weight=shares[turns, answers])
    return np.hstack([model.coef_, model.intercept_[:, np.newaxis]]).astype(np.float32)


def inputs_of(fit: Fit, left_out: str) -> tuple[Floats, Floats]:
    """Inputs of the heads, of turns and of sentences."""
    learnt = VECTORS[~of(left_out)]
    scale = (list(GROUPS), learnt.mean(axis=0), learnt.std(axis=0) + 1e-3)
    texts = [example.turn.text for example in EXAMPLES]
    turns = features(VECTORS, texts, [MATCHER.find(text) for text in texts], *scale)
    parts = sentences_of_turns()
    found = [MATCHER.find(text) for text in parts.texts]
    sentences = features(parts.vectors, parts.texts, found, *scale)
    for inputs in (turns, sentences):
        inputs[:, SIZE : SIZE + len(GROUPS)] *= fit.phrases
    if fit.beside:
        said = sentences[:, :SIZE]
        turns = np.hstack([np.maximum.reduceat(said, parts.starts), turns])
        sentences = np.hstack([said, sentences])
    return turns, sentences


@functools.cache
def alike(count: int, left_out: str) -> Floats:
    """The share of the most similar turns with each concern, of sources as in `read`."""
    learnt = VECTORS[~of(left_out)]
    scaled = (VECTORS - learnt.mean(axis=0)) / (learnt.std(axis=0) + 1e-3)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    shares = np.zeros(ANSWERS.concerns.shape, np.float32)
    for source in CALIBRATION_SOURCES:
        judged = of(source)
        others = ~judged & ~of(left_out)
        nearest = np.argsort(-(unit[judged] @ unit[others].T), axis=1)[:, :count]
        shares[judged] = ANSWERS.concerns[others][nearest].mean(axis=1)
    return shares


@functools.cache
def sentences_of_turns() -> Sentences:
    """Those of the examples, read in their turns."""
    firsts = [pieces(Turn(e.turn.context, e.turn.text))[0] for e in EXAMPLES]
    vectors = vectors_of([Turn(e.turn.context, e.turn.text) for e in EXAMPLES])
    texts, counts = [], []
    for piece in firsts:
        count = len(vectors[piece.key])
        texts += [piece.text[start:end] for start, end in sentences_of(piece.text)[:count]]
        counts.append(count)
    rows = np.vstack([vectors[piece.key][:, :SIZE] for piece in firsts]).astype(np.float32)
    return Sentences(rows, texts, np.cumsum([0, *counts[:-1]]))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
