"""Definitions that sales and marketing share: kept as they come into use, and shown."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.months import month_name, month_of
from callinsight.records import Edition
from callinsight.reports.definitions import (
    as_text,
    changes_between,
    content_of,
    own_sections,
    sections_of,
)
from callinsight.reports.numbers import from_json
from callinsight.reports.pages import definitions_page
from callinsight.reports.redefined import redefined_since
from callinsight.reports.wording import count, day
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Snapshot
    from callinsight.reports.definitions import Section
    from callinsight.reports.redefined import Redefined
    from callinsight.taxonomy import Taxonomy


@dataclass(frozen=True)
class Revision:
    """What became different when an edition came into use."""

    edition: Edition
    changes: tuple[str, ...]


def keep_definitions(db: Database, taxonomy: Taxonomy) -> None:
    """Keep the definitions that a run uses, if they differ from those before."""
    edition = Edition(
        version=taxonomy.version, digest=taxonomy.digest, content=content_of(taxonomy)
    )
    with store.transaction(db):
        store.add_edition(db, edition)


def described(file: Path | None, database: Path | None, *, shape: str = "md") -> str:
    """The definitions of a file, else of the last run, with what changed and when: `md` or `html`."""
    if database is None:
        taxonomy = load_taxonomy(file or DEFAULT_TAXONOMY)
        return _shown(taxonomy, sections_of(taxonomy), [], shape)
    from callinsight.pipeline.run import stored_config  # which keeps definitions itself

    with store.opened(database) as db:
        config = stored_config(db)
        taxonomy = load_taxonomy(file or config.tagging.taxonomy)
        sections = sections_of(taxonomy, promises_of(config))
        sections += own_sections(taxonomy, config.tagging.competitors)
        return _shown(taxonomy, sections, revisions(db), shape, company=config.company)


def _shown(
    taxonomy: Taxonomy,
    sections: Sequence[Section],
    found: Sequence[Revision],
    shape: str,
    *,
    company: str = "",
) -> str:
    if shape == "html":
        editions = [(_edition(one), one.changes) for one in found]
        return definitions_page(company, taxonomy.version, sections, editions)
    return as_text(taxonomy, sections) + _told(found)


def _edition(revision: Revision) -> str:
    edition = revision.edition
    return f"Version {edition.version}, in use from {day(edition.used_from)}"


def promises_of(config: Config) -> list[tuple[str, str]]:
    """By when content requests are answered, in words."""
    agreed = config.requests
    steps = [
        ("Acknowledged", agreed.acknowledge_days, "of the request"),
        ("Accepted or declined", agreed.decide_days, "of the request"),
        *(
            (f"Delivered, {priority}", days, "of accepting it")
            for priority, days in sorted(agreed.deliver_days.items())
        ),
        ("Answered by sales", agreed.reply_days, "of a question about the request"),
        ("Used by sales, or a word on why not", agreed.use_days, "of the delivery"),
    ]
    return [(name, f"Within {count(days, 'business day')} {since}") for name, days, since in steps]


def _told(found: Sequence[Revision]) -> str:
    if not found:
        return ""
    lines = ["", "## What has changed"]
    for revision in found:
        lines += ["", f"{_edition(revision)}:", ""]
        lines += [f"- {change}" for change in revision.changes]
    return "\n".join(lines) + "\n"


def revisions(db: Database) -> list[Revision]:
    """What became different each time, the latest first."""
    found = [
        Revision(after, tuple(changes_between(before.content, after.content)))
        for before, after in itertools.pairwise(store.all_editions(db))
    ]
    return [revision for revision in found[::-1] if revision.changes]


def redefined(
    db: Database, config: Config, taxonomy: Taxonomy, month: str, rules: Mapping[str, float]
) -> Redefined | None:
    """What is defined otherwise than when a month was last reported; None where nothing is known of it.

    `rules` are the thresholds of today.
    """
    told = store.snapshots_of(db, month)
    last = told[-1] if told else None
    edition, since = _edition_of(store.all_editions(db), last, config, month)
    if edition is None:
        return None
    numbers = from_json(last.content) if last else None
    return redefined_since(
        since,
        edition.content,
        content_of(taxonomy),
        rules_before=numbers.rules if numbers else {},
        rules_now=rules,
    )


def _edition_of(
    editions: Sequence[Edition], told: Snapshot | None, config: Config, month: str
) -> tuple[Edition | None, str]:
    """The edition a month was reported with, else the one in use at its end, else the first.

    With the words that say from when it is.
    """
    if told:
        since = f"the report of {day(told.taken_at)} on {month_name(month)}"
        same = [e for e in editions if f"{e.version} {e.digest}" == told.definitions]
        before = [e for e in editions if e.used_from <= told.taken_at]
        if same or before:
            return (same or before)[-1], since
    then = [e for e in editions if month_of(e.used_from, config.zone) <= month]
    if then:
        return then[-1], f"the end of {month_name(month)}"
    if editions:
        return editions[0], f"{day(editions[0].used_from)}, when they were first kept"
    return None, ""
