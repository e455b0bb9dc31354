"""What corrections teach: `python benchmarks/corrections.py [SOURCES...]`.

The encoder has never seen the sources that the heads come from. One of them is left out of the
heads, too, as if it were a new user's calls. Half of it is up for review, the other half is judged
before and after 10, 25, 50 and 100 corrections: those that `callinsight review` would show, looked
for anew after each step, and beside them turns at random. A correction is what the first annotator
says; a turn that is judged is right if one of its annotators agrees, as in benchmarks/tagging.py.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight import weights
from callinsight.records import STANCES, Tag
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.corrections import ASK, most_doubtful, sources_of
from callinsight.tagging.heads import LEAST, Heads, logistic, softmax
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.training import Example, correct_heads, fit_heads, load_examples
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.labelled import LabelledTurn

STEPS = (0, 10, 25, 50, 100)
ORDERS = ("least sure first", "at random")
SPLITS = 10
FEWEST = 3  # a concern with fewer agreed turns says nothing and stays out of the macro average
DRAWS = 1000  # of the bootstrap
SEED = 20261122
TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
GROUPS = phrase_groups(TAXONOMY)


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
    """Print a table a source, and one over all."""
    examples = load_examples(load_turns())
    sources = list(arguments) or sorted({example.turn.source for example in examples})
    curves: dict[str, list[Curve]] = {order: [] for order in ORDERS}
    for source in sources:
        turns = sum(example.turn.source == source for example in examples)
        print(f"\n{source}: {turns} turns, {turns - turns // 2} of them judged")
        for order, curve in curves_of(source, examples).items():
            curves[order].append(curve)
            report(order, curve)
    print(f"\nmean over {len(sources)} sources")
    for order, made in curves.items():
        report(order, mean_of(made))


def curves_of(source: str, examples: Sequence[Example]) -> dict[str, Curve]:
    """The curve of each order, with heads that have not seen the source."""
    others = [example for example in examples if example.turn.source != source]
    own = [example for example in examples if example.turn.source == source]
    heads = fit_heads(
        others,
        concerns=list(TAXONOMY.concerns),
        groups=GROUPS,
        encoder=weights.fingerprint(weights.TAGGING),
    )
    matcher = PhraseMatcher(GROUPS)
    phrases = [matcher.find(example.turn.text) for example in own]
    draws = draws_of(len(own))
    curves: dict[str, list[Curve]] = {order: [] for order in ORDERS}
    for split in range(SPLITS):
        print(f"{source}: split {split + 1} of {SPLITS}", file=sys.stderr)
        shuffled = np.random.default_rng(SEED + split).permutation(len(own)).tolist()
        pool, rest = shuffled[: len(own) // 2], sorted(shuffled[len(own) // 2 :])
        turns = [own[row].turn for row in rest]
        for order in ORDERS:
            made, f1, kappa = [], [], []
            for corrected, given in steps_of(order, pool, heads, own, phrases):
                made.append(corrected)
                f1.append(macro_f1(given.sure[rest], turns, draws[:, rest]))
                kappa.append(kappas(given.objections[rest], turns, draws[:, rest]))
            curves[order].append(Curve(np.array(made), np.array(f1), np.array(kappa)))
    return {order: mean_of(of_splits) for order, of_splits in curves.items()}


def steps_of(
    order: str,
    pool: Sequence[int],
    heads: Heads,
    own: Sequence[Example],
    phrases: list[dict[str, list[str]]],
) -> Iterator[tuple[int, Given]]:
    """After each step: how many corrections were made, and what is said of all turns then."""
    given = said_by(heads, own, phrases)
    yield 0, given
    chosen: list[int] = []
    for step in STEPS[1:]:
        left = [row for row in pool if row not in chosen]
        if order == ORDERS[0]:
            left = doubtful_rows(left, given, heads)
        chosen += left[: step - len(chosen)]
        corrections = [as_corrected(own[row]) for row in chosen]
        given = said_by(correct_heads(heads, corrections, groups=GROUPS), own, phrases)
        yield len(chosen), given


def mean_of(curves: Sequence[Curve]) -> Curve:
    """The mean of several, draw by draw."""
    made, f1, kappa = (
        np.mean([getattr(curve, name) for curve in curves], axis=0)
        for name in ("made", "f1", "kappa")
    )
    return Curve(made, f1, kappa)


def draws_of(turns: int) -> NDArray[np.float64]:
    """How often each turn is drawn, [DRAWS + 1, turns]; first every turn once."""
    random = np.random.default_rng(SEED)
    drawn = random.multinomial(turns, np.full(turns, 1 / turns), size=DRAWS)
    return np.vstack([np.ones(turns), drawn])


def said_by(
    heads: Heads, examples: Sequence[Example], phrases: list[dict[str, list[str]]]
) -> Given:
    """What the tagger would say, from the vectors of whole turns."""
    vectors = np.array([example.vector for example in examples], np.float32)
    inputs = heads.features(vectors, [example.turn.text for example in examples], phrases)
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


def report(order: str, curve: Curve) -> None:
    """Print a row a step: the value, and what it has gained, each with its 95 % interval."""
    names = ("macro F1", "gained", "objection kappa", "gained")
    print(f"{order:18}" + "".join(f"{name:>26}" for name in names))
    for at, made in enumerate(curve.made):
        cells = [
            interval(values)
            for all_steps in (curve.f1, curve.kappa)
            for values in (all_steps[at], all_steps[at] - all_steps[0])
        ]
        print(f"{made:4.0f} corrections  " + "".join(f"{cell:>26}" for cell in cells))


def interval(values: NDArray[np.float64]) -> str:
    """The value without drawing, and between which nineteen of twenty draws lie."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main(sys.argv[1:])
