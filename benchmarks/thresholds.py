"""What "sure" means for each concern: `python benchmarks/thresholds.py`.

Precision and recall at the thresholds of the heads that come with the program, and at those that
reach a stated precision, on sources left out of the fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from left_out import TAXONOMY

from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.heads import load_heads, logistic
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.training import _answers, _inputs, _left_out, load_examples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ASKED = (0.8, 0.9)  # precisions


def main() -> None:
    """Print each concern's thresholds, with precision and recall on sources left out of the fit."""
    heads, examples = load_heads(), load_examples(load_turns())
    inputs = _inputs(examples, phrase_groups(TAXONOMY), heads.center, heads.spread)
    answers = _answers(examples, heads.concerns)
    unseen = _left_out(inputs, answers, [example.turn.source for example in examples])
    scores = logistic(unseen.concerns * heads.calibration[:, 0] + heads.calibration[:, 1])
    print(
        "Sure from which probability on, and precision and recall of what is sure\n"
        f"{'':24}{'best F1':>8}{'precision':>11}{'recall':>8}"
        + "".join(f"{f'for {wanted}':>10}{'recall':>8}" for wanted in ASKED)
    )
    for at, concern in enumerate(heads.concerns):
        shares = answers.concerns[:, at]
        given = scores[:, at] >= heads.thresholds[at]
        right = (shares[given] > 0).mean()
        line = f"{concern:24}{heads.thresholds[at]:8.2f}{right:11.2f}{recall(given, shares):8.2f}"
        for wanted in ASKED:
            threshold = heads.thresholds_for(wanted)[at]
            line += f"{threshold:10.2f}{recall(scores[:, at] >= threshold, shares):8.2f}"
        print(line)
    print(f"ask{heads.ask_threshold:29.2f}")


def recall(given: NDArray[np.bool_], shares: NDArray[np.float32]) -> float:
    """Of what all annotators see, the share that is given."""
    return float(given[shares == 1].mean())


if __name__ == "__main__":
    main()
