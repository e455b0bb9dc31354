"""`callinsight taxonomy`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import FAILED, Database, Format, Shape, app, say

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

taxonomy = typer.Typer(no_args_is_help=True, help="The definitions that sales and marketing share.")
app.add_typer(taxonomy, name="taxonomy")


class Page(StrEnum):
    """How definitions are shown."""

    MD = "md"
    HTML = "html"


@taxonomy.command()
def show(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The definitions; else those of the last run."),
    ] = None,
    shape: Annotated[
        Page, typer.Option("--format", help="Markdown, or a page to send round or print.")
    ] = Page.MD,
    db: Database = None,
) -> None:
    """Show what sales and marketing mean by their words, as Markdown or as a page.

    With a database also what has changed, and when.
    """
    from callinsight.pipeline.definitions import described

    typer.echo(described(file, _database(db), shape=shape), nl=False)


@taxonomy.command()
def lint(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="The definitions to check.")
    ] = Path("pipelines/taxonomy.toml"),
    shape: Shape = Format.TEXT,
    db: Database = None,
) -> None:
    """Check definitions: phrases, examples, names, asks and the version.

    With a database also whether they changed under a version that it was tagged with.
    """
    from callinsight.tagging.lint import ERROR, has_own_examples, lint_file

    embed = _embed() if has_own_examples(file) else None
    findings = lint_file(file, stored=_stored(db), embed=embed)
    errors = [finding for finding in findings if finding.level == ERROR]
    if shape is Format.JSON:
        listed = [{"file": str(file), **finding._asdict()} for finding in findings]
        typer.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    else:
        for title, rows in (("Errors", errors), ("Warnings", findings[len(errors) :])):
            if rows:
                typer.echo(f"{title}:")
            for finding in rows:
                typer.echo(f"{file}: {finding.section}: {finding.problem}; {finding.advice}")
        if not findings:
            say(f"{file}: nothing to mend.")
    if errors:
        raise typer.Exit(FAILED)


def _stored(db: Path | None) -> str:
    """Version and digest of the definitions that the database was last tagged with, if one is given."""
    from callinsight import store
    from callinsight.pipeline.run import DEFINITIONS

    path = _database(db)
    if path is None:
        return ""
    with store.opened(path) as opened:
        return store.setting(opened, DEFINITIONS) or ""


def _database(db: Path | None) -> Path | None:
    """The database that is given, else the usual one if it is there."""
    from callinsight.config import database_path

    path = database_path(db)
    return path if db is not None or path.exists() else None


def _embed() -> Callable[[list[str]], NDArray[np.float32]]:
    from callinsight import weights
    from callinsight.cli.models import fetch
    from callinsight.pipeline.embedding import load_embedder

    fetch([weights.EMBEDDING])
    return load_embedder().encode
