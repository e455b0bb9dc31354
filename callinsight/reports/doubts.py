"""What might be demand, and how many more deals would tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.demand import Demand, describe
from callinsight.reports.wording import TOPIC, many
from callinsight.shares import chance_below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.records import Gap
    from callinsight.reports.demand import Facts

MOST = 50  # more further deals than this no month brings
CHANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A cell without verdict that a few more deals would decide."""

    demand: Demand
    needed: str


def doubts_of(
    cells: Sequence[Gap], facts: Facts, *, min_deals: int, min_share: float
) -> tuple[tuple[Doubt, ...], str]:
    """The cells nearest to a verdict, and a sentence on how many others there are."""
    open_ = [
        (more_deals(gap, min_deals=min_deals, min_share=min_share), gap)
        for gap in cells
        if gap.verdict == "too_few_calls" and gap.raising and not _is_chatter(gap, min_deals)
    ]
    near = sorted((o for o in open_ if o[0] <= MOST), key=lambda o: (o[0], -o[1].raising, o[1].id))
    doubts = tuple(
        Doubt(demand=describe(gap, facts), needed=f"{more} or more") for more, gap in near
    )
    return doubts, _rest(len(open_) - len(near))


def _is_chatter(gap: Gap, min_deals: int) -> bool:
    """Whether it is a theme that so few deals speak of that it may be one account's own story."""
    return gap.concern.startswith(TOPIC) and gap.raising < min_deals


def more_deals(gap: Gap, *, min_deals: int, min_share: float) -> int:
    """How many more deals, raising it as often, would prove the demand if this were the only cell.

    The other cells ask for more, so this is a lower limit. MOST + 1 stands for all above MOST.
    """
    for more in range(max(1, min_deals - gap.eligible), MOST + 1):
        deals = gap.eligible + more
        if chance_below(round(gap.share * deals), deals, min_share) <= CHANCE:
            return more
    return MOST + 1


def _rest(others: int) -> str:
    if not others:
        return ""
    cells = many(others, "cell is", "cells are")
    it = "it" if others == 1 else "they"
    return f"{cells} not listed: {it} would take more than {MOST} further deals."
