"""`callinsight models`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import FAILED, app, say

models = typer.Typer(no_args_is_help=True, help="List, fetch and check model weights.")
app.add_typer(models, name="models")


@models.command("list")
def list_models() -> None:
    """Show every model, what it is for and whether it is here."""
    from callinsight import weights

    for model in weights.MODELS.values():
        here = "here   " if weights.find(model.name) else "missing"
        typer.echo(f"{model.name:18} {here}  {model.licence:10}  {model.purpose}")


@models.command()
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAMES]...", help="Models; the pipeline's own by default."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Take the files from here.", show_default=False
        ),
    ] = None,
) -> None:
    """Fetch models, verified by sha256."""
    from callinsight import weights

    for name in names or weights.DEFAULTS:
        typer.echo(pull_model(name, source))


@models.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAMES]...", help="Models; all that are here by default."),
    ] = None,
) -> None:
    """Check that models are what they should be; a wrong file is discarded and named."""
    from callinsight import weights

    problems = []
    for name in names or [name for name in weights.MODELS if weights.is_here(name)]:
        found = weights.verify(name)
        typer.echo(f"{name:18} {'wrong' if found else 'good'}")
        problems.extend(found)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(FAILED)


def fetch(names: list[str]) -> None:
    """Fetch the models that are not here, before the work that waits for them begins."""
    from callinsight import weights

    weights.fetch(names, pull_one=lambda name: pull_model(name, None))


def pull_model(name: str, source: Path | None) -> Path:
    from callinsight import weights
    from callinsight.progress import bytes_bar

    with bytes_bar(name) as report:
        return weights.pull(name, source=source, report=report)
