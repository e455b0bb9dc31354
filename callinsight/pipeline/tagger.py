"""The tagger with the models, definitions and examples it needs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from callinsight import weights
from callinsight.pipeline.embedding import load_embedder
from callinsight.tagging.concerns import Tagger
from callinsight.tagging.entities import load_entities
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.names import NameFinder
from callinsight.tagging.training import load_examples
from callinsight.tagging.user_concerns import UserConcerns, negative_sentences
from callinsight.taxonomy import TRAINED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from callinsight.config import TaggingConfig
    from callinsight.tagging.entities import Entity
    from callinsight.tagging.heads import Heads
    from callinsight.tagging.training import Example
    from callinsight.taxonomy import Taxonomy


def tagger_models(taxonomy: Taxonomy) -> list[str]:
    """The models that tags by these definitions need."""
    own = [weights.EMBEDDING] if _has_own(taxonomy) else []
    return [weights.TAGGING, weights.NAMES, *own]


def load_tagger(
    settings: TaggingConfig,
    taxonomy: Taxonomy,
    heads: Heads,
    *,
    examples: Sequence[Example] | None = None,
    company: str = "",
    embed: Callable[[list[str]], NDArray[np.float32]] | None = None,
) -> Tagger:
    """The tagger of a pipeline file; `embed` gives sentence vectors, by default without keeping any."""
    embed = embed or (lambda texts: load_embedder().encode(texts))
    products = [n for p in taxonomy.products.values() for n in (p.label, *p.names)]
    return Tagger(
        taxonomy,
        heads,
        encoder=weights.fingerprint(weights.TAGGING),
        examples=load_examples(load_turns()) if examples is None else examples,
        precision=settings.precision,
        names=NameFinder(
            taxonomy.rivals(settings.competitors),
            own=[company, *products],
            entities=_load_entities,
        ),
        own=_own(taxonomy, embed) if _has_own(taxonomy) else None,
    )


@functools.cache
def _load_entities() -> Callable[[str], list[Entity]]:
    """What recognises names, loaded once a process."""
    return load_entities(weights.folder(weights.NAMES))


def _has_own(taxonomy: Taxonomy) -> bool:
    return not taxonomy.concerns.keys() <= set(TRAINED)


def _own(taxonomy: Taxonomy, embed: Callable[[list[str]], NDArray[np.float32]]) -> UserConcerns:
    concerns = list(taxonomy.concerns.values())
    learnt = any(concern.examples for concern in concerns if concern.id not in TRAINED)
    negatives = embed(negative_sentences()) if learnt else np.zeros((0, 0), np.float32)
    return UserConcerns(concerns, negatives, embed)
