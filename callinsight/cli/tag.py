"""`callinsight tag`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import Definitions, app, names_in, tell
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
    taxonomy: Definitions = None,
    competitors: Annotated[
        str,
        typer.Option(metavar='"NAME;NAME"', help="Rivals, separated by ;", show_default=False),
    ] = "",
) -> None:
    """Tag any turns: concerns, stance and ask of each row of a sheet, a JSON object a line.

    Each object has all columns of its row.
    """
    from callinsight.pipeline.tag import Options, tag_file
    from callinsight.progress import bar

    chosen = {"taxonomy": taxonomy} if taxonomy else {}
    options = Options(text=text, context=context, competitors=names_in(competitors), **chosen)
    lines = tag_file(file, options, progress=bar, fetch=fetch)
    with _opened(out, file) as stream:
        tell(lines, lambda text: stream.write(text + "\n"))


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
