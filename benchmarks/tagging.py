"""The tagger against labelled turns: `python benchmarks/tagging.py [GOLD.csv]`.

With a gold file the heads that come with the program are scored. Without one, the project's own
turns are: heads are trained on all sources but one and scored on that one, each source in turn.

A gold file has the columns id, context, text, subjects, acceptable_subjects, stance,
acceptable_stances, ask, acceptable_ask; lists are separated by `;`. `subjects` is what the
annotators agreed on, `acceptable_subjects` what at least one of them said, and an empty `stance`
or `ask` is one they did not agree on. Scoring is lenient: a sure tag is right if it is acceptable,
and an agreed subject without a sure tag is missed.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import weights
from callinsight.tagging.concerns import Heads, Reading, Tagger, load_heads
from callinsight.tagging.embed import Embedder
from callinsight.tagging.training import LabelledTurn, load_turns, train
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEWEST = 3  # a concern with fewer agreed turns says nothing and stays out of the macro average


@dataclass(frozen=True)
class Gold:
    """A turn with what the annotators agreed on, and what else would be right."""

    context: str
    text: str
    concerns: frozenset[str]
    acceptable: frozenset[str]
    stance: str  # empty if not agreed
    ask: str  # 0 | 1, empty if not agreed
    acceptable_asks: frozenset[str]


@dataclass(frozen=True)
class Score:
    """Right, wrong and missed tags, and how many were agreed on."""

    right: int
    wrong: int
    missed: int
    agreed: int

    @property
    def precision(self) -> float:
        """Share of the tags given that are right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of right tags among those given or missed."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Speed:
    """CPU seconds of this process."""

    loading: float
    reading: float  # embeddings and tags
    turns: int


def main(arguments: Sequence[str]) -> None:
    """Print the tables for a gold file, else for the project's own turns."""
    if arguments:
        gold = read_gold(Path(arguments[0]))
        print(f"Data: {arguments[0]}, {len(gold)} turns. Heads: those that come with the program.")
        readings, speed = read_turns(gold, load_heads())
    else:
        gold, readings, speed = leave_one_source_out(load_turns())
        print(
            f"Data: the project's own {len(gold)} turns, one label each. Heads: trained without "
            "the source they are scored on.\nThe turns were written for training, so real calls "
            "are harder than this."
        )
    report(gold, readings, speed)


def read_gold(path: Path) -> list[Gold]:
    """The turns of a gold file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Gold(
                context=row["context"],
                text=row["text"],
                concerns=_labels(row["subjects"]),
                acceptable=_labels(row["acceptable_subjects"]) | _labels(row["subjects"]),
                stance=row["stance"],
                ask=row["ask"],
                acceptable_asks=_labels(row["acceptable_ask"]) | _labels(row["ask"]),
            )
            for row in csv.DictReader(file)
        ]


def leave_one_source_out(
    turns: Sequence[LabelledTurn],
) -> tuple[list[Gold], list[Reading], Speed]:
    """Read each source with heads trained on the others."""
    gold: list[Gold] = []
    readings: list[Reading] = []
    speeds = []
    for source in sorted({turn.source for turn in turns}):
        print(f"training without {source}", file=sys.stderr)
        others = [turn for turn in turns if turn.source != source]
        heads = train(
            weights.folder(weights.EMBEDDING), weights.fingerprint(weights.EMBEDDING), turns=others
        )
        left_out = [_as_gold(turn) for turn in turns if turn.source == source]
        read, speed = read_turns(left_out, heads)
        gold += left_out
        readings += read
        speeds.append(speed)
    return (
        gold,
        readings,
        Speed(
            loading=sum(speed.loading for speed in speeds) / len(speeds),
            reading=sum(speed.reading for speed in speeds),
            turns=len(gold),
        ),
    )


def read_turns(gold: Sequence[Gold], heads: Heads) -> tuple[list[Reading], Speed]:
    """What the tagger says of the turns, and the CPU time it took."""
    start = time.process_time()
    embedder = Embedder(weights.folder(weights.EMBEDDING))
    tagger = Tagger(
        load_taxonomy(DEFAULT_TAXONOMY), heads, encoder=weights.fingerprint(weights.EMBEDDING)
    )
    loaded = time.process_time()
    texts = [turn.text for turn in gold]
    contexts = embedder.encode([turn.context for turn in gold])
    readings = tagger.read(texts, embedder.encode(texts), contexts)
    return readings, Speed(loaded - start, time.process_time() - loaded, len(gold))


def report(gold: Sequence[Gold], readings: Sequence[Reading], speed: Speed) -> None:
    """Print quality and speed."""
    concerns = list(load_taxonomy(DEFAULT_TAXONOMY).concerns)
    print(f"\n{'concern':24}{'turns':>6}{'precision':>11}{'recall':>8}{'F1':>7}")
    scores = {concern: score_concern(concern, gold, readings) for concern in concerns}
    for concern, score in scores.items():
        few = "" if score.agreed >= FEWEST else "  too few, not in the average"
        print(f"{concern:24}{_row(score)}{few}")
    enough = [score for score in scores.values() if score.agreed >= FEWEST]
    averages = [
        float(np.mean([getattr(score, name) for score in enough])) if enough else 0.0
        for name in ("precision", "recall", "f1")
    ]
    print(f"{'macro average':30}{averages[0]:11.3f}{averages[1]:8.3f}{averages[2]:7.3f}")
    print(f"{'ask':24}{_row(score_asks(gold, readings))}")
    stances = [(g.stance, r) for g, r in zip(gold, readings, strict=True) if g.stance]
    kappa = cohens_kappa([(said == "objection", is_objection(r)) for said, r in stances])
    print(f"objection or not: Cohen's kappa {kappa:.3f} over {len(stances)} turns")
    print(
        f"speed: {speed.turns / speed.reading:.0f} turns a second and core, embedding each turn "
        f"and its context; loading the models takes {speed.loading:.2f} CPU seconds more"
    )


def score_concern(concern: str, gold: Sequence[Gold], readings: Sequence[Reading]) -> Score:
    """Sure tags of one concern."""
    return _score(
        (concern in sure_concerns(r), concern in g.concerns, concern in g.acceptable)
        for g, r in zip(gold, readings, strict=True)
    )


def score_asks(gold: Sequence[Gold], readings: Sequence[Reading]) -> Score:
    """Asks for material."""
    return _score(
        (r.asks, g.ask == "1", "1" in g.acceptable_asks)
        for g, r in zip(gold, readings, strict=True)
    )


def sure_concerns(reading: Reading) -> set[str]:
    """The concerns that are counted; unsure ones go to review."""
    return {concern.label for concern in reading.concerns if concern.status == "sure"}


def is_objection(reading: Reading) -> bool:
    """A sure concern, raised as an objection."""
    return reading.stance == "objection" and bool(sure_concerns(reading))


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Agreement beyond chance of two yes-or-no judgements (Cohen 1960); 0 for no pairs."""
    if not pairs:
        return 0.0
    first, second = np.array(pairs, dtype=bool).T
    agreed = float((first == second).mean())
    chance = float(first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean()))
    return (agreed - chance) / (1 - chance) if chance < 1 else 0.0


def _score(answers: Iterable[tuple[bool, bool, bool]]) -> Score:
    """From (given, agreed, acceptable) for each turn."""
    rows = list(answers)
    return Score(
        right=sum(given and fine for given, _, fine in rows),
        wrong=sum(given and not fine for given, _, fine in rows),
        missed=sum(agreed and not given for given, agreed, _ in rows),
        agreed=sum(agreed for _, agreed, _ in rows),
    )


def _row(score: Score) -> str:
    return f"{score.agreed:6}{score.precision:11.3f}{score.recall:8.3f}{score.f1:7.3f}"


def _as_gold(turn: LabelledTurn) -> Gold:
    labels, ask = frozenset(turn.concerns), str(int(turn.ask))
    return Gold(turn.context, turn.text, labels, labels, turn.stance, ask, frozenset({ask}))


def _labels(cell: str) -> frozenset[str]:
    return frozenset(label for label in cell.split(";") if label)


if __name__ == "__main__":
    main(sys.argv[1:])
