"""`callinsight run`: the steps in order; each skips what is done and collects what fails."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from dataclasses import dataclass
from logging import WARNING
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.calls.consent import Rules, without_rules
from callinsight.calls.manifest import Manifest, read_manifest
from callinsight.calls.transcripts import is_transcript
from callinsight.config import (
    SETTINGS,
    CallsConfig,
    Config,
    TaggingConfig,
    config_from_text,
    load_config,
    settings_text,
)
from callinsight.errors import InputError, NoRunError
from callinsight.journal import note
from callinsight.pipeline.content import last_month, load_content, update_gaps, update_mentions
from callinsight.pipeline.definitions import keep_definitions
from callinsight.pipeline.embedding import keep_tagged
from callinsight.pipeline.erasing import finish
from callinsight.pipeline.forget import without_forgotten
from callinsight.pipeline.leaving import LAST_RUN, check_clock, drop_unlisted, keep_held
from callinsight.pipeline.mend import mended_entries
from callinsight.pipeline.playlist import keep_playlist
from callinsight.pipeline.privacy import cleaned_entry
from callinsight.pipeline.purge import AUDIO, DELETED
from callinsight.pipeline.report import report_month
from callinsight.pipeline.speech import transcribe_calls
from callinsight.pipeline.stages import infer_stages
from callinsight.pipeline.tagger import tagger_models
from callinsight.pipeline.tags import tag_calls
from callinsight.pipeline.topics import update_topics
from callinsight.pipeline.traces import remembered
from callinsight.pipeline.unchanged import keep_unchanged, program_of, unchanged
from callinsight.records import Problem
from callinsight.remote import check_address
from callinsight.reports.basis import half_searched
from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import DEFAULT_TAXONOMY, Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.progress import Progress
    from callinsight.records import Call
    from callinsight.store import Claim

DEFINITIONS = "taxonomy"  # version and digest of those that the tags were made with
FILES = "files"
HEARD = ("done", "partial", "empty")


@dataclass(frozen=True)
class Summary:
    """What a run left behind."""

    database: Path
    report: Path | None  # the page, if there is a month to report on
    statuses: dict[str, int]  # calls by status
    noted: tuple[Call, ...]  # calls with a reason to look at them that did not fail
    problems: tuple[Problem, ...]  # what failed
    removed: int = 0  # calls that the manifest names no more
    forgotten: tuple[str, ...] = ()  # rows of calls that were forgotten
    regions: str = ""  # those that no rule of consent names
    half_searched: str = ""  # calls in which less personal data is found, for their language


def run(
    config: Config,
    *,
    database: Path,
    workers: int,
    retry_failed: bool,
    progress: Progress,
    fetch: Callable[[list[str]], None] = weights.fetch,
    now: str = "",
    cluster: str = "",
    check_all: bool = False,
) -> Summary:
    """Take all calls of a pipeline from their files to the report; raises CallInsightError.

    Where nothing has changed since the last run only the report is made, unless `check_all` says to
    look at each call. `fetch` makes sure that models of these names are here, before the work that
    waits for them. With `now`, a moment, what the report says is kept, and when the last run was. The
    workers of a `cluster`, named by the address of its Dask scheduler, hear the calls in place of
    `workers` processes here.
    """
    if cluster:
        check_address(cluster)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    program = program_of(config, taxonomy)
    if database.is_file() and not (retry_failed or check_all):
        done = _as_before(config, database, program, now=now)
        if done is not None:
            return done
    manifest = list_calls(config, taxonomy, today=now[:10])
    fetch(models_for(config, manifest, taxonomy))
    with store.claimed(database, now=now) as killed, store.opened(database, create=True) as db:
        _follow(db, killed)
        check_clock(db, now)
        store.save_setting(db, SETTINGS, settings_text(config))
        entries, forgotten = without_forgotten(db, manifest.entries)
        entries = mended_entries(db, recall(db, entries), taxonomy, config.privacy)
        entries = [cleaned_entry(entry, config.privacy) for entry in entries]
        removed = drop_unlisted(db, config, manifest.problems, entries, now=now)
        entries = keep_held(db, entries)
        transcribe_calls(
            db,
            config,
            entries,
            workers=workers,
            retry_failed=retry_failed,
            progress=progress,
            cluster=cluster,
        )
        infer_stages(db, taxonomy)
        tag_calls(db, config, taxonomy, progress=progress)
        store.save_setting(db, DEFINITIONS, f"{taxonomy.version} {taxonomy.digest}")
        keep_definitions(db, taxonomy)
        update_topics(db, config, taxonomy, progress=progress)
        keep_tagged(db, progress=progress)
        load_content(db, config, taxonomy, now=now)
        update_mentions(db, config, progress=progress)
        months = update_gaps(db, config, taxonomy, progress=progress)
        if months:
            keep_playlist(db, config, months[-1])
        order = [entry.call.id for entry in entries]
        summary = _report(db, config, database, order=order, now=now)
        is_whole = not forgotten and not manifest.is_early
        if is_whole and program == program_of(config, taxonomy):
            noted = [call.id for call in summary.noted]
            keep_unchanged(db, config, program, noted, now=now)
        regions = without_rules((e.region for e in entries), Rules(**vars(config.consent)))
        return dataclasses.replace(summary, removed=removed, forgotten=forgotten, regions=regions)


def _as_before(config: Config, database: Path, program: str, *, now: str) -> Summary | None:
    """The report alone, where nothing has changed since the last run; None where each call is due a look."""
    with store.claimed(database, now=now) as killed, store.opened(database) as db:
        _follow(db, killed)
        if killed:
            return None
        last = unchanged(db, config, program, now=now)
        return _report(db, config, database, order=last.noted, now=now) if last else None


def _report(
    db: Database, config: Config, database: Path, *, order: Sequence[str], now: str
) -> Summary:
    """Write the report of the last month that has calls; calls are told of in this order."""
    month = last_month(db, config)
    page = None
    if month:
        with remembered(db, config.report.folder / month, month):
            page = report_month(db, config, month, config.report.folder, now=now)
    if now:
        store.save_setting(db, LAST_RUN, now)
    return _summary(db, config, database, page, order)


def _follow(db: Database, killed: Claim | None) -> None:
    """Go on after a command before that came to no end."""
    if killed and killed.command in ("forget", "purge"):
        told = f"'callinsight {killed.command}' was killed"
        note(f"{told}; start it again if no receipt names it", level=WARNING)
    elif killed:
        note("the run before was killed; this one goes on from where it was", level=WARNING)
    finish(db)


def stored_config(db: Database) -> Config:
    """The settings of the last run into this database; raises NoRunError without one."""
    text = store.setting(db, SETTINGS)
    if text is None:
        raise NoRunError(
            "no pipeline has run into this database yet: 'callinsight run PIPELINE.toml'"
        )
    return config_from_text(text)


def content_settings(db: Database) -> Config:
    """The settings of the last run; of an inventory that no run came to yet, the defaults.

    Raises NoRunError where there is neither.
    """
    if store.setting(db, SETTINGS) is None and store.all_items(db):
        return Config(
            path=Path(),
            calls=CallsConfig(manifest=Path()),
            tagging=TaggingConfig(taxonomy=DEFAULT_TAXONOMY),
        )
    return stored_config(db)


def request_settings(db: Database) -> Config:
    """The settings of the last run, with [requests] as the pipeline file has it today.

    What is said there changes no result, so it needs no new run; and addresses to tell are not kept
    in the database. Where the file is gone, nobody is told. Raises StoreError and ConfigError.
    """
    config = stored_config(db)
    if not config.path.is_file():
        return config
    return dataclasses.replace(config, requests=load_config(config.path).requests)


def list_calls(config: Config, taxonomy: Taxonomy, *, today: str = "") -> Manifest:
    """The calls of the pipeline's sheets; raises InputError if their folder is out of reach.

    With `today`, a date, calls that were to be kept until a day before it are refused.
    """
    files = config.calls.files
    if isinstance(files, Path) and not files.is_dir():
        raise InputError(
            f"{files}: there is no such folder of recordings; connect its drive, "
            f"or mend 'files' under [calls] in {config.path}"
        )
    return read_manifest(
        config.calls.manifest,
        config.calls.participants,
        files,
        taxonomy=taxonomy,
        persona_of=functools.cache(lambda title: persona_of_title(title, taxonomy)),
        zone=config.zone,
        rep_channel=config.speech.rep_channel,
        addresses=config.calls.addresses,
        consent=Rules(**vars(config.consent)),
        today=today,
    )


def models_for(config: Config, manifest: Manifest, taxonomy: Taxonomy) -> list[str]:
    """The models that the calls need: one to hear with only if there is something to hear."""
    heard = any(
        entry.call.status != "refused" and not is_transcript(entry.path)
        for entry in manifest.entries
    )
    hearing = [config.speech.model, weights.VOICES] if heard else []
    return [*hearing, *tagger_models(taxonomy), weights.EMBEDDING]


def recall(db: Database, entries: Sequence[Entry]) -> list[Entry]:
    """The entries, those whose file is out of reach with what is known of their call from before.

    So a drive that is not there, or a file that was moved, loses nothing that was heard.
    """
    known = {call.file: call for call in store.all_calls(db) if call.status in HEARD}
    recalled, problems = [], []
    for entry in entries:
        before = known.get(entry.call.file)
        if before is None or entry.call.fingerprint or entry.call.status == "refused":
            recalled.append(entry)
            continue
        call = dataclasses.replace(entry.call, id=before.id, fingerprint=before.fingerprint)
        people = tuple(dataclasses.replace(p, call=before.id) for p in entry.participants)
        recalled.append(dataclasses.replace(entry, call=call, participants=people))
        if store.is_done(db, AUDIO, before.id, DELETED):
            continue
        error = (
            f"{entry.where}: {call.file} is not there any more; what was heard of it is kept. "
            "Bring the file back, or remove the row"
        )
        problems.append(Problem(stage=FILES, subject=entry.where, error=error))
    with store.transaction(db):
        store.replace_problems(db, FILES, problems)
    return recalled


def _summary(
    db: Database, config: Config, database: Path, page: Path | None, order: Sequence[str]
) -> Summary:
    problems = store.problems(db)
    for problem in problems:
        note("input failed", level=WARNING, stage=problem.stage, subject=problem.subject)
    row = {call: number for number, call in enumerate(order)}
    calls = sorted(store.all_calls(db), key=lambda call: row.get(call.id, len(row)))
    return Summary(
        database=database,
        report=page,
        statuses=dict(Counter(call.status for call in calls)),
        noted=tuple(c for c in calls if c.reason and c.status != "failed"),
        problems=tuple(problems),
        half_searched=half_searched(calls) if config.privacy.redact else "",
    )
