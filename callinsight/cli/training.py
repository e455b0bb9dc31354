"""`callinsight tagger` and `callinsight sides`: what developers train again."""

from __future__ import annotations

import typer

from callinsight.cli.app import app


@app.command(hidden=True)
def tagger() -> None:
    """Train the tagger's heads again from the labelled turns; for developers."""
    from callinsight import weights
    from callinsight.tagging.concerns import HEADS
    from callinsight.tagging.training import train

    train(weights.folder(weights.EMBEDDING), weights.fingerprint(weights.EMBEDDING)).save()
    typer.echo(HEADS)


@app.command(hidden=True)
def sides() -> None:
    """Fit the head that tells rep from buyer again from the dialogues; for developers."""
    from callinsight.calls.side_training import load_dialogues, train
    from callinsight.calls.sides import HEAD

    train(load_dialogues()).save()
    typer.echo(HEAD)
