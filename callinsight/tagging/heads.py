"""The linear heads between a turn's vector and what it says: concerns, stance, ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)
HEADS = Path(__file__).parent / "heads.npz"
PHRASE_WEIGHT = 0.5
LEAST = 0.1  # from this probability up to its threshold a tag is unsure and goes to review
PRECISIONS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # that a pipeline file may ask for


@dataclass(frozen=True)
class Heads:
    """Weights, calibrated, with their thresholds; `make tagger` makes them."""

    concerns: tuple[str, ...]
    groups: tuple[str, ...]  # the phrase groups behind the features
    encoder: str  # fingerprint of the model behind the vectors
    center: NDArray[np.float32]  # [SIZE], of the vectors
    spread: NDArray[np.float32]  # [SIZE]
    concern_weights: NDArray[np.float32]  # [concerns, features + 1], the last column is the bias
    calibration: NDArray[np.float32]  # [concerns, 2], slope and shift that are in the weights
    thresholds: NDArray[np.float32]  # [concerns], the best F1
    precise: NDArray[np.float32]  # [concerns, PRECISIONS], the lowest threshold with each precision
    stance_weights: NDArray[np.float32]  # [stances, features + 1]
    objection_threshold: float
    ask_weights: NDArray[np.float32]  # [1, features + 1]
    ask_threshold: float
    ask_calibration: NDArray[np.float32]  # [1, 2]

    def save(self, path: Path = HEADS) -> None:
        """Write the heads; the same heads give the same bytes."""
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        np.savez(path, **arrays)

    def digest(self) -> str:
        """12 hex digits that name these heads."""
        parts = [np.asarray(getattr(self, f.name)).tobytes() for f in fields(self)]
        return hashlib.sha256(b"".join(parts)).hexdigest()[:12]

    def thresholds_for(self, precision: float) -> NDArray[np.float32]:
        """The thresholds [concerns] of the best F1, or for a precision (0 for none)."""
        if not precision:
            return self.thresholds
        at = int(np.searchsorted(PRECISIONS, precision - 1e-9))
        return self.precise[:, min(at, len(PRECISIONS) - 1)]

    def features(
        self,
        vectors: NDArray[np.float32],
        texts: Sequence[str],
        found: Sequence[dict[str, list[str]]],
    ) -> NDArray[np.float32]:
        """Inputs of the heads [turns, features + 1], from the turns' vectors [turns, SIZE]."""
        return features(vectors, texts, found, self.groups, self.center, self.spread)


def load_heads(path: Path = HEADS) -> Heads:
    """Read the heads that come with the program."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    plain = {
        "concerns": tuple(arrays["concerns"].tolist()),
        "groups": tuple(arrays["groups"].tolist()),
        "encoder": str(arrays["encoder"]),
        "objection_threshold": float(arrays["objection_threshold"]),
        "ask_threshold": float(arrays["ask_threshold"]),
    }
    return Heads(**(arrays | plain))


def features(
    vectors: NDArray[np.float32],
    texts: Sequence[str],
    found: Sequence[dict[str, list[str]]],
    groups: Sequence[str],
    center: NDArray[np.float32],
    spread: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Vectors, phrases found, length, question mark and a one for the bias."""
    phrases = np.array([[group in f for group in groups] for f in found], dtype=np.float32)
    shape = [[np.log1p(len(text.split())) / 4, "?" in text, 1.0] for text in texts]
    return np.hstack(
        [
            (vectors - center) / spread / np.sqrt(vectors.shape[1]),
            PHRASE_WEIGHT * phrases.reshape(len(texts), len(groups)),
            np.array(shape, dtype=np.float32).reshape(len(texts), 3),
        ]
    ).astype(np.float32)


def logistic(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float32)


def softmax(values: NDArray[Float]) -> NDArray[Float]:
    """Scores [turns, answers] as probabilities that sum to one a turn."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=values.dtype)
