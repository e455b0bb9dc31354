"""Firms, people, places and amounts in a text, by spaCy's entity recognition for English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from callinsight.imports import keep_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Entity(NamedTuple):
    """A span of a text, in characters, and what kind of thing it names."""

    start: int
    end: int
    label: str  # as OntoNotes has it: ORG, PRODUCT, PERSON, GPE ...


def load_entities(folder: Path) -> Callable[[str], list[Entity]]:
    """What finds the entities of a text, from the folder of the verified weights."""
    keep_out("torch", of="thinc.compat")  # spaCy's; 200 MB
    from spacy.lang.en import English
    from spacy.pipeline import EntityRecognizer
    from spacy.tokenizer import Tokenizer
    from spacy.vocab import create_vocab

    vocab = create_vocab("en", English.Defaults)
    vocab.from_disk(folder, exclude=["strings", "vectors"])
    tokenize = Tokenizer(vocab).from_disk(folder / "tokenizer")
    mark = EntityRecognizer(vocab, network()).from_disk(folder, exclude=["vocab"])

    def recognise(text: str) -> list[Entity]:
        return [Entity(e.start_char, e.end_char, e.label_) for e in mark(tokenize(text)).ents]

    return recognise


def network() -> Any:
    """That of en_core_web_sm, made by hand: spaCy's registry would import every plug-in it finds."""
    from spacy.ml.models import (
        MaxoutWindowEncoder,
        MultiHashEmbed,
        build_tb_parser_model,
        build_Tok2Vec_model,
    )

    embed = MultiHashEmbed(
        width=96,
        attrs=["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        rows=[5000, 1000, 2500, 2500],
        include_static_vectors=False,
    )
    encode = MaxoutWindowEncoder(width=96, depth=4, window_size=1, maxout_pieces=3)
    return build_tb_parser_model(
        build_Tok2Vec_model(embed, encode),
        state_type="ner",
        extra_state_tokens=False,
        hidden_width=64,
        maxout_pieces=2,
        use_upper=True,
    )
