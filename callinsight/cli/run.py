"""`callinsight run`."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from callinsight.cli.app import FAILED, Workers, app, say
from callinsight.cli.models import fetch
from callinsight.errors import InputError
from callinsight.journal import LogFormat, journal, timed

if TYPE_CHECKING:
    from callinsight.pipeline.run import Summary


@app.command()
def run(
    pipeline: Annotated[Path, typer.Argument(metavar="PIPELINE.toml", help="What to run.")],
    db: Annotated[
        Path | None,
        typer.Option(
            "--db", metavar="FILE", help="Write here, not where the file says.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try calls again that failed before.")
    ] = False,
    check_all: Annotated[
        bool,
        typer.Option("--check-all", help="Look at every file, even if none seems to have changed."),
    ] = False,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler whose workers hear the calls, such as tcp://127.0.0.1:8786.",
            show_default=False,
        ),
    ] = "",
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Add what happens, without any words of calls.", show_default=False
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="For people or programs.")
    ] = LogFormat.TEXT,
    metrics: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write numbers of the run for Prometheus.", show_default=False
        ),
    ] = None,
) -> None:
    """Take calls to the gap report.

    What is done already is skipped; what fails is named, and the rest goes on.
    """
    with journal(log, shape=log_format, run=uuid4().hex[:8]):
        summary = _run(
            pipeline,
            db,
            workers,
            retry_failed=retry_failed,
            check_all=check_all,
            cluster=cluster,
            metrics=metrics,
        )
    _tell(summary)
    if summary.problems:
        raise typer.Exit(FAILED)


def _run(
    pipeline: Path,
    db: Path | None,
    workers: int | None,
    *,
    retry_failed: bool,
    check_all: bool,
    cluster: str,
    metrics: Path | None,
) -> Summary:
    from callinsight.cluster import default_workers
    from callinsight.config import load_config
    from callinsight.pipeline.metrics import check_place, write_metrics
    from callinsight.pipeline.run import run as run_pipeline
    from callinsight.progress import bar

    if cluster and workers:
        raise InputError("--workers counts processes of this machine; leave it out with --cluster")
    if metrics:
        check_place(metrics)
    started = time.monotonic()
    config = load_config(pipeline)
    summary = run_pipeline(
        config,
        database=db or config.database,
        workers=workers or default_workers(config.speech.device),
        retry_failed=retry_failed,
        progress=timed(bar),
        fetch=fetch,
        now=_now(),
        cluster=cluster,
        check_all=check_all,
    )
    if metrics:
        write_metrics(metrics, summary.database, seconds=time.monotonic() - started, now=_now())
    return summary


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _tell(summary: Summary) -> None:
    """What a run left behind, in words."""
    counted = ", ".join(f"{n} {status}" for status, n in sorted(summary.statuses.items()))
    say(f"Calls: {counted or 'none'}")
    if summary.removed:
        say(f"Removed: {summary.removed} that the list of calls names no more")
    if summary.regions:
        say(f"consent: {summary.regions}")
    if summary.half_searched:
        say(f"Privacy: {summary.half_searched}")
    for forgotten in summary.forgotten:
        say(f"forgotten: {forgotten}")
    for call in summary.noted:
        say(f"{call.status}: {call.reason}")
    for problem in summary.problems:
        say(f"failed: {problem.error}")
    say(f"Database: {_shown(summary.database)}")
    if summary.report:
        say(f"Report: {_shown(summary.report)}")
    else:
        say("No call could be used, so there is no report; mend what is named above and run again.")
    if summary.problems:
        count = len(summary.problems)
        say(f"{count} {'input' if count == 1 else 'inputs'} could not be used; see above.")


def _shown(path: Path) -> str:
    """The path as a person would type it from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
