"""`callinsight report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import Database, app


@app.command()
def report(
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month to report on.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where DIR/YYYY-MM is written.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Supply as of this day, not the month's last.", show_default=False
        ),
    ] = None,
    db: Database = None,
) -> None:
    """Write the report of a month.

    A page with sound that works from a folder, and the same as Markdown.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_day, check_month
    from callinsight.pipeline.report import report_month
    from callinsight.pipeline.run import stored_config

    with store.opened(database_path(db)) as opened:
        config = stored_config(opened)
        day = check_day(as_of) if as_of else None
        page = report_month(opened, config, check_month(month), out, as_of=day)
    typer.echo(page)
