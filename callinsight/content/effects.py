"""Whether the demand behind a request fell after its content was delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY
from callinsight.shares import difference, jeffreys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.records import ContentRequest, Gap

MONTHS = 3  # on each side; older demand says little of the asset


@dataclass(frozen=True, kw_only=True)
class Share:
    """Deals that raise a concern, of those that could have, over some months."""

    months: tuple[str, ...]
    raising: int
    eligible: int
    share: float
    low: float  # Jeffreys 95 % interval
    high: float


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Demand before and after a delivery, and the interval of how far it rose."""

    before: Share
    after: Share
    change: float
    change_low: float
    change_high: float

    @property
    def is_more_than_noise(self) -> bool:
        """Whether the interval of the change leaves 0 out."""
        return self.change_low > 0 or self.change_high < 0

    @property
    def verdict(self) -> str:
        """Fell | rose | no_clear_change | too_few | too_early.

        Too early where nothing was heard since, too few where no number of the deals since could
        have shown a change.
        """
        if not self.after.eligible:
            return "too_early"
        if not self._could_show:
            return "too_few"
        if not self.is_more_than_noise:
            return "no_clear_change"
        return "fell" if self.change < 0 else "rose"

    @property
    def _could_show(self) -> bool:
        before, heard = (self.before.raising, self.before.eligible), self.after.eligible
        fallen, risen = difference((0, heard), before), difference((heard, heard), before)
        return fallen[1] < 0 or risen[0] > 0


def effect_of(
    request: ContentRequest, gaps: Mapping[str, Iterable[Gap]], *, delivered: str
) -> Effect | None:
    """Demand in the request's cell in the months before and after the one it was delivered in.

    `gaps` are the cells by month (YYYY-MM), `delivered` is a month. Up to three months of each side
    count; the month of delivery is both, and counts on neither. A deal that runs over two months
    counts in each, so the intervals are a little too narrow. A request made because demand was high
    would often see it fall by itself: before a single delivery is called a success, look at cells
    where nothing was delivered. None for a request without a concern, or whose cell is not counted.
    """
    if not request.concern:
        return None
    cells = {
        month: cell for month, found in gaps.items() if (cell := _cell(request, found)) is not None
    }
    if not cells:
        return None
    before = _share([cells[month] for month in sorted(cells) if month < delivered][-MONTHS:])
    after = _share([cells[month] for month in sorted(cells) if month > delivered][:MONTHS])
    low, high = difference((after.raising, after.eligible), (before.raising, before.eligible))
    return Effect(
        before=before,
        after=after,
        change=after.share - before.share,
        change_low=low,
        change_high=high,
    )


def _cell(request: ContentRequest, gaps: Iterable[Gap]) -> Gap | None:
    wanted = (request.concern, request.persona or ANY, request.stage or ANY)
    return next((gap for gap in gaps if (gap.concern, gap.persona, gap.stage) == wanted), None)


def _share(cells: Sequence[Gap]) -> Share:
    raising, eligible = sum(c.raising for c in cells), sum(c.eligible for c in cells)
    low, high = jeffreys(raising, eligible)
    return Share(
        months=tuple(cell.month for cell in cells),
        raising=raising,
        eligible=eligible,
        share=raising / max(1, eligible),
        low=low,
        high=high,
    )
