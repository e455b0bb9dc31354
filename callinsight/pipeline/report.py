"""`callinsight report`: what a month says, as pages with sound."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.audio import clip, decode
from callinsight.calls.transcripts import is_transcript, recording_beside
from callinsight.errors import AudioError, InputError
from callinsight.months import last_day, month_of
from callinsight.pipeline.content import gaps_of, unused_of
from callinsight.reports.monthly import Excerpt, build_report, pick_excerpts, write_report
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call, Redaction, Topic


def report_month(
    db: Database, config: Config, month: str, folder: Path, *, as_of: date | None = None
) -> Path:
    """Write the report of a month into folder/month; its page. Raises InputError without calls."""
    calls = [c for c in store.all_calls(db) if month_of(c.recorded_at, config.zone) == month]
    if not calls:
        months = sorted({month_of(c.recorded_at, config.zone) for c in store.all_calls(db)})
        known = f"there are calls of {', '.join(months)}" if months else "there are no calls at all"
        raise InputError(f"there is no call in {month}; {known}")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    day = as_of or last_day(month)
    gaps = gaps_of(db, config, taxonomy, month, day)
    said = {u.id: u for call in calls for u in store.utterances_of(db, call.id)}
    ids = {call.id for call in calls}
    people = [p for p in store.all_participants(db) if p.call in ids]
    redactions = {call.id: store.redactions_of(db, call.id) for call in calls}
    closed = {config.calls.files / c.file for c in store.all_calls(db) if c.status == "refused"}
    recording_of = functools.partial(_recording, config, closed=closed)
    excerpts = pick_excerpts(
        gaps,
        store.tags_of_month(db, month),
        said,
        {call.id: call for call in calls},
        people,
        each=config.report.excerpts,
        playable=lambda call: recording_of(call) is not None,
    )
    report = build_report(
        company=config.company,
        month=month,
        as_of=day,
        calls=calls,
        participants=people,
        utterances=said,
        gaps=gaps,
        unused=unused_of(db, config, gaps, day),
        items=store.all_items(db),
        excerpts=with_clips(excerpts, recording_of, redactions),
        redactions=[one for found in redactions.values() for one in found],
        topics=topics_of(db, month),
        problems=store.problems(db),
        taxonomy=taxonomy,
        min_deals=config.gaps.min_deals,
        min_share=config.gaps.min_share,
        versions={
            "definitions": taxonomy.version,
            "tagger": load_heads().digest(),
            "speech": f"{config.speech.engine} {config.speech.model}",
        },
    )
    written = write_report(report, folder / month, embed_limit_mb=config.report.embed_limit_mb)
    return next(path for path in written if path.name == "index.html")


def with_clips(
    excerpts: Sequence[Excerpt],
    recording_of: Callable[[Call], Path | None],
    redactions: Mapping[str, Sequence[Redaction]],
) -> list[Excerpt]:
    """Excerpts with their sound, where a recording can be read and the times are known.

    Nothing is heard where personal data was taken out of the words; `redactions` are by call.
    """
    by_call: dict[str, list[int]] = defaultdict(list)
    for index, excerpt in enumerate(excerpts):
        if not excerpt.utterance.estimated:
            by_call[excerpt.call.id].append(index)
    filled = list(excerpts)
    for indices in by_call.values():
        recording = recording_of(excerpts[indices[0]].call)
        if recording is None:
            continue
        try:
            sound = decode(recording)
        except AudioError:
            continue  # the words are there all the same
        for index in indices:
            excerpt = excerpts[index]
            if excerpt.utterance.start_s < sound.duration_s:  # else it is not of this recording
                silent = [(r.start_s, r.end_s) for r in redactions.get(excerpt.call.id, ())]
                cut = clip(sound, excerpt.start_s, excerpt.end_s, silent=silent)
                filled[index] = dataclasses.replace(excerpt, clip=cut)
    return filled


def topics_of(db: Database, month: str) -> list[tuple[Topic, int, int]]:
    """Topics of a month with their turns and deals, the widest spread first."""
    turns: dict[str, list[str]] = defaultdict(list)
    for tag in store.tags_of_month(db, month):
        if tag.kind == "topic":
            turns[tag.label].append(tag.deal)
    counted = [
        (topic, len(turns[str(topic.id)]), len(set(turns[str(topic.id)])))
        for topic in store.all_topics(db)
        if turns[str(topic.id)]
    ]
    return sorted(counted, key=lambda row: (-row[2], -row[1], row[0].id))


def _recording(config: Config, call: Call, *, closed: Collection[Path]) -> Path | None:
    """The sound of a call: its file, or what lies beside its transcript, if that is not closed."""
    path = config.calls.files / call.file
    if not is_transcript(path):
        return path if path.is_file() else None
    beside = recording_beside(path)
    return beside if beside not in closed else None
