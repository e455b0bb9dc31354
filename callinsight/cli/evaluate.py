"""`callinsight evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import app
from callinsight.cli.models import fetch


class Format(StrEnum):
    """How the numbers are printed."""

    TEXT = "text"
    JSON = "json"


@app.command()
def evaluate(
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD.csv", help="Turns that people have labelled.")
    ],
    taxonomy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your definitions; else the starter's.", show_default=False
        ),
    ] = None,
    precision: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.95,
            help="Share of sure tags that must be right; 0 weighs it against misses.",
        ),
    ] = 0.0,
    missed: Annotated[
        bool, typer.Option("--missed", help="List every objection that is missed.")
    ] = False,
    shape: Annotated[
        Format, typer.Option("--format", help="For people or programs.")
    ] = Format.TEXT,
) -> None:
    """Say how right the tagger is on turns that people have labelled.

    The sheet has the columns id, context, text, subjects, acceptable_subjects, stance,
    acceptable_stances, ask and acceptable_ask; lists are separated by ;. What all annotators say
    stands in subjects, stance and ask, what at least one says in the others.
    """
    from callinsight.pipeline.evaluate import evaluate_file, evaluation_json, evaluation_text
    from callinsight.progress import bar

    result = evaluate_file(gold, taxonomy=taxonomy, precision=precision, progress=bar, fetch=fetch)
    as_one = evaluation_json if shape is Format.JSON else evaluation_text
    typer.echo(as_one(result, missed=missed))
