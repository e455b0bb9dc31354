"""Fit the head that infers a call's buying stage from labelled dialogues: `make stages`.

How far it is to be trusted is learnt from dialogues of sources that it has not seen. stages.csv holds
the labels, each given by one reader to a whole dialogue: `awareness` a first contact or the rep
learning how things are done, `consideration` seeing, trying and comparing, `decision` quotes, terms,
approval and vetting, `retention` a customer already. Service calls, calls that do it all in one, and
whatever could not be told are left out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.errors import InputError, nearest
from callinsight.tagging.heads import softmax
from callinsight.tagging.stages import StageCues, StageModel, phrases_of, shares
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from callinsight.taxonomy import Taxonomy

Dialogue = tuple[str, str, "Sequence[str]"]  # id, source, turns of both sides
LABELS = Path(__file__).parent / "stages.csv"
INVERSE_PENALTY = 10.0  # chosen on left-out sources
RIGHT = 0.85  # of the stages told, so many are to be right
STEPS = np.arange(0.3, 1.0, 0.05).round(2)
DECIMALS = 3  # so that the last bits of the solver do not show


@dataclass(frozen=True)
class Labelled:
    """What is said in a dialogue of a known stage, as the head sees it."""

    id: str
    source: str
    stage: str
    counts: dict[str, int]  # turns by feature


def train(dialogues: Iterable[Dialogue]) -> StageModel:
    """Fit the head that comes with the program, with the phrases of its taxonomy."""
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    return fit(load_labelled(dialogues, taxonomy), taxonomy)


def fit(labelled: Sequence[Labelled], taxonomy: Taxonomy) -> StageModel:
    """Fit and calibrate a head; needs dialogues of two sources or more.

    A stage is told from the least probability, in steps of 0.05, from which RIGHT of the stages
    told of left-out dialogues are right.
    """
    judged = list(left_out(labelled, taxonomy))
    truths = np.array([model.stages.index(one.stage) for one, model in judged])
    odds = np.array([_odds(model, one) for one, model in judged])
    scale = _scale(odds, truths)
    surest = _surest(softmax(scale * odds), truths)
    return _scaled(_fit(labelled, taxonomy), scale, surest)


def load_labelled(
    dialogues: Iterable[Dialogue], taxonomy: Taxonomy, file: Path = LABELS
) -> list[Labelled]:
    """The dialogues that have a label; raises InputError."""
    known = {id_: (source, turns) for id_, source, turns in dialogues}
    cues = StageCues(taxonomy)
    labelled = []
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            where = f"{file.name}, row {number}"
            _check(row["dialogue"], known, f"{where}: there is no dialogue")
            _check(row["stage"], taxonomy.stages, f"{where}: there is no stage")
            source, turns = known[row["dialogue"]]
            labelled.append(Labelled(row["dialogue"], source, row["stage"], cues.count(turns)))
    return labelled


def left_out(
    labelled: Sequence[Labelled], taxonomy: Taxonomy
) -> Iterator[tuple[Labelled, StageModel]]:
    """Each dialogue with a head that was fitted on the other sources, not yet calibrated."""
    for source in sorted({one.source for one in labelled}):
        model = _fit([one for one in labelled if one.source != source], taxonomy)
        for one in labelled:
            if one.source == source:
                yield one, model


def _check(name: str, known: Iterable[str], problem: str) -> None:
    if name not in set(known):
        hint = nearest(name, list(known)) or "; mend the row, or remove it"
        raise InputError(f"{problem} '{name}'{hint}")


def _fit(labelled: Sequence[Labelled], taxonomy: Taxonomy) -> StageModel:
    """A multinomial logistic regression over shares, not yet calibrated."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    features = tuple(phrases_of(taxonomy))
    stages = tuple(taxonomy.stages)
    inputs = np.array([shares(one.counts, features) for one in labelled])
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=5000, tol=1e-10)
    with threadpool_limits(limits=1):  # the same bytes on any number of cores
        model.fit(inputs, [stages.index(one.stage) for one in labelled])
    weights = tuple(tuple(row) for row in model.coef_.tolist())
    return StageModel(stages, features, weights, tuple(model.intercept_.tolist()), surest=0.0)


def _odds(model: StageModel, one: Labelled) -> NDArray[np.float64]:
    return np.log(list(model.probabilities(one.counts).values()))


def _scale(odds: NDArray[np.float64], truths: NDArray[np.int_]) -> float:
    """The factor of all log-odds that makes what is true likeliest."""
    from scipy.optimize import minimize_scalar

    def loss(factor: float) -> float:
        told = softmax(factor * odds)[np.arange(len(truths)), truths]
        return float(-np.log(told).mean())

    best = minimize_scalar(loss, bounds=(0.01, 10.0), method="bounded", options={"xatol": 1e-9})
    return float(best.x)


def _surest(probabilities: NDArray[np.float64], truths: NDArray[np.int_]) -> float:
    likeliest = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truths
    good = (t for t in STEPS.tolist() if right[likeliest >= t].mean() >= RIGHT)
    return float(next(good, 1.0))


def _scaled(model: StageModel, scale: float, surest: float) -> StageModel:
    return StageModel(
        model.stages,
        model.features,
        tuple(tuple(round(scale * w, DECIMALS) for w in row) for row in model.weights),
        tuple(round(scale * b, DECIMALS) for b in model.bias),
        surest,
    )
