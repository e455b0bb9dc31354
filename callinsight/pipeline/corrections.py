"""Where people's corrections meet the tags and the heads of the tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callinsight import store
from callinsight.pipeline.embedding import load_encoder, turn_vectors_of
from callinsight.tagging.concerns import phrase_groups, pieces
from callinsight.tagging.corrections import (
    defined,
    holding,
    labelled,
    labelling_of,
    placed,
)
from callinsight.tagging.encoder import Turn, means
from callinsight.tagging.training import Example, correct_heads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.records import Correction, Utterance
    from callinsight.tagging.corrections import Labelling
    from callinsight.tagging.encoder import TurnEncoder
    from callinsight.tagging.heads import Heads
    from callinsight.taxonomy import Taxonomy


def held(
    corrections: Iterable[Correction],
    turns: Sequence[tuple[Utterance, Turn]],
    taxonomy: Taxonomy,
) -> dict[str, tuple[Correction, Labelling]]:
    """What people say of a call's turns, by utterance; what no longer fits is left out.

    `turns` are the buyers' turns of the call. A correction fits as long as its words are there and
    the definitions have its concerns.
    """
    found = {}
    for utterance, correction in placed(holding(corrections), turns).items():
        said = defined(labelling_of(correction.after), taxonomy)
        if said is not None:
            found[utterance] = correction, said
    return found


def corrected_examples(
    db: Database, *, load: Callable[[], TurnEncoder] = load_encoder
) -> list[Example]:
    """What people said of turns, to learn from, also where it no longer fits its call.

    The encoder is loaded only for words whose vectors are not stored.
    """
    corrections = holding(store.all_corrections(db))
    parts = {c.id: pieces(Turn(c.context, c.text)) for c in corrections}
    vectors = turn_vectors_of(db, (piece for p in parts.values() for piece in p), load=load)
    examples = []
    for correction in corrections:
        if said := parts[correction.id]:  # else it is too short to learn anything from
            words = np.array([len(piece.text.split()) for piece in said], np.float32)
            rows = means([vectors[piece.key] for piece in said])
            vector = (words / words.sum()) @ rows
            examples.append(Example(labelled(correction), vector.astype(np.float32)))
    return examples


def corrected_heads(
    db: Database,
    heads: Heads,
    taxonomy: Taxonomy,
    *,
    load: Callable[[], TurnEncoder] = load_encoder,
) -> Heads:
    """The heads with what people said; the same heads where nobody said anything."""
    corrections = corrected_examples(db, load=load)
    if not corrections:
        return heads
    phrases = phrase_groups(taxonomy)
    groups = {name: phrases.get(name, ()) for name in heads.groups}
    return correct_heads(heads, corrections, groups=groups)


def digest_of(corrections: Iterable[Correction]) -> list[tuple[object, ...]]:
    """What tags depend on in corrections, for the hash of their settings."""
    held = holding(corrections)
    return [(c.call, c.utterance, c.context, c.text, c.who, c.at, c.after) for c in held]
