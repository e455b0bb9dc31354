"""What a month says, ready to be shown: every text and number of the report, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.asks import SHOWN as ASKS_SHOWN
from callinsight.reports.asks import Ask, AskKindLine, ask_sentence, kinds_of
from callinsight.reports.assets import LITTLE, Asset, State, asset_sentence, idle_assets, states_of
from callinsight.reports.balance import (
    StageBalance,
    balance_of,
    balance_sentence,
    usable_items,
)
from callinsight.reports.basis import READ, Figure, Heard, band, notices_of, removed
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
from callinsight.reports.requests import RequestRow, request_effects, request_rows, request_sentence
from callinsight.reports.tables import (
    Table,
    ask_table,
    balance_table,
    change_table,
    evidence_table,
    gap_table,
    matrix_table,
    problem_table,
    request_table,
    revision_table,
    topic_table,
    unused_table,
)
from callinsight.reports.wording import (
    ANY,
    count,
    day,
    listing,
    many,
    month_name,
    percent,
    readable,
    web_address,
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
    from callinsight.reports.comparison import Comparison
    from callinsight.reports.requests import RequestLine
    from callinsight.reports.revision import Revision
    from callinsight.reports.wording import Names

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
    new: bool  # never heard before this month


@dataclass(frozen=True, kw_only=True)
class OpenAsk:
    """What a deal asked for and did not get."""

    label: str
    deal: str
    account: str
    asked_on: str
    who: str
    words: str
    could_send: tuple[tuple[str, str], ...]  # titles with their addresses


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
    themes_new: str
    comparison: Comparison | None
    revision: Revision | None
    balance: tuple[StageBalance, ...]
    balance_sentence: str
    ask_sentence: str
    ask_kinds: tuple[AskKindLine, ...]
    open_asks: tuple[OpenAsk, ...]
    open_asks_rest: str
    request_sentence: str
    requests: tuple[RequestRow, ...]
    request_effects: tuple[str, ...]
    definitions: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    troubles: tuple[Trouble, ...]
    day: date  # the report speaks of
    totals: tuple[tuple[str, int], ...]  # calls read, deals, accounts
    tables: tuple[Table, ...]  # the same for programs and spreadsheets


def build_report(
    *,
    company: str,
    month: str,
    as_of: date,
    calls: Sequence[Call],
    participants: Sequence[Participant],
    heard: Sequence[Heard],
    utterances: Mapping[str, Utterance],
    gaps: Sequence[Gap],
    unused: Sequence[Unused],
    items: Sequence[ContentItem],
    excerpts: Sequence[Excerpt],
    topics: Sequence[tuple[Topic, int, int]],
    problems: Sequence[Problem],
    names: Names,
    versions: Mapping[str, str],
    redactions: Sequence[Redaction] = (),
    asks: Sequence[Ask] = (),
    asks_tracked: bool = True,
    asks_doubtful: int = 0,
    requests: Sequence[RequestLine] = (),
    comparison: Comparison | None = None,
    revision: Revision | None = None,
    is_first: bool = True,
    min_deals: int = 5,
    min_share: float = 0.2,
) -> MonthlyReport:
    """The report of a month; `calls` are all of the month's, `utterances` (by id) those of evidence.

    `heard` says how much each role said in each call. A topic comes with its turns and its deals in
    the month; none is called new if the month is the first with calls. `asks_tracked` is False where
    usage names no deal; `asks_doubtful` turns more may ask for something. `min_deals`
    and `min_share` are the rules by which the gaps were found.
    """
    usable = usable_items(items, unused, as_of)
    facts = gather(calls, heard, utterances, items, usable, excerpts, names)
    cells = [gap for gap in gaps if ANY not in (gap.persona, gap.stage)]
    ranked = _ranked([gap for gap in cells if gap.verdict in PRESSING])
    covered = sorted((g for g in cells if g.verdict == "covered"), key=lambda g: (-g.share, g.id))
    doubts, rest = doubts_of(cells, facts, min_deals=min_deals, min_share=min_share)
    balance = balance_of(gaps, usable, names.taxonomy)
    asked = ask_sentence(asks, tracked=asks_tracked, doubtful=asks_doubtful)
    asked_for = request_sentence(requests)
    open_asks = _open_asks(asks, facts) if asks_tracked else ()
    ranks = {gap.id: rank for rank, gap in enumerate(ranked, 1)}
    new = "" if is_first else month
    return MonthlyReport(
        company=company,
        month=month,
        month_name=month_name(month),
        as_of=day(as_of.isoformat()),
        has_calls=bool(calls),
        basis=band(calls, participants, heard),
        notices=notices_of(calls, heard, min_deals),
        removed=removed(redactions),
        summary=_summary(ranked, covered, unused, facts, comparison, asked, asked_for),
        stages=tuple(stage.label for stage in names.taxonomy.stages.values()),
        lines=lines_of(cells, facts),
        gaps=tuple(describe(gap, facts, rank) for rank, gap in enumerate(ranked, 1)),
        covered=tuple(describe(gap, facts) for gap in covered),
        doubts=doubts,
        doubts_rest=rest,
        roll_ups=tuple(describe(gap, facts) for gap in _ranked(roll_ups(gaps))),
        assets=idle_assets(unused, facts.items, facts.names),
        asset_sentence=asset_sentence(unused, items),
        states=states_of(unused, items),
        themes=_themes(topics, new),
        themes_rest=_themes_rest(topics),
        themes_new=_themes_new(topics, new),
        comparison=comparison,
        revision=revision,
        balance=balance,
        balance_sentence=balance_sentence(balance),
        ask_sentence=asked,
        ask_kinds=kinds_of(asks, usable, names.taxonomy),
        open_asks=open_asks[:ASKS_SHOWN],
        open_asks_rest=_more(len(open_asks) - ASKS_SHOWN, "ask"),
        request_sentence=asked_for,
        requests=request_rows(requests),
        request_effects=request_effects(requests),
        definitions=tuple(_definitions(min_deals, min_share).items()),
        versions=tuple((readable(name), version) for name, version in versions.items()),
        troubles=_troubles(calls, problems),
        day=as_of,
        totals=_totals(calls),
        tables=(
            gap_table(gaps, ranks, facts),
            evidence_table(gaps, facts),
            change_table(comparison, facts),
            revision_table(revision),
            matrix_table(cells, facts),
            balance_table(balance),
            unused_table(unused, facts),
            ask_table(asks, facts),
            request_table(requests),
            topic_table(topics, new),
            problem_table(problems),
        ),
    )


def _totals(calls: Sequence[Call]) -> tuple[tuple[str, int], ...]:
    read = [call for call in calls if call.status in READ]
    return (
        ("calls", len(read)),
        ("deals", len({call.deal or call.id for call in read})),
        ("accounts", len({call.account for call in read if call.account})),
    )


def _open_asks(asks: Sequence[Ask], facts: Facts) -> tuple[OpenAsk, ...]:
    """What nothing answered, without the deals that are closed."""
    found = []
    for ask in asks:
        if ask.answered or ask.outcome != "open":
            continue
        said = facts.utterances.get(ask.utterance)
        found.append(
            OpenAsk(
                label=ask.label,
                deal=ask.deal,
                account=ask.account,
                asked_on=day(ask.asked_on),
                who=(said.speaker if said else "") or facts.names.persona(ask.persona),
                words=said.text if said else "",
                could_send=tuple(
                    (facts.items[id_].title, web_address(facts.items[id_].url))
                    for id_ in ask.could_send
                ),
            )
        )
    return tuple(found)


def _more(number: int, noun: str) -> str:
    more = many(number, f"more {noun} is", f"more {noun}s are") if number > 0 else ""
    return f"{more} in the sheets." if more else ""


def _summary(
    ranked: Sequence[Gap],
    covered: Sequence[Gap],
    unused: Sequence[Unused],
    facts: Facts,
    comparison: Comparison | None,
    asked: str,
    asked_for: str,
) -> tuple[str, ...]:
    """Two to seven sentences; nothing for a month without calls."""
    if not facts.calls:
        return ()
    open_, weak = ([g for g in ranked if g.verdict == v] for v in PRESSING)
    sentences = [_open_sentence(open_, facts)]
    if weak:
        verb = "is answered by too little" if len(weak) == 1 else "are answered by too little"
        sentences.append(f"{many(len(weak), 'concern')} {verb}: {_named(weak, facts)}.")
    if comparison and comparison.sentence:
        sentences.append(comparison.sentence)
    if covered:
        sentences.append(f"Well covered: {_named(covered, facts)}.")
    sentences += filter(None, (asked, asked_for))
    assets = {one.item for one in unused if one.kind != LITTLE}
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


def _themes(topics: Sequence[tuple[Topic, int, int]], new: str) -> tuple[Theme, ...]:
    found = sorted((t for t in topics if t[1]), key=lambda t: (-t[2], -t[1], t[0].id))
    most = max((deals for _, _, deals in found), default=0)
    return tuple(
        Theme(
            label=topic.label,
            terms=_other_terms(topic),
            deals=f"{deals:,}",
            turns=f"{turns:,}",
            pct=pct(deals / most),
            new=topic.first_seen == new,
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


def _themes_new(topics: Sequence[tuple[Topic, int, int]], new: str) -> str:
    found = [topic.label for topic, turns, _ in topics if turns and topic.first_seen == new]
    if not found:
        return ""
    labels = listing([f"“{label}”" for label in found[:NAMED]])
    more = len(found) - NAMED
    tail = f" and {more} more" if more > 0 else ""
    are = "theme is" if len(found) == 1 else "themes are"
    return f"{many(len(found), are, are)} new this month: {labels}{tail}."


def _definitions(min_deals: int, min_share: float) -> dict[str, str]:
    return {
        "Objection": "A buyer resists: the concern stands between them and buying.",
        "Question": "A buyer wants to know, without resistance. Questions are demand too.",
        "Demand": (
            "The share of deals in which a buyer of the role, heard at the stage this month, raised the "
            "concern as an objection or a question. Deals are counted, not mentions; a deal can do both."
        ),
        "Supply": (
            "Assets that are live, neither stale nor expired, name the concern, are made for the role "
            "and the stage or for any, and can be found: by an address, an owner or recent use. What "
            "people confirmed or denied goes before what tags say."
        ),
        INTERVAL: (
            "Where the true share may well lie, given how few deals were heard. "
            "The wider it is, the less is known."
        ),
        "Unresolved": (
            "The raising deals that are lost, open but silent for long, or in which the concern came "
            "back in another call. Only the score adds half a deal on each side, so that a few deals "
            "never count as none or all."
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
        "More than chance": (
            "A change from month to month that so few deals would hardly show by themselves, judged "
            "over all cells at once. What is not, may still be one: it is not known."
        ),
        "Balance of the funnel": (
            "What buyers raise: deals, each once for every concern it raises at the stage. Assets: "
            "live and up to date, counted at each stage they serve. Both as parts of all stages."
        ),
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
