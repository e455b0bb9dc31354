"""What developers train again: the encoder's adapter and the heads, from the turns in tagging/turns."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from callinsight import weights
from callinsight.pipeline.embedding import load_encoder
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.encoder import Turn, means
from callinsight.tagging.heads import HEADS
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import words_of
from callinsight.tagging.sentences import pieces_of
from callinsight.tagging.training import (
    CALIBRATION_SOURCES,
    EXAMPLES,
    FEWEST_WORDS,
    Example,
    fit_heads,
    load_examples,
    save_examples,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from callinsight.tagging.labelled import LabelledTurn


def train_encoder(
    folder: Path, *, tell: Callable[[str], None], into: Path = weights.ADAPTER
) -> None:
    """Fit the adapter on all turns but the calibration sources; `folder` has the base model."""
    from safetensors.torch import save_file

    from callinsight.tagging.adapter_training import train_adapter

    turns = [turn for turn in load_turns() if turn.source not in CALIBRATION_SOURCES]
    concerns = list(load_taxonomy(DEFAULT_TAXONOMY).concerns)
    save_file(train_adapter(turns, concerns, folder, tell=tell), into)
    sha256 = hashlib.sha256(into.read_bytes()).hexdigest()
    into.with_suffix(".sha256").write_text(f"{sha256}  {into.name}\n", encoding="ascii")


def train_heads(heads: Path = HEADS, examples: Path = EXAMPLES) -> None:
    """Fit the heads on the calibration sources; the vectors are kept as the heads see them."""
    turns = load_turns()
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    learnt = encode_examples([turn for turn in turns if turn.source in CALIBRATION_SOURCES])
    save_examples(learnt, examples)
    fit_heads(
        load_examples(turns, examples),
        concerns=list(taxonomy.concerns),
        groups=phrase_groups(taxonomy),
        encoder=weights.fingerprint(weights.TAGGING),
    ).save(heads)


def encode_examples(turns: Sequence[LabelledTurn]) -> list[Example]:
    """Those of the labelled turns that heads learn from, with their vectors."""
    encoder = load_encoder()
    read = learnt_from(turns)
    vectors = means([encoder.encode(part) for _, part in read])
    return [Example(turn, vector) for (turn, _), vector in zip(read, vectors, strict=True)]


def learnt_from(turns: Sequence[LabelledTurn]) -> list[tuple[LabelledTurn, Turn]]:
    """The turns that heads learn from, with what they learn of each: its first piece if it is long."""
    return [
        (turn, Turn(turn.context, pieces_of(turn.text)[0]))
        for turn in turns
        if len(words_of(turn.text)) >= FEWEST_WORDS
    ]
