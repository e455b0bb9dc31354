"""`callinsight report`."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import Database, app
from callinsight.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("html", "md", "csv", "xlsx", "json")
USUAL = "html,md"


@app.command()
def report(
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month to report on.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where DIR/YYYY-MM is written.")],
    compare: Annotated[
        str,
        typer.Option(metavar="MONTH", help="The month to compare with: previous, YYYY-MM or none."),
    ] = "previous",
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="LIST",
            help="What to write: html, md, csv, xlsx, json, with commas; html,md by default.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="As things stood on this day, not the month's last: supply, stalled deals, requests.",
            show_default=False,
        ),
    ] = None,
    agenda: Annotated[
        bool,
        typer.Option(
            "--agenda",
            help="Write the agenda of the monthly meeting; with --format the report, too.",
        ),
    ] = False,
    db: Database = None,
) -> None:
    """Write the report of a month.

    A page with sound that works from a folder, the same as Markdown, and its tables as CSV, Excel or
    JSON. What it says is kept, so that a later change of the past is seen.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_day, check_month
    from callinsight.pipeline.agenda import write_month_agenda
    from callinsight.pipeline.report import report_month
    from callinsight.pipeline.run import content_settings
    from callinsight.pipeline.traces import remembered

    check_month(month)
    day = check_day(as_of) if as_of else None
    beside = compare if compare in ("previous", "none") else check_month(compare)
    wanted = _formats(USUAL if formats is None else formats)
    with (
        _uncollected(),
        store.opened(database_path(db)) as opened,
        remembered(opened, out / month, month),
    ):
        config = content_settings(opened)
        if formats is not None or not agenda:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            page = report_month(
                opened, config, month, out, as_of=day, compare=beside, formats=wanted, now=now
            )
            typer.echo(page)
        if agenda:
            page = write_month_agenda(opened, config, month, out, as_of=day, compare=beside)
            typer.echo(page)


@contextmanager
def _uncollected() -> Iterator[None]:
    """What a report reads lives until it is written: a search for what nobody uses finds nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _formats(text: str) -> tuple[str, ...]:
    """The formats a user wrote; raises InputError for one that there is not."""
    wanted = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in wanted:
        if name not in FORMATS:
            hint = nearest(name, list(FORMATS), then=f"--format takes {', '.join(FORMATS)}")
            raise InputError(f"there is no format '{name}'{hint}")
    if not wanted:
        raise InputError(f"--format names nothing; it takes {', '.join(FORMATS)}")
    return wanted
