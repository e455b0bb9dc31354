"""`callinsight requests`."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import FAILED, Database, Format, Shape, app, now, say, user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import sqlite_utils

    from callinsight.config import Config
    from callinsight.content.effects import Effect
    from callinsight.content.sla import Clock
    from callinsight.records import ContentRequest, RequestEvent

    Step = Callable[..., ContentRequest]

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
    from callinsight.cli.app import names_in
    from callinsight.months import check_day
    from callinsight.pipeline.requests import draft_from_gap, new_request
    from callinsight.records import ContentRequest

    given = {
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
        "needed_by": check_day(needed_by).isoformat() if needed_by else "",
    }
    said = {name: value for name, value in given.items() if value}
    with _opened(db) as (opened, config):
        draft = ContentRequest(title="", requester="", created_at="")
        if gap:
            draft = draft_from_gap(opened, config, gap)
        draft = dataclasses.replace(draft, **said)  # type: ignore[arg-type]
        name, at = user_name(who), now()
        kept = new_request(opened, config, draft, who=name, now=at, anyway=anyway)
        _report(opened, config, kept, "new", name, at)


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
    from callinsight.pipeline.briefs import export_requests
    from callinsight.pipeline.requests import requests_in

    with _opened(db) as (opened, config):
        today = _today(config)
        found = requests_in(opened, config, state.value, as_of=today, overdue=overdue)
        if shape is Format.JSON:
            ids = {request.id for request, _ in found}
            _write(export_requests(opened, config, "json", as_of=today, ids=ids), None)
            return
    for request, clocks in found:
        typer.echo(_line(request, clocks))
    if not found:
        meant = "overdue" if overdue else state.value.replace("_", " ")
        say(
            "There is no request."
            if state is State.ALL and not overdue
            else f"No request is {meant}; 'callinsight requests list --state all' shows them all."
        )


@requests.command()
def show(number: Number, shape: Shape = Format.TEXT, db: Database = None) -> None:
    """Show one request with everything that happened to it."""
    from callinsight.content.requests import number_of
    from callinsight.pipeline.briefs import export_requests
    from callinsight.pipeline.requests import (
        clocks_of,
        effects_of,
        events_of,
        get_request,
    )

    with _opened(db) as (opened, config):
        request = get_request(opened, number_of(number))
        today = _today(config)
        if shape is Format.JSON:
            ids = {request.id}
            _write(export_requests(opened, config, "json", as_of=today, ids=ids), None)
            return
        events = events_of(opened).get(request.id, [])
        clocks = clocks_of([request], events, config, today)[request.id]
        effect = effects_of(opened, config).get(request.id)
    for line in _sheet(request, events, clocks, effect):
        typer.echo(line)


@requests.command()
def accept(
    number: Number, owner: Owner = "", note: Note = "", who: Who = None, db: Database = None
) -> None:
    """Say that it will be written."""
    from callinsight.pipeline.requests import accept as step

    _act("accept", step, number, who, db, note=note, owner=owner)


@requests.command()
def decline(number: Number, note: Note = "", who: Who = None, db: Database = None) -> None:
    """Say that it will not be written, and why."""
    from callinsight.pipeline.requests import decline as step

    _act("decline", step, number, who, db, note=note)


@requests.command()
def start(
    number: Number, owner: Owner = "", note: Note = "", who: Who = None, db: Database = None
) -> None:
    """Say that it is being written."""
    from callinsight.pipeline.requests import start as step

    _act("start", step, number, who, db, note=note, owner=owner)


@requests.command()
def deliver(
    number: Number,
    asset: Annotated[str, typer.Option(metavar="ID", help="The asset that answers it.")],
    note: Note = "",
    who: Who = None,
    db: Database = None,
) -> None:
    """Say which asset answers it; later reports say whether the demand fell."""
    from callinsight.pipeline.requests import deliver as step

    _act("deliver", step, number, who, db, note=note, item=asset)


@requests.command()
def vote(number: Number, note: Note = "", who: Who = None, db: Database = None) -> None:
    """Say that you need it too."""
    from callinsight.pipeline.requests import vote as step

    _act("vote", step, number, who, db, note=note)


@requests.command()
def comment(
    number: Number,
    note: Annotated[str, typer.Argument(metavar="TEXT", help="What to say of it.")],
    who: Who = None,
    db: Database = None,
) -> None:
    """Say something about it."""
    from callinsight.pipeline.requests import comment as step

    _act("comment", step, number, who, db, note=note)


@requests.command()
def brief(number: Number, out: Out = None, db: Database = None) -> None:
    """Write the writer's brief: who asks, what buyers say, what is there, by when."""
    from callinsight.content.requests import number_of
    from callinsight.pipeline.briefs import brief_of

    with _opened(db) as (opened, config):
        text = brief_of(opened, config, number_of(number), as_of=_today(config))
    _write(text.encode(), out)


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
    from callinsight.pipeline.briefs import export_requests
    from callinsight.pipeline.requests import requests_in

    with _opened(db) as (opened, config):
        today = _today(config)
        found = requests_in(opened, config, state.value, as_of=today)
        ids = {request.id for request, _ in found}
        written = export_requests(opened, config, shape.value, as_of=today, ids=ids)
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
    from callinsight.pipeline.requests import request_settings

    with store.opened(database_path(db)) as opened:
        yield opened, request_settings(opened)


def _act(
    step: str,
    function: Step,
    number: str,
    who: str | None,
    db: Path | None,
    **given: str,
) -> None:
    """Do a step, print the request as it stands then, and tell of it."""
    from callinsight.content.requests import number_of

    name, at = user_name(who), now()
    with _opened(db) as (opened, config):
        kept = function(opened, config, number_of(number), who=name, now=at, **given)
        _report(opened, config, kept, step, name, at)


def _report(
    db: sqlite_utils.Database,
    config: Config,
    request: ContentRequest,
    step: str,
    who: str,
    at: str,
) -> None:
    from callinsight import store
    from callinsight.pipeline.notices import tell
    from callinsight.pipeline.requests import clocks_of, unlisted_concern

    events = store.all_request_events(db)
    clocks = clocks_of([request], events, config, _today(config))[request.id]
    typer.echo(_line(request, clocks))
    if step == "deliver" and (warning := unlisted_concern(db, request)):
        say(warning)
    failures = tell(db, config, request, step, who=who, now=at)
    _fail_if(failures, "The request is kept all the same; nothing needs to be done again.")


def _fail_if(failures: Sequence[str], comfort: str) -> None:
    for failure in failures:
        say(f"Not told: {failure}.")
    if failures:
        say(comfort)
        raise typer.Exit(FAILED)


def _today(config: Config) -> date:
    return datetime.fromisoformat(now()).astimezone(config.zone).date()


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


# In words


def _line(request: ContentRequest, clocks: Sequence[Clock]) -> str:
    from callinsight.content.requests import shown

    owner = f" · {request.owner}" if request.owner else ""
    votes = f" · {_count(request.votes, 'vote')}" if request.votes else ""
    state = request.state.replace("_", " ")
    return (
        f"{shown(request.id):<5} {request.priority}  {state:<11}  {_due(request, clocks):<47}  "
        f"{request.title}{owner}{votes}"
    )


def _due(request: ContentRequest, clocks: Sequence[Clock]) -> str:
    """What is due next, and how late it is."""
    from callinsight.content.sla import running

    if request.state == "delivered":
        return f"as {request.item}"
    clock = running(clocks)
    if clock is None or request.state == "declined":
        return ""
    late = f", {_count(clock.late_days, 'business day')} late" if clock.is_overdue else ""
    return f"{clock.promise} by {clock.due}{late}"


def _sheet(
    request: ContentRequest,
    events: Sequence[RequestEvent],
    clocks: Sequence[Clock],
    effect: Effect | None,
) -> Iterator[str]:
    yield _line(request, clocks)
    for name in (
        *("gap", "content_type", "concern", "persona", "stage", "competitor", "tried"),
        *("use", "needed_by", "requester", "created_at"),
    ):
        if value := getattr(request, name):
            yield f"  {name.replace('_', ' ') + ':':<15}{' '.join(value.split())}"
    for name, values in (("deals", request.deals), ("evidence", request.evidence)):
        if values:
            yield f"  {name + ':':<15}{'; '.join(values)}"
    for claim in request.claims.splitlines():
        yield f"  must say:      {claim}"
    for clock in clocks:
        yield f"  {clock.promise + ':':<15}by {clock.due}{_kept(clock)}"
    if effect is not None:
        yield f"  effect:        {_effect(effect)}"
    for event in events:
        note = f": {' '.join(event.note.split())}" if event.note else ""
        yield f"  {event.at}  {event.who}  {event.event}{note}"


def _kept(clock: Clock) -> str:
    late = f", {_count(clock.late_days, 'business day')} late" if clock.late_days else ""
    return (f", done {clock.done_on}" if clock.done_on else "") + late


def _effect(effect: Effect) -> str:
    words = {
        "fell": "the demand fell",
        "rose": "the demand rose",
        "no_clear_change": "no change beyond chance",
        "too_early": "too early to say: no later month has calls",
    }[effect.verdict]
    before, after = effect.before, effect.after
    told = [
        f"{one.raising} of {one.eligible} deals {when} ({one.low:.0%} to {one.high:.0%})"
        for one, when in ((before, "before"), (after, "after"))
        if one.eligible
    ]
    return f"{words}; {', '.join(told)}" if told else words


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
