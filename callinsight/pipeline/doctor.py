"""`callinsight doctor`: is everything in place for the next run, and how is what is not mended."""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.addresses import listed
from callinsight.calls.consent import Rules, without_rules
from callinsight.calls.manifest import (
    CALL_COLUMNS,
    CALL_COLUMNS_NEEDED,
    PARTICIPANT_COLUMNS,
    PARTICIPANT_COLUMNS_NEEDED,
    survey,
)
from callinsight.cluster import default_workers
from callinsight.config import Config, load_config
from callinsight.content.inventory import (
    ITEM_COLUMNS,
    ITEM_COLUMNS_NEEDED,
    USAGE_COLUMNS,
    USAGE_COLUMNS_NEEDED,
)
from callinsight.errors import CallInsightError, InputError
from callinsight.months import month_before, month_of
from callinsight.pipeline.machine import (
    BROKEN,
    LOOK,
    OK,
    Finding,
    available_mb,
    check_clock,
    check_disk,
    check_ffmpeg,
    check_libraries,
    check_memory,
    check_python,
    check_weights,
)
from callinsight.pipeline.run import stored_config
from callinsight.pipeline.tagger import tagger_models
from callinsight.pipeline.traces import reports_of
from callinsight.sheets import read_sheet
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.store import Health

LATE = timedelta(hours=36)  # a nightly run that was missed shows the morning after the next
TIMER = "docs/operation.md says how a timer starts it each night"


def check_up(pipeline: Path | None, database: Path | None, *, now: str) -> list[Finding]:
    """Everything that a run and its reports need, in the order in which it is needed.

    Without a pipeline file that of the database's last run is looked at, if there is one. Nothing is
    changed, but that a damaged file of a model is discarded. `now` is a moment.
    """
    given = _pipeline(pipeline)
    config = given if isinstance(given, Config) else None
    path = database or (config.database if config else None)
    health, sick = _health(path)
    usable = path if sick is None and _is_usable(health) else None
    config = config or _last_config(usable)
    folders = [path.parent if path else Path(), weights.cache_folder()]
    return [
        check_python(),
        check_libraries(),
        check_ffmpeg(),
        check_weights(_models(config)),
        check_disk([*folders, *([config.report.folder] if config else [])]),
        check_memory(default_workers(config.speech.device if config else "cpu"), available_mb()),
        check_clock(now, health.last_run, health.last_moment),
        *_told(given),
        *(_sheets(config) if config else []),
        *([_folder(config), *_calls(config, now)] if config else []),
        sick or _database(path, health),
        *([_last_run(health, now), _monthly(usable, config, now)] if config and usable else []),
    ]


def as_text(findings: Sequence[Finding]) -> str:
    """A line each, what to do beneath it, and the sum."""
    lines = []
    for one in findings:
        lines.append(f"{one.state:13} {one.name:10} {one.told}")
        if one.mend:
            lines.append(f"{'':24} → {one.mend}")
    counted = [f"{sum(f.state == s for f in findings)} {s}" for s in (OK, LOOK, BROKEN)]
    return "\n".join([*lines, "", ", ".join(counted)])


def as_json(findings: Sequence[Finding]) -> str:
    """A list of objects with name, state, told and mend."""
    return json.dumps([dataclasses.asdict(f) for f in findings], ensure_ascii=False, indent=2)


def _pipeline(path: Path | None) -> Config | Finding | None:
    """The settings, or what is wrong with them."""
    if path is None:
        return None
    try:
        config = load_config(path)
        load_taxonomy(config.tagging.taxonomy)
    except CallInsightError as error:
        return Finding("pipeline", BROKEN, str(error), "mend the file and look again")
    return config


def _told(given: Config | Finding | None) -> list[Finding]:
    if isinstance(given, Config):
        return [Finding("pipeline", OK, f"{given.path} and its definitions can be used")]
    return [given] if given else []


def _last_config(path: Path | None) -> Config | None:
    """The settings of the database's last run, if they can be had."""
    if path is None:
        return None
    try:
        with store.opened(path) as db:
            return stored_config(db)
    except CallInsightError:
        return None


def _models(config: Config | None) -> list[str]:
    if config is None:
        return list(weights.DEFAULTS)
    try:
        taxonomy = load_taxonomy(config.tagging.taxonomy)
    except CallInsightError:
        return list(weights.DEFAULTS)
    hearing = [config.speech.model, weights.VOICES]
    return [*hearing, *tagger_models(taxonomy), weights.EMBEDDING]


def _sheets(config: Config) -> list[Finding]:
    """Whether each sheet can be opened and has the columns it needs; rows are for the run to judge."""
    wanted: list[tuple[Path, Sequence[str], Sequence[str]]] = [
        (config.calls.manifest, CALL_COLUMNS_NEEDED, CALL_COLUMNS)
    ]
    if config.calls.participants:
        people = (config.calls.participants, PARTICIPANT_COLUMNS_NEEDED, PARTICIPANT_COLUMNS)
        wanted.append(people)
    wanted += [(path, ITEM_COLUMNS_NEEDED, ITEM_COLUMNS) for path in config.content.items]
    wanted += [(path, USAGE_COLUMNS_NEEDED, USAGE_COLUMNS) for path in config.content.usage]
    rows, faults = [], []
    for path, needed, optional in wanted:
        try:
            rows.append(read_sheet(path, needed=needed, optional=optional))
        except CallInsightError as error:
            faults.append(str(error))
    if faults:
        return [Finding("sheets", BROKEN, "; ".join(faults), "mend them and look again")]
    count = sum(map(len, rows))
    read = Finding("sheets", OK, f"{len(wanted)} sheets of {config.path.name}, {count} rows")
    regions = without_rules((row.text("region") for row in rows[0]), Rules(**vars(config.consent)))
    if not regions:
        return [read]
    mend = f"name them under [consent.regions] in {config.path}, or mend {config.calls.manifest}"
    return [read, Finding("consent", LOOK, regions, mend)]


def _folder(config: Config) -> Finding:
    folder = config.calls.files
    mend = (
        f"connect its drive, mend its permissions, or mend 'files' under [calls] in {config.path}"
    )
    if isinstance(folder, str):
        return _store(folder)
    if not folder.is_dir():
        return Finding("recordings", BROKEN, f"{folder}: there is no such folder", mend)
    if not os.access(folder, os.R_OK | os.X_OK):
        return Finding("recordings", BROKEN, f"{folder} cannot be read", mend)
    return Finding("recordings", OK, f"{folder} is there")


def _calls(config: Config, now: str) -> list[Finding]:
    """What a run would make of the list of calls; nothing where it cannot be read, which is told above."""
    try:
        found = survey(
            config.calls.manifest,
            config.calls.files,
            taxonomy=load_taxonomy(config.tagging.taxonomy),
            zone=config.zone,
            addresses=config.calls.addresses,
            consent=Rules(**vars(config.consent)),
            today=now[:10],
        )
    except CallInsightError:
        return []
    rows = f"{found.rows} row{'' if found.rows == 1 else 's'} of {config.calls.manifest.name}"
    amiss = {
        "cannot be used": found.unusable,
        "refused": found.refused,
        "without a file": found.missing,
    }
    amiss = {what: reasons for what, reasons in amiss.items() if reasons}
    if not amiss:
        return [Finding("calls", OK, f"{rows}, all can be used")]
    told = ", ".join(f"{what}: {len(reasons)}" for what, reasons in amiss.items())
    first = "; ".join(reasons[0] for reasons in amiss.values())
    return [Finding("calls", LOOK, f"{rows}; {told}", f"such as {first}")]


def _store(address: str) -> Finding:
    """Whether a store of recordings answers, and has any."""
    try:
        found = len(listed(address))
    except InputError as error:
        return Finding("recordings", BROKEN, str(error), "mend that and look again")
    state = OK if found else LOOK
    mend = "" if found else "see that 'files' under [calls] is the right address"
    return Finding("recordings", state, f"{address}: {found} files can be listed", mend)


def _health(path: Path | None) -> tuple[store.Health, Finding | None]:
    """How the database is, and a finding if it cannot be told."""
    if path is None or not path.exists():
        where = f"{path}: there is no database yet" if path else "no database was named"
        return store.Health(), Finding(
            "database", LOOK, where, "'callinsight run PIPELINE.toml' makes one"
        )
    if path.is_dir():
        told = f"{path} is a folder"
        return store.Health(), Finding(
            "database", BROKEN, told, "name the database in it with --db FILE"
        )
    try:
        return store.health_of(path), None
    except sqlite3.DatabaseError as error:
        mend = "see whether it is the right file and may be read; else put back a backup"
        return store.Health(), Finding("database", BROKEN, f"{path}: {error}", mend)


def _is_usable(health: Health) -> bool:
    """Whether it can be read without changing it: opening an older one would bring it up to date."""
    return health.is_ours and not (health.damages or health.is_newer or health.steps_behind)


def _database(path: Path | None, health: Health) -> Finding:
    if health.damages:
        mend = "put back a backup, or move it away and run again: the calls are heard anew"
        return Finding("database", BROKEN, f"{path}: {'; '.join(health.damages)}", mend)
    if not health.is_ours:
        mend = "name the right one with --db FILE"
        return Finding("database", BROKEN, f"{path} holds nothing of callinsight", mend)
    if health.is_newer:
        mend = "upgrade this callinsight, or put back the backup from before"
        return Finding("database", BROKEN, f"{path} was made by a newer callinsight", mend)
    claim = store.current_claim(path) if path else None
    if claim:
        told = f"{path}: 'callinsight {claim.command}' (process {claim.process})"
        told += f" is at work on it since {claim.since}"
        return Finding("database", OK, told)
    if health.is_busy:
        mend = "if it stays so, find who holds it with 'fuser' and end that"
        return Finding("database", LOOK, f"{path}: another program is writing to it", mend)
    if health.is_scrub_due:
        told = f"{path}: words that were erased may still stand in it, for that was cut short"
        return Finding("database", LOOK, told, "run 'callinsight purge --yes'")
    if health.steps_behind:
        mend = "make a backup; the next command that opens it brings it up to date"
        return Finding("database", LOOK, f"{path} was made by an older callinsight", mend)
    return Finding("database", OK, f"{path} is sound, its schema up to date")


def _last_run(health: Health, now: str) -> Finding:
    if not health.last_run:
        return Finding("schedule", LOOK, "no run has come to its end yet", TIMER)
    ago = datetime.fromisoformat(now) - datetime.fromisoformat(health.last_run)
    told = f"the last run was started {health.last_run}"
    if ago > LATE:
        return Finding("schedule", LOOK, f"{told}, {ago.days} days ago", TIMER)
    return Finding("schedule", OK, told)


def _monthly(path: Path, config: Config, now: str) -> Finding:
    """Whether last month was reported once it was over; a month without calls needs no report."""
    month = month_before(month_of(now, config.zone))
    with store.opened(path) as db:
        has_calls = month in store.months_with_gaps(db)
        taken = [s.taken_at for s in store.snapshots_of(db, month)]
        written = reports_of(db, config, month)
    taken = [at for at in taken if month_of(at, config.zone) > month]
    again = f"'callinsight report --month {month} --out DIR --db {path}'"
    if not has_calls:
        return Finding("report", OK, f"no call of {month} needs a report")
    if not taken:
        told = f"{month} was not reported since it was over"
        return Finding("report", LOOK, told, f"{again}; {TIMER}")
    told = f"{month} was reported {taken[-1]}"
    if not written:
        mend = f"{again}; if it was moved, all is well"
        return Finding("report", LOOK, f"{told}, but is not where it was written", mend)
    return Finding("report", OK, told)
