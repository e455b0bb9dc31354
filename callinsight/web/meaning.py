"""Search by meaning over tagged turns: their vectors in 8 bits, in memory once somebody asks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.pipeline.embedding import load_embedder
from callinsight.tagging.embed import DIMENSIONS, text_hash
from callinsight.web.memory import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.web.facets import Shelf
    from callinsight.web.index import Index

    Vector = NDArray[np.float32]

NEAR = 0.3  # cosine from which a turn is near to what is looked for
ALIKE = 0.4  # and to another turn
FEWEST = 20  # shown even if they are farther away
BLOCK = 16_384  # rows at a time: what is unpacked stays small
WAIT_S = 1.0  # for the vectors of a small database, before a page says that it takes a while


def packed(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors in 8 bits, [vectors, dimensions], each by its own largest component: only angles count."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    codes: NDArray[np.int8] = np.rint(vectors * (127 / np.maximum(largest, 1e-12))).astype(np.int8)
    return codes


def cosines(codes: NDArray[np.int8], lengths: Vector, query: Vector) -> Vector:
    """The cosine of each packed vector to a query, [vectors]; `lengths` are those of the codes."""
    query = query / max(float(np.linalg.norm(query)), 1e-12)
    result = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), BLOCK):
        result[start : start + BLOCK] = codes[start : start + BLOCK].astype(np.float32) @ query
    result /= np.maximum(lengths, np.float32(1e-12))
    return result


class Meaning:
    """The vectors of tagged turns by their row numbers."""

    def __init__(self, path: Path, index: Index) -> None:
        """Nothing is read before somebody searches."""
        self._path = path
        self._index = index
        self._lock = threading.Lock()
        self._rows = np.zeros(0, np.int64)  # in rising order
        self._codes = np.zeros((0, DIMENSIONS), np.int8)
        self._lengths = np.zeros(0, np.float32)
        self._edition = -1

    def is_ready(self) -> bool:
        """Whether the vectors are here; if not they are read, and this waits a moment for them."""
        if self._edition != self._index.edition and self._lock.acquire(blocking=False):
            reading = threading.Thread(target=self._read, daemon=True)
            reading.start()
            reading.join(WAIT_S)
        return self._edition >= 0

    def near(self, shelf: Shelf, words: str) -> Vector:
        """How near each excerpt is to what somebody looks for, [excerpts]; -1 without a vector."""
        return self._scores(shelf, load_embedder().encode([words])[0])

    def alike(self, shelf: Shelf, row: int) -> Vector | None:
        """The same to an excerpt by its row number; None if it has no vector."""
        place = int(np.searchsorted(self._rows, row))
        if place >= len(self._rows) or self._rows[place] != row:
            return None
        return self._scores(shelf, self._codes[place].astype(np.float32))

    def _scores(self, shelf: Shelf, query: Vector) -> Vector:
        rows, codes, lengths = self._rows, self._codes, self._lengths
        if not len(rows):
            return np.full(len(shelf), -1, np.float32)
        scores = cosines(codes, lengths, query)
        place = np.minimum(np.searchsorted(rows, shelf.row), len(rows) - 1)
        return np.where(rows[place] == shelf.row, scores[place], np.float32(-1))

    def _read(self) -> None:
        """Bring the vectors in line with the shelf; those of calls that did not change stay."""
        try:
            edition, shelf = self._index.edition, self._index.everything
            with store.opened(self._path) as db:
                changed = store.calls_changed_since(db, self._edition)
                here = np.isin(shelf.row, self._rows)
                known = shelf.calls.codes
                fresh = np.isin(shelf.call, [known[call] for call in changed if call in known])
                wanted = shelf.row[~here | fresh] if self._edition >= 0 else shelf.row
                new = _stored(db, np.sort(wanted), whole=self._edition < 0)
            kept = np.isin(self._rows, shelf.row) & ~np.isin(self._rows, wanted)
            rows = np.concatenate([self._rows[kept], new[0]])
            codes = np.concatenate([self._codes[kept], new[1]]) if kept.any() else new[1]
            order = np.argsort(rows, kind="stable")
            if (np.diff(rows) < 0).any():
                rows, codes = rows[order], codes[order]
            self._lengths = _lengths(codes)
            self._rows, self._codes, self._edition = rows, codes, edition
            settle()
        finally:
            self._lock.release()


def found_by(scores: Vector, least: float) -> NDArray[np.bool_]:
    """The excerpts that are near enough, or the nearest few."""
    if len(scores) > FEWEST:
        least = min(least, float(np.partition(scores, -FEWEST)[-FEWEST]))
    return (scores >= least) & (scores > -1)


def _lengths(codes: NDArray[np.int8]) -> Vector:
    lengths = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), BLOCK):
        block = codes[start : start + BLOCK].astype(np.float32)
        lengths[start : start + BLOCK] = np.sqrt((block * block).sum(axis=1))
    return lengths


def _stored(
    db: Database, rows: NDArray[np.int64], *, whole: bool
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The vectors of tagged turns as they are stored, packed while they are read."""
    model = weights.fingerprint(weights.EMBEDDING)
    only: Sequence[int] | None = None if whole else rows.tolist()
    size = len(rows)
    numbers, codes = np.empty(size, np.int64), np.empty((size, DIMENSIONS), np.int8)
    filled = 0
    for block in _blocks(store.turn_vectors(db, model, text_hash, only)):
        block = block[: size - filled]
        end = filled + len(block)
        numbers[filled:end] = [row for row, _ in block]
        vectors = np.frombuffer(b"".join(vector for _, vector in block), np.float32)
        codes[filled:end] = packed(vectors.reshape(-1, DIMENSIONS))
        filled = end
    return numbers[:filled], codes[:filled]


def _blocks(pairs: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    block: list[tuple[int, bytes]] = []
    for pair in pairs:
        block.append(pair)
        if len(block) == BLOCK // 4:
            yield block
            block = []
    if block:
        yield block
