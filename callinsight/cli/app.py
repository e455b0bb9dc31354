"""What all commands share: the program, its common options, how it speaks and fails."""

from __future__ import annotations

import gc
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from callinsight.errors import CallInsightError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from callinsight.progress import Line

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
# Records are no part of a cycle: to look for one among hundreds of thousands takes a fifth of a report.
RARELY = 100_000, 50, 50


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
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"callinsight {version('callinsight')}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show which version this is.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Recorded sales calls in, content gaps out. Nothing leaves this machine but messages you ask for."""
    if context.invoked_subcommand != "serve":  # which looks after its memory itself
        gc.set_threshold(*RARELY)


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


Definitions = Annotated[
    Path | None,
    typer.Option(
        "--taxonomy",
        metavar="FILE",
        help="Your definitions; else the starter's.",
        show_default=False,
    ),
]


class Format(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"


Shape = Annotated[Format, typer.Option("--format", help="For people or programs.")]


def names_in(text: str) -> tuple[str, ...]:
    """Names separated by semicolons."""
    return tuple(name.strip() for name in text.split(";") if name.strip())


def user_name(given: str | None) -> str:
    """Who acts: the name given, else that of the login; raises InputError where nobody is known."""
    import getpass

    try:
        name = (getpass.getuser() if given is None else given).strip()
    except (OSError, KeyError):
        name = ""
    if not name:
        raise InputError("it is not known who you are; say it with --who NAME")
    return name


def now() -> str:
    """The present moment, as ISO 8601 with an offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def say(text: str) -> None:
    """A message for people, on stderr."""
    typer.echo(text, err=True)


def tell(lines: Iterable[Line], write: Callable[[str], object] = typer.echo) -> None:
    """Print what was done of many inputs as it comes; the exit code says whether one failed."""
    failed = False
    for line in lines:
        if line.text:
            write(line.text)
        if line.message:
            say(line.message)
        failed = failed or line.failed
    if failed:
        raise typer.Exit(FAILED)
