"""`callinsight gaps` and `callinsight unused`."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from callinsight.cli.app import Database, app


class Listing(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


Shape = Annotated[Listing, typer.Option("--format", help="For people, programs or spreadsheets.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="As things stood on this day, not the period's last.",
        show_default=False,
    ),
]


def _today() -> date:
    return datetime.now().astimezone().date()


@app.command()
def gaps(
    month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM", help="A month; else the last with calls.", show_default=False
        ),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="YYYY-MM",
            help="The first month, or day, of a period.",
            show_default=False,
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM", help="Its last month, or day.", show_default=False),
    ] = None,
    as_of: AsOf = None,
    shape: Shape = Listing.TEXT,
    db: Database = None,
) -> None:
    """List what buyers ask for, set against what there is, most pressing first.

    With how sure it is, in deals, and the utterances it rests on.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.errors import InputError
    from callinsight.months import check_day, check_month, period_between, period_of
    from callinsight.pipeline.gaps import list_gaps
    from callinsight.pipeline.run import content_settings

    if bool(first) != bool(last) or (month and first):
        raise InputError("say --month YYYY-MM, or --from YYYY-MM and --to YYYY-MM together")
    period = period_of(check_month(month)) if month else None
    if first and last:
        period = period_between(first, last)
    day = check_day(as_of) if as_of else None
    with store.opened(database_path(db)) as opened:
        config = content_settings(opened)
        told = list_gaps(opened, config, period, day, shape=shape, today=_today())
        typer.echo(told, nl=shape != Listing.CSV)


@app.command()
def unused(
    month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM",
            help="As of the end of this month, as its report says.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="As of this day; else today.", show_default=False),
    ] = None,
    shape: Shape = Listing.TEXT,
    db: Database = None,
) -> None:
    """List the assets that need attention as they stand, why, and what to do.

    Unused, little used, stale, expired or without owner, with their share by count and by cost.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.errors import InputError
    from callinsight.months import check_day, check_month, last_day
    from callinsight.pipeline.run import content_settings
    from callinsight.pipeline.unused import list_unused

    if month and as_of:
        raise InputError("say --month YYYY-MM or --as-of DATE, not both")
    day = last_day(check_month(month)) if month else check_day(as_of) if as_of else _today()
    with store.opened(database_path(db)) as opened:
        config = content_settings(opened)
        typer.echo(list_unused(opened, config, day, shape=shape), nl=shape != Listing.CSV)
