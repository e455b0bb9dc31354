"""Concerns of the user's own, told by his example sentences and phrases, without training a head.

Each concern has a logistic regression on sentence vectors: his examples against sentences of the
project's labelled turns. Its scores become probabilities by Platt's method (Platt 1999) on scores
of sentences that were left out, for turns of which BASE_RATE raise the concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.tagging.backchannels import is_backchannel
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher, words_of
from callinsight.tagging.reading import Scored
from callinsight.tagging.sentences import sentences_of
from callinsight.taxonomy import FEWEST_EXAMPLES, TRAINED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from callinsight.taxonomy import Concern

BASE_RATE = 0.05  # of sentences raise a concern: what is assumed before one is read
SURE, UNSURE = 0.5, 0.2  # probability from which on a concern is sure, and goes to review
PHRASE_SCORE = 0.8  # of a phrase of the user's: he wrote it for this concern
FEWEST_WORDS = 3  # of a labelled turn whose sentences concerns are held against
NEGATIVES = 1_000  # sentences of the labelled turns
ALIKE = 0.55  # a labelled sentence with this cosine to an example may raise the concern itself
STRICTNESS = 1.0  # C of the regression


@dataclass(frozen=True)
class _Own:
    """What tells one concern."""

    examples: tuple[str, ...]
    vectors: NDArray[np.float32]  # [examples, size], unit vectors
    weights: NDArray[np.float32]  # [size + 1], the last is the bias
    slope: float  # of the logistic that makes a probability of a score
    shift: float


class UserConcerns:
    """Finds concerns that the shipped tagger has not learnt."""

    def __init__(
        self,
        concerns: Iterable[Concern],
        negatives: NDArray[np.float32],
        embed: Callable[[list[str]], NDArray[np.float32]],
    ) -> None:
        """Learn the concerns among these that are not TRAINED.

        `embed` gives unit vectors [texts, size]; `negatives` are those of `negative_sentences()`.
        """
        own = [concern for concern in concerns if concern.id not in TRAINED]
        self._embed = embed
        self._order = [concern.id for concern in own]
        self._phrases = PhraseMatcher({concern.id: concern.patterns for concern in own})
        self._learnt = {
            concern.id: _learn(concern, negatives, embed(_texts(concern)))
            for concern in own
            if len(concern.examples) >= FEWEST_EXAMPLES
        }

    def find(self, text: str) -> list[Scored]:
        """The user's concerns that a turn raises, each by the sentence that raises it most."""
        sentences = sentences_to_embed(text) if self._order else []
        if not sentences:
            return []
        nothing = np.zeros((len(sentences), 0), np.float32)
        vectors = self._embed(sentences) if self._learnt else nothing
        phrases = [self._phrases.find(sentence) for sentence in sentences]
        found = (self._best(label, sentences, vectors, phrases) for label in self._order)
        return [scored for scored in found if scored]

    def _best(
        self,
        label: str,
        sentences: Sequence[str],
        vectors: NDArray[np.float32],
        phrases: Sequence[dict[str, list[str]]],
    ) -> Scored | None:
        own = self._learnt.get(label)
        scores = _probabilities(own, vectors) if own else np.zeros(len(sentences))
        said = [PHRASE_SCORE if label in found else 0.0 for found in phrases]
        best = int(np.argmax(np.maximum(scores, said)))
        score = max(float(scores[best]), said[best])
        if score < UNSURE:
            return None
        if label in phrases[best]:
            why = "says “" + "”, “".join(phrases[best][label]) + "”"
        else:
            assert own is not None  # without phrases only examples give a score
            why = f"like “{own.examples[int((own.vectors @ vectors[best]).argmax())]}”"
        status = "sure" if score >= SURE else "unsure"
        return Scored(label, round(score, 4), status, sentences[best], why)


def sentences_to_embed(text: str) -> list[str]:
    """The sentences of a turn that are read; none where it only keeps the talk going."""
    if is_backchannel(text):
        return []
    return _sentences(text)


def negative_sentences() -> list[str]:
    """Sentences of the labelled turns, always the same, over all of their sources."""
    texts = [turn.text for turn in load_turns() if len(words_of(turn.text)) >= FEWEST_WORDS]
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    chosen = np.linspace(0, len(sentences) - 1, NEGATIVES).astype(int)
    return [sentences[i] for i in chosen]


def _sentences(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences_of(text)]


def _texts(concern: Concern) -> list[str]:
    """What the concern is learnt from: its description says more generally what examples show."""
    return [*concern.examples, f"{concern.label}: {concern.description}"]


def _learn(concern: Concern, negatives: NDArray[np.float32], examples: NDArray[np.float32]) -> _Own:
    """Fit one concern; `examples` are the vectors of `_texts`."""
    others = negatives[(negatives @ examples.T).max(axis=1) < ALIKE]
    vectors = np.vstack([examples, others])
    is_own = np.arange(len(vectors)) < len(examples)
    left_out = np.zeros(len(vectors))
    # examples are left out one at a time: the fewest of them must not be a fold's loss
    fold = np.where(is_own, np.arange(len(vectors)), np.arange(len(vectors)) % len(examples))
    for number in range(len(examples)):
        weights = _fit(vectors[fold != number], is_own[fold != number])
        left_out[fold == number] = _decide(weights, vectors[fold == number])
    slope, shift = _platt(left_out, is_own)
    return _Own(concern.examples, examples[:-1], _fit(vectors, is_own), slope, shift)


def _fit(vectors: NDArray[np.float32], is_own: NDArray[np.bool_]) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=STRICTNESS, class_weight="balanced", solver="newton-cholesky", max_iter=100
    )
    model.fit(vectors, is_own)
    return np.append(model.coef_[0], model.intercept_).astype(np.float32)


def _platt(scores: NDArray[np.float64], is_own: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift of the logistic over scores; both classes weighed by the base rate.

    Targets are drawn in from 0 and 1, as Platt has it, so that few examples make no certainty.
    """
    from scipy.optimize import minimize

    own, others = int(is_own.sum()), int((~is_own).sum())
    target = np.where(is_own, (own + 1) / (own + 2), 1 / (others + 2))
    weight = np.where(is_own, BASE_RATE / own, (1 - BASE_RATE) / others)

    def loss(line: NDArray[np.float64]) -> float:
        at = line[0] * scores + line[1]
        return float(weight @ (np.logaddexp(0, at) - target * at))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return float(slope), float(shift)


def _decide(weights: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors @ weights[:-1] + weights[-1], dtype=np.float32)


def _probabilities(own: _Own, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    scores = _decide(own.weights, vectors).astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-(own.slope * scores + own.shift))))
