"""`callinsight requests`."""

from __future__ import annotations

import contextlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import FAILED, Database, Format, Shape, app, names_in, now, say, user_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlite_utils

    from callinsight.config import Config
    from callinsight.pipeline.asking import Done

requests = typer.Typer(
    no_args_is_help=True, help="Content that is asked for, from a gap to the asset that answers it."
)
app.add_typer(requests, name="requests")


class Export(StrEnum):
    """What requests are written as."""

    ICS = "ics"
    CSV = "csv"
    JSON = "json"


class State(StrEnum):
    """Which requests are meant."""

    OPEN = "open"
    ALL = "all"
    NEW = "new"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    DECLINED = "declined"


Number = Annotated[str, typer.Argument(metavar="R-N", help="The request's number.")]
Who = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who does it; else your login name.", show_default=False),
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="What to say of it.", show_default=False)]
Owner = Annotated[str, typer.Option(metavar="NAME", help="Who is to write it.", show_default=False)]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write it; else stdout.", show_default=False),
]


def _text(metavar: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=metavar, help=text, show_default=False)
    return option


@requests.command()
def new(
    gap: Annotated[str, _text("GAP", "The gap it comes from; fills in what is known.")] = "",
    title: Annotated[str, _text("TEXT", "What is missing, in a few words.")] = "",
    content_type: Annotated[str, _text("TYPE", "Such as case_study; see the definitions.")] = "",
    concern: Annotated[str, _text("CONCERN", "What it answers.")] = "",
    persona: Annotated[str, _text("PERSONA", "Whom it is for.")] = "",
    stage: Annotated[str, _text("STAGE", "When it is needed.")] = "",
    deals: Annotated[str, _text('"ID;ID"', "Deals that need it.")] = "",
    evidence: Annotated[str, _text('"ID;ID"', "Turns of calls that show it.")] = "",
    competitor: Annotated[str, _text("NAME", "The rival it is about.")] = "",
    claims: Annotated[str, _text("TEXT", "What it must say.")] = "",
    tried: Annotated[
        str, _text("TEXT", "The asset that was tried, and why it is not enough.")
    ] = "",
    use: Annotated[str, _text("TEXT", "What it is for.")] = "",
    priority: Annotated[str, _text("P1|P2|P3", "How urgent it is; P2 by default.")] = "",
    needed_by: Annotated[str, _text("DATE", "When it is needed at the latest.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also if somebody has asked for the same.")
    ] = False,
    who: Who = None,
    db: Database = None,
) -> None:
    """Ask for content, from a gap of the report or from an idea of your own."""
    from callinsight.pipeline.asking import ask

    texts = {
        "title": title,
        "content_type": content_type,
        "concern": concern,
        "persona": persona,
        "stage": stage,
        "deals": names_in(deals),
        "evidence": names_in(evidence),
        "competitor": competitor,
        "claims": claims,
        "tried": tried,
        "use": use,
        "priority": priority,
        "needed_by": needed_by,
    }
    given = {name: value for name, value in texts.items() if value}
    name, at = user_name(who), now()
    with _opened(db) as (opened, config):
        _report(ask(opened, config, gap, given, who=name, now=at, anyway=anyway))


@requests.command("list")
def list_requests(
    state: Annotated[
        State, typer.Option(help="Which ones; those that are not done by default.")
    ] = State.OPEN,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    shape: Shape = Format.TEXT,
    db: Database = None,
) -> None:
    """Show what is asked for, what is due next and what is late."""
    from callinsight.pipeline import asking

    with _opened(db) as (opened, config):
        if shape is Format.JSON:
            options = {"state": state.value, "overdue": overdue}
            _write(asking.export(opened, config, "json", now=now(), **options), None)  # type: ignore[arg-type]
            return
        lines = asking.list_requests(opened, config, state.value, now=now(), overdue=overdue)
    for line in lines:
        typer.echo(line)
    if not lines and state is State.ALL and not overdue:
        say("Nothing is asked for yet: 'callinsight requests new' does.")
    elif not lines:
        meant = "overdue" if overdue else state.value.replace("_", " ")
        say(f"No request is {meant}; 'callinsight requests list --state all' shows them all.")


@requests.command()
def show(number: Number, shape: Shape = Format.TEXT, db: Database = None) -> None:
    """Show one request with everything that happened to it."""
    from callinsight.pipeline import asking

    with _opened(db) as (opened, config):
        if shape is Format.JSON:
            _write(asking.export(opened, config, "json", number=number, now=now()), None)
            return
        for line in asking.show_request(opened, config, number, now=now()):
            typer.echo(line)


@requests.command()
def accept(
    number: Number, owner: Owner = "", note: Note = "", who: Who = None, db: Database = None
) -> None:
    """Say that it will be written."""
    _act("accept", number, who, db, note=note, owner=owner)


@requests.command()
def decline(number: Number, note: Note = "", who: Who = None, db: Database = None) -> None:
    """Say that it will not be written, and why."""
    _act("decline", number, who, db, note=note)


@requests.command()
def start(
    number: Number, owner: Owner = "", note: Note = "", who: Who = None, db: Database = None
) -> None:
    """Say that it is being written."""
    _act("start", number, who, db, note=note, owner=owner)


@requests.command()
def deliver(
    number: Number,
    asset: Annotated[str, typer.Option(metavar="ID", help="The asset that answers it.")],
    note: Note = "",
    who: Who = None,
    db: Database = None,
) -> None:
    """Say which asset answers it; later reports say whether the demand fell."""
    _act("deliver", number, who, db, note=note, item=asset)


@requests.command()
def vote(number: Number, note: Note = "", who: Who = None, db: Database = None) -> None:
    """Say that you need it too."""
    _act("vote", number, who, db, note=note)


@requests.command()
def comment(
    number: Number,
    note: Annotated[str, typer.Argument(metavar="TEXT", help="What to say of it.")],
    who: Who = None,
    db: Database = None,
) -> None:
    """Say something about it."""
    _act("comment", number, who, db, note=note)


@requests.command()
def brief(number: Number, out: Out = None, db: Database = None) -> None:
    """Write the writer's brief: who asks, what buyers say, what is there, by when."""
    from callinsight.pipeline.asking import write_brief
    from callinsight.pipeline.traces import BRIEF, remember

    with _opened(db) as (opened, config):
        text = write_brief(opened, config, number, now=now())
        if out:
            remember(opened, BRIEF, out)
        _write(text, out)


@requests.command()
def export(
    shape: Annotated[
        Export, typer.Option("--format", help="A calendar, a spreadsheet, or for programs.")
    ],
    state: Annotated[State, typer.Option(help="Which ones.")] = State.ALL,
    out: Out = None,
    db: Database = None,
) -> None:
    """Write the requests as a calendar of due dates, as CSV or as JSON."""
    from callinsight.pipeline import asking
    from callinsight.pipeline.traces import REQUESTS, remember

    with _opened(db) as (opened, config):
        written = asking.export(opened, config, shape.value, state=state.value, now=now())
        if out:
            remember(opened, REQUESTS, out)
        _write(written, out)


@requests.command()
def remind(who: Who = None, db: Database = None) -> None:
    """Tell those named in the pipeline file what is overdue; each promise once."""
    from callinsight.pipeline.notices import remind as send_reminders

    with _opened(db) as (opened, config):
        told, failures = send_reminders(opened, config, who=user_name(who), now=now())
    for line in told:
        typer.echo(line)
    if not told:
        say("Nothing is overdue that was not told before.")
    _fail_if(failures, "What was not told is told again next time.")


# What all of them share


@contextlib.contextmanager
def _opened(db: Path | None) -> Iterator[tuple[sqlite_utils.Database, Config]]:
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.run import request_settings

    with store.opened(database_path(db)) as opened:
        yield opened, request_settings(opened)


def _act(step: str, number: str, who: str | None, db: Path | None, **given: str) -> None:
    """Do a step, print the request as it stands then, and say who could not be told."""
    from callinsight.pipeline.asking import act

    name, at = user_name(who), now()
    with _opened(db) as (opened, config):
        _report(act(opened, config, step, number, who=name, now=at, **given))


def _report(done: Done) -> None:
    typer.echo(done.line)
    if done.warning:
        say(done.warning)
    _fail_if(done.failures, "The request is kept all the same; nothing needs to be done again.")


def _fail_if(failures: Sequence[str], comfort: str) -> None:
    for failure in failures:
        say(f"Not told: {failure}.")
    if failures:
        say(comfort)
        raise typer.Exit(FAILED)


def _write(content: bytes, out: Path | None) -> None:
    from callinsight.errors import InputError

    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{out}: this cannot be written ({error.strerror}); name another file with --out"
        ) from None
    typer.echo(out)
