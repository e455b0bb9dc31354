"""`callinsight users`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from callinsight.cli.app import Database, app, say

users = typer.Typer(no_args_is_help=True, help="Who may open the pages, and what they did there.")
app.add_typer(users, name="users")
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Piped = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@users.command("add")
def add(
    name: Name,
    role: Annotated[
        str,
        typer.Option(
            metavar="ROLE",
            help="viewer looks; requester asks for content too (sales); editor corrects and "
            "delivers too (marketing); admin may do all.",
        ),
    ],
    password_stdin: Piped = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="A proxy signs the user in.")
    ] = False,
    db: Database = None,
) -> None:
    """Let somebody in, or give somebody another role.

    From the first user on, everybody has to sign in.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import add_user

    with store.opened(database_path(db)) as opened:
        ask = None if no_password else lambda: _password(password_stdin)
        is_new = add_user(opened, name, role, password=ask, at=_now())
    say(f"{name} may sign in as {role}." if is_new else f"{name} is {role} now.")


@users.command("list")
def list_users(db: Database = None) -> None:
    """Show who may sign in."""
    from callinsight import store
    from callinsight.config import database_path

    with store.opened(database_path(db)) as opened:
        known = store.all_users(opened)
    for user in known:
        more = [] if user.password else ["no password"]
        more += ["disabled"] if user.disabled else []
        typer.echo("\t".join([user.name, user.role, *more]))
    if not known:
        say("There are no users: whoever opens the pages on this machine may do everything.")


@users.command("remove")
def remove(name: Name, db: Database = None) -> None:
    """Let somebody in no more."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import remove_user

    with store.opened(database_path(db)) as opened:
        left = remove_user(opened, name)
    say(f"{name} is let in no more." + ("" if left else " That was the last user."))


@users.command("disable")
def disable(name: Name, db: Database = None) -> None:
    """Let somebody in no more for now; what the user did and has stays."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import disable_user

    with store.opened(database_path(db)) as opened:
        disable_user(opened, name)
    say(f"{name} is let in no more, until: callinsight users enable {name}")


@users.command("enable")
def enable(name: Name, db: Database = None) -> None:
    """Let somebody in again who was disabled."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import enable_user

    with store.opened(database_path(db)) as opened:
        enable_user(opened, name)
    say(f"{name} may sign in again.")


@users.command("password")
def password(name: Name, password_stdin: Piped = False, db: Database = None) -> None:
    """Give a user another password; whoever is signed in with the old one is signed out."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import change_password

    with store.opened(database_path(db)) as opened:
        change_password(opened, name, password=lambda: _password(password_stdin))
    say(f"{name} has a new password.")


@users.command("token")
def token(
    name: Name,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make all tokens of the user worthless instead.")
    ] = False,
    db: Database = None,
) -> None:
    """Print a token with which a program asks in the name of a user. It is shown only once."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.users import make_token, revoke_tokens

    with store.opened(database_path(db)) as opened:
        if revoke:
            gone = revoke_tokens(opened, name)
            say(f"{gone} token{'' if gone == 1 else 's'} of {name} revoked.")
        else:
            typer.echo(make_token(opened, name, at=_now()))


@users.command("audit")
def audit(
    limit: Annotated[int, typer.Option(min=1, help="How many entries.")] = 100,
    db: Database = None,
) -> None:
    """Show who played, exported and changed what, the latest first."""
    from callinsight import store
    from callinsight.config import database_path

    with store.opened(database_path(db)) as opened:
        log = store.audit_log(opened, limit=limit)
    for entry in log:
        typer.echo(f"{entry.at}\t{entry.who}\t{entry.action}\t{entry.subject}")
    if not log:
        say("Nothing was played, exported or changed in the pages yet.")


def _password(piped: bool) -> str:
    if piped:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return given


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
