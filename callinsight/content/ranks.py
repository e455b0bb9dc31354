"""How far a rank among gaps is to be trusted: the same ranking over many draws of the deals.

The bootstrap (Efron 1979, Annals of Statistics 7) over deals, since the turns of a deal are no
independent witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.shares import jeffreys_lows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from numpy.typing import NDArray

DRAWS = 400
TAIL = 0.05  # of the draws on each side lie outside
SEED = 20_260_101  # any number; the same one, so that the same data give the same ranks


@dataclass(frozen=True)
class Ranked:
    """A gap as it ranks: the deals behind its score, and what no deal changes."""

    eligible: Set[str]
    raising: Set[str]
    unresolved: Set[str]
    missing: float  # share of the target supply


def rank_intervals(
    ranked: Sequence[Ranked], stakes: Mapping[str, float] | None = None
) -> list[tuple[int, int]]:
    """The best and the worst rank of each gap in 90 % of draws over the deals, 1 the first.

    `ranked` stands in its order, which decides between equal scores; with `stakes` (by deal) a
    score is weighted by those of the raising deals.
    """
    if not ranked:
        return []
    deals = sorted(set().union(*(one.eligible for one in ranked)))
    position = {deal: row for row, deal in enumerate(deals)}
    eligible, raising, unresolved = (
        _members([getattr(one, part) for one in ranked], position)
        for part in ("eligible", "raising", "unresolved")
    )
    missing = np.array([one.missing for one in ranked])
    worth = np.array([stakes.get(deal, 0.0) for deal in deals]) if stakes else None
    generator = np.random.default_rng(SEED)
    ranks = np.empty((DRAWS, len(ranked)), dtype=np.int64)
    for draw in range(DRAWS):
        times = np.bincount(generator.integers(0, len(deals), len(deals)), minlength=len(deals))
        weights = times.astype(np.float32)
        raised = weights @ raising
        score = jeffreys_lows(raised, weights @ eligible) * missing
        score *= (weights @ unresolved + 0.5) / (raised + 1)
        if worth is not None:
            score *= (times * worth) @ raising
        ranks[draw, np.argsort(-score, kind="stable")] = np.arange(1, len(ranked) + 1)
    ordered = np.sort(ranks, axis=0)
    outside = int(TAIL * DRAWS)
    return [
        (int(low), int(high)) for low, high in zip(*ordered[[outside, -1 - outside]], strict=True)
    ]


def _members(groups: Sequence[Set[str]], position: Mapping[str, int]) -> NDArray[np.float32]:
    """Which deal (row) is in which group (column), as 0 and 1."""
    matrix = np.zeros((len(position), len(groups)), dtype=np.float32)
    for column, group in enumerate(groups):
        matrix[[position[deal] for deal in group], column] = 1
    return matrix
