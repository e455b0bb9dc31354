"""What buyers talk about in a month: topics with their size, trend, roles, stages and words."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callinsight.months import month_before, month_name
from callinsight.reports.wording import Names, clock, count
from callinsight.shares import difference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from callinsight.records import Tag, Topic, TopicChange, Utterance
    from callinsight.taxonomy import Taxonomy

EXCERPTS = 3
WIDTH = 100
LONGEST = 280  # characters of an excerpt; more is cut in the text, not in JSON
INDENT = "    "


@dataclass(frozen=True)
class Trend:
    """The share of deals that speak of a topic, against the month before."""

    direction: str  # rising | falling | unclear | too_few
    deals: int  # that speak of it
    of: int  # deals in which a buyer speaks
    deals_before: int
    of_before: int
    risen: float  # difference of the shares
    risen_low: float  # its 95 % interval
    risen_high: float


@dataclass(frozen=True)
class Excerpt:
    """Words that are typical of a topic."""

    call: str
    start_s: float
    estimated: bool
    speaker: str
    text: str


@dataclass(frozen=True)
class TopicLine:
    """A topic in a month."""

    topic: Topic
    turns: int
    calls: int
    deals: int
    trend: Trend
    personas: tuple[tuple[str, int], ...]  # deals of each, most first
    stages: tuple[tuple[str, int], ...]
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True)
class TopicList:
    """The topics of a month, the widest spread first."""

    month: str
    before: str  # the month before
    lines: tuple[TopicLine, ...]
    silent: int  # topics that count, of which nobody spoke in the month
    min_deals: int


def topics_of(
    month: str,
    topics: Iterable[Topic],
    tags: Iterable[Tag],
    utterances: Mapping[str, Utterance],
    spoke: Mapping[str, Collection[str]],
    *,
    min_deals: int,
) -> TopicList:
    """The topics of a month with what buyers say of each.

    `tags` are those of topics in all months, `utterances` those of the month by id, `spoke` the
    deals of each month in which a buyer spoke. Fewer than `min_deals` of them give no trend.
    """
    before = month_before(month)
    active = [topic for topic in topics if topic.status == "active"]
    now: dict[str, list[Tag]] = defaultdict(list)
    then: dict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        if tag.month in (month, before):
            (now if tag.month == month else then)[tag.label].append(tag)
    lines = [
        _line(
            topic,
            now[str(topic.id)],
            utterances,
            _trend(
                (len({tag.deal for tag in now[str(topic.id)]}), len(spoke.get(month, ()))),
                (len({tag.deal for tag in then[str(topic.id)]}), len(spoke.get(before, ()))),
                min_deals,
            ),
        )
        for topic in active
        if now[str(topic.id)]
    ]
    lines.sort(key=lambda line: (-line.deals, -line.turns, line.topic.id))
    return TopicList(month, before, tuple(lines), len(active) - len(lines), min_deals)


def topics_text(listed: TopicList, taxonomy: Taxonomy, *, min_calls: int) -> str:
    """The topics as people read them."""
    if not listed.lines and not listed.silent:
        return (
            "There are no topics yet. They are looked for once buyers say something of substance in "
            f"{count(min_calls, 'call')}; you can also define your own in the taxonomy."
        )
    names = Names(taxonomy)
    head = f"What buyers talked about in {month_name(listed.month)}: {count(len(listed.lines), 'topic')}."
    blocks = [head, *(_block(line, listed, names) for line in listed.lines)]
    if listed.silent:
        blocks.append(f"Nobody spoke of {count(listed.silent, 'more topic')} in this month.")
    return "\n\n".join(blocks)


def topics_json(listed: TopicList) -> str:
    """The topics as JSON, with the ids of the taxonomy."""
    rows = [
        {
            **_facts(line.topic),
            "turns": line.turns,
            "calls": line.calls,
            "deals": line.deals,
            "trend": dataclasses.asdict(line.trend),
            "personas": dict(line.personas),
            "stages": dict(line.stages),
            "excerpts": [dataclasses.asdict(excerpt) for excerpt in line.excerpts],
        }
        for line in listed.lines
    ]
    table = {
        "month": listed.month,
        "month_before": listed.before,
        "silent": listed.silent,
        "topics": rows,
    }
    return json.dumps(table, ensure_ascii=False, indent=2)


def rebuild_text(old: Sequence[Topic], new: Sequence[Topic], changes: Iterable[TopicChange]) -> str:
    """What became of each topic in a rebuild."""
    by_id = {topic.id: topic for topic in new}
    labels = {topic.id: topic for topic in old}
    lines = []
    for change in changes:
        was = labels[change.topic]
        if change.became is None:
            nearest = f" (nearest to a new one: {change.cosine:.2f})" if new else ""
            own = " It had a label of yours." if was.label_source == "user" else ""
            lines.append(f"{was.id}  '{was.label}' ended{nearest}.{own}")
            continue
        now = by_id[change.became]
        called = "" if now.label == was.label else f", now called '{now.label}'"
        lines.append(f"{was.id}  '{was.label}' lives on as {now.id}{called} ({change.cosine:.2f})")
    lines += [f"{t.id}  '{t.label}' is new" for t in new if t.id not in labels]
    kept = sum(topic.id in labels for topic in new)
    head = (
        f"Topics were found anew: {kept} of {len(old)} live on, {len(old) - kept} ended, "
        f"{len(new) - kept} are new. Numbers in brackets: how alike they are, 1 is the same."
    )
    return "\n".join([head, *lines])


def _line(
    topic: Topic, tags: Sequence[Tag], utterances: Mapping[str, Utterance], trend: Trend
) -> TopicLine:
    return TopicLine(
        topic=topic,
        turns=len(tags),
        calls=len({tag.call for tag in tags}),
        deals=len({tag.deal for tag in tags}),
        trend=trend,
        personas=_deals_by(tags, "persona"),
        stages=_deals_by(tags, "stage"),
        excerpts=tuple(
            Excerpt(said.call, said.start_s, said.estimated, said.speaker, said.text)
            for said in (utterances[tag.utterance] for tag in _typical(tags))
        ),
    )


def _deals_by(tags: Iterable[Tag], name: str) -> tuple[tuple[str, int], ...]:
    pairs = {(getattr(tag, name), tag.deal) for tag in tags}
    counted = Counter(value for value, _ in pairs)
    return tuple(sorted(counted.items(), key=lambda row: (-row[1], row[0])))


def _typical(tags: Iterable[Tag]) -> list[Tag]:
    """The nearest to the centroid, each from a call of its own, different deals first."""
    best: dict[str, Tag] = {}
    for tag in sorted(tags, key=lambda tag: (-tag.score, tag.utterance)):
        best.setdefault(tag.call, tag)
    taken: Counter[str] = Counter()
    ranked = []
    for tag in best.values():
        ranked.append((taken[tag.deal], -tag.score, tag.utterance, tag))
        taken[tag.deal] += 1
    return [tag for *_, tag in sorted(ranked, key=lambda row: row[:3])][:EXCERPTS]


def _trend(now: tuple[int, int], before: tuple[int, int], min_deals: int) -> Trend:
    risen = now[0] / now[1] - before[0] / before[1] if now[1] and before[1] else 0.0
    low, high = difference(now, before)
    direction = "rising" if low > 0 else "falling" if high < 0 else "unclear"
    if min(now[1], before[1]) < min_deals:
        direction = "too_few"
    return Trend(direction, *now, *before, round(risen, 4), round(low, 4), round(high, 4))


def _block(line: TopicLine, listed: TopicList, names: Names) -> str:
    topic = line.topic
    size = (
        f"{count(line.turns, 'turn')} in {count(line.calls, 'call')} of {count(line.deals, 'deal')}"
    )
    rows = [
        f"{topic.id}  {topic.label}",
        f"{INDENT}{size}; first heard in {month_name(topic.first_seen)}",
        f"{INDENT}{_trend_text(line.trend, listed)}",
        f"{INDENT}who: " + ", ".join(f"{names.persona(id_)} {n}" for id_, n in line.personas),
        f"{INDENT}when: " + ", ".join(f"{names.stage(id_)} {n}" for id_, n in line.stages),
    ]
    others = [
        term for term in topic.terms.split(";") if term and term not in topic.label.split(", ")
    ]
    if others:
        rows.append(f"{INDENT}also: {', '.join(others)}")
    if not topic.is_own:
        rows.append(f"{INDENT}another word for: {names.concern(topic.named_by)}; counted there")
    for excerpt in line.excerpts:
        at = clock(excerpt.start_s, estimated=excerpt.estimated)
        words = textwrap.shorten(excerpt.text, LONGEST, placeholder=" ...")
        rows.append(
            textwrap.fill(
                f"{excerpt.call} at {at}, {excerpt.speaker}: {words}",
                WIDTH,
                initial_indent=f"{INDENT}- ",
                subsequent_indent=f"{INDENT}  ",
            )
        )
    return "\n".join(rows)


def _trend_text(trend: Trend, listed: TopicList) -> str:
    then = month_name(listed.before).split()[0]
    if not trend.of_before:
        return f"{trend.deals} of {count(trend.of, 'deal')}; no calls in {then} to compare with"
    counts = (
        f"{trend.deals} of {count(trend.of, 'deal')}, "
        f"{trend.deals_before} of {trend.of_before} in {then}"
    )
    if trend.direction == "too_few":
        return f"{counts}: too few for a trend ({listed.min_deals} deals in each month are needed)"
    between = f"between {trend.risen_low * 100:+.0f} and {trend.risen_high * 100:+.0f}"
    words = {"rising": "rising", "falling": "falling", "unclear": "no clear trend"}
    return f"{counts}: {words[trend.direction]} ({trend.risen * 100:+.0f} points, {between})"


def _facts(topic: Topic) -> dict[str, Any]:
    return {
        "id": topic.id,
        "label": topic.label,
        "label_source": topic.label_source,
        "terms": [term for term in topic.terms.split(";") if term],
        "defined_as": topic.defined_as,
        "named_by": "" if topic.is_own else topic.named_by,
        "first_seen": topic.first_seen,
    }
