"""How far two annotators agree on the project's own turns: `python benchmarks/annotators.py`.

The second saw no labels. F1 takes one for the truth of the other, over all concerns; kappa is
Cohen's (1960).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import cohen_kappa_score, f1_score

from callinsight.tagging.labelled import load_turns
from callinsight.taxonomy import TRAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.tagging.labelled import LabelledTurn, Labels

HEAD = (
    f"{'source':18}{'turns':>7}{'macro F1':>10}{'stance':>9}{'objection':>11}{'ask':>7}"
    f"{'stances differ':>16}"
)


def main() -> None:
    """Print a line a source that two have labelled, then one over all."""
    both = [turn for turn in load_turns() if len(turn.labels) > 1]
    print(f"{HEAD}   (kappa but for F1 and the last, a share)")
    for source, turns in itertools.groupby(both, key=lambda turn: turn.source):
        print(row(source, list(turns)))
    print(row("all", both))


def row(name: str, turns: Sequence[LabelledTurn]) -> str:
    """The figures of some turns."""
    first, second = zip(*(turn.labels[:2] for turn in turns), strict=True)
    seen = [np.array([[c in one.concerns for c in TRAINED] for one in s]) for s in (first, second)]
    f1 = f1_score(*seen, average="macro", zero_division=0)
    kappas = [
        cohen_kappa_score([view(one) for one in first], [view(one) for one in second])
        for view in (_stance, _objects, _asks)
    ]
    stance, objection, ask = kappas
    differ = np.mean([one.stance != other.stance for one, other in zip(first, second, strict=True)])
    return (
        f"{name:18}{len(turns):7}{f1:10.2f}{stance:9.2f}{objection:11.2f}{ask:7.2f}{differ:16.2f}"
    )


def _stance(one: Labels) -> str:
    return one.stance


def _objects(one: Labels) -> bool:
    return one.stance == "objection"


def _asks(one: Labels) -> bool:
    return one.ask


if __name__ == "__main__":
    main()
