"""What corrections teach: `python benchmarks/corrections.py [SOURCES...]`.

The encoder has seen none of these sources. Four of them the heads come from; each is left out of the
heads in turn. Three, in unseen_turns.csv, nothing has learnt from, and the heads that come with the
program have seen none of them. So each is as a new user's calls. Half of it is up for review, the
other half is judged before and after 10, 25, 50 and 100 corrections: those that `callinsight review`
would show, looked for anew after each step, and beside them turns at random. A correction is what the
first annotator says; a turn that is judged is right if one of its annotators agrees, as in
benchmarks/tagging.py. At the end: how many objections elsewhere one wrong correction moves.
"""

from __future__ import annotations

import csv
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from turn_vectors import vectors_of

from callinsight import weights
from callinsight.records import STANCES, Tag
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.corrections import ASK, most_doubtful, sources_of
from callinsight.tagging.encoder import Turn, means
from callinsight.tagging.heads import LEAST, Heads, load_heads, logistic, softmax
from callinsight.tagging.labelled import LabelledTurn, Labels, load_turns
from callinsight.tagging.patterns import PhraseMatcher, words_of
from callinsight.tagging.sentences import pieces_of
from callinsight.tagging.training import (
    CALIBRATION_SOURCES,
    FEWEST_WORDS,
    Example,
    correct_heads,
    fit_heads,
    load_examples,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Correct = Callable[["Source", Mapping[int, Example]], "Given"]


STEPS = (0, 10, 25, 50, 100)
ORDERS = ("least sure first", "at random")
SPLITS = 20  # of a source in turns for review and turns that are judged
FEWEST = 3  # a concern with fewer agreed turns says nothing and stays out of the macro average
DRAWS = 1000  # of the bootstrap
SLIPS = 60  # of each kind and source
UNSEEN = Path(__file__).parent / "unseen_turns.csv"
SEED = 20261122
TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
GROUPS = phrase_groups(TAXONOMY)


@dataclass(frozen=True)
class Source:
    """Turns as a new user's, with heads that have not seen them."""

    name: str
    heads: Heads
    examples: Sequence[Example]
    inputs: NDArray[np.float32]  # of the heads, [examples, features + 1]


@dataclass(frozen=True)
class Given:
    """What heads say of turns."""

    scores: NDArray[np.float32]  # [turns, concerns]
    sure: NDArray[np.bool_]  # [turns, concerns]
    stances: NDArray[np.float32]  # [turns, STANCES]
    objections: NDArray[np.bool_]  # [turns], as reports count them
    asks: NDArray[np.float32]  # [turns]


@dataclass(frozen=True)
class Curve:
    """F1 and kappa of one order, in each draw of the turns: [STEPS, DRAWS + 1], first without one."""

    made: NDArray[np.float64]  # [STEPS], corrections; review may run out of turns that are in doubt
    f1: NDArray[np.float64]
    kappa: NDArray[np.float64]


def main(arguments: Sequence[str]) -> None:
    """Print a table a source, one over all of a kind, and what slips move."""
    sources = [
        source
        for source in (*left_out_sources(), *unseen_sources())
        if source.name in (arguments or source.name)
    ]
    curves: dict[str, dict[str, Curve]] = {}
    for source in sources:
        turns = len(source.examples)
        curves[source.name] = of_source = curves_of(source)
        report(f"{source.name}: {turns} turns, {turns - turns // 2} of them judged", [of_source])
    learnt = [of for name, of in curves.items() if name in CALIBRATION_SOURCES]
    unseen = [of for name, of in curves.items() if name not in CALIBRATION_SOURCES]
    if learnt and unseen:
        report(f"mean over the {len(learnt)} that are left out of the heads", learnt)
        report(f"mean over the {len(unseen)} that nothing has learnt from", unseen)
        report(f"mean over all {len(curves)}", [*learnt, *unseen])
    report_slips(sources)


def left_out_sources() -> Iterator[Source]:
    """Those that heads are fitted on, each with heads of the others."""
    examples = load_examples(load_turns())
    for name in CALIBRATION_SOURCES:
        heads = fit_heads(
            [example for example in examples if example.turn.source != name],
            concerns=list(TAXONOMY.concerns),
            groups=GROUPS,
            encoder=weights.fingerprint(weights.TAGGING),
        )
        yield source_of(name, heads, [e for e in examples if e.turn.source == name])


def unseen_sources() -> Iterator[Source]:
    """Those that nothing has learnt from, with the heads that come with the program."""
    with UNSEEN.open(encoding="utf-8", newline="") as lines:
        turns = [
            LabelledTurn(row["id"], row["source"], row["context"], row["text"], (labels_of(row),))
            for row in csv.DictReader(lines)
        ]
    examples = examples_of(turns)
    for name in dict.fromkeys(turn.source for turn in turns):
        yield source_of(name, load_heads(), [e for e in examples if e.turn.source == name])


def labels_of(row: dict[str, str]) -> Labels:
    """What the one annotator says."""
    concerns = tuple(filter(None, row["subjects"].split(";")))
    return Labels(concerns, row["stance"], row["ask"] == "1")


def examples_of(turns: Sequence[LabelledTurn]) -> list[Example]:
    """As corrections are learnt from: the mean of a turn's pieces by words; short turns left out."""
    parts = {
        turn.id: [Turn(turn.context, text) for text in pieces_of(turn.text)]
        for turn in turns
        if len(words_of(turn.text)) >= FEWEST_WORDS
    }
    vectors = vectors_of([Turn(turn.context, turn.text) for turn in turns])
    examples = []
    for turn in turns:
        if said := parts.get(turn.id):
            words = np.array([len(piece.text.split()) for piece in said], np.float32)
            rows = means([vectors[piece.key] for piece in said])
            examples.append(Example(turn, words / words.sum() @ rows))
    return examples


def source_of(name: str, heads: Heads, examples: Sequence[Example]) -> Source:
    """With the inputs of the heads, which corrections do not change."""
    matcher = PhraseMatcher(GROUPS)
    texts = [example.turn.text for example in examples]
    vectors = np.array([example.vector for example in examples], np.float32)
    inputs = heads.features(vectors, texts, [matcher.find(text) for text in texts])
    return Source(name, heads, examples, inputs)


def curves_of(source: Source) -> dict[str, Curve]:
    """The curve of each order, the mean over splits."""
    turns = [example.turn for example in source.examples]
    draws = draws_of(source.name, len(turns))
    curves: dict[str, list[Curve]] = {order: [] for order in ORDERS}
    for split in range(SPLITS):
        print(f"{source.name}: split {split + 1} of {SPLITS}", file=sys.stderr)
        pool, rest = split_of(source, split)
        judged = [turns[row] for row in rest]
        for order in ORDERS:
            made, f1, kappa = [], [], []
            for corrected, given in steps_of(order, pool, source):
                made.append(corrected)
                f1.append(macro_f1(given.sure[rest], judged, draws[:, rest]))
                kappa.append(kappas(given.objections[rest], judged, draws[:, rest]))
            curves[order].append(Curve(np.array(made), np.array(f1), np.array(kappa)))
    return {order: mean_of(of_splits) for order, of_splits in curves.items()}


def split_of(source: Source, split: int) -> tuple[list[int], list[int]]:
    """The rows that are up for review, in random order, and those that are judged."""
    rows = len(source.examples)
    shuffled = np.random.default_rng(SEED + split).permutation(rows).tolist()
    return shuffled[: rows // 2], sorted(shuffled[rows // 2 :])


def steps_of(order: str, pool: Sequence[int], source: Source) -> Iterator[tuple[int, Given]]:
    """After each step: how many corrections were made, and what is said of all turns then."""
    heads = source.heads
    given = said_by(heads, source.inputs)
    yield 0, given
    chosen: list[int] = []
    for step in STEPS[1:]:
        left = [row for row in pool if row not in chosen]
        if order == ORDERS[0]:
            left = doubtful_rows(left, given, heads)
        chosen += left[: step - len(chosen)]
        given = as_shipped(source, {row: as_corrected(source.examples[row]) for row in chosen})
        yield len(chosen), given


def mean_of(curves: Sequence[Curve]) -> Curve:
    """The mean of several, draw by draw."""
    made, f1, kappa = (
        np.mean([getattr(curve, name) for curve in curves], axis=0)
        for name in ("made", "f1", "kappa")
    )
    return Curve(made, f1, kappa)


def draws_of(name: str, turns: int) -> NDArray[np.float64]:
    """How often each turn is drawn, [DRAWS + 1, turns]; first every turn once."""
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    drawn = random.multinomial(turns, np.full(turns, 1 / turns), size=DRAWS)
    return np.vstack([np.ones(turns), drawn])


def said_by(heads: Heads, inputs: NDArray[np.float32]) -> Given:
    """What the tagger would say, from the vectors of whole turns."""
    scores = logistic(inputs @ heads.concern_weights.T)
    stances = softmax(inputs @ heads.stance_weights.T)
    sure = scores >= heads.thresholds
    objecting = stances[:, STANCES.index("objection")] >= heads.objection_threshold
    asks = logistic(inputs @ heads.ask_weights.T)[:, 0]
    return Given(scores, sure, stances, objecting & (scores >= LEAST).any(axis=1), asks)


def doubtful_rows(rows: Sequence[int], given: Given, heads: Heads) -> list[int]:
    """The rows that `callinsight review` would show, in its order; each turn is a call of its own."""
    thresholds = dict(zip(heads.concerns, map(float, heads.thresholds), strict=True))
    thresholds[ASK] = heads.ask_threshold
    tags = {str(row): tags_of(row, given, thresholds) for row in rows}

    def read(
        kind: str, label: str, stance: str, score: float, upwards: bool
    ) -> Iterator[tuple[float, str]]:
        found = [
            (tag.score, utterance)
            for utterance, of_turn in tags.items()
            for tag in of_turn
            if (tag.kind, tag.label, tag.stance) == (kind, label, stance)
            and (tag.score >= score) == upwards
        ]
        return iter(sorted(found, reverse=not upwards))

    doubtful = most_doubtful(
        sources_of(thresholds, [ASK], read),
        thresholds,
        tags_of=tags.__getitem__,
        counts_anyway=lambda _: False,  # each turn is a deal of its own
    )
    return [int(utterance) for utterance in doubtful]


def tags_of(row: int, given: Given, thresholds: dict[str, float]) -> list[Tag]:
    """The tags of a turn, those that are unsure with them, as the tagger gives them."""
    facts = {
        **dict.fromkeys(("source", "evidence", "persona", "stage", "month"), ""),
        **dict.fromkeys(("utterance", "call", "deal"), str(row)),
    }
    stance = STANCES[int(given.stances[row, :-1].argmax())]
    tags = []
    for concern, score in zip(TAXONOMY.concerns, map(float, given.scores[row]), strict=True):
        threshold = thresholds[concern]
        if score >= LEAST:
            status = "sure" if score >= threshold else "unsure"
            tag = Tag(
                kind="concern", label=concern, stance=stance, score=score, status=status, **facts
            )
            tags.append(tag)
    if given.asks[row] >= LEAST:
        score = float(given.asks[row])
        status = "sure" if score >= thresholds[ASK] else "unsure"
        tags.append(Tag(kind="ask", label=ASK, stance=stance, score=score, status=status, **facts))
    return tags


def as_corrected(example: Example) -> Example:
    """The turn with the labels of one person."""
    turn = example.turn
    one = type(turn)(turn.id, turn.source, turn.context, turn.text, turn.labels[:1])
    return Example(one, example.vector)


def macro_f1(
    sure: NDArray[np.bool_], turns: Sequence[LabelledTurn], draws: NDArray[np.float64]
) -> NDArray[np.float64]:
    """In each draw, the mean F1 of the concerns that enough of the turns have."""
    shares = np.array([[t.concern_share(c) for c in TAXONOMY.concerns] for t in turns])
    enough = (shares == 1).sum(axis=0) >= FEWEST
    right = draws @ (sure & (shares > 0))
    wrong = draws @ (sure & (shares == 0))
    missed = draws @ (~sure & (shares == 1))
    f1 = 2 * right / np.maximum(1, 2 * right + wrong + missed)
    return np.asarray(f1[:, enough].mean(axis=1))


def kappas(
    given: NDArray[np.bool_], turns: Sequence[LabelledTurn], draws: NDArray[np.float64]
) -> NDArray[np.float64]:
    """In each draw, Cohen's kappa of `objection` over the turns that annotators agree on."""
    shares = np.array([turn.stance_share("objection") for turn in turns])
    agreed = (shares == 0) | (shares == 1)
    ours, theirs, drawn = given[agreed], shares[agreed] == 1, draws[:, agreed]
    total = drawn.sum(axis=1)
    same = drawn @ (ours == theirs) / total
    first, second = drawn @ ours / total, drawn @ theirs / total
    chance = first * second + (1 - first) * (1 - second)
    return np.asarray((same - chance) / np.maximum(1e-9, 1 - chance))


def report(title: str, curves: Sequence[dict[str, Curve]]) -> None:
    """Print the mean: a row a step, the value and what it has gained, each with its 95 % interval."""
    print(f"\n{title}")
    names = ("macro F1", "gained", "objection kappa", "gained")
    for order in ORDERS:
        curve = mean_of([of_orders[order] for of_orders in curves])
        print(f"{order:18}" + "".join(f"{name:>26}" for name in names))
        for at, made in enumerate(curve.made):
            cells = [
                interval(values)
                for all_steps in (curve.f1, curve.kappa)
                for values in (all_steps[at], all_steps[at] - all_steps[0])
            ]
            print(
                f"{made:4.0f} corrections  " + "".join(f"{cell:>26}" for cell in cells), flush=True
            )


def as_shipped(source: Source, corrections: Mapping[int, Example]) -> Given:
    """What is said of all turns after corrections of these rows."""
    heads = correct_heads(source.heads, list(corrections.values()), groups=GROUPS)
    return said_by(heads, source.inputs)


def report_slips(sources: Sequence[Source]) -> None:
    """Print how many objections elsewhere change after one wrong correction."""
    print(
        f"\nobjections elsewhere that one wrong correction moves, {SLIPS} of each kind and source"
    )
    print(f"{'':34}{'mean':>8}{'most':>8}")
    for name, stance in (
        ("an objection rejected", "none"),
        ("taken for an objection", "objection"),
    ):
        moved = np.concatenate([moved_by_slips(source, stance) for source in sources])
        print(f"{name:34}{moved.mean():8.3f}{moved.max():8.3f}")


def moved_by_slips(
    source: Source, stance: str, correct: Correct = as_shipped
) -> NDArray[np.float64]:
    """Of each slip, the share of the source's objections that come or go, but for the turn itself."""
    before = said_by(source.heads, source.inputs)
    rows = np.flatnonzero(before.objections == (stance == "none"))
    drawn = np.random.default_rng(SEED).choice(rows, min(SLIPS, len(rows)), replace=False)
    return np.array([moved_by(source, before, row, stance, correct) for row in drawn.tolist()])


def moved_by(source: Source, before: Given, row: int, stance: str, correct: Correct) -> float:
    """What the slip of one turn moves."""
    slip = slip_of(source.examples[row], before.scores[row], stance)
    changed = correct(source, {row: slip}).objections != before.objections
    changed[row] = False
    return float(changed.sum() / before.objections.sum())


def slip_of(example: Example, scores: NDArray[np.float32], stance: str) -> Example:
    """The turn rejected, or taken for an objection to its likeliest concern."""
    turn = example.turn
    concerns = (list(TAXONOMY.concerns)[int(scores.argmax())],) if stance != "none" else ()
    labels = Labels(concerns, stance, ask=False)
    return Example(
        LabelledTurn(turn.id, turn.source, turn.context, turn.text, (labels,)), example.vector
    )


def interval(values: NDArray[np.float64]) -> str:
    """The value without drawing, and between which nineteen of twenty draws lie."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main(sys.argv[1:])
