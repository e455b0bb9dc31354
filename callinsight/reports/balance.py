"""The balance of the funnel: what buyers raise at each stage beside what the inventory offers there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.wording import ANY, TOPIC, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from callinsight.records import ContentItem, Gap, Unused
    from callinsight.taxonomy import Taxonomy

OUT_OF_DATE = ("stale", "expired")
APART = 0.10  # shares of demand and supply that are less apart are told as balanced


@dataclass(frozen=True, kw_only=True)
class StageBalance:
    """One stage of the funnel."""

    stage: str  # id
    label: str
    deals: int  # in which a buyer was heard at this stage
    raised: int  # deals counted once for each concern they raise
    raised_share: float  # of what is raised at all stages
    assets: int  # live and up to date, made for this stage or for any
    assets_share: float  # of such assets, counted at each stage they serve
    product_told: int  # of the assets, those that say whether they are about the product
    product_specific: int  # those that say that they are
    product_share: float | None  # of those that say; None where none does

    @property
    def product_words(self) -> str:
        """How many are about the product, as a cell of a page says it."""
        if self.product_share is None:
            return "not said"
        of = "" if self.product_told == self.assets else f" of {self.product_told:,} that say"
        return f"{self.product_specific:,}{of} ({percent(self.product_share)})"


def usable_items(
    items: Iterable[ContentItem], unused: Iterable[Unused], as_of: date
) -> list[ContentItem]:
    """Assets that can answer a buyer: live, published, neither stale nor expired."""
    out = {one.item for one in unused if one.kind in OUT_OF_DATE}
    day = as_of.isoformat()
    return [i for i in items if i.status == "live" and i.id not in out and i.published_on <= day]


def balance_of(
    gaps: Sequence[Gap], usable: Sequence[ContentItem], taxonomy: Taxonomy
) -> tuple[StageBalance, ...]:
    """Each stage's part of what buyers raise and of what can answer; themes are no part of it."""
    totals = [g for g in gaps if g.persona == ANY and not g.concern.startswith(TOPIC)]
    raised = {s: sum(g.raising for g in totals if g.stage == s) for s in taxonomy.stages}
    deals = {
        s: max((g.eligible for g in totals if g.stage == s), default=0) for s in taxonomy.stages
    }
    serving = {s: [i for i in usable if not i.stages or s in i.stages] for s in taxonomy.stages}
    all_raised = sum(raised.values())
    all_serving = sum(map(len, serving.values()))
    balance = []
    for id_, stage in taxonomy.stages.items():
        told = [i.product_specific for i in serving[id_] if i.product_specific is not None]
        balance.append(
            StageBalance(
                stage=id_,
                label=stage.label,
                deals=deals[id_],
                raised=raised[id_],
                raised_share=_share(raised[id_], all_raised),
                assets=len(serving[id_]),
                assets_share=_share(len(serving[id_]), all_serving),
                product_told=len(told),
                product_specific=sum(told),
                product_share=_share(sum(told), len(told)) if told else None,
            )
        )
    return tuple(balance)


def balance_sentence(balance: Sequence[StageBalance]) -> str:
    """Where the funnel is furthest out of balance; empty where nothing is raised or offered."""
    if not any(s.raised for s in balance) or not any(s.assets for s in balance):
        return ""
    short = max(balance, key=lambda s: s.raised_share - s.assets_share)
    if short.raised_share - short.assets_share < APART:
        return "Each stage has about the part of the assets that it has of what buyers raise."
    return (
        f"{short.label} is where {percent(short.raised_share)} of what buyers raise comes up, "
        f"and {percent(short.assets_share)} of the assets serve it "
        f"({count(short.assets, 'asset')}{_about(short)})."
    )


def _about(stage: StageBalance) -> str:
    """How many of a stage's assets are about the product, of those that say so."""
    if not stage.product_told:
        return ""
    of = "them" if stage.product_told == stage.assets else f"the {stage.product_told:,} that say so"
    return f", {stage.product_specific:,} of {of} about the product"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
