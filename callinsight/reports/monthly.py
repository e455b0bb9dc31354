"""What a month says, ready to be shown: every text and number of the report, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.assets import Asset, State, asset_sentence, idle_assets, states_of
from callinsight.reports.basis import Figure, band, notices_of, removed
from callinsight.reports.demand import (
    INTERVAL,
    Demand,
    Facts,
    deals_of,
    describe,
    gather,
    pct,
    worth_of,
)
from callinsight.reports.doubts import Doubt, doubts_of
from callinsight.reports.excerpts import PRESSING, Excerpt, pick_excerpts, roll_ups
from callinsight.reports.matrix import Line, lines_of
from callinsight.reports.pages import write_report
from callinsight.reports.wording import (
    ANY,
    count,
    day,
    listing,
    many,
    month_name,
    percent,
    readable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from callinsight.records import (
        Call,
        ContentItem,
        Gap,
        Participant,
        Problem,
        Redaction,
        Topic,
        Unused,
        Utterance,
    )
    from callinsight.taxonomy import Taxonomy

__all__ = ["Excerpt", "MonthlyReport", "build_report", "pick_excerpts", "write_report"]

STATES = {
    "partial": "Read in part",
    "empty": "No speech",
    "failed": "Not read",
    "refused": "Left out",
}
NAMED = 3  # cells named in the summary
THEMES = 12  # shown; those of fewer deals are counted


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A topic that buyers speak of."""

    label: str
    terms: str
    deals: str
    turns: str
    pct: float  # of the most frequent one, for the bar


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that does not count, or only in part."""

    what: str
    where: str
    why: str


@dataclass(frozen=True, kw_only=True)
class MonthlyReport:
    """Everything the pages of a month show."""

    company: str
    month: str
    month_name: str
    as_of: str
    has_calls: bool
    basis: tuple[Figure, ...]
    notices: tuple[str, ...]
    removed: str  # how much personal data was taken out of the month's calls
    summary: tuple[str, ...]
    stages: tuple[str, ...]
    lines: tuple[Line, ...]
    gaps: tuple[Demand, ...]
    covered: tuple[Demand, ...]
    doubts: tuple[Doubt, ...]
    doubts_rest: str
    roll_ups: tuple[Demand, ...]
    assets: tuple[Asset, ...]
    asset_sentence: str
    states: tuple[State, ...]
    themes: tuple[Theme, ...]
    themes_rest: str
    definitions: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    troubles: tuple[Trouble, ...]


def build_report(
    *,
    company: str,
    month: str,
    as_of: date,
    calls: Sequence[Call],
    participants: Sequence[Participant],
    utterances: Mapping[str, Utterance],
    gaps: Sequence[Gap],
    unused: Sequence[Unused],
    items: Sequence[ContentItem],
    excerpts: Sequence[Excerpt],
    topics: Sequence[tuple[Topic, int, int]],
    problems: Sequence[Problem],
    taxonomy: Taxonomy,
    versions: Mapping[str, str],
    redactions: Sequence[Redaction] = (),
    min_deals: int = 5,
    min_share: float = 0.2,
) -> MonthlyReport:
    """The report of a month; `calls` and `utterances` (by id) are all of the month's.

    A topic comes with its turns and its deals in the month. `min_deals` and `min_share` are the
    rules by which the gaps were found.
    """
    facts = gather(calls, utterances, items, excerpts, taxonomy)
    cells = [gap for gap in gaps if ANY not in (gap.persona, gap.stage)]
    ranked = _ranked([gap for gap in cells if gap.verdict in PRESSING])
    covered = sorted((g for g in cells if g.verdict == "covered"), key=lambda g: (-g.share, g.id))
    doubts, rest = doubts_of(cells, facts, min_deals=min_deals, min_share=min_share)
    return MonthlyReport(
        company=company,
        month=month,
        month_name=month_name(month),
        as_of=day(as_of.isoformat()),
        has_calls=bool(calls),
        basis=band(calls, participants, utterances),
        notices=notices_of(calls, utterances, min_deals),
        removed=removed(redactions),
        summary=_summary(ranked, covered, unused, facts),
        stages=tuple(stage.label for stage in taxonomy.stages.values()),
        lines=lines_of(cells, facts),
        gaps=tuple(describe(gap, facts, rank) for rank, gap in enumerate(ranked, 1)),
        covered=tuple(describe(gap, facts) for gap in covered),
        doubts=doubts,
        doubts_rest=rest,
        roll_ups=tuple(describe(gap, facts) for gap in _ranked(roll_ups(gaps))),
        assets=idle_assets(unused, facts.items, facts.names),
        asset_sentence=asset_sentence(unused, items),
        states=states_of(unused, items),
        themes=_themes(topics),
        themes_rest=_themes_rest(topics),
        definitions=tuple(_definitions(min_deals, min_share).items()),
        versions=tuple((readable(name), version) for name, version in versions.items()),
        troubles=_troubles(calls, problems),
    )


def _summary(
    ranked: Sequence[Gap], covered: Sequence[Gap], unused: Sequence[Unused], facts: Facts
) -> tuple[str, ...]:
    """Two to four sentences; nothing for a month without calls."""
    if not facts.calls:
        return ()
    open_, weak = ([g for g in ranked if g.verdict == v] for v in PRESSING)
    sentences = [_open_sentence(open_, facts)]
    if weak:
        verb = "is answered by too little" if len(weak) == 1 else "are answered by too little"
        sentences.append(f"{many(len(weak), 'concern')} {verb}: {_named(weak, facts)}.")
    if covered:
        sentences.append(f"Well covered: {_named(covered, facts)}.")
    assets = {one.item for one in unused}
    live = sum(item.status == "live" for item in facts.items.values())
    if live:
        verb = "earns" if len(assets) == 1 else "earn"
        stand = "it stands" if len(assets) == 1 else "they stand"
        sentences.append(
            f"{len(assets):,} of {count(live, 'live asset')} {verb} nothing as {stand}."
        )
    return tuple(sentences)


def _open_sentence(gaps: Sequence[Gap], facts: Facts) -> str:
    if not gaps:
        return "No gap is proven: whatever enough deals raise has at least one asset that fits."
    verb = "has" if len(gaps) == 1 else "have"
    text = f"{many(len(gaps), 'concern')} of buyers {verb} no asset that answers: {_named(gaps, facts)}"
    worth = worth_of({deal for gap in gaps for deal in deals_of(gap, facts)}, facts)
    them = "it" if len(gaps) == 1 else "them"
    return f"{text}; the deals behind {them} are worth {worth}." if worth else f"{text}."


def _named(gaps: Sequence[Gap], facts: Facts) -> str:
    words = [
        f"{facts.names.concern(gap.concern)} ({facts.names.place(gap.persona, gap.stage)}, "
        f"{gap.raising:,} of {count(gap.eligible, 'deal')})"
        for gap in gaps[:NAMED]
    ]
    more = len(gaps) - NAMED
    return listing([*words, f"{more} more"] if more > 0 else words)


def _ranked(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(gaps, key=lambda gap: (-gap.score, gap.id))


def _themes(topics: Sequence[tuple[Topic, int, int]]) -> tuple[Theme, ...]:
    found = sorted((t for t in topics if t[1]), key=lambda t: (-t[2], -t[1], t[0].id))
    most = max((deals for _, _, deals in found), default=0)
    return tuple(
        Theme(
            label=topic.label,
            terms=_other_terms(topic),
            deals=f"{deals:,}",
            turns=f"{turns:,}",
            pct=pct(deals / most),
        )
        for topic, turns, deals in found[:THEMES]
    )


def _other_terms(topic: Topic) -> str:
    """The terms that the label does not name already."""
    named = {word.strip() for word in topic.label.split(",")}
    terms = (term.strip() for term in topic.terms.split(";"))
    return ", ".join(term for term in terms if term and term not in named)


def _themes_rest(topics: Sequence[tuple[Topic, int, int]]) -> str:
    others = sum(turns > 0 for _, turns, _ in topics) - THEMES
    return (
        f"{many(others, 'smaller theme is', 'smaller themes are')} not listed."
        if others > 0
        else ""
    )


def _definitions(min_deals: int, min_share: float) -> dict[str, str]:
    return {
        "Objection": "A buyer resists: the concern stands between them and buying.",
        "Question": "A buyer wants to know, without resistance. Questions are demand too.",
        "Demand": (
            "The share of deals in which a buyer of the role, heard at the stage this month, raised the "
            "concern as an objection or a question. Deals are counted, not mentions; a deal can do both."
        ),
        "Supply": (
            "Assets that are live, neither stale nor expired, name the concern, and are made for the "
            "role and the stage, or for any."
        ),
        INTERVAL: (
            "Where the true share may well lie, given how few deals were heard. "
            "The wider it is, the less is known."
        ),
        "Unresolved": (
            "The share of raising deals that are lost, or in which the concern came back in a later "
            "call; half a deal is added on each side, so that a few deals never say none or all."
        ),
        "Gap": (
            f"More than {percent(min_share)} of deals raise it, more surely than chance explains in "
            "so many cells, and no asset fits."
        ),
        "Weak": "The same demand, but fewer fitting assets than the target.",
        "Covered": "The same demand, and assets enough.",
        "Too few calls": (
            f"Fewer than {count(min_deals, 'deal')}, or a share that chance could have made as well. "
            "The number of further deals is a lower limit, if they raise it as often."
        ),
        "Low demand": "Deals enough were heard, and few of them raise it.",
        "Oversupplied": "Low demand, and more assets than it needs.",
    }


def _troubles(calls: Sequence[Call], problems: Sequence[Problem]) -> tuple[Trouble, ...]:
    """Input that could not be used, and calls that count in part or not at all."""
    troubles = [Trouble(what=readable(p.stage), where=p.subject, why=p.error) for p in problems]
    told = {problem.subject for problem in problems}
    for call in sorted(calls, key=lambda c: c.id):
        if call.status in STATES and not told & {call.id, call.file}:
            where = f"{call.id} ({call.file})"
            troubles.append(Trouble(what=STATES[call.status], where=where, why=call.reason))
    return tuple(troubles)
