"""What a month says, ready to be shown: every text and number of the report, in its order."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callinsight.months import month_name
from callinsight.reports.asks import SHOWN as ASKS_SHOWN
from callinsight.reports.asks import Ask, AskKindLine, ask_sentence, kinds_of
from callinsight.reports.assets import (
    Asset,
    State,
    asset_sentence,
    idle_assets,
    states_of,
)
from callinsight.reports.balance import (
    StageBalance,
    balance_of,
    balance_sentence,
    usable_items,
)
from callinsight.reports.basis import (
    READ,
    Figure,
    Heard,
    band,
    half_searched,
    notices_of,
    removed,
)
from callinsight.reports.decisions import Decision, decisions_of
from callinsight.reports.demand import (
    Demand,
    Facts,
    describe,
    gather,
)
from callinsight.reports.doubts import Doubt, doubts_of
from callinsight.reports.excerpts import PRESSING, Excerpt, pick_excerpts, roll_ups
from callinsight.reports.glossary import definitions
from callinsight.reports.matrix import Line, lines_of
from callinsight.reports.pages import write_report
from callinsight.reports.requests import (
    RequestNote,
    RequestRow,
    request_notes,
    request_rows,
    request_sentence,
)
from callinsight.reports.summary import GAPS, Sentence, summary_of
from callinsight.reports.tables import (
    Table,
    ask_table,
    balance_table,
    change_table,
    definition_table,
    evidence_table,
    gap_table,
    matrix_table,
    problem_table,
    request_table,
    revision_table,
    topic_table,
    unused_table,
)
from callinsight.reports.themes import Spoken, Themes, themes_of
from callinsight.reports.wording import (
    ANY,
    day,
    many,
    readable,
    web_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from callinsight.records import (
        Call,
        ContentItem,
        Gap,
        Judgement,
        Participant,
        Problem,
        Redaction,
        Unused,
        Utterance,
    )
    from callinsight.reports.comparison import Comparison
    from callinsight.reports.decisions import Remedies
    from callinsight.reports.redefined import Redefined
    from callinsight.reports.requests import RequestLine
    from callinsight.reports.revision import Revision
    from callinsight.reports.wording import Names

__all__ = ["Excerpt", "Material", "MonthlyReport", "build_report", "pick_excerpts", "write_report"]

STATES = {
    "partial": "Read in part",
    "empty": "No speech",
    "failed": "Not read",
    "refused": "Left out",
}
DECIDED = 6  # gaps on the first page; all are ranked below it


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
class Material:
    """What a report is made of."""

    company: str
    month: str
    as_of: date
    calls: Sequence[Call]  # all of the month's
    participants: Sequence[Participant]
    heard: Sequence[Heard]  # how much each role said in each call
    utterances: Mapping[str, Utterance]  # by id: those of evidence
    gaps: Sequence[Gap]
    unused: Sequence[Unused]
    items: Sequence[ContentItem]
    excerpts: Sequence[Excerpt]
    topics: Sequence[Spoken]  # of the month, and those nobody speaks of
    problems: Sequence[Problem]
    names: Names
    versions: Mapping[str, str]
    remedies: Remedies = field(default_factory=dict)  # by gap: what would answer it with least work
    judgements: Sequence[Judgement] = ()  # of people, in their order
    stock: Sequence[str] = ()  # what there is, where no call was ever counted
    redactions: Sequence[Redaction] = ()
    redacts: bool = True  # False where personal data stays in
    asks: Sequence[Ask] = ()
    asks_tracked: bool = True  # False where usage names no deal
    asks_doubtful: int = 0  # turns more that may ask for something
    requests: Sequence[RequestLine] = ()  # as they stood on `requests_on`, else on `as_of`
    requests_on: date | None = None
    used_since: date | None = None  # the first day on which use and demand of assets count
    comparison: Comparison | None = None
    revision: Revision | None = None
    redefined: Redefined | None = None  # None where no other month is compared, or none is kept
    is_first: bool = True  # of the months with calls: then no topic is called new
    min_deals: int = 5  # the rules by which the gaps were found
    min_share: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Heading:
    """Whose month it is, and what it rests on."""

    company: str
    month: str
    month_name: str
    as_of: str
    has_calls: bool
    stock: tuple[str, ...]  # what there is, where no call was ever counted
    basis: tuple[Figure, ...]
    notices: tuple[str, ...]
    removed: str  # how much personal data was taken out of the month's calls
    half_searched: str  # in which of them less of it is found
    day: date  # the report speaks of
    totals: tuple[tuple[str, int], ...]  # calls read, deals, accounts


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Demand against supply."""

    stages: tuple[str, ...]
    lines: tuple[Line, ...]
    gaps: tuple[Demand, ...]
    covered: tuple[Demand, ...]
    doubts: tuple[Doubt, ...]
    doubts_rest: str
    roll_ups: tuple[Demand, ...]
    balance: tuple[StageBalance, ...]
    balance_sentence: str


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Assets that need attention as they stand."""

    assets: tuple[Asset, ...]
    asset_sentence: str
    asset_period: str  # the days that count for it; empty where nobody says
    states: tuple[State, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What buyers asked to be sent, and what sales asks to be written."""

    ask_sentence: str
    ask_kinds: tuple[AskKindLine, ...]
    open_asks: tuple[OpenAsk, ...]
    open_asks_rest: str
    request_sentence: str
    requests: tuple[RequestRow, ...]
    request_notes: tuple[RequestNote, ...]


@dataclass(frozen=True, kw_only=True)
class MonthlyReport(Heading, Cells, Idle, Themes, Wanted):
    """Everything the pages of a month show."""

    decisions: tuple[Decision, ...]  # of all that press
    sentences: tuple[Sentence, ...]  # in short, with where the page tells more
    comparison: Comparison | None
    revision: Revision | None
    redefined: Redefined | None
    definitions: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    troubles: tuple[Trouble, ...]
    tabulate: Callable[[], tuple[Table, ...]]

    @functools.cached_property
    def tables(self) -> tuple[Table, ...]:
        """The same for programs and spreadsheets; most reports are pages only, and need none."""
        return self.tabulate()

    @property
    def pressing(self) -> tuple[Decision, ...]:
        """Those of the first page."""
        return self.decisions[:DECIDED]

    @property
    def summary(self) -> tuple[str, ...]:
        """The month in short."""
        return tuple(one.text for one in self.sentences)

    @property
    def further(self) -> tuple[Sentence, ...]:
        """The month in short, without the gaps where they are listed to be decided about."""
        return tuple(one for one in self.sentences if not (self.decisions and one.anchor == GAPS))


def build_report(month: Material) -> MonthlyReport:
    """The report of a month."""
    usable = usable_items(month.items, month.unused, month.as_of)
    facts = gather(
        *(month.calls, month.heard, month.utterances, month.items),
        *(usable, month.excerpts, month.names, month.judgements),
    )
    ranked = _ranked(gap for gap in _single(month.gaps) if gap.verdict in PRESSING)
    cells, wanted, idle = _cells(month, facts, ranked), _wanted(month, facts), _idle(month, facts)
    decisions = decisions_of(ranked, cells.gaps, facts, month.remedies, month.requests)
    return MonthlyReport(
        **vars(_heading(month)),
        **vars(cells),
        **vars(idle),
        **vars(
            themes_of(month.topics, month.names, new=_new_since(month), min_deals=month.min_deals)
        ),
        **vars(wanted),
        decisions=decisions,
        sentences=summary_of(month, facts, ranked, _covered(month.gaps), wanted, idle),
        comparison=month.comparison,
        revision=month.revision,
        redefined=month.redefined,
        definitions=definitions(month.min_deals, month.min_share),
        versions=tuple((readable(name), version) for name, version in month.versions.items()),
        troubles=_troubles(month.calls, month.problems),
        tabulate=functools.partial(_tables, month, facts, decisions, cells),
    )


def _heading(month: Material) -> Heading:
    return Heading(
        company=month.company,
        month=month.month,
        month_name=month_name(month.month),
        as_of=day(month.as_of.isoformat()),
        has_calls=bool(month.calls),
        stock=tuple(month.stock),
        basis=band(month.calls, month.participants, month.heard),
        notices=notices_of(month.calls, month.heard, month.min_deals),
        removed=removed(month.redactions),
        half_searched=half_searched(month.calls) if month.redacts else "",
        day=month.as_of,
        totals=_totals(month.calls),
    )


def _cells(month: Material, facts: Facts, ranked: Sequence[Gap]) -> Cells:
    single = _single(month.gaps)
    doubts, rest = doubts_of(single, facts, min_deals=month.min_deals, min_share=month.min_share)
    balance = balance_of(month.gaps, facts.usable, month.names.taxonomy)
    return Cells(
        stages=tuple(stage.label for stage in month.names.taxonomy.stages.values()),
        lines=lines_of(single, facts),
        gaps=tuple(describe(gap, facts, rank) for rank, gap in enumerate(ranked, 1)),
        covered=tuple(describe(gap, facts) for gap in _covered(month.gaps)),
        doubts=doubts,
        doubts_rest=rest,
        roll_ups=tuple(describe(gap, facts) for gap in _ranked(roll_ups(month.gaps))),
        balance=balance,
        balance_sentence=balance_sentence(balance),
    )


def _idle(month: Material, facts: Facts) -> Idle:
    since = day(month.used_since.isoformat()) if month.used_since else ""
    return Idle(
        assets=idle_assets(month.unused, facts.items, facts.names),
        asset_sentence=asset_sentence(month.unused, month.items),
        asset_period=(
            f"Use and demand from {since} to {day(month.as_of.isoformat())} count." if since else ""
        ),
        states=states_of(month.unused, month.items),
    )


def _wanted(month: Material, facts: Facts) -> Wanted:
    open_asks = _open_asks(month.asks, facts) if month.asks_tracked else ()
    return Wanted(
        ask_sentence=ask_sentence(
            month.asks, tracked=month.asks_tracked, doubtful=month.asks_doubtful
        ),
        ask_kinds=kinds_of(month.asks, facts.usable, month.names.taxonomy),
        open_asks=open_asks[:ASKS_SHOWN],
        open_asks_rest=_more(len(open_asks) - ASKS_SHOWN, "ask"),
        request_sentence=request_sentence(month.requests, month.requests_on or month.as_of),
        requests=request_rows(month.requests),
        request_notes=request_notes(month.requests),
    )


def _tables(
    month: Material, facts: Facts, decisions: Sequence[Decision], cells: Cells
) -> tuple[Table, ...]:
    return (
        gap_table(month.gaps, {one.gap: one for one in decisions}, facts),
        evidence_table(month.gaps, facts),
        change_table(month.comparison, facts),
        revision_table(month.revision),
        definition_table(month.redefined),
        matrix_table(_single(month.gaps), facts),
        balance_table(cells.balance),
        unused_table(month.unused, facts),
        ask_table(month.asks, facts),
        request_table(month.requests),
        topic_table(month.topics, _new_since(month)),
        problem_table(month.problems),
    )


def _single(gaps: Iterable[Gap]) -> list[Gap]:
    """The cells of one role at one stage."""
    return [gap for gap in gaps if ANY not in (gap.persona, gap.stage)]


def _covered(gaps: Iterable[Gap]) -> list[Gap]:
    covered = [gap for gap in _single(gaps) if gap.verdict == "covered"]
    return sorted(covered, key=lambda gap: (-gap.share, gap.id))


def _new_since(month: Material) -> str:
    """The month in which a topic is new if it was first heard then; empty for none."""
    return "" if month.is_first else month.month


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


def _ranked(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(gaps, key=lambda gap: (-gap.score, gap.id))


def _troubles(calls: Sequence[Call], problems: Sequence[Problem]) -> tuple[Trouble, ...]:
    """Input that could not be used, and calls that count in part or not at all."""
    troubles = [Trouble(what=readable(p.stage), where=p.subject, why=p.error) for p in problems]
    told = {problem.subject for problem in problems}
    for call in sorted(calls, key=lambda c: c.id):
        if call.status in STATES and not told & {call.id, call.file}:
            where = f"{call.id} ({call.file})"
            troubles.append(Trouble(what=STATES[call.status], where=where, why=call.reason))
    return tuple(troubles)
