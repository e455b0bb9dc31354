"""`callinsight backup` and `callinsight check`."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import OperationalError
from typing import Annotated

import typer

from callinsight.cli.app import FAILED, Database, app, say


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; it must not exist yet.")],
    db: Database = None,
) -> None:
    """Copy the database while it is in use, into one file that is proven whole."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.traces import BACKUP, remember

    with store.opened(database_path(db)) as opened:
        try:
            remember(opened, BACKUP, file)
        except OperationalError as error:  # a copy is made all the same
            say(f"{file} cannot be noted in the database ({error}), so no erasure will name it.")
        size = store.back_up(opened, file)
    typer.echo(file)
    say(f"{size / 1_000_000:.1f} MB. It holds what calls say: keep it as you keep the database.")


@app.command()
def check(db: Database = None) -> None:
    """Check that the database is whole: its file, its rows, its search indexes."""
    from callinsight import store
    from callinsight.config import database_path

    path = database_path(db)
    with store.opened(path) as opened:
        found = store.faults(opened)
        is_due = store.is_scrub_due(opened)
    for fault in found:
        typer.echo(fault)
    if found:
        say(
            f"{path} is not whole. Bring back the last copy of 'callinsight backup', or delete the "
            "file and run the pipeline anew; corrections and requests would be lost with it."
        )
        raise typer.Exit(FAILED)
    say(f"{path} is whole.")
    if is_due:
        say(
            "Words that were erased may still stand in it, for that was cut short: "
            "'callinsight purge --yes' takes them out, as does the next run."
        )
        raise typer.Exit(FAILED)
