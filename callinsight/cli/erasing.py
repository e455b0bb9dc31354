"""`callinsight forget`, `purge` and `receipts`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import FAILED, Database, Format, Shape, app, now, say, user_name
from callinsight.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlite_utils import Database as Opened

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan

Yes = Annotated[bool, typer.Option("--yes", help="Do it; it cannot be undone.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would go; so it is without --yes.")
]
Who = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who erases; else your login.", show_default=False),
]


@app.command()
def forget(
    call: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A call, with all that came of it.", show_default=False),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID", help="A buyer: what they said, and their name.", show_default=False
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="All calls of an account.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    who: Who = None,
    shape: Shape = Format.TEXT,
    db: Database = None,
) -> None:
    """Erase a call, a person or an account, and all that came of them.

    Shows what would go; with --yes it goes, and a receipt is kept. Calls under legal hold stay: then
    the exit code is 1.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.forget import plan_account, plan_call, plan_person
    from callinsight.pipeline.run import stored_config

    _check(yes=yes, dry_run=dry_run)
    named = [(plan_call, call), (plan_person, person), (plan_account, account)]
    wanted = [(make, name) for make, name in named if name is not None]
    if len(wanted) != 1:
        raise InputError("say what to forget: one of --call ID, --person NAME or --account NAME")
    ((make, name),) = wanted
    path = database_path(db)
    with store.opened(path) as opened, _to_oneself(path, "forget", yes=yes):
        config = stored_config(opened)
        plan = _erase(
            opened, config, lambda: make(opened, config, name), shape, who=_by(who, yes=yes)
        )
    if yes and plan.held:  # asked for by name and not done, unlike in a purge
        raise typer.Exit(FAILED)


@app.command()
def purge(
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Calls older than this, such as 365d or 2y.", show_default=False
        ),
    ] = None,
    audio: Annotated[
        bool,
        typer.Option("--audio", help="Recordings instead, once all that comes of them is stored."),
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    who: Who = None,
    shape: Shape = Format.TEXT,
    db: Database = None,
) -> None:
    """Erase calls whose time is over: by their retention_until, and by age if you say so.

    Shows what would go; with --yes it goes, and a receipt is kept. Calls under legal hold stay.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.purge import days_of, plan_purge
    from callinsight.pipeline.run import stored_config

    _check(yes=yes, dry_run=dry_run)
    if audio and older_than is not None:
        raise InputError("--audio deletes recordings and no calls; leave out --older-than")
    days = None if older_than is None else days_of(older_than)
    path = database_path(db)
    with store.opened(path) as opened, _to_oneself(path, "purge", yes=yes):
        config, by = stored_config(opened), _by(who, yes=yes)
        if audio:
            _purge_audio(opened, config, shape, who=by)
            return
        today = datetime.now(config.zone).date()
        _erase(
            opened,
            config,
            lambda: plan_purge(opened, config, today, older_than=days),
            shape,
            who=by,
        )


@app.command()
def receipts(shape: Shape = Format.TEXT, db: Database = None) -> None:
    """Show what was erased: when, by whom, how much of what kind."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.receipts import shown

    with store.opened(database_path(db)) as opened:
        kept = store.all_receipts(opened)
    for receipt in kept:
        typer.echo(shown(receipt, shape=shape))
    if not kept:
        say("Nothing was erased yet.")


def _erase(
    opened: Opened, config: Config, make: Callable[[], Plan], shape: Format, *, who: str
) -> Plan:
    """Show what would go; with somebody who says so, it goes, and what stays is named."""
    from callinsight.pipeline.erasing import carry_out, finish
    from callinsight.pipeline.receipts import out_of_reach, shown, told
    from callinsight.progress import bar

    if not who:
        plan = make()
        typer.echo(told(opened, config, plan))
        return plan
    finish(opened)
    plan = make()
    left = out_of_reach(opened, config, plan)
    receipt = carry_out(opened, config, plan, who=who, at=now(), progress=bar)
    typer.echo(shown(receipt, shape=shape))
    if plan.calls or plan.touched:
        say("\n".join(left))
    for reason in plan.held:
        say(f"Kept: {reason}")
    if plan.doubt:
        say(f"Mind: {plan.doubt}")
    return plan


def _purge_audio(opened: Opened, config: Config, shape: Format, *, who: str) -> None:
    """Show which recordings would go; with somebody who says so, they go."""
    from callinsight.pipeline.purge import delete_recordings, recordings_done
    from callinsight.pipeline.receipts import shown

    done, held = recordings_done(opened, config)
    if who:
        receipt = delete_recordings(opened, done, who=who, at=now())
        typer.echo(shown(receipt, shape=shape))
    else:
        count = f"{len(done)} recording{'' if len(done) == 1 else 's'}"
        lines = [f"Would delete {count}:", *(f"  {path}" for _, path in done)]
        typer.echo("\n".join([*lines, "Nothing is deleted yet: add --yes."]))
    for reason in held:
        say(f"Kept: {reason}")


def _by(who: str | None, *, yes: bool) -> str:
    """Who erases; empty where it is only shown."""
    return user_name(who) if yes else ""


def _to_oneself(path: Path, command: str, *, yes: bool) -> AbstractContextManager[object]:
    """No run works on the database while something goes; to look, nobody needs to wait."""
    from callinsight import store

    return store.claimed(path, now=now(), command=command) if yes else nullcontext()


def _check(*, yes: bool, dry_run: bool) -> None:
    if yes and dry_run:
        raise InputError("--yes and --dry-run say the opposite; leave one out")
