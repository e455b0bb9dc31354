"""Train the tagger's heads from the labelled turns in turns/: `make tagger`.

The turns were written for this project. Thresholds come from turns of sources that a head has not
seen, never from the turns it was fitted on.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.tagging.concerns import RELATIVE, Heads, features, phrase_groups
from callinsight.tagging.embed import Embedder
from callinsight.tagging.patterns import PhraseMatcher, words_of
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNS = Path(__file__).parent / "turns"
INVERSE_PENALTY = {"concern": 3.0, "stance": 1.0, "ask": 3.0}  # chosen on held-out sources
THRESHOLDS = np.arange(0.2, 0.6, 0.01)  # less than one in five is not called sure
AS_GOOD = 0.03  # smaller differences of F1 are noise: one standard error, by the bootstrap
DECIMALS = 4  # so that the last bits of the solver do not show


@dataclass(frozen=True)
class LabelledTurn:
    """A buyer's turn with what careful people say of it."""

    id: str
    source: str
    context: str
    text: str
    concerns: tuple[str, ...]
    stance: str
    ask: bool


def train(folder: Path, encoder: str, *, turns: list[LabelledTurn] | None = None) -> Heads:
    """Fit the heads on the project's turns with the embedding model in the folder."""
    turns = load_turns() if turns is None else turns
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    groups = phrase_groups(taxonomy)
    matcher = PhraseMatcher(groups)
    embedder = Embedder(folder)
    texts = [turn.text for turn in turns]
    inputs = features(
        texts,
        embedder.encode(texts),
        embedder.encode([turn.context for turn in turns]),
        [matcher.find(text) for text in texts],
        list(groups),
    )
    concerns = tuple(taxonomy.concerns)
    labels = np.array([[concern in turn.concerns for concern in concerns] for turn in turns])
    stances = np.array([STANCES.index(turn.stance) for turn in turns])
    asks = np.array([[turn.ask] for turn in turns])
    sources = np.array([turn.source for turn in turns])
    return Heads(
        concerns=concerns,
        concern_weights=_binary(inputs, labels, "concern"),
        thresholds=_thresholds(inputs, labels, sources, "concern"),
        stance_weights=_stances(inputs, stances),
        ask_weights=_binary(inputs, asks, "ask"),
        ask_threshold=float(_thresholds(inputs, asks, sources, "ask")[0]),
        groups=tuple(groups),
        encoder=encoder,
    )


def load_turns(folder: Path = TURNS) -> list[LabelledTurn]:
    """Read and check all labelled turns; raises InputError."""
    concerns = set(load_taxonomy(DEFAULT_TAXONOMY).concerns)
    turns: list[LabelledTurn] = []
    seen: dict[str, str] = {}  # a text to what it was first seen as
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                where = f"{file.name}: turn {row['id']}"
                turn = _turn(row, file.stem, where, concerns)
                words = " ".join(words_of(turn.text))
                for key, what in ((f"id {turn.id}", "id"), (words, "text")):
                    if key in seen:
                        raise InputError(f"{where} has the same {what} as {seen[key]}; remove one")
                    seen[key] = where
                turns.append(turn)
    if not turns:
        raise InputError(f"{folder}: there are no labelled turns; put CSV files of turns there")
    return turns


def _turn(row: dict[str, str], source: str, where: str, concerns: set[str]) -> LabelledTurn:
    labels = tuple(row["subjects"].split(";")) if row["subjects"] else ()
    if not words_of(row["text"]):
        raise InputError(f"{where} has no text; write one or remove the row")
    if (
        not set(labels) <= concerns
        or len(set(labels)) < len(labels)
        or row["stance"] not in STANCES
        or (row["stance"] == "none") != (not labels)
        or row["ask"] not in ("0", "1")
    ):
        raise InputError(
            f"{where} has labels that do not fit: subjects '{row['subjects']}', "
            f"stance '{row['stance']}', ask '{row['ask']}'; see the taxonomy"
        )
    return LabelledTurn(
        id=row["id"],
        source=source,
        context=row["context"],
        text=row["text"],
        concerns=labels,
        stance=row["stance"],
        ask=row["ask"] == "1",
    )


def _binary(
    inputs: NDArray[np.float32], labels: NDArray[np.bool_], kind: str
) -> NDArray[np.float32]:
    """One logistic head a column of labels, [columns, features + 1]."""
    from sklearn.linear_model import LogisticRegression

    rows = []
    for column in labels.T:
        model = LogisticRegression(C=INVERSE_PENALTY[kind], max_iter=2000)
        model.fit(inputs[:, :-1], column)
        rows.append(np.append(model.coef_[0], model.intercept_[0]))
    return np.round(np.array(rows), DECIMALS).astype(np.float32)


def _stances(inputs: NDArray[np.float32], stances: NDArray[np.int_]) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=INVERSE_PENALTY["stance"], max_iter=2000)
    model.fit(inputs[:, :-1], stances)
    weights = np.hstack([model.coef_, model.intercept_[:, np.newaxis]])
    return np.round(weights, DECIMALS).astype(np.float32)


def _thresholds(
    inputs: NDArray[np.float32], labels: NDArray[np.bool_], sources: NDArray[np.str_], kind: str
) -> NDArray[np.float32]:
    """The lowest threshold whose F1 is as good as the best, over sources left out in turn.

    Of two that are as good, the lower: a tag that is false stands beside its words for all to see,
    one that is missing does not.
    """
    scores = np.zeros(labels.shape)
    for source in np.unique(sources):
        left_out = sources == source
        weights = _binary(inputs[~left_out], labels[~left_out], kind)
        scores[left_out] = 1 / (1 + np.exp(-(inputs[left_out] @ weights.T)))
    scores[scores < RELATIVE * scores.max(axis=1, keepdims=True)] = 0.0
    chosen = []
    for column, truth in zip(scores.T, labels.T, strict=True):
        f1 = np.array([_f1(column >= threshold, truth) for threshold in THRESHOLDS])
        chosen.append(THRESHOLDS[int(np.argmax(f1 >= f1.max() - AS_GOOD))])
    return np.round(chosen, 2).astype(np.float32)


def _f1(guess: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return 2 * int((guess & truth).sum()) / max(1, int(guess.sum() + truth.sum()))
