"""`callinsight init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import app, say


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written.")],
    recordings: Annotated[Path, typer.Option(metavar="FOLDER", help="Where your recordings lie.")],
    crm: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An export of your CRM (CSV).", show_default=False),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Which of its columns is which (TOML).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start with your own calls.

    Writes a pipeline file, the definitions and prefilled sheets; it never overwrites a file.
    """
    from callinsight.starter import write_starter

    starter = write_starter(folder, recordings=recordings, crm=crm, mapping=mapping)
    for file in starter.files:
        typer.echo(file)
    for name in starter.undated:
        say(f"{name}: its name holds no date, so recorded_at is when the file was last changed")
    for name in starter.unmatched:
        say(f"{name}: no deal of the export fits; fill in its row by hand")
    say(
        f"{starter.calls} calls found. Next: fill in consent in {folder / 'calls.csv'}, "
        f"then run 'callinsight run {folder / 'sales_calls.toml'}'."
    )
