"""`callinsight serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from callinsight.cli.app import Database, app, say


@app.command()
def serve(
    db: Database = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
) -> None:
    """Open the pages in a browser.

    They show what the last run found, and stay on this machine.
    """
    from datetime import UTC, datetime

    import uvicorn

    from callinsight import store
    from callinsight.config import database_path
    from callinsight.web.app import create_app

    path = database_path(db)
    with store.opened(path):  # told now if it is missing or too new
        pass
    say(f"Open http://{host}:{port} in your browser. Ctrl+C ends it.")
    web = create_app(path, now=lambda: datetime.now(UTC))
    uvicorn.run(web, host=host, port=port, log_level="warning")
