"""`callinsight gaps`: the cells of a period, ranked, with what each rests on."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.supply import TOPIC
from callinsight.errors import InputError, nearest
from callinsight.months import month_of, period_of
from callinsight.pipeline.content import gaps_of, unused_of, usable_calls, uses_of
from callinsight.records import Gap
from callinsight.reports.stock import stock_of
from callinsight.reports.wording import Names
from callinsight.sheets import sheet_text
from callinsight.taxonomy import Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.months import Period
    from callinsight.records import Call

TOLD = ("gap", "weak", "covered")
WORDS = {
    "oversupplied": "oversupplied",
    "low_demand": "of low demand",
    "too_few_calls": "with too few calls",
}
ABOUT = ("level", "label")  # said of a gap before its own columns
EVIDENCE = 5  # utterances named in the text; the other forms name all


def list_gaps(
    db: Database,
    config: Config,
    period: Period | None,
    as_of: date | None,
    *,
    shape: str,
    today: date,
) -> str:
    """The cells of a period (else of the last month with calls) as text, JSON or CSV.

    Supply is as of a day, else as of the period's last. Without any call there are none, and the text
    says what there is, as of a day, else of the period's last, else `today`. Raises InputError without
    calls of the period, or with neither calls nor assets.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    if not usable_calls(db) and store.all_items(db):
        day = as_of or (period.last if period else today)
        return _without_calls(db, config, taxonomy, day, shape)
    asked, calls = _with_calls(db, config, period)
    day = as_of or asked.last
    gaps = gaps_of(db, config, taxonomy, asked.name, day, calls=calls)
    labels = {concern.id: concern.label for concern in taxonomy.concerns.values()}
    labels |= {f"{TOPIC}{topic.id}": f"Topic: {topic.label}" for topic in store.all_topics(db)}
    if shape == "json":
        return json.dumps([_row(gap, labels) for gap in gaps], ensure_ascii=False, indent=1)
    if shape == "csv":
        rows = [[*_row(gap, labels).values()] for gap in gaps]
        return sheet_text([*ABOUT, *(field.name for field in dataclasses.fields(Gap))], rows)
    return _text(asked.name, day, gaps, labels, Names(taxonomy))


def _without_calls(db: Database, config: Config, taxonomy: Taxonomy, day: date, shape: str) -> str:
    """No cells, in a form; as text what can be told of the inventory."""
    if shape == "json":
        return "[]"
    if shape == "csv":
        return sheet_text([*ABOUT, *(field.name for field in dataclasses.fields(Gap))], [])
    lines = ["No call can be counted yet, so that nobody can tell what buyers ask for."]
    uses = uses_of(db, config)
    idle = unused_of(db, config, [], day, uses=uses)
    lines += ["", f"What there is, as of {day.isoformat()}:"]
    lines += stock_of(store.all_items(db), idle, taxonomy, used=bool(uses))
    return "\n".join([*lines, "", "'callinsight run PIPELINE.toml' reads calls."])


def get_gap(db: Database, config: Config, gap_id: str) -> Gap:
    """The cell with this id, of whichever period; raises InputError if there is none."""
    found = store.get_gap(db, gap_id)
    if found is not None:
        return found
    listed = "; 'callinsight gaps --format csv' lists those there are"
    name, between, _ = gap_id.partition("/")
    if not between:
        raise InputError(f"there is no gap '{gap_id}'{listed}")
    known = store.gaps_of_month(db, name, evidence=False)
    if not known:
        asked, calls = _with_calls(db, config, period_of(name))
        taxonomy = load_taxonomy(config.tagging.taxonomy)
        known = gaps_of(db, config, taxonomy, asked.name, asked.last, calls=calls)
    by_id = {gap.id: gap for gap in known}
    if gap_id not in by_id:
        raise InputError(f"there is no gap '{gap_id}'{nearest(gap_id, list(by_id)) or listed}")
    return by_id[gap_id]


def _with_calls(db: Database, config: Config, period: Period | None) -> tuple[Period, list[Call]]:
    """The period, and all calls that count, some of them in it."""
    calls = usable_calls(db)
    months = sorted({month_of(call.recorded_at, config.zone) for call in calls})
    if not months:
        raise InputError("no call can be counted yet; 'callinsight run PIPELINE.toml' reads them")
    asked = period or period_of(months[-1])
    if not any(asked.holds(call.recorded_at, config.zone) for call in calls):
        raise InputError(
            f"no call of {asked.name} can be counted; there are calls of {', '.join(months)}"
        )
    return asked, calls


def _row(gap: Gap, labels: Mapping[str, str]) -> dict[str, object]:
    about = zip(ABOUT, (gap.level, labels.get(gap.concern, gap.concern)), strict=True)
    return dict(about) | dataclasses.asdict(gap)


def _text(
    period: str, day: date, gaps: Sequence[Gap], labels: Mapping[str, str], names: Names
) -> str:
    cells = [gap for gap in gaps if gap.level == "cell"]
    told = {gap.concern for gap in cells if gap.verdict in TOLD}
    above = {gap.rolled_up for gap in cells if gap.concern not in told}
    rolled = [gap for gap in gaps if gap.id in above and gap.verdict in TOLD]
    lines = [f"{period}, supply as of {day.isoformat()}"]
    lines += _section("", [gap for gap in cells if gap.verdict in TOLD], labels, names)
    lines += _section(
        "Where a role has too few calls, all roles together say:", rolled, labels, names
    )
    others = Counter(gap.verdict for gap in cells if gap.verdict not in TOLD)
    rest = [f"{others[verdict]} {words}" for verdict, words in WORDS.items() if others[verdict]]
    if rest:
        lines += ["", f"Not listed: {', '.join(rest)}; --format csv lists all."]
    return "\n".join(lines)


def _section(title: str, gaps: Iterable[Gap], labels: Mapping[str, str], names: Names) -> list[str]:
    order = sorted(gaps, key=lambda gap: (TOLD.index(gap.verdict) == 2, -gap.score, gap.id))
    lines = ["", title] if title and order else []
    for number, gap in enumerate(order, 1):
        lines += ["", *_told(number, gap, labels, names)]
    return lines


def _told(number: int, gap: Gap, labels: Mapping[str, str], names: Names) -> list[str]:
    place = names.place(gap.persona, gap.stage)
    rank = f"rank {gap.rank_low} to {gap.rank_high}" if gap.rank_low else "not ranked"
    how = _parts(gap, (("objections", "objection"), ("questions", "question"), ("asks", "ask")))
    why = _parts(
        gap,
        (("lost", "lost"), ("stalled", "stalled"), ("returned", "came back")),
        "some are several" if gap.lost + gap.stalled + gap.returned > gap.unresolved else "",
    )
    interval = f"95 % interval {gap.share_low:.0%} to {gap.share_high:.0%}"
    more = len(gap.evidence) - EVIDENCE
    gone = f"; {gap.disqualified} disqualified" if gap.disqualified else ""
    return [
        f"{number}. {gap.verdict.upper()}  {labels.get(gap.concern, gap.concern)}: {place}",
        f"   {gap.raising} of {gap.eligible} deals ({gap.share:.0%}, {interval}){how}",
        f"   {gap.unresolved} of {gap.raising} unresolved{why}{gone}; score {gap.score:.3g}, {rank}",
        f"   {names.sentence(gap.reason)}",
        f"   {' '.join(gap.evidence[:EVIDENCE])}{f' and {more} more' if more > 0 else ''}",
        f"   {gap.id}",
    ]


def _parts(gap: Gap, parts: Sequence[tuple[str, str]], more: str = "") -> str:
    told = [f"{getattr(gap, name)} {word}" for name, word in parts if getattr(gap, name)]
    return f" ({'; '.join(filter(None, (', '.join(told), more)))})" if told else ""
