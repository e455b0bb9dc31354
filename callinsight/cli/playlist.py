"""`callinsight playlist`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callinsight.cli.app import Database, app, say


@app.command()
def playlist(
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month to listen to.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where DIR/YYYY-MM-playlist is written.")
    ],
    minutes: Annotated[int, typer.Option(min=1, max=240, help="How long all of it may be.")] = 20,
    db: Database = None,
) -> None:
    """Pick moments of a month to listen to together.

    Typical ones of every role and stage: a page with players, a playlist and the sound.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_month
    from callinsight.pipeline.playlist import write_month_playlist
    from callinsight.pipeline.run import stored_config
    from callinsight.pipeline.traces import remembered

    check_month(month)
    with (
        store.opened(database_path(db)) as opened,
        remembered(opened, out / f"{month}-playlist", month),
    ):
        page, left_out = write_month_playlist(
            opened, stored_config(opened), month, out, length_s=minutes * 60.0
        )
    typer.echo(page)
    if left_out:
        say(f"{left_out} The page names them.")
