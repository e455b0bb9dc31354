"""`callinsight tag`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import FAILED, app, say
from callinsight.cli.models import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


@app.command()
def tag(
    file: Annotated[Path, typer.Argument(metavar="IN.csv", help="A sheet with a turn a row.")],
    text: Annotated[str, typer.Option(metavar="COLUMN", help="What the buyer says.")] = "text",
    context: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="What the seller said before; 'context' if there is such a column.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="OUT.jsonl", help="Write here; - is stdout."),
    ] = Path("-"),
    taxonomy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your definitions; else the starter's.", show_default=False
        ),
    ] = None,
    competitors: Annotated[
        str,
        typer.Option(metavar='"NAME;NAME"', help="Rivals, separated by ;", show_default=False),
    ] = "",
) -> None:
    """Tag any turns: concerns, stance and ask of each row of a sheet, a JSON object a line.

    Each object has all columns of its row.
    """
    from callinsight.pipeline.tag import Options, names_in, tag_file
    from callinsight.progress import bar

    chosen = {"taxonomy": taxonomy} if taxonomy else {}
    options = Options(text=text, context=context, competitors=names_in(competitors), **chosen)
    failed = False
    lines = tag_file(file, options, progress=bar, fetch=fetch)
    with _opened(out, file) as stream:
        for line in lines:
            if line.text:
                stream.write(line.text + "\n")
            if line.message:
                say(line.message)
            failed = failed or line.failed
    if failed:
        raise typer.Exit(FAILED)


@contextlib.contextmanager
def _opened(out: Path, file: Path) -> Iterator[TextIO]:
    """Where lines go; raises InputError where nothing can be written."""
    from callinsight.errors import InputError

    if out == Path("-"):
        yield sys.stdout
        return
    if out.exists() and out.samefile(file):
        raise InputError(f"{out}: this is the sheet that is read; name another file with --out")
    try:
        stream = out.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{out}: nothing can be written there ({error.strerror}); name another with --out FILE"
        ) from None
    with stream:
        yield stream
