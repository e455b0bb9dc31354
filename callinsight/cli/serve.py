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
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Another name that people open the pages by; may be given several times.",
            show_default=False,
        ),
    ] = None,
    open_to_everybody: Annotated[
        bool,
        typer.Option(
            "--open-to-everybody",
            help="Let everybody who reaches this machine see and change everything, without users.",
        ),
    ] = False,
    trust_header: Annotated[
        str,
        typer.Option(
            metavar="HEADER",
            help="The header in which a proxy that signs people in names them.",
            show_default=False,
        ),
    ] = "",
    trust_proxy: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="The address of that proxy; only it is believed.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Open the pages in a browser.

    They show what the last run found, and stay on this machine unless you name another host.
    """
    from datetime import UTC, datetime

    import uvicorn

    from callinsight import store
    from callinsight.config import database_path
    from callinsight.web.access import access_for
    from callinsight.web.app import create_app

    path = database_path(db)
    with store.opened(path) as opened:  # told now if it is missing or too new
        access = access_for(
            opened,
            host=host,
            allow_hosts=allow_host or [],
            open_to_everybody=open_to_everybody,
            trust_header=trust_header,
            trust_proxy=trust_proxy,
        )
        if open_to_everybody and not store.has_users(opened):
            say("Everybody who reaches this machine can see and change everything.")
    web = create_app(path, now=lambda: datetime.now(UTC), access=access)
    shown = f"[{host}]" if ":" in host else host
    say(f"Open http://{shown}:{port} in your browser. Ctrl+C ends it.")
    uvicorn.run(
        web, host=host, port=port, log_level="warning", proxy_headers=False, server_header=False
    )
