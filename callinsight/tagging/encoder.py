"""Buyers' turns as vectors: all-mpnet-base-v2 with the project's adapter, on ONNX Runtime."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callinsight.networks import open_network
from callinsight.tagging.sentences import sentences_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 128  # of a vector
CONTEXT_WORDS = 40  # the end of the seller's turn; what he said before it matters little
MAX_TOKENS = 256


class Turn(NamedTuple):
    """A piece of a buyer's turn, and the seller's turn before it."""

    context: str
    text: str

    @property
    def key(self) -> str:
        """What stored vectors are found by."""
        return hashlib.sha256(f"{self.context}\x1f{self.text}".encode()).hexdigest()[:24]


class TurnEncoder:
    """Turns to vectors, one at a time, so that a turn gives the same bytes whatever is beside it.

    In 8 bits a matrix is scaled by its largest input, that of the neighbours as well; batches of
    eight would be about a third faster (benchmarks/tagging_cost.py).
    """

    def __init__(self, folder: Path) -> None:
        """Load the verified model from its folder."""
        from tokenizers import Tokenizer

        self._session = open_network(folder, arena=True)  # a turn is MAX_TOKENS at most
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, turn: Turn) -> NDArray[np.float16]:
        """Vectors of the turn's sentences and their shares of its tokens, [sentences, SIZE + 1].

        The seller's words are read too, but only the buyer's tokens make the vectors: a sentence's
        is the mean over its tokens, and the turn's the mean of those, weighed by share.
        """
        context = " ".join(turn.context.split()[-CONTEXT_WORDS:])
        encoded = (
            self._tokenizer.encode(context, turn.text)
            if context
            else self._tokenizer.encode(turn.text)
        )
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        tokens = self._session.run(["embedding"], feed)[0][0]
        ours = 1 if context else 0
        starts = np.array([start for start, _ in encoded.offsets])
        said = np.array([sequence == ours for sequence in encoded.sequence_ids])
        rows = [
            np.append(tokens[inside].mean(axis=0), inside.sum() / max(1, said.sum()))
            for start, end in sentences_of(turn.text)
            if (inside := said & (starts >= start) & (starts < end)).any()
        ]
        return np.array(rows, dtype=np.float16).reshape(len(rows), SIZE + 1)


def encode(
    turns: Iterable[Turn], stored: Mapping[str, bytes], load: Callable[[], TurnEncoder]
) -> dict[str, NDArray[np.float16]]:
    """The vectors of each turn by its key; the model is loaded only for turns that are not stored."""
    wanted = {turn.key: turn for turn in turns}
    vectors = {key: unpack(stored[key]) for key in wanted if key in stored}
    missing = sorted(wanted.keys() - stored.keys())
    if missing:
        encoder = load()
        vectors.update({key: encoder.encode(wanted[key]) for key in missing})
    return vectors


def unpack(vectors: bytes) -> NDArray[np.float16]:
    """What `vectors.tobytes()` made."""
    return np.frombuffer(vectors, dtype=np.float16).reshape(-1, SIZE + 1)


def means(vectors: Sequence[NDArray[np.float16]]) -> NDArray[np.float32]:
    """One vector a turn, [turns, SIZE]: the mean over its tokens."""
    rows = [v[:, -1].astype(np.float32) @ v[:, :-1].astype(np.float32) for v in vectors]
    return np.array(rows, dtype=np.float32).reshape(len(vectors), SIZE)
