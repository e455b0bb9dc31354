"""`callinsight doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import FAILED, Database, Format, Shape, app, now


@app.command()
def doctor(
    pipeline: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PIPELINE.toml]",
            help="What is run here; else the last run's.",
            show_default=False,
        ),
    ] = None,
    db: Database = None,
    shape: Shape = Format.TEXT,
) -> None:
    """Check that everything is in place for the next run, and say how to mend what is not.

    Python and libraries, models, disk, memory, clock, sheets, database, and when it last ran.
    """
    from callinsight.config import database_path
    from callinsight.pipeline.doctor import as_json, as_text, check_up
    from callinsight.pipeline.machine import BROKEN

    database = database_path(db) if db or pipeline is None else None
    findings = check_up(pipeline, database, now=now())
    typer.echo(as_json(findings) if shape == Format.JSON else as_text(findings))
    if any(one.state == BROKEN for one in findings):
        raise typer.Exit(FAILED)
