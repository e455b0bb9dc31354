"""`callinsight evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import Definitions, Format, Shape, app
from callinsight.cli.models import fetch


@app.command()
def evaluate(
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD.csv", help="Turns that people have labelled.")
    ],
    taxonomy: Definitions = None,
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
    shape: Shape = Format.TEXT,
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
