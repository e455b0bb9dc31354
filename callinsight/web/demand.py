"""Cells of demand as the pages show them: what is chosen, how they rank, what moved since before."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from callinsight import store
from callinsight.content.supply import TOPIC
from callinsight.content.unused import find_unused
from callinsight.months import last_day, month_before
from callinsight.reports.balance import usable_items
from callinsight.reports.changes import changes_between
from callinsight.reports.comparison import change_row
from callinsight.reports.demand import VERDICTS, Facts, of_deals, supply_of
from callinsight.reports.matrix import lines_of
from callinsight.reports.numbers import MonthNumbers, numbers_of
from callinsight.reports.wording import ANY, count, money, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from fastapi import Request
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import ContentItem, Gap
    from callinsight.reports.changes import Change
    from callinsight.reports.comparison import ChangeRow
    from callinsight.reports.matrix import Line
    from callinsight.reports.numbers import Count
    from callinsight.reports.wording import Names
    from callinsight.taxonomy import Taxonomy

Key = tuple[str, str, str]
CONCERNS, TOPICS = "concerns", "topics"
TOLD = ("gap", "weak", "covered")  # what is listed if nothing else is asked for
EVERY = "all"
LEVELS = {"cell": "By role", "stage": "All roles of a stage", "concern": "Over all"}
REPEATED = 24  # pairs of months whose comparison is kept


@dataclass(frozen=True)
class Choice:
    """What a visitor looks at; the address says all of it."""

    month: str
    about: str = CONCERNS  # or topics, or the id of one of either
    persona: str = ""
    stage: str = ""
    verdict: str = ""
    level: str = "cell"
    start: int = 0

    def address(self, path: str = "/gaps", *, start: int = 0, **other: str) -> str:
        """The link to this choice, with something else chosen; from its start, if nothing is said."""
        chosen = replace(self, start=start, **other)
        pairs = {
            "month": chosen.month,
            "about": chosen.about if chosen.about != CONCERNS else "",
            "persona": chosen.persona,
            "stage": chosen.stage,
            "verdict": chosen.verdict,
            "level": chosen.level if chosen.level != "cell" else "",
            "start": str(chosen.start) if chosen.start else "",
        }
        return f"{path}?{urlencode({name: value for name, value in pairs.items() if value})}"

    @property
    def is_of_topics(self) -> bool:
        """Whether themes are shown, not concerns."""
        return self.about == TOPICS or self.about.startswith(TOPIC)

    @property
    def is_narrowed(self) -> bool:
        """Whether the list is narrowed beyond the month and kind."""
        return bool(self.persona or self.stage or self.verdict) or self.about not in (
            CONCERNS,
            TOPICS,
        )

    def shows(self, gap: Gap) -> bool:
        """Whether a cell is of the kind that is looked at, whatever its verdict and place."""
        if self.about in (CONCERNS, TOPICS):
            return gap.concern.startswith(TOPIC) == self.is_of_topics
        return gap.concern == self.about

    def lists(self, gap: Gap) -> bool:
        """Whether the list has a cell."""
        wanted = TOLD if not self.verdict else tuple(VERDICTS)
        return (
            self.shows(gap)
            and gap.level == self.level
            and gap.verdict in wanted
            and self.verdict in ("", EVERY, gap.verdict)
            and self.persona in ("", gap.persona)
            and self.stage in ("", gap.stage)
        )


def choice_of(request: Request, months: Sequence[str]) -> Choice:
    """Read an address; without a month the last one."""
    asked = request.query_params
    level, start = asked.get("level", ""), asked.get("start", "")
    return Choice(
        month=asked.get("month", "") or (months[-1] if months else ""),
        about=asked.get("about", "") or CONCERNS,
        persona=asked.get("persona", ""),
        stage=asked.get("stage", ""),
        verdict=asked.get("verdict", ""),
        level=level if level in LEVELS else "cell",
        start=int(start) if start.isdecimal() and len(start) < 8 else 0,
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A cell in the list."""

    gap: Gap
    rank: int  # 0 outside the ranking
    concern: str
    place: str
    verdict_word: str
    deals: str
    share: str
    interval: str
    supply: str
    worth: str  # of the raising deals that are open
    lost: str  # of those that are lost
    move: ChangeRow | None

    @property
    def address(self) -> str:
        """Its page."""
        return gap_address(self.gap.id)

    @property
    def stability(self) -> str:
        """Which ranks it takes when the deals are drawn again."""
        low, high = self.gap.rank_low, self.gap.rank_high
        if not low:
            return ""
        return f"Rank {low} is firm" if low == high else f"Rank {low} to {high}"


def gap_address(id_: str) -> str:
    """The page of a cell of a month: a link that stays."""
    return f"/gaps/{quote(id_)}"


def ranked(
    gaps: Iterable[Gap],
    names: Names,
    moves: Mapping[Key, Change],
    *,
    currency: str | None,
    start: int = 0,
    most: int | None = None,
) -> list[Row]:
    """The cells as rows, the most pressing first, then what is covered, by demand.

    At `most` so many from a `start` on.
    """
    order = list(VERDICTS)
    found = sorted(
        gaps, key=lambda g: (-g.score, order.index(g.verdict), -g.share_low, -g.raising, g.id)
    )
    return [
        _row(gap, rank if gap.score else 0, names, moves, currency)
        for rank, gap in list(enumerate(found, start=1))[
            start : None if most is None else start + most
        ]
    ]


def _row(
    gap: Gap, rank: int, names: Names, moves: Mapping[Key, Change], currency: str | None
) -> Row:
    move = moves.get((gap.concern, gap.persona, gap.stage))
    return Row(
        gap=gap,
        rank=rank,
        concern=names.concern(gap.concern),
        place=names.place(gap.persona, gap.stage),
        verdict_word=VERDICTS[gap.verdict],
        deals=of_deals(gap),
        share=percent(gap.share),
        interval=f"{gap.share_low * 100:.0f} to {percent(gap.share_high)}",
        supply=supply_of(gap),
        worth=money(gap.amount, currency) if gap.amount and currency is not None else "",
        lost=money(gap.amount_lost, currency) if gap.amount_lost and currency is not None else "",
        move=change_row(move, names) if move else None,
    )


def heat_of(
    gaps: Sequence[Gap], usable: Sequence[ContentItem], choice: Choice, names: Names
) -> tuple[Line, ...]:
    """One row a role, one cell a stage: what presses most there, and what answers it."""
    facts = Facts(
        names=names,
        calls={},
        utterances={},
        items={},
        excerpts={},
        inferred={},
        usable=usable,
        worth={},
    )
    cells = [gap for gap in gaps if gap.persona != ANY and choice.shows(gap)]
    return lines_of(cells, facts)


def usable_on(items: Sequence[ContentItem], day: date, config: Config) -> Sequence[ContentItem]:
    """The assets that could be used on a day."""
    late = find_unused(
        items,
        (),
        (),
        grace_days=config.unused.grace_days,
        window_days=config.unused.window_days,
        as_of=day,
    )
    return usable_items(items, late, day)


def warmth(share: float) -> int:
    """How strongly a cell is tinted, 0 to 5."""
    return min(5, int(share * 5.999))


def heard_in(gaps: Iterable[Gap]) -> str:
    """How many deals a month rests on, as far as its cells say."""
    most = max((gap.eligible for gap in gaps if gap.level == "concern"), default=0)
    return count(most, "deal")


def moves_between(
    now: Sequence[Gap], before: Sequence[Gap], config: Config, taxonomy: Taxonomy
) -> dict[Key, Change]:
    """Each cell beside itself a month before; both are counted with the definitions of today."""
    if not before:
        return {}
    today, then = (_numbers(gaps, taxonomy) for gaps in (now, before))
    found = _changes(
        today.cells,
        then.cells,
        tuple(sorted(today.meanings.items())),
        config.gaps.min_deals,
        config.gaps.false_discovery_rate,
    )
    return {change.now.key: change for change in found}


def moves_of(db: Database, config: Config, taxonomy: Taxonomy, month: str) -> dict[Key, Change]:
    """Each cell of a month beside itself a month before."""
    now, before = (
        store.gaps_of_month(db, name, evidence=False) for name in (month, month_before(month))
    )
    return moves_between(now, before, config, taxonomy)


def _numbers(gaps: Sequence[Gap], taxonomy: Taxonomy) -> MonthNumbers:
    month = gaps[0].month
    return numbers_of(
        month,
        last_day(month),
        calls=(),
        gaps=gaps,
        unused=(),
        items=(),
        taxonomy=taxonomy,
        versions={},
        rules={},
    )


@functools.lru_cache(maxsize=REPEATED)
def _changes(
    now: tuple[Count, ...],
    before: tuple[Count, ...],
    meanings: tuple[tuple[str, str], ...],
    min_deals: int,
    false_discovery_rate: float,
) -> tuple[Change, ...]:
    """The comparison; it takes longer than all else of a page, and two months seldom change."""

    def month(cells: tuple[Count, ...]) -> MonthNumbers:
        return MonthNumbers(
            month="",
            as_of="",
            calls=0,
            deals=0,
            accounts=0,
            definitions="",
            tagger="",
            speech="",
            meanings=dict(meanings),
            cells=cells,
        )

    return changes_between(
        month(now),
        month(before),
        min_deals=min_deals,
        false_discovery_rate=false_discovery_rate,
    )
