"""What was run with which settings, and what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.records import Problem
from callinsight.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

UNCHANGED = "unchanged"  # a setting that any write to what runs read or make takes away


def is_done(db: Database, stage: str, subject: str, settings_hash: str) -> bool:
    """Whether a stage has finished this subject without error and with these very settings."""
    row = db.execute(
        "SELECT 1 FROM runs WHERE stage = ? AND subject = ? AND settings_hash = ? AND error IS NULL",
        [stage, subject, settings_hash],
    ).fetchone()
    return row is not None


def has_failed(db: Database, stage: str, subject: str, settings_hash: str) -> bool:
    """Whether the last try of this subject with these settings ended in an error."""
    row = db.execute(
        "SELECT 1 FROM runs WHERE stage = ? AND subject = ? AND settings_hash = ? "
        "AND error IS NOT NULL",
        [stage, subject, settings_hash],
    ).fetchone()
    return row is not None


def record_run(
    db: Database, stage: str, subject: str, settings_hash: str, *, error: str | None = None
) -> None:
    """Note that a stage has finished a subject, or how it failed."""
    db.execute(
        "INSERT OR REPLACE INTO runs (stage, subject, settings_hash, finished_at, error) "
        "VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?)",
        [stage, subject, settings_hash, error],
    )


def finished(db: Database) -> dict[str, set[str]]:
    """The stages that are done of each subject, without an error."""
    found: dict[str, set[str]] = {}
    sql = "SELECT subject, stage FROM runs WHERE error IS NULL"
    for subject, stage in db.execute(sql).fetchall():
        found.setdefault(subject, set()).add(stage)
    return found


def forget_run(db: Database, stage: str, subject: str) -> None:
    """Make a stage due again for this subject."""
    db.execute("DELETE FROM runs WHERE stage = ? AND subject = ?", [stage, subject])


def replace_problems(db: Database, stage: str, problems: Iterable[Problem]) -> None:
    """Make these the stage's problems; nothing is written when they are the same as before."""
    now = {problem.subject: problem.error for problem in problems}
    rows = db.execute(
        "SELECT subject, error FROM runs WHERE stage = ? AND error IS NOT NULL", [stage]
    )
    before = dict(rows.fetchall())
    for subject in before.keys() - now.keys():
        db.execute("DELETE FROM runs WHERE stage = ? AND subject = ?", [stage, subject])
    for subject, error in now.items():
        if before.get(subject) != error:
            record_run(db, stage, subject, "", error=error)


def problems(db: Database) -> list[Problem]:
    """All that failed and is not mended yet, by stage, then file and row."""
    rows = db.execute("SELECT stage, subject, error FROM runs WHERE error IS NOT NULL")
    found = [Problem(stage=stage, subject=subject, error=error) for stage, subject, error in rows]
    return sorted(found, key=_place)


def save_setting(db: Database, name: str, value: str) -> None:
    """Keep a value of the pipeline with its results."""
    if setting(db, name) != value:
        with transaction(db):
            db.table("settings").upsert({"name": name, "value": value}, pk="name")


def drop_setting(db: Database, name: str) -> None:
    """Keep that value no more."""
    with transaction(db):
        db.execute("DELETE FROM settings WHERE name = ?", [name])


def setting(db: Database, name: str) -> str | None:
    """A value kept by `save_setting`, else None."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


def _place(problem: Problem) -> tuple[str, str, int, str]:
    """Row 9 of a file comes before row 10; a call has no row."""
    file, _, row = problem.subject.rpartition(":")
    if file and row.isdecimal():
        return problem.stage, file, int(row), problem.subject
    return problem.stage, problem.subject, 0, problem.subject
