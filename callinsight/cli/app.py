"""What all commands share: the program, its common options, how it speaks and fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from callinsight.errors import CallInsightError

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


class Commands(TyperGroup):
    """Shows an error for people as one line, and leaves a bug its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command the user named."""
        try:
            return super().invoke(ctx)
        except CallInsightError as error:
            say(f"Error: {error}")
            raise typer.Exit(UNUSABLE) from None
        except KeyboardInterrupt:
            say("Stopped. What is done is kept; run the same command again to go on.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Recorded sales calls in, content gaps out. Nothing leaves this machine.",
)
Database = Annotated[
    Path | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help="The database; else CALLINSIGHT_DB, else ./callinsight.db.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processes that transcribe; one a core by default.", show_default=False
    ),
]


def say(text: str) -> None:
    """A message for people, on stderr."""
    typer.echo(text, err=True)
