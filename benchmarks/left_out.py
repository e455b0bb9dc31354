"""Heads that are judged on sources of turns which they have not learnt from."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import weights
from callinsight.pipeline.embedding import load_encoder
from callinsight.tagging.concerns import Tagger, phrase_groups, pieces
from callinsight.tagging.encoder import Turn, encode
from callinsight.tagging.evaluate import evaluate
from callinsight.tagging.gold import Gold
from callinsight.tagging.training import CALIBRATION_SOURCES, fit_heads
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.evaluate import Evaluation, Figure
    from callinsight.tagging.heads import Heads
    from callinsight.tagging.labelled import LabelledTurn
    from callinsight.tagging.reading import Reading
    from callinsight.tagging.training import Example

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
CONCERNS = list(TAXONOMY.concerns)
UNSEEN = Path(__file__).parent / "unseen_turns.csv"


def left_out(
    examples: Sequence[Example],
    size: int | None,
    seed: int,
    vectors: Mapping[str, NDArray[np.float16]],
) -> Evaluation:
    """Each source judged by heads of so many examples of the others."""
    gold: list[Gold] = []
    readings: list[Reading] = []
    for source in CALIBRATION_SOURCES:
        heads = fitted_on([e for e in examples if e.turn.source != source], size, seed)
        out = [e.turn for e in examples if e.turn.source == source]
        gold += map(as_gold, out)
        readings += tagger(heads).read([Turn(turn.context, turn.text) for turn in out], vectors)
    return evaluate(gold, readings, CONCERNS)


def fitted_on(examples: Sequence[Example], size: int | None, seed: int) -> Heads:
    """Heads of so many examples, drawn at random."""
    count = min(size or len(examples), len(examples))
    drawn = random.Random(seed).sample(list(examples), count)
    return fitted(drawn, learnable(drawn))


def learnable(examples: Sequence[Example]) -> list[str]:
    """The concerns with an example left, whichever source is left out."""
    sources = {example.turn.source for example in examples}
    return [
        concern
        for concern in CONCERNS
        if all(
            any(e.turn.source != source and e.turn.concern_share(concern) for e in examples)
            for source in sources
        )
    ]


def fitted(examples: Sequence[Example], concerns: Sequence[str] = CONCERNS) -> Heads:
    """Heads on the project's vectors and phrases."""
    return fit_heads(
        examples,
        concerns=concerns,
        groups=phrase_groups(TAXONOMY),
        encoder=weights.fingerprint(weights.TAGGING),
    )


def tagger(heads: Heads) -> Tagger:
    """With the definitions that come with the program; it need not say why."""
    return Tagger(TAXONOMY, heads, encoder=heads.encoder)


def vectors_of(examples: Sequence[Example]) -> dict[str, NDArray[np.float16]]:
    """Vectors of all pieces by their keys: the stored one of a short turn, else encoded again."""
    vectors = {}
    long = []
    for example in examples:
        parts = pieces(Turn(example.turn.context, example.turn.text))
        if len(parts) == 1:
            vectors[parts[0].key] = np.append(example.vector, 1)[None].astype(np.float16)
        else:
            long += parts
    return vectors | encode(long, {}, load_encoder)


def as_gold(turn: LabelledTurn) -> Gold:
    """A turn of the project's as one to be judged on."""
    stances = frozenset(labels.stance for labels in turn.labels)
    return Gold(
        id=turn.id,
        context=turn.context,
        text=turn.text,
        concerns=frozenset(c for c in CONCERNS if turn.concern_share(c) == 1),
        acceptable=frozenset(c for c in CONCERNS if turn.concern_share(c) > 0),
        stance=turn.labels[0].stance if len(stances) == 1 else "",
        acceptable_stances=stances,
        ask=turn.labels[0].ask if turn.ask_share in (0, 1) else None,
        ask_acceptable=turn.ask_share > 0,
    )


def shown(figure: Figure) -> str:
    """With its interval."""
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def say(text: str) -> None:
    """What is being done, on stderr."""
    print(text, file=sys.stderr, flush=True)
