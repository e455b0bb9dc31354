"""Sentence vectors of labelled turns, encoded once and kept in out/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight import weights
from callinsight.pipeline.embedding import load_encoder
from callinsight.tagging.encoder import Turn, encode
from callinsight.tagging.sentences import pieces_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1] / "out"


def vectors_of(turns: Sequence[Turn]) -> dict[str, NDArray[np.float16]]:
    """Those of each sentence of all pieces of the turns [sentences, SIZE + 1], by the piece's key."""
    file = FOLDER / f"turn_vectors_{weights.fingerprint(weights.TAGGING)[:12]}.npz"
    known: dict[str, NDArray[np.float16]] = {}
    if file.exists():
        with np.load(file) as kept:
            known = {key: kept[key] for key in kept.files}
    parts = [turn._replace(text=text) for turn in turns for text in pieces_of(turn.text)]
    missing = [part for part in parts if part.key not in known]
    if missing:
        print(f"encoding {len(missing)} turns, once; a minute or more", file=sys.stderr, flush=True)
        known |= encode(missing, {}, load_encoder)
        FOLDER.mkdir(exist_ok=True)
        arrays: dict[str, Any] = dict(known)
        np.savez(file, **arrays)
    return known
