"""The agenda of the monthly meeting of sales and marketing, as one page and as Markdown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.requests import NOBODY
from callinsight.reports.wording import count, listing, many, money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import Call
    from callinsight.reports.decisions import Decision
    from callinsight.reports.monthly import MonthlyReport
    from callinsight.reports.requests import RequestNote, RequestRow

SHOWN = 5  # entries of a point; the rest is in the report
OWED = {  # who promised what
    "acknowledge": "Marketing promised to answer",
    "decide": "Marketing promised to decide",
    "deliver": "Marketing promised to deliver",
    "reply": "Sales promised to answer questions",
    "use": "Sales promised to use what is delivered, or to say why not",
}
DECIDED = ("won", "lost", "disqualified")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Promises on content requests of one kind that were due in a month."""

    promise: str  # acknowledge | decide | deliver; of sales: reply | use
    kept: int
    broken: int


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of the agenda."""

    title: str
    minutes: int
    sentences: tuple[str, ...]
    entries: tuple[str, ...] = ()
    rest: str = ""  # how many entries are not shown
    decide: str = ""  # what the meeting should settle


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """What sales and marketing talk about."""

    title: str
    company: str
    as_of: str
    points: tuple[Point, ...]

    @property
    def minutes(self) -> int:
        """How long all points take."""
        return sum(point.minutes for point in self.points)


def agenda_of(
    report: MonthlyReport,
    *,
    calls: Iterable[Call],
    promises: Sequence[Kept],
) -> Agenda:
    """The agenda after a month; `calls` are its calls."""
    decided = decided_deals(calls)
    points = (
        _standing(report),
        _gaps(report),
        _requests(report, promises),
        _assets(report),
        _outcomes(decided),
        _disqualified(decided),
        _definitions(report),
    )
    return Agenda(
        title=f"Sales and marketing after {report.month_name}",
        company=report.company,
        as_of=report.as_of,
        points=points,
    )


def decided_deals(calls: Iterable[Call]) -> list[Call]:
    """The last call of each deal that is won, lost or disqualified, by deal."""
    last: dict[str, Call] = {}
    for call in sorted(calls, key=lambda c: (c.recorded_at, c.id)):
        last[call.deal or call.id] = call
    return [call for _, call in sorted(last.items()) if call.outcome in DECIDED]


def _standing(report: MonthlyReport) -> Point:
    rests = ", ".join(f"{figure.value} {figure.label}" for figure in report.basis)
    told = (
        [f"This rests on {rests}."] if report.has_calls else ["There are no calls in this month."]
    )
    return Point(title="Where we stand", minutes=5, sentences=(*told, *report.summary))


def _gaps(report: MonthlyReport) -> Point:
    pressing = [*report.gaps, *report.roll_ups]
    decisions = {one.demand.anchor: one for one in report.decisions}
    entries = [
        f"{gap.concern}, {gap.place}: {gap.sentence}{_next(decisions.get(gap.anchor))}"
        for gap in pressing[:SHOWN]
    ]
    return Point(
        title="What buyers raise and nothing answers",
        minutes=15,
        sentences=() if entries else ("No gap is proven.",),
        entries=tuple(entries),
        rest=_rest(len(pressing), "gap"),
        decide="For each: write it, find it, or leave it; who, and until when." if entries else "",
    )


def _next(decision: Decision | None) -> str:
    if decision is None:
        return ""
    if decision.command:  # no request is open
        return f" Next: {decision.step}; {decision.request or 'nobody asked for it yet'}."
    return f" {decision.request}{', late' if decision.overdue else ''}."


def _requests(report: MonthlyReport, promises: Sequence[Kept]) -> Point:
    notes = {note.id: note for note in report.request_notes}
    entries = [_request(row, notes.pop(row.id, None)) for row in report.requests]
    closed = [f"{note.id} {note.title}: {note.text}" for note in notes.values()]
    told = report.request_sentence or "Nobody has asked for content yet."
    measured = [one for one in promises if one.kept + one.broken]
    return Point(
        title="Content requests",
        minutes=10 if entries or closed or measured else 1,
        sentences=(told, *_promises(measured)),
        entries=(*entries[:SHOWN], *closed[:SHOWN]),
        rest=_rest(len(entries), "request"),
        decide="What is late: what keeps it, and the new date." if entries else "",
    )


def _request(row: RequestRow, note: RequestNote | None) -> str:
    late = ", late" if row.overdue else ""
    needed = f", needed by {row.needed_by}" if row.needed_by else ""
    writer = "nobody writes it yet" if row.owner == NOBODY else f"written by {row.owner}"
    told = f". {note.text}" if note else ""
    return (
        f"{row.id} {row.title}: {row.state.lower()}, {row.due}{late}; asked by {row.wanted_by}{needed}, "
        f"{writer}{told}"
    )


def _promises(due: Sequence[Kept]) -> list[str]:
    """How each side kept what it promised the other."""
    if not due:
        return ["No promise was due this month, neither of marketing nor of sales."]
    told = [
        f"{OWED[one.promise]}: {one.kept:,} of {one.kept + one.broken:,} due this month "
        f"{'was' if one.kept + one.broken == 1 else 'were'} kept in time."
        for one in due
    ]
    sides = {OWED[one.promise].partition(" ")[0] for one in due}
    silent = [side for side in ("Marketing", "Sales") if side not in sides]
    return [*told, *(f"No promise of {side.lower()} was due this month." for side in silent)]


def _assets(report: MonthlyReport) -> Point:
    entries = [
        f"{asset.title} ({asset.owner}): {asset.why[0]}. {asset.advice[0]}."
        for asset in report.assets
    ]
    return Point(
        title="Assets that need attention",
        minutes=5,
        sentences=tuple(filter(None, (report.asset_sentence, report.asset_period))),
        entries=tuple(entries[:SHOWN]),
        rest=_rest(len(entries), "asset"),
        decide="Promote, refresh, retag or retire each; who does it." if entries else "",
    )


def _outcomes(decided: Sequence[Call]) -> Point:
    title = "Won and lost"
    ended = [call for call in decided if call.outcome in ("won", "lost")]
    if not ended:
        return _nothing(title, "No deal with a call this month is won or lost.")
    won = [call for call in ended if call.outcome == "won"]
    lost = [call for call in ended if call.outcome == "lost"]
    return Point(
        title=title,
        minutes=10,
        sentences=(
            f"{many(len(won), 'deal')} won{_worth(won)}, {len(lost):,} lost{_worth(lost)}.",
        ),
        entries=(*_reasons("Won", won), *_reasons("Lost", lost)),
        decide="What to say earlier, and what to stop saying." if lost else "",
    )


def _disqualified(decided: Sequence[Call]) -> Point:
    title = "Disqualified"
    gone = [call for call in decided if call.outcome == "disqualified"]
    if not gone:
        return _nothing(title, "No deal with a call this month was disqualified.")
    are = "deal was disqualified" if len(gone) == 1 else "deals were disqualified"
    return Point(
        title=title,
        minutes=5,
        sentences=(f"{many(len(gone), are, are)}{_worth(gone)}.",),
        entries=_reasons("", gone),
        decide="Whether marketing can keep such leads away, or sales should have gone on.",
    )


def _definitions(report: MonthlyReport) -> Point:
    title = "Definitions that changed"
    changed = report.redefined
    if not changed:
        return _nothing(title, "No earlier definitions are known to compare with.")
    return Point(
        title=title,
        minutes=5 if changed.changes else 1,
        sentences=(changed.sentence,),
        entries=changed.changes,
        decide="Whether both teams agree." if changed.changes else "",
    )


def _nothing(title: str, sentence: str) -> Point:
    """A point of which there is nothing to say but that."""
    return Point(title=title, minutes=1, sentences=(sentence,))


def _reasons(prefix: str, calls: Sequence[Call]) -> tuple[str, ...]:
    """The deals by the reason that the CRM gives, the most frequent first."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for call in calls:
        reason = " ".join(call.outcome_reason.split())
        by_reason[reason].append(call.account or call.deal or call.id)
    ordered = sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return tuple(
        f"{_headed(prefix, reason)}: {count(len(names), 'deal')} ({listing(sorted(names))})"
        for reason, names in ordered
    )


def _headed(prefix: str, reason: str) -> str:
    if not reason:
        return f"{prefix}; the CRM says not why" if prefix else "The CRM says not why"
    return f"{prefix}, {reason}" if prefix else reason


def _worth(calls: Sequence[Call]) -> str:
    """What deals are worth together, where all that say so agree on the currency."""
    known = [call for call in calls if call.amount is not None]
    if not known or len({call.currency for call in known}) > 1:
        return ""
    return f" ({money(sum(call.amount or 0.0 for call in known), known[0].currency)})"


def _rest(found: int, noun: str) -> str:
    more = found - SHOWN
    return f"{more:,} more {noun}{'' if more == 1 else 's'} in the report." if more > 0 else ""
