"""Gaps planted among noise: `python benchmarks/gaps.py [--seeds N]`.

Invented months of 20 to 400 deals: 12 concerns, 5 personas and 3 stages, so 180 cells and their
roll-ups. In most cells a concern is raised in few deals, in twelve it is planted with more; some
deals speak more than others, some buyers repeat themselves. The real code looks for gaps, and its
findings are set against the shares that the months were made with. Beside it, on the same months,
what a count of mentions says.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps
from callinsight.records import ContentItem
from callinsight.shares import chance_below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from callinsight.records import Gap

SIZES = (20, 50, 100, 200, 400)
CONCERNS, PERSONAS, STAGES = 12, 5, 3
SHAPE = (CONCERNS, PERSONAS, STAGES)
PLANTED = 12
AT_STAGE = 0.6  # of deals are heard at a stage,
SPEAKS = 0.55  # of personas speak there
TOGETHER = 0.3  # correlation of what a deal raises: some deals raise much, some little
RULES = Rules(min_deals=5, min_share=0.2, false_discovery_rate=0.05, target_supply=2, oversupply=5)
AS_OF = date(2026, 10, 31)
MANY_DEALS = 4000  # to know what is true of a roll-up, and of what stands unresolved
ENOUGH = (5, 10, 20)  # mentions that a naive reader takes for demand
PRESSING = ("gap", "weak")
Keys = dict[tuple[str, str, str], float]


@dataclass(frozen=True)
class World:
    """What is true of a month: how many deals raise each concern, and what answers it."""

    shares: NDArray[np.float64]  # by concern, persona, stage
    standing: NDArray[np.float64]  # share of raising deals that are lost
    repeats: NDArray[np.float64]  # mean number of mentions in a raising deal
    supply: NDArray[np.int64]


@dataclass(frozen=True)
class Month:
    """What was heard: one draw of deals from a world."""

    heard: NDArray[np.bool_]  # by deal, persona, stage
    raised: NDArray[np.bool_]  # by deal, concern, persona, stage
    mentions: NDArray[np.int64]  # the same
    lost: NDArray[np.bool_]  # by deal


@dataclass
class Score:
    """How right the findings of many months are."""

    false: list[float]
    recall: list[float]
    rank: list[float]

    def line(self) -> str:
        """False discovery proportion, recall and rank correlation, as means."""
        rank = f"{np.mean(self.rank):8.2f}" if self.rank else f"{'-':>8}"
        recall = f"{np.mean(self.recall):10.1%}" if self.recall else f"{'-':>10}"
        return f"{np.mean(self.false):10.1%}{recall}{rank}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    seeds = range(parser.parse_args().seeds)
    print(f"{len(seeds)} months a line; false discoveries, recall and rank are means over months")
    for title, noise, planted in (
        ("Planted among noise: noise is raised in 0 to 20 % of deals", "low", PLANTED),
        ("Planted among the hardest noise: each in exactly 20 % of deals", "edge", PLANTED),
    ):
        print(f"\n{title}")
        print(f"{'deals':>6}  {'':24}{'false':>10}{'recall':>10}{'rank':>8}")
        for size in SIZES:
            report_planted(size, noise, planted, seeds)
    print("\nNothing planted: months in which anything is called a gap")
    print(f"{'deals':>6}{'noise 0 to 20 %':>18}{'exactly 20 %':>14}", end="")
    print(f"{'p <= 0.05':>11}{'p <= 0.01':>11}{'95 % interval holds':>21}")
    for size in SIZES:
        report_null(size, seeds)


def report_planted(size: int, noise: str, planted: int, seeds: Sequence[int]) -> None:
    """Print how right we are and how right a count of mentions is, on the same months."""
    ours, above = Score([], [], []), Score([], [], [])
    naive = {name: Score([], [], []) for name in ("top", *ENOUGH)}
    holds: list[bool] = []
    for seed in seeds:
        generator = np.random.default_rng([seed, size, planted])
        world = make_world(generator, noise, planted)
        month = hear(generator, world, size)
        gaps = find(world, month)
        many = hear(generator, world, MANY_DEALS)
        truth, pressing = true_cells(world, many)
        found = {key(gap): gap.score for gap in gaps if is_cell(gap) and gap.verdict in PRESSING}
        judge(ours, found, truth, pressing)
        holds += rank_holds(gaps, pressing)
        rolled = {key(gap): gap.score for gap in gaps if is_stage(gap) and gap.verdict in PRESSING}
        judge(above, rolled, *true_stages(world, many))
        counted = count_mentions(world, month)
        most = sorted(counted, key=lambda k: (-counted[k], k))[: len(pressing)]
        judge(naive["top"], {k: counted[k] for k in most}, truth, pressing)
        for enough in ENOUGH:
            kept = {k: number for k, number in counted.items() if number >= enough}
            judge(naive[enough], kept, truth, pressing)
    print(f"{size:6}  {'ours':24}{ours.line()}   true rank in its interval: {np.mean(holds):.0%}")
    print(f"{'':6}  {'ours, all roles':24}{above.line()}")
    print(f"{'':6}  {'most mentions, as many':24}{naive['top'].line()}")
    for enough in ENOUGH:
        print(f"{'':6}  {f'{enough} mentions or more':24}{naive[enough].line()}")


def report_null(size: int, seeds: Sequence[int]) -> None:
    """Print how often a gap is found where there is none, and how true chances and intervals are."""
    called: dict[str, list[bool]] = {"low": [], "edge": []}
    chances: list[float] = []
    holds: list[bool] = []
    for seed in seeds:
        for noise, found in called.items():
            generator = np.random.default_rng([seed, size, 0])
            world = make_world(generator, noise, 0)
            gaps = [gap for gap in find(world, hear(generator, world, size)) if is_cell(gap)]
            found.append(any(gap.verdict in PRESSING for gap in gaps))
            for gap in gaps:
                true = world.shares[tuple(map(int, key(gap)))]
                holds.append(gap.share_low <= true <= gap.share_high)
                if noise == "edge" and gap.eligible >= RULES.min_deals:
                    chances.append(chance_below(gap.raising, gap.eligible, RULES.min_share))
    share = [np.mean(np.array(chances) <= level) for level in (0.05, 0.01)]
    print(f"{size:6}{np.mean(called['low']):18.1%}{np.mean(called['edge']):14.1%}", end="")
    print(f"{share[0]:11.1%}{share[1]:11.1%}{np.mean(holds):21.1%}")


def make_world(generator: np.random.Generator, noise: str, planted: int) -> World:
    """Shares of noise and of what is planted, and a supply that knows nothing of them."""
    low = generator.beta(1.0, 9.0, SHAPE).clip(max=RULES.min_share)
    shares = low if noise == "low" else np.full(SHAPE, RULES.min_share)
    cells = generator.choice(shares.size, planted, replace=False)
    shares.flat[cells] = generator.uniform(0.35, 0.85, planted)
    return World(
        shares=shares,
        standing=generator.uniform(0.2, 0.8, SHAPE),
        repeats=generator.geometric(0.5, SHAPE).astype(float),
        supply=generator.choice([0, 1, 2, 3], SHAPE, p=[0.5, 0.2, 0.2, 0.1]),
    )


def hear(generator: np.random.Generator, world: World, deals: int) -> Month:
    """Draw deals; what a deal raises hangs together, but each share is as in the world."""
    from scipy.special import ndtr

    at_stage = generator.random((deals, 1, STAGES)) < AT_STAGE
    heard = at_stage & (generator.random((deals, PERSONAS, STAGES)) < SPEAKS)
    mood = generator.normal(size=(deals, 1, 1, 1))
    own = generator.normal(size=(deals, *SHAPE))
    level = ndtr(np.sqrt(TOGETHER) * mood + np.sqrt(1 - TOGETHER) * own)
    raised = heard[:, None] & (level < world.shares)
    often = generator.poisson(np.broadcast_to(world.repeats - 1, raised.shape)) + 1
    worst = np.where(raised, world.standing, 0.0).max(axis=(1, 2, 3))
    lost = generator.random(deals) < worst
    return Month(heard, raised, raised * often, lost)


def find(world: World, month: Month) -> list[Gap]:
    """What the program says of a month."""
    present = [
        Presence(f"d{deal}", str(persona), str(stage))
        for deal, persona, stage in np.argwhere(month.heard)
    ]
    raised = [
        Raised(
            str(c), str(p), str(s), f"d{deal}", f"d{deal}", f"d{deal}:{c}:{p}:{s}:{n}", "question"
        )
        for deal, c, p, s in np.argwhere(month.raised)
        for n in range(month.mentions[deal, c, p, s])
    ]
    return find_gaps(
        "2026-10",
        raised,
        present,
        assets(world),
        {
            f"d{deal}": Deal(outcome="lost" if lost else "open")
            for deal, lost in enumerate(month.lost)
        },
        concerns=map(str, range(CONCERNS)),
        rules=RULES,
        as_of=AS_OF,
    )


def assets(world: World) -> list[ContentItem]:
    """As many assets for each cell as the world supplies."""
    return [
        ContentItem(
            id=f"A-{c}-{p}-{s}-{n}",
            title="",
            content_type="blog",
            url="https://content.example",
            published_on="2026-01-01",
            concerns=(str(c),),
            personas=(str(p),),
            stages=(str(s),),
        )
        for c, p, s in np.ndindex(SHAPE)
        for n in range(world.supply[c, p, s])
    ]


def true_cells(world: World, many: Month) -> tuple[Keys, Keys]:
    """The true share of each cell; and the true score of those in demand that are not covered."""
    lost = np.tensordot(many.lost.astype(float), many.raised, axes=1) / many.raised.sum(
        axis=0
    ).clip(1)
    shares, pressing = {}, {}
    for c, p, s in np.ndindex(SHAPE):
        cell = (str(c), str(p), str(s))
        shares[cell] = float(world.shares[c, p, s])
        missing = 1 - min(1.0, float(world.supply[c, p, s]) / RULES.target_supply)
        if shares[cell] > RULES.min_share and missing:
            pressing[cell] = shares[cell] * float(lost[c, p, s]) * missing
    return shares, pressing


def true_stages(world: World, many: Month) -> tuple[Keys, Keys]:
    """The same over all roles of a stage."""
    spoke = many.heard.any(axis=1).sum(axis=0)  # by stage
    raised = many.raised.any(axis=2)
    share = raised.sum(axis=0) / spoke
    lost = np.tensordot(many.lost.astype(float), raised, axes=1) / raised.sum(axis=0).clip(1)
    supply = world.supply.sum(axis=1)
    shares, pressing = {}, {}
    for c, s in np.ndindex(share.shape):
        cell = (str(c), "any", str(s))
        shares[cell] = float(share[c, s])
        missing = 1 - min(1, supply[c, s] / RULES.target_supply)
        if shares[cell] > RULES.min_share and missing:
            pressing[cell] = shares[cell] * float(lost[c, s]) * missing
    return shares, pressing


def count_mentions(world: World, month: Month) -> Keys:
    """How often each concern is mentioned where assets are missing: what a naive report ranks by."""
    total = month.mentions.sum(axis=0)
    short = world.supply < RULES.target_supply
    return {
        (str(c), str(p), str(s)): float(total[c, p, s])
        for c, p, s in np.ndindex(SHAPE)
        if short[c, p, s] and total[c, p, s]
    }


def judge(score: Score, found: Keys, truth: Keys, pressing: Keys) -> None:
    """Add how right the findings of a month are; those of no demand are false."""
    from scipy.stats import spearmanr

    false = sum(truth[cell] <= RULES.min_share for cell in found)
    score.false.append(false / max(1, len(found)))
    if pressing:
        score.recall.append(len(found.keys() & pressing.keys()) / len(pressing))
    both = sorted(found.keys() & pressing.keys())
    if len(both) > 2 and len({found[cell] for cell in both}) > 1:
        right = spearmanr([found[c] for c in both], [pressing[c] for c in both])
        score.rank.append(float(right.statistic))


def rank_holds(gaps: Sequence[Gap], pressing: Keys) -> list[bool]:
    """Whether each gap's true rank among those found lies in the interval that is told."""
    found = [gap for gap in gaps if is_cell(gap) and gap.verdict in PRESSING]
    true = {key(gap): pressing.get(key(gap), 0.0) for gap in found}
    return [
        gap.rank_low <= 1 + sum(other > true[key(gap)] for other in true.values()) <= gap.rank_high
        for gap in found
    ]


def key(gap: Gap) -> tuple[str, str, str]:
    """Its place."""
    return gap.concern, gap.persona, gap.stage


def is_cell(gap: Gap) -> bool:
    """Whether it is no roll-up."""
    return gap.level == "cell"


def is_stage(gap: Gap) -> bool:
    """Whether it is a roll-up over the roles of a stage."""
    return gap.level == "stage"


if __name__ == "__main__":
    main()
