"""`callinsight adapter`, `tagger`, `sides` and `stages`: what developers train again."""

from __future__ import annotations

import typer

from callinsight.cli.app import app, say


@app.command(hidden=True)
def adapter() -> None:
    """Train the adapter of the turn encoder again; for developers, takes an hour."""
    from callinsight import weights
    from callinsight.pipeline.training import train_encoder

    train_encoder(weights.folder(weights.TAGGING), tell=say)
    typer.echo(weights.ADAPTER)


@app.command(hidden=True)
def tagger() -> None:
    """Fit the tagger's heads again on the labelled turns; for developers."""
    from callinsight.pipeline.training import train_heads
    from callinsight.tagging.heads import HEADS

    train_heads()
    typer.echo(HEADS)


@app.command(hidden=True)
def sides() -> None:
    """Fit the head that tells rep from buyer again from the dialogues; for developers."""
    from callinsight.calls.side_training import load_dialogues, train
    from callinsight.calls.sides import HEAD

    train(load_dialogues()).save()
    typer.echo(HEAD)


@app.command(hidden=True)
def stages() -> None:
    """Fit the head that infers the buying stage again from the dialogues; for developers."""
    from callinsight.calls.side_training import load_dialogues
    from callinsight.tagging.stage_training import train
    from callinsight.tagging.stages import HEAD

    train((d.id, d.source, [text for _, text in d.turns]) for d in load_dialogues()).save()
    typer.echo(HEAD)
