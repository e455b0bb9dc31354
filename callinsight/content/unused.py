"""Assets that need attention as they stand, why, and what to do: pure functions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY, is_expired, is_stale
from callinsight.records import ContentItem, Gap, Unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.records import Judgement, UsageEvent

USES = ("share", "buyer_view", "download", "call_mention")
READ = "view"  # by a colleague: use only of what is made for colleagues
LIKELY = 0.5  # a mention in a call is a use if it means the asset more likely than not
DEMANDED = ("gap", "weak", "covered")
KINDS = ("unused", "low use", "stale", "expired", "unowned")
IDLE = KINDS[:2]  # what has a cause
QUIET = ("low_demand", "oversupplied")  # enough deals were heard, and few of them ask
NOBODY, NOT_USED, ELSEWHERE, UNTOLD = (
    "nobody asks",
    "asked for but not used",
    "wrong persona or stage",
    "nobody can tell",
)
ASK_OWNER = "ask the owner"  # whether it still holds: it cannot be kept as it is
CAUSES = (NOBODY, NOT_USED, ELSEWHERE, UNTOLD)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an asset may do nothing; see the pipeline file's [unused]."""

    grace_days: int
    window_days: int
    low_use: int = 1


@dataclass
class Use:
    """How often an asset was used in the window, and when at last."""

    times: int = 0
    last: str = ""


Cell = tuple[str, str, str]  # concern, persona, stage


@dataclass(frozen=True)
class Demands:
    """The cells with real demand, and those of which it is known that there is none, by concern."""

    cells: dict[str, list[Gap]] = field(default_factory=dict)  # of one persona
    roll_ups: dict[str, list[Gap]] = field(default_factory=dict)
    quiet: dict[str, list[Gap]] = field(default_factory=dict)
    judged: dict[str, dict[Cell, bool]] = field(default_factory=dict)  # by asset, its last word


@dataclass(frozen=True, kw_only=True)
class Part:
    """How many of the live assets are of a kind or cause, and what they cost to make."""

    name: str
    assets: int
    share: float  # of the live assets
    cost: float
    cost_share: float | None  # of what the live assets cost; None where no cost is known


def find_unused(
    items: Iterable[ContentItem],
    events: Iterable[UsageEvent],
    gaps: Sequence[Gap],
    *,
    grace_days: int,
    window_days: int,
    low_use: int = 1,
    as_of: date,
    judgements: Iterable[Judgement] = (),
) -> list[Unused]:
    """Live assets that are expired, stale, unused, little used or without owner.

    Where people judged whether an asset answers a cell, that counts and not its tags. One asset may
    be several, but is little used only if it is used. With `low_use` of 1 none is.
    Equal whatever the order of the rows.
    """
    known = sorted(items, key=lambda i: i.id)
    patience = Patience(grace_days=grace_days, window_days=window_days, low_use=low_use)
    uses = _uses(known, events, as_of - timedelta(days=window_days), as_of)
    demands = _demands(gaps, judgements)
    found = []
    for item in known:
        if item.status == "live":
            found += _expired_or_stale(item, demands, as_of)
            found += _little_used(item, uses.get(item.id, Use()), demands, patience, as_of)
            found += _unowned(item)
    return found


def parts_of(unused: Iterable[Unused], items: Iterable[ContentItem]) -> list[Part]:
    """All that is listed, each kind, and each cause, as shares of the live assets and their cost."""
    live = {item.id: item for item in items if item.status == "live"}
    groups: dict[str, set[str]] = {"all": set(), **{name: set() for name in (*KINDS, *CAUSES)}}
    for one in unused:
        for name in ("all", one.kind, one.cause):
            if name:
                groups[name].add(one.item)
    total = sum(live[id_].cost or 0.0 for id_ in sorted(live))
    return [_part(name, group, live, total) for name, group in groups.items()]


def _part(name: str, group: set[str], live: Mapping[str, ContentItem], total: float) -> Part:
    cost = sum(live[id_].cost or 0.0 for id_ in sorted(group))
    return Part(
        name=name,
        assets=len(group),
        share=len(group) / max(1, len(live)),
        cost=cost,
        cost_share=cost / total if total else None,
    )


def _uses(
    items: Iterable[ContentItem], events: Iterable[UsageEvent], since: date, until: date
) -> dict[str, Use]:
    internal = {item.id for item in items if item.audience == "internal"}
    uses: dict[str, Use] = defaultdict(Use)
    first, last = since.isoformat(), until.isoformat()
    for event in events:
        day = event.occurred_at[:10]
        is_use = event.event in USES or (event.event == READ and event.item in internal)
        if is_use and event.confidence >= LIKELY and day <= last:
            use = uses[event.item]
            use.last = max(use.last, day)
            use.times += day >= first
    return uses


def _expired_or_stale(item: ContentItem, demands: Demands, as_of: date) -> list[Unused]:
    if is_expired(item, as_of):
        return [_expired(item, demands, as_of)]
    if is_stale(item, as_of):
        last = item.updated_on or item.published_on
        why = f"last updated on {last}, review was due after {item.review_period_days} days"
        return [Unused(item=item.id, kind="stale", why=why, advice="refresh")]
    return []


def _expired(item: ContentItem, demands: Demands, as_of: date) -> Unused:
    """It goes only if it is known that nobody asks; where nobody can tell, a person decides."""
    cause, told, advice = _cause(item, demands, as_of)
    why = f"expired on {item.expires_on}"
    if cause == UNTOLD:
        why = f"{why}; {told}"
    elif cause == ELSEWHERE:
        why, advice = f"{why}; {told}", "refresh"
    advice = ASK_OWNER if advice == "keep" else advice
    return Unused(item=item.id, kind="expired", why=why, advice=advice)


def _little_used(
    item: ContentItem, use: Use, demands: Demands, patience: Patience, as_of: date
) -> list[Unused]:
    since = item.published_on or item.updated_on
    if not since or date.fromisoformat(since) > as_of - timedelta(days=patience.grace_days):
        return []
    if use.times >= max(1, patience.low_use):
        return []
    used = f"last used on {use.last}" if use.last else "never used"
    if use.times:
        used = f"used {'once' if use.times == 1 else f'{use.times} times'} in {patience.window_days} days"
    cause, why, advice = _cause(item, demands, as_of)
    kind = "low use" if use.times else "unused"
    return [Unused(item=item.id, kind=kind, why=f"{used}; {why}", advice=advice, cause=cause)]


def _cause(item: ContentItem, demands: Demands, as_of: date) -> tuple[str, str, str]:
    """Why an asset lies idle, in words, and what to do."""
    if _demand(item, demands):
        if is_expired(item, as_of) or is_stale(item, as_of):
            return NOT_USED, "buyers ask for this, but it is out of date: untrusted", "refresh"
        if not item.url:
            return NOT_USED, "buyers ask for this, but it has no address: unfindable", "promote"
        return NOT_USED, "buyers ask for this: unfindable or untrusted", "promote"
    if elsewhere := _named(item, demands.cells, demands):
        places = " and ".join(sorted({f"{gap.persona} at {gap.stage}" for gap in elsewhere}))
        known = all(not item.personas or gap.persona in item.personas for gap in elsewhere)
        missed = "a stage for which" if known else "for whom"
        return ELSEWHERE, f"its concern is raised by {places}, {missed} it is not tagged", "retag"
    if elsewhere := _named(item, demands.roll_ups, demands):
        stages = sorted({gap.stage for gap in elsewhere if gap.stage != ANY})
        if stages:
            why = f"its concern is raised at {' and '.join(stages)}, for which it is not tagged"
            return ELSEWHERE, why, "retag"
    if not item.concerns:
        return UNTOLD, "it names no concern, so nobody can tell who asks for it", "retag"
    if not _fitting(item, _named(item, demands.quiet, demands), demands):
        return UNTOLD, "too few calls to tell whether anybody asks for it", "keep"
    return NOBODY, "nobody asks for this", "retire"


def _unowned(item: ContentItem) -> list[Unused]:
    if item.owner:
        return []
    return [Unused(item=item.id, kind="unowned", why="no owner", advice="assign an owner")]


def _demands(gaps: Iterable[Gap], judgements: Iterable[Judgement]) -> Demands:
    demands = Demands(
        defaultdict(list), defaultdict(list), defaultdict(list), judged=defaultdict(dict)
    )
    for one in sorted(judgements, key=lambda one: one.id):
        demands.judged[one.item][one.concern, one.persona, one.stage] = one.answers
    for gap in sorted(gaps, key=lambda gap: gap.id):
        if gap.verdict in DEMANDED:
            kind = demands.roll_ups if gap.persona == ANY else demands.cells
            kind[gap.concern].append(gap)
        elif gap.verdict in QUIET and gap.persona != ANY:  # all roles say nothing of one
            demands.quiet[gap.concern].append(gap)
    return demands


def _demand(item: ContentItem, demands: Demands) -> list[Gap]:
    """Cells with real demand that the asset is for.

    A roll-up only counts where no cell shows demand by itself: then nobody knows who else asks.
    """
    named = _named(item, demands.cells, demands) or _named(item, demands.roll_ups, demands)
    return _fitting(item, named, demands)


def _fitting(item: ContentItem, gaps: Iterable[Gap], demands: Demands) -> list[Gap]:
    """The cells that the asset is made for, or that people say it answers."""
    return [
        gap
        for gap in gaps
        if _judged(item, gap, demands)
        or (
            (not item.personas or gap.persona in (ANY, *item.personas))
            and (not item.stages or gap.stage in (ANY, *item.stages))
        )
    ]


def _named(item: ContentItem, gaps: Mapping[str, list[Gap]], demands: Demands) -> list[Gap]:
    """Those for one of the asset's concerns, whoever raises it; people add some and take some out."""
    confirmed = (cell[0] for cell, answers in demands.judged.get(item.id, {}).items() if answers)
    return [
        gap
        for concern in dict.fromkeys((*item.concerns, *confirmed))
        for gap in gaps.get(concern, ())
        if (said := _judged(item, gap, demands)) or (said is None and concern in item.concerns)
    ]


def _judged(item: ContentItem, gap: Gap, demands: Demands) -> bool | None:
    """What people say of the asset and the cell, in a roll-up what they confirmed for a cell of it."""
    judged = demands.judged.get(item.id, {})
    own = judged.get((gap.concern, gap.persona, gap.stage))
    if own is not None or gap.persona != ANY:
        return own
    confirmed = any(
        answers and concern == gap.concern and gap.stage in (ANY, stage)
        for (concern, _, stage), answers in judged.items()
    )
    return True if confirmed else None
