"""How corrections are best learnt from: `python benchmarks/correction_choices.py`.

Ways of learning from fifty corrections, on the four sources that heads are fitted on, each left out
in turn as in benchmarks/corrections.py: what they gain on the rest of the source, and how many
objections elsewhere one wrong correction moves. What is called ours was chosen by this table. The
fifty are those that heads doubt most before any of them is made.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from corrections import (
    ORDERS,
    SPLITS,
    Given,
    Source,
    as_corrected,
    doubtful_rows,
    draws_of,
    interval,
    kappas,
    left_out_sources,
    macro_f1,
    moved_by_slips,
    said_by,
    split_of,
)

from callinsight.records import STANCES
from callinsight.tagging.encoder import SIZE
from callinsight.tagging.heads import LEAST
from callinsight.tagging.training import (
    HOLD_CONCERNS,
    HOLD_STANCES,
    SLIPS,
    Answers,
    Example,
    _answers,
    _moved,
    surprise_of_stances,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CORRECTIONS = 50
OBJECTION = STANCES.index("objection")


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way of learning from corrections."""

    name: str
    stances: float = HOLD_STANCES  # how firmly they find heads in place
    concerns: float = HOLD_CONCERNS
    slips: float = SLIPS
    near: float = 1.0  # from this likeness on, a turn takes on what is said of the corrected one
    shift: float = 0.0  # how firmly the objection threshold is held; 0: it stays

    def __call__(self, source: Source, corrections: Mapping[int, Example]) -> Given:
        """What is said of all turns of the source after corrections of these rows."""
        heads, rows = source.heads, list(corrections)
        inputs = source.inputs[rows]
        answers = _answers(list(corrections.values()), heads.concerns)
        surprise = functools.partial(surprise_of_stances, slips=self.slips)
        moved = replace(
            heads,
            concern_weights=_moved(
                heads.concern_weights, inputs, answers.concerns, hold=self.concerns
            ),
            stance_weights=_moved(
                heads.stance_weights, inputs, answers.stances, hold=self.stances, surprise=surprise
            ),
        )
        if self.shift:
            chances = said_by(moved, inputs).stances[:, OBJECTION]
            by = shift_of(chances, answers.stances[:, OBJECTION], hold=self.shift)
            odds = np.log(heads.objection_threshold / (1 - heads.objection_threshold)) - by
            moved = replace(moved, objection_threshold=float(1 / (1 + np.exp(-odds))))
        given = said_by(moved, source.inputs)
        return self._taken_on(given, source, rows, answers) if self.near < 1 else given

    def _taken_on(
        self, given: Given, source: Source, rows: Sequence[int], answers: Answers
    ) -> Given:
        vectors = source.inputs[:, :SIZE]
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        likeness = unit @ unit[rows].T
        share = np.clip((likeness.max(axis=1) - self.near) / (1 - self.near), 0, 1)[:, np.newaxis]
        nearest = likeness.argmax(axis=1)
        scores = (1 - share) * given.scores + share * answers.concerns[nearest]
        stances = (1 - share) * given.stances + share * answers.stances[nearest]
        objecting = stances[:, OBJECTION] >= source.heads.objection_threshold
        return replace(
            given,
            scores=scores,
            sure=scores >= source.heads.thresholds,
            stances=stances,
            objections=objecting & (scores >= LEAST).any(axis=1),
        )


WAYS = (
    Way(name="ours"),
    Way(name="before: stances held 10, no slips", stances=10, slips=0),
    Way(name="stances held 5, no slips", slips=0),
    Way(name="stances held 2, no slips", stances=2, slips=0),
    Way(name="stances held 10", stances=10),
    Way(name="stances held 3", stances=3),
    Way(name="stances held 2", stances=2),
    Way(name="0.05 of stances are slips", slips=0.05),
    Way(name="0.25 of stances are slips", slips=0.25),
    Way(name="concerns held 30", concerns=30),
    Way(name="concerns held 3", concerns=3),
    Way(name="turns alike by 0.9 take it on", near=0.9),
    Way(name="turns alike by 0.8 take it on", near=0.8),
    Way(name="threshold of objections held 30", shift=30),
    Way(name="threshold of objections held 10", shift=10),
)


def main() -> None:
    """Print a row a way."""
    sources = list(left_out_sources())
    head = f"{'macro F1 gained':>26}{'objection kappa gained':>26}"
    print(f"{'':36}" + "".join(f"{order:^52}" for order in ORDERS) + f"{'moved by a slip':>18}")
    print(f"{'':36}{head * len(ORDERS)}{'mean':>10}{'most':>8}")
    for way in WAYS:
        print(way.name, file=sys.stderr)
        cells = [
            interval(np.mean(gained, axis=0))
            for order in ORDERS
            for gained in zip(*(gains_of(way, order, source) for source in sources), strict=True)
        ]
        moved = np.concatenate(
            [moved_by_slips(s, stance, way) for s in sources for stance in ("none", "objection")]
        )
        shown = "".join(f"{cell:>26}" for cell in cells)
        print(f"{way.name:36}{shown}{moved.mean():10.3f}{moved.max():8.3f}", flush=True)


def gains_of(
    way: Way, order: str, source: Source
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gains of F1 and kappa by a source's draws, the means over splits."""
    before = said_by(source.heads, source.inputs)
    draws = draws_of(source.name, len(source.examples))
    f1, kappa = [], []
    for split in range(SPLITS):
        pool, rest = split_of(source, split)
        rows = doubtful_rows(pool, before, source.heads) if order == ORDERS[0] else pool
        after = way(source, {row: as_corrected(source.examples[row]) for row in rows[:CORRECTIONS]})
        turns, drawn = [source.examples[row].turn for row in rest], draws[:, rest]
        ours, theirs = (
            (macro_f1(given.sure[rest], turns, drawn), kappas(given.objections[rest], turns, drawn))
            for given in (after, before)
        )
        f1.append(ours[0] - theirs[0])
        kappa.append(ours[1] - theirs[1])
    return np.mean(f1, axis=0), np.mean(kappa, axis=0)


def shift_of(chances: NDArray[np.float32], right: NDArray[np.float32], *, hold: float) -> float:
    """What is to be added to log odds so that these come true, under a normal prior; by Newton."""
    odds = np.log(chances / (1 - chances))
    shift = 0.0
    for _ in range(20):
        shifted = 1 / (1 + np.exp(-(odds + shift)))
        slope = (shifted - right).sum() + hold * shift
        shift -= float(slope / ((shifted * (1 - shifted)).sum() + hold))
    return shift


if __name__ == "__main__":
    main()
