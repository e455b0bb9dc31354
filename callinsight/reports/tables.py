"""A month as tables: what the sheets, the workbook and the JSON file hold, each value with its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.changes import NOT_COMPARED
from callinsight.reports.demand import told_by
from callinsight.reports.matrix import serving
from callinsight.reports.wording import ANY, web_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.records import Gap, Problem, Unused
    from callinsight.reports.asks import Ask
    from callinsight.reports.balance import StageBalance
    from callinsight.reports.comparison import Comparison
    from callinsight.reports.decisions import Decision
    from callinsight.reports.demand import Facts
    from callinsight.reports.redefined import Redefined
    from callinsight.reports.requests import RequestLine
    from callinsight.reports.revision import Revision
    from callinsight.reports.themes import Spoken

Value = str | int | float | bool | None
TEXT, WHOLE, NUMBER, SHARE, DATE, LINK, YES = (
    *("text", "whole", "number", "share", "date", "link", "yes"),
)
LIST_SEPARATOR = "; "


@dataclass(frozen=True)
class Column:
    """A column: its name, the kind of its values, and how wide it is in a workbook."""

    name: str
    kind: str = TEXT
    width: int = 16


@dataclass(frozen=True)
class Table:
    """One part of a month: `name`.csv, a sheet called `title`, a list `name` in the JSON file."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


CELL = (
    Column("concern_id", width=22),
    Column("concern", width=28),
    Column("persona", width=24),
    Column("stage", width=15),
)


def gap_table(gaps: Sequence[Gap], decided: Mapping[str, Decision], facts: Facts) -> Table:
    """Every cell of the month, ranked ones first, roll-ups as `All roles` and `All stages`.

    `decided` are, by id, the cells that press, with their rank and next step.
    """
    columns = (
        *(Column("id", width=44), Column("rank", WHOLE, 7), Column("verdict", width=14), *CELL),
        *(Column("deals_raising", WHOLE), Column("deals_heard", WHOLE), Column("calls", WHOLE, 8)),
        *(
            Column("share", SHARE, 9),
            Column("share_low", SHARE, 11),
            Column("share_high", SHARE, 11),
        ),
        *(
            Column("objections", WHOLE, 11),
            Column("questions", WHOLE, 11),
            Column("asks", WHOLE, 8),
        ),
        *(Column("deals_unresolved", WHOLE, 12), Column("unresolved", SHARE, 12)),
        *(Column("deals_lost", WHOLE, 11), Column("deals_disqualified", WHOLE, 18)),
        *(Column("amount_open", NUMBER), Column("amount_lost", NUMBER)),
        Column("chance", NUMBER, 10),
        *(Column("assets_fitting", WHOLE), Column("assets_vouched", WHOLE)),
        *(Column("assets_undated", WHOLE), Column("assets_bulk_tagged", WHOLE)),
        *(Column("assets_unowned", WHOLE), Column("score", NUMBER, 9), Column("weight", NUMBER, 9)),
        *(Column("rank_best", WHOLE, 10), Column("rank_worst", WHOLE, 10)),
        *(
            Column("reason", width=50),
            Column("nearest_assets", width=30),
            Column("judged", width=30),
        ),
        *(Column("next_step", width=36), Column("request", width=26)),
    )
    ranks = {id_: one.demand.rank for id_, one in decided.items()}
    ordered = sorted(gaps, key=lambda g: (ranks.get(g.id, len(gaps) + 1), -g.score, g.id))
    rows = tuple(
        (
            *(
                gap.id,
                ranks.get(gap.id),
                gap.verdict,
                *_cell(gap.concern, gap.persona, gap.stage, facts),
            ),
            *(gap.raising, gap.eligible, gap.calls, gap.share, gap.share_low, gap.share_high),
            *(gap.objections, gap.questions, gap.asks),
            *(gap.unresolved, round(gap.unresolved / gap.raising, 4) if gap.raising else None),
            *(gap.lost, gap.disqualified, gap.amount, gap.amount_lost, gap.p_value),
            *(gap.supply, gap.vouched, gap.undated, gap.bulk_tagged, gap.unowned),
            *(gap.score, gap.weight, gap.rank_low or None, gap.rank_high or None),
            *(facts.names.sentence(gap.reason), LIST_SEPARATOR.join(gap.candidates)),
            _judged(gap, facts),
            *((one.step, one.request) if (one := decided.get(gap.id)) else ("", "")),
        )
        for gap in ordered
    )
    return Table("gaps", "Gaps", columns, rows)


def _judged(gap: Gap, facts: Facts) -> str:
    """What people last said of the assets of a cell, an asset after the other."""
    cell = (gap.concern, gap.persona, gap.stage)
    found = sorted((key[3], said) for key, said in facts.judged.items() if key[:3] == cell)
    return LIST_SEPARATOR.join(f"{item} {told_by(said)}" for item, said in found)


def evidence_table(gaps: Iterable[Gap], facts: Facts) -> Table:
    """Every turn behind a count, once for each concern or theme."""
    columns = (
        *(
            Column("utterance_id", width=22),
            Column("concern_id", width=22),
            Column("concern", width=28),
        ),
        *(
            Column("persona", width=24),
            Column("stage", width=15),
            Column("deal"),
            Column("account", width=24),
        ),
        *(Column("call"), Column("date", DATE, 12), Column("at_seconds", NUMBER, 11)),
        *(Column("speaker", width=22), Column("words", width=90)),
    )
    pairs = sorted({(gap.concern, id_) for gap in gaps for id_ in gap.evidence})
    rows = []
    for concern, id_ in pairs:
        said = facts.utterances[id_]
        call = facts.calls[said.call]
        rows.append(
            (
                *(id_, concern, facts.names.concern(concern), facts.names.persona(said.persona)),
                *(facts.names.stage(call.stage), call.deal or call.id, call.account, call.id),
                *(call.recorded_at[:10], round(said.start_s, 2), said.speaker, said.text),
            )
        )
    return Table("evidence", "Evidence", columns, tuple(rows))


def change_table(comparison: Comparison | None, facts: Facts) -> Table:
    """Every cell of both months, what moved most surely first."""
    columns = (
        *CELL,
        Column("direction", width=15),
        *(Column("verdict_before"), Column("verdict_now")),
        *(Column("deals_raising_before", WHOLE), Column("deals_heard_before", WHOLE)),
        *(Column("deals_raising_now", WHOLE), Column("deals_heard_now", WHOLE)),
        *(Column("rise", SHARE, 9), Column("rise_low", SHARE, 9), Column("rise_high", SHARE, 9)),
        *(
            Column("chance", NUMBER, 10),
            Column("assets_before", WHOLE),
            Column("assets_now", WHOLE),
        ),
    )
    rows = tuple(
        (
            *_cell(*c.now.key, facts),
            *(c.direction, c.before.verdict, c.now.verdict),
            *(c.before.raising, c.before.eligible, c.now.raising, c.now.eligible),
            *((None,) * 4 if c.direction == NOT_COMPARED else (c.points, c.low, c.high, c.p_value)),
            *(c.before.supply, c.now.supply),
        )
        for c in (comparison.changes if comparison else ())
    )
    return Table("changes", "Changes", columns, rows)


def revision_table(revision: Revision | None) -> Table:
    """What an earlier report of the same month said otherwise."""
    columns = (Column("what", width=30), Column("where", width=44), Column("then", width=36))
    rows = tuple(
        (d.what, d.where, d.then, d.now) for d in (revision.differences if revision else ())
    )
    return Table("past", "Past, changed", (*columns, Column("now", width=36)), rows)


def definition_table(redefined: Redefined | None) -> Table:
    """What is defined otherwise than in the month that is compared."""
    columns = (Column("since", width=40), Column("what_changed", width=90))
    rows = tuple((redefined.since, change) for change in redefined.changes) if redefined else ()
    return Table("definitions", "Definitions changed", columns, rows)


def matrix_table(gaps: Sequence[Gap], facts: Facts) -> Table:
    """Demand and supply of each role at each stage."""
    columns = (
        *(Column("persona", width=24), Column("stage", width=15), Column("deals_heard", WHOLE)),
        *(Column("gaps", WHOLE, 8), Column("weak", WHOLE, 8), Column("covered", WHOLE, 9)),
        *(Column("assets_made_for_them", WHOLE, 20), Column("assets_for_anybody", WHOLE, 18)),
    )
    rows: list[tuple[Value, ...]] = []
    taxonomy = facts.names.taxonomy
    for persona in taxonomy.personas:
        for stage in taxonomy.stages:
            found = [g for g in gaps if (g.persona, g.stage) == (persona, stage)]
            verdicts = [gap.verdict for gap in found]
            rows.append(
                (
                    *(facts.names.persona(persona), facts.names.stage(stage)),
                    max((gap.eligible for gap in found), default=0),
                    *(verdicts.count(v) for v in ("gap", "weak", "covered")),
                    *serving(facts.usable, persona, stage),
                )
            )
    return Table("matrix", "Roles and stages", columns, tuple(rows))


def balance_table(balance: Sequence[StageBalance]) -> Table:
    """What buyers raise at each stage beside what the inventory offers there."""
    columns = (
        *(
            Column("stage", width=16),
            Column("deals_heard", WHOLE),
            Column("concerns_raised", WHOLE, 17),
        ),
        *(
            Column("share_of_raised", SHARE),
            Column("assets", WHOLE, 9),
            Column("share_of_assets", SHARE),
        ),
        *(Column("assets_that_say", WHOLE, 17), Column("about_the_product", WHOLE, 19)),
        Column("share_about_the_product", SHARE, 24),
    )
    rows = tuple(
        (
            *(s.label, s.deals, s.raised, s.raised_share, s.assets, s.assets_share),
            *(s.product_told, s.product_specific, s.product_share),
        )
        for s in balance
    )
    return Table("funnel", "Funnel", columns, rows)


def unused_table(unused: Iterable[Unused], facts: Facts) -> Table:
    """Assets that need attention as they stand: one row for each asset and reason."""
    columns = (
        *(Column("asset_id"), Column("title", width=44), Column("url", LINK, 40)),
        *(Column("content_type", width=20), Column("owner", width=20), Column("state", width=12)),
        *(Column("why", width=56), Column("advice", width=18), Column("cost", NUMBER, 11)),
        *(Column("published_on", DATE, 13), Column("updated_on", DATE, 13)),
    )
    rows = []
    for one in sorted(unused, key=lambda u: (u.item, u.kind)):
        item = facts.items[one.item]
        rows.append(
            (
                *(item.id, item.title, web_address(item.url), item.content_type, item.owner),
                *(one.kind, facts.names.sentence(one.why), one.advice, item.cost),
                *(item.published_on or None, item.updated_on or None),
            )
        )
    return Table("unused", "Assets that need attention", columns, tuple(rows))


def ask_table(asks: Iterable[Ask], facts: Facts) -> Table:
    """What each deal asked to be sent, and what went to it."""
    columns = (
        *(Column("asked_for", width=26), Column("deal"), Column("account", width=24)),
        *(Column("outcome", width=11), Column("asked_on", DATE, 12), Column("answered", YES, 10)),
        *(Column("answered_with"), Column("answered_on", DATE, 12), Column("could_send", width=32)),
        *(Column("persona", width=24), Column("call"), Column("utterance_id", width=22)),
        Column("words", width=90),
    )
    rows = tuple(
        (
            *(ask.label, ask.deal, ask.account, ask.outcome, ask.asked_on, bool(ask.answered)),
            *(ask.answered, ask.answered_on or None, LIST_SEPARATOR.join(ask.could_send)),
            *(facts.names.persona(ask.persona), ask.call, ask.utterance),
            facts.utterances[ask.utterance].text if ask.utterance in facts.utterances else "",
        )
        for ask in asks
    )
    return Table("asks", "Asked to be sent", columns, rows)


def request_table(lines: Iterable[RequestLine]) -> Table:
    """Content requests with their states and dates, closed ones too."""
    columns = (
        *(Column("request", width=9), Column("title", width=44), Column("state", width=13)),
        *(Column("priority", width=9), Column("next_step", width=14), Column("due", DATE, 12)),
        *(Column("overdue", YES, 9), Column("age_days", WHOLE, 10), Column("requester", width=20)),
        *(Column("owner", width=20), Column("votes", WHOLE, 8), Column("gap", width=44)),
        *(Column("asset_id"), Column("effect", width=44)),
        *(Column("needed_by", DATE, 12), Column("not_counted", width=44)),
    )
    rows = tuple(
        (
            *(
                r.id,
                r.title,
                r.state,
                r.priority,
                r.next_step,
                r.due or None,
                r.overdue,
                r.age_days,
            ),
            *(
                r.requester,
                r.owner,
                r.votes,
                r.gap,
                r.item,
                r.effect,
                r.needed_by or None,
                r.not_counted,
            ),
        )
        for r in lines
    )
    return Table("requests", "Requests", columns, rows)


def topic_table(topics: Iterable[Spoken], month: str) -> Table:
    """Themes of the month, new ones marked, those that a concern names with it."""
    columns = (
        *(Column("topic", WHOLE, 8), Column("label", width=44), Column("terms", width=60)),
        *(Column("deals", WHOLE, 8), Column("turns", WHOLE, 8), Column("first_heard", width=12)),
        *(Column("new", YES, 8), Column("deals_asking", WHOLE, 8)),
        Column("concern_id", width=22),
    )
    rows = tuple(
        (
            *(one.topic.id, one.topic.label, one.topic.terms.replace(";", LIST_SEPARATOR)),
            *(one.deals, one.turns, one.topic.first_seen, one.topic.first_seen == month),
            *(one.asking, "" if one.topic.is_own else one.topic.named_by),
        )
        for one in topics
    )
    return Table("topics", "Themes", columns, rows)


def problem_table(problems: Iterable[Problem]) -> Table:
    """Input that could not be used."""
    columns = (Column("what", width=14), Column("where", width=40), Column("why", width=90))
    return Table(
        "problems", "Not used", columns, tuple((p.stage, p.subject, p.error) for p in problems)
    )


def _cell(concern: str, persona: str, stage: str, facts: Facts) -> tuple[str, str, str, str]:
    names = facts.names
    return (
        concern,
        names.concern(concern),
        "All roles" if persona == ANY else names.persona(persona),
        "All stages" if stage == ANY else names.stage(stage),
    )
