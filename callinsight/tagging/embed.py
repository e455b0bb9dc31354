"""Sentence embeddings with all-MiniLM-L6-v2 on ONNX Runtime."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from callinsight.networks import open_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSIONS = 384
BATCH = 1
MAX_TOKENS = 256


class Embedder:
    """Texts to unit vectors; one thread, so that the same text gives the same bytes."""

    def __init__(self, folder: Path) -> None:
        """Load the verified model from its folder."""
        from tokenizers import Tokenizer

        self._session = open_network(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors [texts, 384], each of length 1."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(texts), BATCH):
            batch = by_length[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([texts[i] for i in batch])
            ids = np.array([e.ids for e in encoded], dtype=np.int64)
            mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
            feed = {
                "input_ids": ids,
                "attention_mask": mask,
                "token_type_ids": np.zeros_like(ids),
            }
            vectors[batch] = self._session.run(["embedding"], feed)[0]
        return vectors


def text_hash(text: str) -> str:
    """What a stored vector is found by."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def embed(
    texts: Iterable[str], stored: Mapping[str, bytes], load: Callable[[], Embedder]
) -> dict[str, NDArray[np.float32]]:
    """A vector for each text hash; the model is loaded only for texts that are not stored."""
    wanted = {text_hash(text): text for text in texts}
    missing = sorted(set(wanted) - set(stored))
    vectors = {key: np.frombuffer(stored[key], dtype=np.float32) for key in wanted if key in stored}
    if missing:
        computed = load().encode([wanted[key] for key in missing])
        vectors.update(zip(missing, computed, strict=True))
    return vectors
