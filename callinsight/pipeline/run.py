"""`callinsight run`: the steps in order; each skips what is done and collects what fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.manifest import STAGE as MANIFEST
from callinsight.calls.manifest import Manifest, read_manifest
from callinsight.config import Config, config_from_text, settings_text
from callinsight.errors import StoreError
from callinsight.pipeline.content import load_content, update_gaps
from callinsight.pipeline.report import report_month
from callinsight.pipeline.speech import transcribe_calls
from callinsight.pipeline.tags import tag_calls, update_topics
from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.progress import Progress
    from callinsight.records import Call, Problem

SETTINGS = "settings"


@dataclass(frozen=True)
class Summary:
    """What a run left behind."""

    database: Path
    report: Path | None  # the page, if there is a month to report on
    statuses: dict[str, int]  # calls by status
    not_done: tuple[Call, ...]  # partial, empty and refused calls
    problems: tuple[Problem, ...]  # what failed
    removed: int  # calls that the manifest names no more


def run(
    config: Config, *, database: Path, workers: int, retry_failed: bool, progress: Progress
) -> Summary:
    """Take all calls of a pipeline from their files to the report; raises CallInsightError."""
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    manifest = list_calls(config, taxonomy)
    with store.opened(database, create=True) as db:
        store.save_setting(db, SETTINGS, settings_text(config))
        removed = keep_listed(db, manifest)
        transcribe_calls(
            db,
            config,
            manifest.entries,
            workers=workers,
            retry_failed=retry_failed,
            progress=progress,
        )
        tag_calls(db, config, taxonomy, progress=progress)
        update_topics(db, config, progress=progress)
        load_content(db, config, taxonomy)
        months = update_gaps(db, config, taxonomy, progress=progress)
        page = report_month(db, config, months[-1], config.report.folder) if months else None
        return _summary(db, database, page, removed)


def stored_config(db: Database) -> Config:
    """The settings of the last run into this database; raises StoreError without one."""
    text = store.setting(db, SETTINGS)
    if text is None:
        raise StoreError(
            "no pipeline has run into this database yet: 'callinsight run PIPELINE.toml'"
        )
    return config_from_text(text)


def list_calls(config: Config, taxonomy: Taxonomy) -> Manifest:
    """The calls of the pipeline's sheets."""
    return read_manifest(
        config.calls.manifest,
        config.calls.participants,
        config.calls.files,
        taxonomy=taxonomy,
        persona_of=lambda title: persona_of_title(title, taxonomy),
        zone=config.zone,
        rep_channel=config.speech.rep_channel,
    )


def keep_listed(db: Database, manifest: Manifest) -> int:
    """Note unusable rows; drop calls that are listed no more, once every row can be read."""
    with store.transaction(db):
        store.replace_problems(db, MANIFEST, manifest.problems)
        if manifest.problems:
            return 0
        return store.remove_calls_except(db, {entry.call.id for entry in manifest.entries})


def _summary(db: Database, database: Path, page: Path | None, removed: int) -> Summary:
    calls = store.all_calls(db)
    return Summary(
        database=database,
        report=page,
        statuses=dict(Counter(call.status for call in calls)),
        not_done=tuple(c for c in calls if c.status in ("partial", "empty", "refused")),
        problems=tuple(store.problems(db)),
        removed=removed,
    )
