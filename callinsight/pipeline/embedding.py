"""Vectors of what was said, each computed once and kept in the store."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.tagging.embed import DIMENSIONS, Embedder, embed, text_hash
from callinsight.tagging.encoder import TurnEncoder, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.progress import Progress
    from callinsight.tagging.encoder import Turn

REMEMBERED = 2000  # vectors in memory that are not stored; 3 MB
KEPT_AT_ONCE = 200  # vectors in one transaction


@functools.cache
def load_embedder() -> Embedder:
    """The embedding model, loaded once a process."""
    return Embedder(weights.folder(weights.EMBEDDING))


def has_embedder() -> bool:
    """Whether the model is loaded, or here to be; looking for it costs a tenth of a second."""
    return load_embedder.cache_info().currsize > 0 or weights.find(weights.EMBEDDING) is not None


def vectors_of(db: Database, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Vectors of texts by text hash; new ones are kept in the store."""
    texts = set(texts)
    model = weights.fingerprint(weights.EMBEDDING)
    stored = store.load_vectors(db, model, map(text_hash, texts))
    vectors = embed(texts, stored, load_embedder)
    new = {key: vector.tobytes() for key, vector in vectors.items() if key not in stored}
    if new:
        with store.transaction(db):
            store.save_vectors(db, model, new)
    return vectors


def keep_tagged(db: Database, *, progress: Progress, call: str = "") -> None:
    """Keep vectors of what tagged turns say, so that pages find them by meaning; of one call or all."""
    texts = sorted(set(store.tagged_texts(db, call)))
    with progress("Search", len(texts)) as advance:
        for start in range(0, len(texts), KEPT_AT_ONCE):
            some = texts[start : start + KEPT_AT_ONCE]
            vectors_of(db, some)
            for _ in some:
                advance(0.0)


def sentence_vectors(db: Database, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of texts in their order, [texts, 384]; new ones are kept in the store."""
    vectors = vectors_of(db, texts)
    rows = [vectors[text_hash(text)] for text in texts]
    return np.array(rows, np.float32).reshape(len(texts), DIMENSIONS)


def passing_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of texts that come and go, such as titles half typed, [texts, 384]; none is stored."""
    rows = [_passing_vector(text) for text in texts]
    return np.array(rows, np.float32).reshape(len(texts), DIMENSIONS)


@functools.lru_cache(maxsize=REMEMBERED)
def _passing_vector(text: str) -> NDArray[np.float32]:
    (vector,) = load_embedder().encode([text])
    return np.asarray(vector, np.float32)


@functools.cache
def load_encoder() -> TurnEncoder:
    """The model that reads turns, loaded once a process."""
    return TurnEncoder(weights.folder(weights.TAGGING))


def turn_vectors_of(
    db: Database, turns: Iterable[Turn], *, load: Callable[[], TurnEncoder] = load_encoder
) -> dict[str, NDArray[np.float16]]:
    """Vectors of turns and of what the seller said before, by their keys; new ones are kept."""
    turns = set(turns)
    model = weights.fingerprint(weights.TAGGING)
    stored = store.load_vectors(db, model, [turn.key for turn in turns])
    vectors = encode(turns, stored, load)
    new = {key: vector.tobytes() for key, vector in vectors.items() if key not in stored}
    if new:
        with store.transaction(db):
            store.save_vectors(db, model, new)
    return vectors
