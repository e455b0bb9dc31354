"""A month in short: two to seven sentences, each with where the page tells more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.assets import use_sentence
from callinsight.reports.decisions import under_way
from callinsight.reports.demand import LOST, OPEN, deals_of, worth_of
from callinsight.reports.excerpts import PRESSING
from callinsight.reports.requests import CLOSED
from callinsight.reports.wording import count, listing, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import Gap
    from callinsight.reports.assets import Asset
    from callinsight.reports.demand import Facts
    from callinsight.reports.monthly import Idle, Material, Wanted
    from callinsight.reports.requests import RequestLine

GAPS = "gaps"  # where the page tells of them
NAMED = 3  # cells, and requests that are late, in a sentence


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """What a month comes to, in part, and where the page tells more."""

    text: str
    anchor: str


def summary_of(
    month: Material,
    facts: Facts,
    ranked: Sequence[Gap],
    covered: Sequence[Gap],
    wanted: Wanted,
    idle: Idle,
) -> tuple[Sentence, ...]:
    """Two to seven sentences in short; nothing for a month without calls."""
    if not facts.calls:
        return ()
    open_, weak = ([g for g in ranked if g.verdict == v] for v in PRESSING)
    told = [(_open_sentence(open_, facts), GAPS)]
    if weak:
        verb = "is answered by too little" if len(weak) == 1 else "are answered by too little"
        told.append((f"{many(len(weak), 'concern')} {verb}: {_named(weak, facts)}.", GAPS))
    if month.comparison:
        told.append((month.comparison.sentence, "changes"))
    if covered:
        told.append((f"Well covered: {_named(covered, facts, still=True)}.", "covered"))
    told.append((wanted.ask_sentence, "asks"))
    told.append((_sentences(wanted.request_sentence, _overdue(month.requests)), "requests"))
    if any(item.status == "live" for item in month.items):
        use = use_sentence(month.unused, month.items)
        told.append((_sentences(use, _advice(idle.assets)), "assets"))
    return tuple(Sentence(text=text, anchor=anchor) for text, anchor in told if text)


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _open_sentence(gaps: Sequence[Gap], facts: Facts) -> str:
    if not gaps:
        return "No gap is proven: whatever enough deals raise has at least one asset that fits."
    verb = "has" if len(gaps) == 1 else "have"
    text = f"{many(len(gaps), 'concern')} of buyers {verb} no asset that answers: {_named(gaps, facts)}"
    deals = {deal for gap in gaps for deal in deals_of(gap, facts)}
    worth, lost = (worth_of(deals, facts, outcome) for outcome in (OPEN, LOST))
    them = "it" if len(gaps) == 1 else "them"
    told = [f"the open deals behind {them} are worth {worth}"] if worth else []
    told += [f"lost: {lost}"] if lost else []
    return f"{'; '.join((text, *told))}."


def _named(gaps: Sequence[Gap], facts: Facts, *, still: bool = False) -> str:
    """The first of them, each with its deals; with `still`, how many of those are unresolved."""
    words = [
        f"{facts.names.concern(gap.concern)} ({facts.names.place(gap.persona, gap.stage)}, "
        f"{gap.raising:,} of {count(gap.eligible, 'deal')}"
        f"{f', {gap.unresolved:,} of them unresolved' if still and gap.unresolved else ''})"
        for gap in gaps[:NAMED]
    ]
    more = len(gaps) - NAMED
    return listing([*words, f"{more} more"] if more > 0 else words)


def _overdue(lines: Sequence[RequestLine]) -> str:
    """The open requests past their due date, each with its writer; empty where none is."""
    late = [line for line in lines if line.state not in CLOSED and line.overdue]
    told = [f"{line.id}, {line.title} ({under_way(line)})" for line in late[:NAMED]]
    more = len(late) - NAMED
    return f"Overdue: {listing([*told, f'{more:,} more'] if more > 0 else told)}." if late else ""


def _advice(assets: Iterable[Asset]) -> str:
    """How many assets are to be refreshed, promoted and so on, the most first; empty for none."""
    advice = Counter(one.lower() for asset in assets for one in asset.advice)
    told = [f"{one} {number:,}" for one, number in advice.most_common()]
    return f"What to do: {listing(told)}." if told else ""
