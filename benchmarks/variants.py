"""What else was tried with the heads: `python benchmarks/variants.py`; some minutes on one core.

The encoder stays as it is. Each source that heads are fitted on is left out in turn: heads are fitted
on the others, and calibration and thresholds come from each of those left out of the fit in turn, as
`make tagger` does. Beside them, the turns of unseen_turns.csv, which no choice was made on, by heads of
all four. A row differs from the first in one thing, and is held against it turn by turn (paired
bootstrap). Names of rivals are not looked for, and a turn so long that it is read in pieces is read at
once, and of less than three words left out; else figures are as in benchmarks/tagging.py.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from corrections import GROUPS, TAXONOMY, draws_of, kappas, macro_f1, unseen_sources
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from turn_vectors import vectors_of

from callinsight.records import STANCES
from callinsight.tagging.encoder import SIZE, Turn
from callinsight.tagging.heads import LEAST, features, logistic, softmax
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.sentences import pieces_of, sentences_of
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
UNSEEN = "unseen"  # the source of all turns that nothing has learnt from
EXAMPLES = load_examples(load_turns()) + [e for source in unseen_sources() for e in source.examples]
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
    signals: tuple[str, ...] = ("turn",)  # what the probability of a concern is made of
    lowest: float = 0.0  # of thresholds
    highest: float = 1.0
    objection: str = "concern from 0.1"


JUDGED = ("each source left out in turn", "nothing has learnt from them")
WAYS = (
    Way("what is there"),
    Way("the maximum over sentences, in place of the turn", signals=("sentences",)),
    Way("calibrated on turn and strongest sentence", signals=("turn", "sentences")),
    Way("maximum over sentences' vectors beside the turn's", Fit(beside=True)),
    *(Way(f"C of the regression {c:g} in place of 1", Fit(c=c)) for c in (0.1, 0.3, 3, 10)),
    *(Way(f"turns with the concern weigh {w} times", Fit(positives=w)) for w in (2, 4)),
    *(Way(f"phrases weigh {w:g} times", Fit(phrases=w)) for w in (0, 0.5, 2)),
    Way("the 10 most similar turns, in place of the head", signals=("near 10",)),
    *(
        Way(f"the {k} most similar turns beside the head", signals=("turn", f"near {k}"))
        for k in (10, 30)
    ),
    Way("the stance's `none` as evidence against concerns", signals=("turn", "none")),
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
    groups = [~of(UNSEEN), of(UNSEEN)]
    draws = [draws_of(name, int(rows.sum())) for name, rows in zip(JUDGED, groups, strict=True)]
    titles = [
        f"{rows.sum()} turns, {of_what}" for rows, of_what in zip(groups, JUDGED, strict=True)
    ]
    names = "".join(f"{name:>26}" for name in ("macro F1", "objection kappa") * len(groups))
    print(f"{'':50}" + "".join(f"{title:^52}" for title in titles) + f"\n{'':50}{names}")
    first: list[NDArray[np.float64]] = []
    for way in WAYS:
        print(way.name, file=sys.stderr)
        sure, objections = said(way)
        values = []
        for rows, drawn in zip(groups, draws, strict=True):
            turns = [EXAMPLES[row].turn for row in np.flatnonzero(rows)]
            values += [macro_f1(sure[rows], turns, drawn), kappas(objections[rows], turns, drawn)]
        cells = [against(*pair) for pair in zip(values, first or values, strict=True)]
        first = first or values
        print(f"{way.name:50}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


def against(values: NDArray[np.float64], first: NDArray[np.float64]) -> str:
    """The value, and between which differences to the first row nineteen of twenty draws lie."""
    if values is first:
        low, high = np.quantile(values[1:], (0.025, 0.975))
        return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"
    low, high = np.quantile((values - first)[1:], (0.025, 0.975))
    return f"{values[0]:.3f} ({low:+.3f} to {high:+.3f})"


def said(way: Way) -> tuple[Flags, Flags]:
    """Which concerns are sure [turns, concerns], and which turns are objections [turns]."""
    sure, objections = np.zeros(ANSWERS.concerns.shape, bool), np.zeros(len(EXAMPLES), bool)
    for source in (*CALIBRATION_SOURCES, UNSEEN):
        out, learnt = of(source), learnt_without(source)
        right = ANSWERS.of(learnt)
        scores = calibrated([signal_of(name, way.fit, source) for name in way.signals], learnt)
        best = _best_thresholds(scores[learnt], right.concerns, lenient_f1)
        given = scores >= np.clip(best, way.lowest, way.highest)
        concerned = given if way.objection == "concern sure" else scores >= LEAST
        objecting = softmax(read(way.fit, source).stances)[:, [OBJECTION]]
        objecting = np.where(concerned.any(axis=1, keepdims=True), objecting, np.float32(0))
        wanted = right.stances[:, [OBJECTION]]
        objects = objecting[:, 0] >= _best_thresholds(objecting[learnt], wanted, kappa)[0]
        if way.objection == "makes sure":
            rows = np.flatnonzero(objects & ~given.any(axis=1))
            given[rows, scores[rows].argmax(axis=1)] = True
        sure[out], objections[out] = given[out], objects[out]
    return sure, objections


@functools.cache
def of(source: str) -> Flags:
    """The turns of a source."""
    sources = (e.turn.source for e in EXAMPLES)
    return np.array([(s if s in CALIBRATION_SOURCES else UNSEEN) == source for s in sources])


def learnt_without(*sources: str) -> Flags:
    """The turns that may be learnt from if these sources are left out."""
    return np.asarray(~np.any([of(source) for source in (*sources, UNSEEN)], axis=0))


def signal_of(name: str, fit: Fit, left_out: str) -> Floats:
    """What probabilities may be made of, [turns, concerns]."""
    kind, _, count = name.partition(" ")
    if kind == "near":
        return alike(int(count), left_out)
    says = read(fit, left_out)
    if kind == "none":
        return np.repeat(says.stances[:, [NONE]], len(CONCERNS), axis=1)
    return says.turns if kind == "turn" else says.sentences


def calibrated(signals: list[Floats], learnt: Flags) -> Floats:
    """Probabilities [turns, concerns], fitted on some turns (Platt 1999)."""
    columns = []
    for at in range(len(CONCERNS)):
        inputs = np.column_stack([*(signal[:, at] for signal in signals), np.ones(len(learnt))])
        weights = _binary(inputs[learnt].astype(np.float32), ANSWERS.concerns[learnt][:, [at]])[0]
        columns.append(logistic(inputs.astype(np.float32) @ weights))
    return np.column_stack(columns)


@functools.cache
def read(fit: Fit, left_out: str) -> Read:
    """Each source by heads that have seen neither it nor the one left out."""
    inputs, of_sentences = inputs_of(fit, left_out)
    shape = ANSWERS.concerns.shape
    says = Read(*(np.zeros(s, np.float32) for s in (shape, shape, ANSWERS.stances.shape)))
    for source in {*CALIBRATION_SOURCES, left_out}:
        judged, learnt = of(source), learnt_without(source, left_out)
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
    learnt = VECTORS[learnt_without(left_out)]
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
    learnt = VECTORS[learnt_without(left_out)]
    scaled = (VECTORS - learnt.mean(axis=0)) / (learnt.std(axis=0) + 1e-3)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    shares = np.zeros(ANSWERS.concerns.shape, np.float32)
    for source in {*CALIBRATION_SOURCES, left_out}:
        judged, others = of(source), learnt_without(source, left_out)
        nearest = np.argsort(-(unit[judged] @ unit[others].T), axis=1)[:, :count]
        shares[judged] = ANSWERS.concerns[others][nearest].mean(axis=1)
    return shares


@functools.cache
def sentences_of_turns() -> Sentences:
    """Those of the examples, read in their turns."""
    turns = [Turn(example.turn.context, example.turn.text) for example in EXAMPLES]
    vectors = vectors_of(turns)
    texts, rows, counts = [], [], []
    for turn in turns:
        said = [turn._replace(text=text) for text in pieces_of(turn.text)]
        counts.append(sum(len(vectors[piece.key]) for piece in said))
        for piece in said:
            rows.append(vectors[piece.key][:, :SIZE])
            ends = sentences_of(piece.text)[: len(rows[-1])]
            texts += [piece.text[start:end] for start, end in ends]
    return Sentences(
        np.vstack(rows).astype(np.float32), texts, np.cumsum([0, *counts[:-1]], dtype=np.int64)
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
