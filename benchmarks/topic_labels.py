"""Whether a topic's label tells its turns: `python benchmarks/topic_labels.py [PIPELINE.toml]`.

Themes are found in two thirds of the deals; a turn of the others belongs to the theme whose centroid
is nearest, if one is near. Its label is right if none of the other labels is nearer to the turn, all
as sentence vectors. Three draws of deals each, from the calls of a pipeline that has run (by default
the demo, after `make demo`) and from three pairs of sources of labelled turns, where ten turns in a row
stand for a deal. A row differs from the first in one thing; in brackets the 95 % interval, in the first
row of the value, below it of the difference, turn by turn. Five minutes of one core.
"""

from __future__ import annotations

import functools
import math
import random
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store
from callinsight.config import load_config
from callinsight.pipeline.embedding import load_embedder
from callinsight.tagging import topics
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.small_talk import leaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DEMO = Path(__file__).parent.parent / "pipelines" / "demo.toml"
SOURCES = (
    ("enterprise", "small_firms"),
    ("software_calls", "software_buyers"),
    ("education", "household"),
)
BLOCK = 10  # labelled turns that stand for a deal
SHORTEST = 6  # words, as in [topics] of a pipeline file
DRAWS = 3
LEARNT = 2 / 3  # of the deals
RESAMPLES = 1000
SEED = 7


@dataclass(frozen=True)
class Said:
    """Turns of substance."""

    name: str
    texts: list[str]
    deals: list[str]
    vectors: Floats  # [turns, 384]
    names: list[str]  # of people and firms


@dataclass(frozen=True)
class Way:
    """How a label is chosen from the terms of a theme."""

    name: str
    own: float = topics.OWN  # what being said more often here adds
    pairs: float = 0.0  # what being a pair of words adds
    words: int = topics.LABEL_TERMS

    def label(
        self, cosines: dict[str, float], gain: dict[str, float]
    ) -> tuple[list[str], list[str]]:
        """In place of the program's."""
        weights = {
            t: round(cosines[t] + self.own * math.log2(gain[t]) + self.pairs * (" " in t), 4)
            for t in cosines
        }
        ranked = sorted(cosines, key=lambda term: (-weights[term], term))
        near = [term for term in ranked if cosines[term] >= topics.RELATED]
        terms = topics._distinct(near)[: topics.TERMS]
        return [t for t in terms if cosines[t] >= topics.TELLING][: self.words], terms


WAYS = (
    Way("what is there"),
    Way("only nearness counts, not how much more it is said", own=0.0),
    Way("how much more it is said counts twice", own=2 * topics.OWN),
    Way("pairs of words first", pairs=0.1),
    Way("one word", words=1),
    Way("five words", words=5),
)


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    file = Path(arguments[0]) if arguments else DEMO
    corpora = [said_in_calls(file), *map(said_in_sources, SOURCES)]
    right = {way: [told(said, way) for said in corpora] for way in WAYS}
    print(f"{'':52}" + "".join(f"{said.name:>32}" for said in corpora))
    print(f"{'turns judged':52}" + "".join(f"{len(told_):32}" for told_ in right[WAYS[0]]))
    for way in WAYS:
        cells = [
            cell(ours, None if way == WAYS[0] else first)
            for ours, first in zip(right[way], right[WAYS[0]], strict=True)
        ]
        print(f"{way.name:52}" + "".join(f"{one:>32}" for one in cells))


def said_in_calls(file: Path) -> Said:
    """What buyers say in the calls of a pipeline."""
    config = load_config(file)
    if not config.database.exists():
        sys.exit(f"{config.database} is not there: run the pipeline first (the demo: make demo)")
    with store.opened(config.database) as db:
        calls = store.all_calls(db)
        turns = [
            (turn.text, call.deal or call.id)
            for call in calls
            for turn in store.utterances_of(db, call.id)
            if turn.side == "buyer"
        ]
        people = {one.name for one in store.all_participants(db)}
    names = {*people, *(call.account for call in calls), *config.tagging.competitors}
    return of_substance(file.stem, turns, sorted(names))


def said_in_sources(sources: Sequence[str]) -> Said:
    """Labelled turns, ten in a row as if of one deal."""
    turns = [
        (turn.text, f"{source} {at // BLOCK}")
        for source in sources
        for at, turn in enumerate(t for t in load_turns() if t.source == source)
    ]
    return of_substance(" ".join(sources), turns, [])


def of_substance(name: str, turns: Iterable[tuple[str, str]], names: list[str]) -> Said:
    """The turns that could have a topic."""
    long = [(text, deal) for text, deal in turns if len(text.split()) >= SHORTEST]
    vectors = embed([text for text, _ in long])
    leans = leaning(lambda texts: embed(list(texts)))(vectors)
    kept = [
        i
        for i, (text, _) in enumerate(long)
        if leans[i] >= topics.LEANS and topics.says_something(text)
    ]
    return Said(name, [long[i][0] for i in kept], [long[i][1] for i in kept], vectors[kept], names)


def told(said: Said, way: Way) -> NDArray[np.bool_]:
    """Whether each turn that was judged, over all draws, is nearest to its own topic's label."""
    print(f"{said.name}: {way.name}", file=sys.stderr, flush=True)
    deals = sorted(set(said.deals))
    found = []
    for draw in range(DRAWS):
        learnt = set(random.Random(draw).sample(deals, round(LEARNT * len(deals))))
        inside = np.array([deal in learnt for deal in said.deals])
        themes = themes_of(said, np.flatnonzero(inside), way)
        others = said.vectors[~inside]
        cosines = others @ np.stack([theme.centroid for theme in themes]).T
        near = cosines.max(axis=1) >= topics.NEAR
        labels = others[near] @ embed([theme.label for theme in themes]).T
        found.append(labels.argmax(axis=1) == cosines[near].argmax(axis=1))
    return np.concatenate(found)


def themes_of(said: Said, rows: NDArray[np.int_], way: Way) -> list[topics.Theme]:
    """The themes of some turns, named in this way."""
    with named_by(way):
        return topics.find_themes(
            [said.texts[row] for row in rows],
            said.vectors[rows],
            embed=embed,
            lean=leaning(lambda texts: embed(list(texts))),
            deals=[said.deals[row] for row in rows],
            names=said.names,
        )


@contextmanager
def named_by(way: Way) -> Iterator[None]:
    """The program chooses labels in this way, for a while."""
    before = topics._label
    topics._label = way.label
    try:
        yield
    finally:
        topics._label = before


def embed(texts: list[str]) -> Floats:
    """Unit vectors [texts, 384]."""
    return np.array([vector_of(text) for text in texts], np.float32).reshape(len(texts), -1)


@functools.cache
def vector_of(text: str) -> Floats:
    """Each text is embedded once."""
    (vector,) = load_embedder().encode([text])
    return np.asarray(vector, np.float32)


def cell(ours: NDArray[np.bool_], first: NDArray[np.bool_] | None) -> str:
    """The share that is right, and its interval or that of the difference to the first row."""
    judged = ours.astype(float) if first is None else ours.astype(float) - first
    draws = np.random.default_rng(SEED).integers(len(judged), size=(RESAMPLES, len(judged)))
    low, high = np.percentile(judged[draws].mean(axis=1), (2.5, 97.5))
    sign = "" if first is None else "+"
    return f"{ours.mean():.2f} ({low:{sign}.2f} to {high:{sign}.2f})"


if __name__ == "__main__":
    main(sys.argv[1:])
