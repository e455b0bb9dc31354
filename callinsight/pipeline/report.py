"""`callinsight report`: what a month says, as pages with sound."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.audio import clip
from callinsight.content.remedies import remedy_of
from callinsight.errors import AudioError, InputError
from callinsight.months import day_of, first_shown, last_day, month_before, month_of
from callinsight.pipeline.content import (
    demand_in_window,
    gaps_of,
    unused_of,
    uses_of,
    window_of,
)
from callinsight.pipeline.definitions import redefined
from callinsight.pipeline.recordings import recordings, silences, sound_at
from callinsight.pipeline.requests import last_request_day, request_lines
from callinsight.records import Snapshot
from callinsight.reports.asks import asks_of, doubtful_asks, is_tracked
from callinsight.reports.balance import usable_items
from callinsight.reports.basis import Heard
from callinsight.reports.comparison import Past, comparison_of
from callinsight.reports.monthly import Excerpt, Material, build_report, pick_excerpts, write_report
from callinsight.reports.numbers import digest_of, from_json, numbers_of, to_json
from callinsight.reports.revision import revision_of
from callinsight.reports.stock import stock_of
from callinsight.reports.themes import Spoken
from callinsight.reports.wording import ANY, TOPIC, Names
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.addresses import Address
    from callinsight.config import Config
    from callinsight.pipeline.content import Demand
    from callinsight.records import (
        Call,
        ContentItem,
        Gap,
        Participant,
        Tag,
        Unused,
        UsageEvent,
        Utterance,
    )
    from callinsight.reports.asks import Ask, Talk
    from callinsight.reports.comparison import Comparison
    from callinsight.reports.monthly import MonthlyReport
    from callinsight.reports.numbers import MonthNumbers
    from callinsight.reports.revision import Revision
    from callinsight.taxonomy import Taxonomy

REPLY = 2  # turns of the seller in a row that answer a turn
PREVIOUS, NONE = "previous", "none"  # what a month is compared with, if not with a named one


def report_month(
    db: Database,
    config: Config,
    month: str,
    folder: Path,
    *,
    as_of: date | None = None,
    compare: str = PREVIOUS,
    formats: Collection[str] = ("html", "md"),
    now: str = "",
) -> Path:
    """Write the report of a month into folder/month; its page, else the folder.

    `compare` names another month, `previous` or `none`. With `now`, a moment, what the report says is
    kept, so that a later change of the past is seen. Without any call it tells what there is. Raises
    InputError before the first call and after the last, and where there is no asset either.
    """
    report, numbers = report_of(db, config, month, as_of, compare=compare)
    limit = config.report.embed_limit_mb
    written = write_report(report, folder / month, embed_limit_mb=limit, formats=formats)
    if now:
        _keep(db, numbers, now)
    return next((path for path in written if path.name == "index.html"), folder / month)


def report_of(
    db: Database, config: Config, month: str, as_of: date | None = None, *, compare: str = PREVIOUS
) -> tuple[MonthlyReport, MonthNumbers]:
    """What is to be said of a month as it stood on a day, else its last, and what is kept of it.

    Without a day content requests stand as they were last heard of: whoever reads October's report
    in November is to see what was asked for since.
    """
    day = as_of or last_day(month)
    asked_until = as_of or max(day, last_request_day(db, config) or day)
    months = sorted({month_of(at, config.zone) for at in store.moments_of_calls(db)})
    _check_month(db, months, month)
    compared = _compared(month, compare) if months else ""
    known = _known(db, config, months, _first_day(config, month, day, compared))
    calls = known.by_month.get(month, [])
    people = store.participants_in(db, [call.id for call in calls])
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    names = Names(taxonomy, {str(topic.id): topic.label for topic in store.all_topics(db)})
    read = _read(db, config, taxonomy, month, day, known)
    material = Material(
        company=config.company,
        month=month,
        as_of=day,
        calls=calls,
        participants=people,
        heard=[Heard(*row) for row in store.spoken_in(db, [call.id for call in calls])],
        utterances=read.evidence,
        gaps=read.gaps,
        remedies={gap.id: remedy_of(gap) for gap in read.gaps},
        unused=read.unused,
        items=known.items,
        stock=_stock(known, read.unused, taxonomy),
        excerpts=_excerpts(db, config, read, calls, people),
        judgements=store.all_judgements(db),
        redactions=store.redactions_in(db, [call.id for call in calls]),
        redacts=bool(config.privacy.redact),
        topics=_topics(db, month, read.gaps),
        problems=store.problems(db),
        names=names,
        versions={
            "tagger": read.numbers.tagger,
            "speech": read.numbers.speech,
            "definitions": taxonomy.version,
        },
        asks=read.asks,
        asks_tracked=is_tracked(known.uses),
        asks_doubtful=read.asks_doubtful,
        requests=request_lines(db, config, asked_until),
        requests_on=asked_until,
        used_since=date.fromisoformat(window_of(config, day)[0]),
        comparison=_comparison(db, config, taxonomy, read.numbers, compared, names, known),
        redefined=(
            redefined(db, config, taxonomy, compared, read.numbers.rules) if compared else None
        ),
        revision=_revision(db, read.numbers, names),
        is_first=not any(other < month for other in months),
        min_deals=config.gaps.min_deals,
        min_share=config.gaps.min_share,
    )
    return build_report(material), read.numbers


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a month and the one before it are both counted from, read once."""

    months: list[str]  # all that have calls
    calls: list[Call]  # those of both months, and of the days in which use of an asset counts
    by_month: dict[str, list[Call]]
    items: list[ContentItem]
    uses: list[UsageEvent]
    demand: dict[tuple[str, ...], Demand]  # as `demand_in_window` leaves it


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a month comes to."""

    gaps: list[Gap]
    unused: list[Unused]
    numbers: MonthNumbers


@dataclass(frozen=True, kw_only=True)
class Reading(Counted):
    """What the database gives of a month, counted, with what was said behind it."""

    tags: list[Tag]
    evidence: dict[str, Utterance]
    asks: tuple[Ask, ...]
    asks_doubtful: int


def _known(db: Database, config: Config, months: list[str], since: date) -> Known:
    calls = store.calls_since(db, first_shown(since))
    by_month: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_month[month_of(call.recorded_at, config.zone)].append(call)
    return Known(
        months=months,
        calls=calls,
        by_month=dict(by_month),
        items=store.all_items(db),
        uses=uses_of(db, config),
        demand={},
    )


def _first_day(config: Config, month: str, day: date, compared: str) -> date:
    """The first day whose calls count for a month as it stood on a day, or for the other month."""
    days = [(month, day), *([(compared, last_day(compared))] if compared else [])]
    return min(
        date.fromisoformat(first)
        for name, until in days
        for first in (f"{name}-01", window_of(config, until)[0])
    )


def _read(
    db: Database, config: Config, taxonomy: Taxonomy, month: str, day: date, known: Known
) -> Reading:
    """Count a month as it stood on a day, and read the turns behind it."""
    counted = _count(db, config, taxonomy, month, day, known)
    calls = known.by_month.get(month, [])
    tags = store.tags_of_month(db, month)
    talk = _talk(db, tags)
    asks = asks_of(
        tags,
        {call.id: call for call in calls},
        {call.id: day_of(call.recorded_at, config.zone) for call in calls},
        known.uses,
        store.buyers_of_calls(db),
        known.items,
        usable_items(known.items, counted.unused, day),
        taxonomy,
        day,
        talk,
    )
    behind = {id_ for gap in counted.gaps for id_ in gap.evidence} | {a.utterance for a in asks}
    return Reading(
        gaps=counted.gaps,
        unused=counted.unused,
        numbers=counted.numbers,
        tags=tags,
        evidence=store.utterances_by_id(db, sorted(behind)),
        asks=asks,
        asks_doubtful=doubtful_asks(tags, {call.id for call in calls}, taxonomy, talk),
    )


def _talk(db: Database, tags: Iterable[Tag]) -> Talk:
    """The turns that ask, each with what the seller says to it: up to two turns in one go."""
    asking = sorted({tag.utterance for tag in tags if tag.kind == "ask" and tag.status == "sure"})
    after = {id_: [_later(id_, step) for step in range(1, REPLY + 1)] for id_ in asking}
    wanted = [*asking, *(id_ for ids in after.values() for id_ in ids)]
    said = store.utterances_by_id(db, wanted)
    talk = {}
    for id_ in asking:
        reply = itertools.takewhile(
            lambda turn: turn.side == "rep", (said[i] for i in after[id_] if i in said)
        )
        talk[id_] = (said[id_].text, " ".join(turn.text for turn in reply))
    return talk


def _later(utterance: str, step: int) -> str:
    """The id of a turn that comes some turns later in the call."""
    call, _, position = utterance.rpartition(":")
    return f"{call}:{int(position) + step:04d}"


def _count(
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    month: str,
    day: date,
    known: Known,
    *,
    verdicts_only: bool = False,
) -> Counted:
    """Count a month as it stood on a day, with the definitions and models of today.

    `verdicts_only` as for `find_gaps`: all that the numbers of a month hold.
    """
    calls = known.by_month.get(month, [])
    read = [call for call in known.calls if call.is_read]
    gaps = []
    if calls:
        gaps = gaps_of(
            db,
            config,
            taxonomy,
            month,
            day,
            calls=read,
            read=known.demand,
            verdicts_only=verdicts_only,
        )
    demand = demand_in_window(db, config, taxonomy, day, calls=read, read=known.demand)
    unused = unused_of(db, config, demand, day, uses=known.uses)
    definitions = f"{taxonomy.version} {taxonomy.digest}"
    numbers = numbers_of(
        month,
        day,
        calls=calls,
        gaps=gaps,
        unused=unused,
        items=known.items,
        requests=request_lines(db, config, day),
        taxonomy=taxonomy,
        versions={**_versions(db, config, month), "definitions": definitions},
        rules={**dataclasses.asdict(config.gaps), **dataclasses.asdict(config.unused)},
    )
    return Counted(gaps=gaps, unused=unused, numbers=numbers)


def _check_month(db: Database, months: Sequence[str], month: str) -> None:
    """Raises InputError for a month before the first with calls or after the last.

    Where there are no calls at all, a report may still tell of the inventory.
    """
    if not months and store.all_items(db):
        return
    if not (months and months[0] <= month <= months[-1]):
        others = (
            f"there are calls of {', '.join(months)}" if months else "there are no calls at all"
        )
        raise InputError(f"there is no call in {month}; {others}")


def _stock(known: Known, unused: Sequence[Unused], taxonomy: Taxonomy) -> tuple[str, ...]:
    """What can be told of the inventory where there is no call at all."""
    if known.months:
        return ()
    return stock_of(known.items, unused, taxonomy, used=bool(known.uses))


def _versions(db: Database, config: Config, month: str) -> dict[str, str]:
    """What heard the calls and what read them: other heads if people corrected tags."""
    return {
        "tagger": " and ".join(store.taggers_of_month(db, month)),
        "speech": f"{config.speech.engine} {config.speech.model}",
    }


def _excerpts(
    db: Database,
    config: Config,
    read: Reading,
    calls: Sequence[Call],
    people: Sequence[Participant],
) -> list[Excerpt]:
    """What is played and read of each cell that is shown, with its sound."""
    recording_of = recordings(db, config)
    picked = pick_excerpts(
        read.gaps,
        read.tags,
        read.evidence,
        {call.id: call for call in calls},
        people,
        each=config.report.excerpts,
        playable=lambda call: recording_of(call) is not None,
        before=functools.partial(store.turn_before, db),
        end_of=functools.partial(store.end_of_call, db),
    )
    return with_clips(picked, recording_of, silences(db))


def _compared(month: str, compare: str) -> str:
    """The month that a month is compared with; empty for none."""
    if compare == NONE:
        return ""
    other = month_before(month) if compare == PREVIOUS else compare
    if other == month:
        raise InputError(
            f"{month} cannot be compared with itself; name another month with --compare"
        )
    return other


def _comparison(
    db: Database,
    config: Config,
    taxonomy: Taxonomy,
    now: MonthNumbers,
    month: str,
    names: Names,
    known: Known,
) -> Comparison | None:
    """The numbers of a month beside those of another; None without one."""
    if not month:
        return None
    return comparison_of(
        now,
        _past(db, config, taxonomy, month, known),
        names,
        min_deals=config.gaps.min_deals,
        false_discovery_rate=config.gaps.false_discovery_rate,
    )


def _past(db: Database, config: Config, taxonomy: Taxonomy, month: str, known: Known) -> Past:
    """A month to compare with: counted anew if its calls are there, else as it was reported."""
    told = store.snapshots_of(db, month)
    last = from_json(told[-1].content) if told else None
    told_at = told[-1].taken_at if told else ""
    if month not in known.months:
        return Past(month=month, numbers=last, counted_anew=False, told=last, told_at=told_at)
    day = last_day(month)
    then = _count(db, config, taxonomy, month, day, known, verdicts_only=True)
    return Past(month=month, numbers=then.numbers, told=last, told_at=told_at)


def _revision(db: Database, now: MonthNumbers, names: Names) -> Revision | None:
    """What the last report of the month and day that said anything else said otherwise."""
    digest = digest_of(to_json(now))
    for told in reversed(store.snapshots_of(db, now.month)):
        then = from_json(told.content)
        if then and told.as_of == now.as_of and told.digest != digest:
            return revision_of(now, then, told.taken_at, names)
    return None


def _keep(db: Database, numbers: MonthNumbers, now: str) -> None:
    """Keep what the report says of the month."""
    content = to_json(numbers)
    with store.transaction(db):
        store.add_snapshot(
            db,
            Snapshot(
                month=numbers.month,
                taken_at=now,
                as_of=numbers.as_of,
                digest=digest_of(content),
                definitions=numbers.definitions,
                tagger=numbers.tagger,
                speech=numbers.speech,
                content=content,
            ),
        )


def with_clips(
    excerpts: Sequence[Excerpt],
    recording_of: Callable[[Call], Path | Address | None],
    silent_in: Callable[[str], Iterable[tuple[float, float]]],
) -> list[Excerpt]:
    """Excerpts with their sound, where a recording can be read and the times are known.

    Nothing is heard in the spans of a call that `silent_in` gives for its id.
    """
    by_call: dict[str, list[int]] = defaultdict(list)
    for index, excerpt in enumerate(excerpts):
        if not excerpt.utterance.estimated:
            by_call[excerpt.call.id].append(index)
    filled = list(excerpts)
    for indices in by_call.values():
        call = excerpts[indices[0]].call
        recording = recording_of(call)
        if recording is None:
            continue
        spans = [(excerpts[index].start_s, excerpts[index].end_s) for index in indices]
        try:
            sound = sound_at(recording, call, spans)
        except AudioError:
            continue  # the words are there all the same
        for index in indices:
            excerpt = excerpts[index]
            if excerpt.utterance.start_s < sound.duration_s:  # else it is not of this recording
                silent = silent_in(excerpt.call.id)
                cut = clip(sound, excerpt.start_s, excerpt.end_s, silent=silent)
                filled[index] = dataclasses.replace(excerpt, clip=cut)
    return filled


def _topics(db: Database, month: str, gaps: Iterable[Gap]) -> list[Spoken]:
    """Topics of a month with their turns and deals, the widest spread first."""
    heard = store.topics_heard(db, month)
    asking = {gap.concern: gap.raising for gap in gaps if (gap.persona, gap.stage) == (ANY, ANY)}
    spoken = []
    for topic in store.all_topics(db):
        turns, deals = heard.get(str(topic.id), (0, 0))
        if turns:
            asks = asking.get(f"{TOPIC}{topic.id}", 0)
            spoken.append(Spoken(topic=topic, turns=turns, deals=deals, asking=asks))
    return sorted(spoken, key=lambda one: (-one.deals, -one.turns, one.topic.id))
