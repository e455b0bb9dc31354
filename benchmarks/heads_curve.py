"""How heads get better with more labelled turns: `python benchmarks/heads_curve.py`.

The encoder is as it comes with the program. Heads are fitted on so many turns, drawn at random, and
judged on sources left out of the fit and on unseen_turns.csv.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from left_out import CONCERNS, UNSEEN, fitted_on, left_out, say, tagger, vectors_of

from callinsight.pipeline.embedding import load_encoder
from callinsight.tagging.concerns import pieces
from callinsight.tagging.encoder import Turn, encode
from callinsight.tagging.evaluate import evaluate
from callinsight.tagging.gold import read_gold
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.training import load_examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.tagging.evaluate import Evaluation

SIZES = (250, 500, 1000, 1500)
DRAWS = 3  # of each size


def main() -> None:
    """Print a row for each number of examples: the mean over draws, and the least and most of them."""
    examples = load_examples(load_turns())
    unseen = read_gold(UNSEEN, CONCERNS)
    turns = [Turn(row.context, row.text) for row in unseen]
    parts = [piece for turn in turns for piece in pieces(turn)]
    vectors = vectors_of(examples) | encode(parts, {}, load_encoder)
    print(
        f"Heads fitted on so many labelled turns, drawn at random {DRAWS} times: mean (least-most)\n"
        f"{'':8}{'sources left out':^36}{'turns nothing learnt from':^36}\n"
        f"{'turns':>8}{'F1':>18}{'objection kappa':>18}{'F1':>18}{'objection kappa':>18}"
    )
    for size in (*SIZES, None):
        results: list[tuple[Evaluation, Evaluation]] = []
        for seed in range(DRAWS if size else 1):
            say(f"{size or 'all'}, draw {seed + 1}")
            heads = fitted_on(examples, size, seed)
            ours = tagger(heads).read(turns, vectors)
            results.append(
                (left_out(examples, size, seed, vectors), evaluate(unseen, ours, CONCERNS))
            )
        cells = [
            over_draws([figure(one) for one in column])
            for column in zip(*results, strict=True)
            for figure in (f1_of, kappa_of)
        ]
        print(f"{size or 'all':>8}{''.join(f'{cell:>18}' for cell in cells)}", flush=True)


def f1_of(result: Evaluation) -> float:
    """The macro F1 of concerns."""
    return result.lenient.macro.f1.value


def kappa_of(result: Evaluation) -> float:
    """Agreement on objection or not."""
    return result.objections.kappa.value


def over_draws(values: Sequence[float]) -> str:
    """The mean of several draws, with the least and the most."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ({min(values):.2f}-{max(values):.2f})"


if __name__ == "__main__":
    main()
