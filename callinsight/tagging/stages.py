"""Buying stage of a call from what both sides say; `make stages` fits the head from dialogues.

The head looks at phrases only: the cues of each stage and the patterns of each concern in the
taxonomy, so that it stays the same when the tagger is trained again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.records import UNKNOWN
from callinsight.tagging.patterns import PhraseMatcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from callinsight.taxonomy import Taxonomy

HEAD = Path(__file__).parent / "stages.npz"
CUE, CONCERN = "cue", "concern"
DECIMALS = 4  # of a probability, so that any machine stores the same
STEADY = 4.0  # turns; a share of fewer turns than this says little


@dataclass(frozen=True)
class StageModel:
    """Log-odds that shares of cues and of concerns lend to each stage."""

    stages: tuple[str, ...]
    features: tuple[str, ...]  # see phrases_of
    weights: tuple[tuple[float, ...], ...]  # by stage, by feature
    bias: tuple[float, ...]  # by stage
    surest: float  # the probability from which a stage is told

    def probabilities(self, counts: Mapping[str, int]) -> dict[str, float]:
        """The probability of each stage, from the number of turns with each feature's phrases."""
        odds = np.array(self.weights) @ shares(counts, self.features) + np.array(self.bias)
        weights = np.exp(odds - odds.max())
        return dict(zip(self.stages, (weights / weights.sum()).tolist(), strict=True))

    def stage_of(self, counts: Mapping[str, int]) -> tuple[str, float]:
        """The likeliest stage, `unknown` if it is not likely enough, and its probability."""
        probabilities = self.probabilities(counts)
        stage = max(probabilities, key=lambda stage: probabilities[stage])
        probability = round(probabilities[stage], DECIMALS)
        return stage if probability >= self.surest else UNKNOWN, probability

    def fits(self, taxonomy: Taxonomy) -> bool:
        """Whether the taxonomy has the stages that the head knows."""
        return set(self.stages) <= set(taxonomy.stages)

    def digest(self) -> str:
        """12 hex digits that name this head."""
        fitted = (self.stages, self.features, self.weights, self.bias, self.surest)
        return hashlib.sha256(repr(fitted).encode()).hexdigest()[:12]

    def save(self, path: Path = HEAD) -> None:
        """Write the head; the same head gives the same bytes."""
        np.savez(
            path,
            stages=_letters(self.stages),
            features=_letters(self.features),
            weights=np.array(self.weights),
            bias=np.array(self.bias),
            surest=np.array(self.surest),
        )


class StageCues:
    """Counts in how many turns of a call each feature's phrases are said."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Compile the phrases; raises ConfigError for one that is not well formed."""
        self._matcher = PhraseMatcher(phrases_of(taxonomy))

    def count(self, turns: Iterable[str]) -> dict[str, int]:
        """The number of turns by feature; turns of both sides."""
        counts: dict[str, int] = {}
        for turn in turns:
            for feature in self._matcher.find(turn):
                counts[feature] = counts.get(feature, 0) + 1
        return counts


def load_stages(path: Path = HEAD) -> StageModel:
    """Read the head that comes with the program; it is read once."""
    return _load(path)


def phrases_of(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """The phrases by feature: `cue STAGE` and `concern CONCERN`."""
    cues = {f"{CUE} {stage.id}": stage.cues for stage in taxonomy.stages.values()}
    concerns = {f"{CONCERN} {one.id}": one.patterns for one in taxonomy.concerns.values()}
    return {name: phrases for name, phrases in (cues | concerns).items() if phrases}


def shares(counts: Mapping[str, int], features: Iterable[str]) -> NDArray[np.float64]:
    """The share of each cue among the cues, and of each concern among the concerns.

    Shares do not grow with the length of a call; where little is said they stay near zero.
    """
    names = list(features)
    found = np.array([counts.get(name, 0) for name in names], dtype=np.float64)
    kinds = np.array([name.partition(" ")[0] for name in names])
    totals = {kind: found[kinds == kind].sum() for kind in (CUE, CONCERN)}
    return found / (np.array([totals[kind] for kind in kinds.tolist()]) + STEADY)


@cache
def _load(path: Path) -> StageModel:
    with np.load(path) as file:
        return StageModel(
            stages=_words(file["stages"]),
            features=_words(file["features"]),
            weights=tuple(tuple(row) for row in file["weights"].tolist()),
            bias=tuple(file["bias"].tolist()),
            surest=float(file["surest"]),
        )


def _letters(words: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def _words(letters: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(letters.tobytes().decode().split("\n"))
