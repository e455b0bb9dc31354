"""Concern, stance and ask of buyers' turns: phrases and sentence embeddings, weighed by trained heads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.errors import ConfigError
from callinsight.records import DEMAND_STANCES, STANCES
from callinsight.tagging.patterns import PhraseMatcher, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from callinsight.taxonomy import Taxonomy

HEADS = Path(__file__).parent / "heads.npz"
MIN_WORDS = 3  # shorter turns are backchannels
CONTEXT_WEIGHT = 0.5  # the seller's turn before matters less than the buyer's own
PHRASE_WEIGHT = 0.5
UNSURE = 0.6  # from this share of its threshold up a tag is unsure and goes to review
RELATIVE = 0.6  # by the heads, less than this share of the turn's likeliest concern is its echo
NAMED_SCORE = 0.9  # a rival's name leaves little doubt
PHRASE_SCORE = 0.5  # of a concern of the user's own, which no head was trained on
COMPETITOR = "competitor"
CUE, ASK = "cue ", "ask "


@dataclass(frozen=True)
class Scored:
    """A concern that a turn raises, with its probability and the words behind it."""

    label: str
    score: float
    status: str  # sure | unsure
    evidence: str


@dataclass(frozen=True)
class Reading:
    """What one turn says."""

    concerns: tuple[Scored, ...]
    stance: str
    stance_score: float
    asks: bool
    ask_kind: str  # an ask of the taxonomy, else `other`; empty if nothing is asked for
    ask_score: float


@dataclass(frozen=True)
class Heads:
    """Weights of the linear heads; `make tagger` makes them."""

    concerns: tuple[str, ...]
    concern_weights: NDArray[np.float32]  # [concerns, features + 1], the last column is the bias
    thresholds: NDArray[np.float32]  # [concerns]
    stance_weights: NDArray[np.float32]  # [stances, features + 1]
    ask_weights: NDArray[np.float32]  # [1, features + 1]
    ask_threshold: float
    groups: tuple[str, ...]  # the phrase groups behind the features
    encoder: str  # fingerprint of the embedding model

    def save(self, path: Path = HEADS) -> None:
        """Write the heads; the same heads give the same bytes."""
        arrays: dict[str, Any] = {n: np.asarray(getattr(self, n)) for n in self.__annotations__}
        np.savez(path, **arrays)

    def digest(self) -> str:
        """12 hex digits that name these heads."""
        parts = [np.asarray(getattr(self, name)).tobytes() for name in sorted(self.__annotations__)]
        return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def load_heads(path: Path = HEADS) -> Heads:
    """Read the heads that come with the program."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    return Heads(
        concerns=tuple(arrays["concerns"].tolist()),
        groups=tuple(arrays["groups"].tolist()),
        ask_threshold=float(arrays["ask_threshold"]),
        encoder=str(arrays["encoder"]),
        **{name: arrays[name] for name in arrays if name.endswith(("weights", "thresholds"))},
    )


class Tagger:
    """Reads buyers' turns with the user's taxonomy."""

    def __init__(
        self, taxonomy: Taxonomy, heads: Heads, *, encoder: str, competitors: Sequence[str] = ()
    ) -> None:
        """`encoder` is the fingerprint of the model that made the vectors; raises ConfigError."""
        if encoder != heads.encoder:
            raise ConfigError(
                "the tagger was trained on another embedding model; "
                "run 'make tagger' to train it on this one"
            )
        self._heads = heads
        self._taxonomy = taxonomy
        self._matcher = PhraseMatcher(phrase_groups(taxonomy))
        names = [*taxonomy.concerns[COMPETITOR].names] if COMPETITOR in taxonomy.concerns else []
        self._rivals = PhraseMatcher({COMPETITOR: _as_phrases((*names, *competitors))})
        self._asks = PhraseMatcher({ask.id: ask.patterns for ask in taxonomy.asks.values()})

    def read(
        self,
        texts: Sequence[str],
        text_vectors: NDArray[np.float32],
        context_vectors: NDArray[np.float32],
    ) -> list[Reading]:
        """What each turn says; vectors are [turns, 384] of the turn and of the seller's turn before."""
        found = [self._matcher.find(text) for text in texts]
        inputs = features(texts, text_vectors, context_vectors, found, self._heads.groups)
        concerns = _logistic(inputs @ self._heads.concern_weights.T)
        stances = _softmax(inputs @ self._heads.stance_weights.T)
        asks = _logistic(inputs @ self._heads.ask_weights.T)[:, 0]
        return [
            self._reading(text, words, *scores)
            for text, words, *scores in zip(texts, found, concerns, stances, asks, strict=True)
        ]

    def _reading(
        self,
        text: str,
        found: dict[str, list[str]],
        concerns: NDArray[np.float32],
        stances: NDArray[np.float32],
        ask: np.float32,
    ) -> Reading:
        if len(words_of(text)) < MIN_WORDS:
            return Reading((), "none", 1.0, False, "", 0.0)
        scored = self._concerns(text, found, concerns)
        stance, stance_score = _stance(stances, bool(scored))
        asks = bool(ask >= self._heads.ask_threshold)
        kind = next(iter(self._asks.find(text)), "other") if asks else ""
        return Reading(tuple(scored), stance, stance_score, asks, kind, round(float(ask), 4))

    def _concerns(
        self, text: str, found: dict[str, list[str]], scores: NDArray[np.float32]
    ) -> list[Scored]:
        rivals = self._rivals.find(text).get(COMPETITOR, [])
        trained = dict(zip(self._heads.concerns, map(float, scores), strict=True))
        thresholds = dict(
            zip(self._heads.concerns, map(float, self._heads.thresholds), strict=True)
        )
        echo = RELATIVE * max(trained.get(concern, 0.0) for concern in self._taxonomy.concerns)
        scored = []
        for concern in self._taxonomy.concerns:
            words = found.get(concern, [])
            score, threshold = trained.get(concern, 0.0), thresholds.get(concern, PHRASE_SCORE)
            if concern == COMPETITOR and rivals:
                score, words = max(score, NAMED_SCORE), rivals
            elif concern not in trained:
                score = PHRASE_SCORE if words else 0.0
            elif score < echo:
                continue
            if score >= UNSURE * threshold:
                status = "sure" if score >= threshold else "unsure"
                scored.append(Scored(concern, round(score, 4), status, "; ".join(words) or text))
        return scored


def phrase_groups(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """All phrases of the taxonomy that features are made of, by group."""
    groups = {concern.id: concern.patterns for concern in taxonomy.concerns.values()}
    return groups | {CUE + name: phrases for name, phrases in taxonomy.cues.items()}


def _as_phrases(names: Iterable[str]) -> list[str]:
    """Names of firms as phrases, without the signs in them (`Yahoo!`); empty ones are left out."""
    phrases = [" ".join(words_of(name)) for name in names]
    return [phrase for phrase in phrases if phrase]


def features(
    texts: Sequence[str],
    text_vectors: NDArray[np.float32],
    context_vectors: NDArray[np.float32],
    found: Sequence[dict[str, list[str]]],
    groups: Sequence[str],
) -> NDArray[np.float32]:
    """Inputs of the heads, [turns, features + 1]: both vectors, phrases found, length, question mark."""
    phrases = np.array([[group in f for group in groups] for f in found], dtype=np.float32)
    shape = [[np.log1p(len(text.split())) / 4, "?" in text, 1.0] for text in texts]
    return np.hstack(
        [
            text_vectors,
            CONTEXT_WEIGHT * context_vectors,
            PHRASE_WEIGHT * phrases.reshape(len(texts), len(groups)),
            np.array(shape, dtype=np.float32).reshape(len(texts), 3),
        ]
    ).astype(np.float32)


def _stance(scores: NDArray[np.float32], has_concern: bool) -> tuple[str, float]:
    """The likeliest stance; `none` only without a concern, and nothing else without one."""
    if not has_concern:
        return "none", round(float(scores[STANCES.index("none")]), 4)
    raised = dict(zip(STANCES, map(float, scores), strict=True))
    demand = sum(raised[stance] for stance in DEMAND_STANCES)
    # `none` and `mention` both deny demand: with a concern present they are one answer
    best = max(DEMAND_STANCES, key=lambda s: raised[s])
    if demand >= 1 - demand:
        return best, round(raised[best] / demand, 4)
    return "mention", round(1 - demand, 4)


def _logistic(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float32)


def _softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
