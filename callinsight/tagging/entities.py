"""Firms, people, places and amounts in a text, by spaCy's entity recognition for English."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NETWORK = {
    "@architectures": "spacy.TransitionBasedParser.v2",
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 64,
    "maxout_pieces": 2,
    "use_upper": True,
    "nO": None,
    "tok2vec": {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 96,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [5000, 1000, 2500, 2500],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": 96,
            "depth": 4,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    },
}  # that of en_core_web_sm


class Entity(NamedTuple):
    """A span of a text, in characters, and what kind of thing it names."""

    start: int
    end: int
    label: str  # as OntoNotes has it: ORG, PRODUCT, PERSON, GPE ...


def load_entities(folder: Path) -> Callable[[str], list[Entity]]:
    """What finds the entities of a text, from the folder of the verified weights."""
    import spacy

    language = spacy.blank("en")
    language.vocab.from_disk(folder, exclude=["strings", "vectors"])
    language.tokenizer.from_disk(folder / "tokenizer")
    recogniser = language.add_pipe("ner", config={"model": NETWORK})
    recogniser.from_disk(folder, exclude=["vocab"])

    def recognise(text: str) -> list[Entity]:
        return [Entity(e.start_char, e.end_char, e.label_) for e in language(text).ents]

    return recognise
