"""`callinsight inventory`."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callinsight.cli.app import FAILED, Database, app, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.pipeline.inventory import Imported

inventory = typer.Typer(no_args_is_help=True, help="The content inventory beyond its sheets.")
app.add_typer(inventory, name="inventory")
Who = Annotated[str, typer.Option("--who", metavar="NAME", help="Whose word it is.")]
SHOWN = 20  # lines of a kind, of an import


class Table(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


Shape = Annotated[Table, typer.Option("--format", help="For people, programs or spreadsheets.")]


def this_moment() -> str:
    """Now, as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@inventory.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An export, or a folder of Markdown.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Which column is which; else it is told by their names.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    db: Database = None,
) -> None:
    """Take assets from an export of a content platform (CSV) or a folder of Markdown."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.inventory import import_items, recount_gaps
    from callinsight.progress import bar

    path = database_path(db)
    if dry_run and not path.exists():
        path = store.NOWHERE
    with store.opened(path, create=True) as opened:
        done = import_items(opened, file, mapping=mapping, now=this_moment(), dry_run=dry_run)
        if not dry_run:
            recount_gaps(opened, progress=bar)
    for line in _told(done, dry_run=dry_run):
        typer.echo(line)
    for note in done.notes[:SHOWN]:
        say(f"note: {note}")
    for problem in done.problems:
        say(f"failed: {problem}")
    if done.problems:
        raise typer.Exit(FAILED)


@inventory.command("map")
def map_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An export, or a folder of Markdown.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Write here; - is stdout.")] = Path(
        "mapping.toml"
    ),
    db: Database = None,
) -> None:
    """Write a mapping to begin with: which column is which, as far as their names tell."""
    from callinsight.config import database_path
    from callinsight.errors import InputError
    from callinsight.pipeline.inventory import propose_mapping

    text = propose_mapping(file, database_path(db))
    if out == Path("-"):
        typer.echo(text, nl=False)
        return
    if out.exists():
        raise InputError(f"{out}: this file is there already; name another with --out FILE")
    out.write_text(text, encoding="utf-8")
    say(
        f"{out}: check the guesses, then 'callinsight inventory import {file} --map {out} --dry-run'"
    )


@inventory.command("list")
def list_(shape: Shape = Table.TEXT, db: Database = None) -> None:
    """List the assets, with what they are tagged with and where they come from."""
    from callinsight import store
    from callinsight.config import database_path

    with store.opened(database_path(db)) as opened:
        items = store.all_items(opened)
    if shape is Table.TEXT:
        for item in items:
            tags = "; ".join(item.concerns) or "no concern"
            typer.echo(f"{item.id}  {item.title}  [{item.content_type}, {item.status}]  {tags}")
        say(f"Assets: {len(items)}")
        return
    print_records([dataclasses.asdict(item) for item in items], shape)


@inventory.command()
def history(
    asset: Annotated[str, typer.Argument(metavar="ID", help="An asset.")],
    shape: Shape = Table.TEXT,
    db: Database = None,
) -> None:
    """Show what became of an asset: what changed, when, and where it was seen."""
    from callinsight import store
    from callinsight.config import database_path

    with store.opened(database_path(db)) as opened:
        told = store.item_changes(opened, asset)
    if shape is not Table.TEXT:
        print_records([dataclasses.asdict(change) for change in told], shape)
        return
    for change in told:
        typer.echo(
            f"{change.at}  {change.source}: {_change(change.field, change.before, change.after)}"
        )
    if not told:
        say(f"Nothing is known of an asset '{asset}'; 'callinsight inventory list' shows all.")


@inventory.command()
def lint(
    shape: Shape = Table.TEXT,
    every: Annotated[
        bool, typer.Option("--all", help="Name each asset, also where many lack the same.")
    ] = False,
    as_of: Annotated[
        str,
        typer.Option(metavar="DATE", help="As of this day; else today.", show_default=False),
    ] = "",
    db: Database = None,
) -> None:
    """Check the assets: rows, words, duplicates, owners, dates, tags. Exit code 1 where one is wrong."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_day
    from callinsight.pipeline.lint import ERROR, lint_inventory, lint_lines

    day = check_day(as_of or this_moment()[:10])
    with store.opened(database_path(db)) as opened:
        findings = lint_inventory(opened, as_of=day)
    if shape is not Table.TEXT:
        print_records([finding._asdict() for finding in findings], shape)
    else:
        for line in lint_lines(findings, every=every):
            typer.echo(line)
    say(_counted([finding.rule for finding in findings]))
    if any(finding.level == ERROR for finding in findings):
        raise typer.Exit(FAILED)


@inventory.command("suggest")
def suggest_(shape: Shape = Table.TEXT, db: Database = None) -> None:
    """Propose concerns, personas and stages for assets without; nothing applies until it is accepted.

    Personas and stages are those that raise an asset's concerns in your calls, with the deals counted.
    """
    from callinsight import store
    from callinsight.cli.models import fetch
    from callinsight.config import database_path
    from callinsight.pipeline.suggesting import propose

    with store.opened(database_path(db)) as opened:
        found = propose(opened, fetch=fetch)
    _print_suggestions(found.suggestions, shape)
    if found.suggestions:
        say(
            f"Proposed: {len(found.suggestions)}. 'callinsight inventory accept ID' takes all of an asset, "
            "'accept ID concerns=CONCERN' one; 'accept --all --at-least 0.8 --dry-run' lists the likeliest."
        )
    say(found.basis)


@inventory.command()
def suggestions(shape: Shape = Table.TEXT, db: Database = None) -> None:
    """List what was proposed, accepted and rejected."""
    from callinsight import store
    from callinsight.config import database_path

    with store.opened(database_path(db)) as opened:
        found = store.all_suggestions(opened)
    _print_suggestions(found, shape)
    if not found:
        say("Nothing was proposed yet: 'callinsight inventory suggest'.")


Asset = Annotated[str, typer.Argument(metavar="ID", help="An asset.")]
Values = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FIELD=VALUE]...", help="Such as concerns=price_budget; else all."),
]


@inventory.command()
def accept(
    asset: Annotated[str, typer.Argument(metavar="[ID]", help="An asset; else say --all.")] = "",
    values: Values = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Take what is proposed of all assets.")
    ] = False,
    at_least: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0,
            max=1,
            help="With --all: only what has at least this score.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --all: only list what would be accepted.")
    ] = False,
    who: Who = "",
    db: Database = None,
) -> None:
    """Tag an asset with what is proposed of it, or with a value of your own; or all assets at once."""
    from callinsight.errors import InputError

    if bool(asset) == everything:
        raise InputError("name an asset, or say --all for all that is proposed")
    if not everything:
        if at_least is not None or dry_run:
            raise InputError("--at-least and --dry-run go with --all")
        _answer(asset, values or [], accepted=True, who=who, db=db)
        return
    if at_least is None and not dry_run:
        raise InputError(
            "--all needs --at-least SHARE, such as 0.8: concerns are proposed from 0.5 on, of which three "
            "to nine in ten were right in inventories that people tagged, and the score of a persona or "
            "stage is a share of deals; 'accept --all --dry-run' lists all"
        )
    _accept_all(at_least or 0.0, dry_run=dry_run, who=who, db=db)


@inventory.command()
def reject(asset: Asset, values: Values = None, who: Who = "", db: Database = None) -> None:
    """Do not tag an asset so; it is not proposed again."""
    _answer(asset, values or [], accepted=False, who=who, db=db)


Cell = Annotated[str, typer.Argument(metavar="GAP_ID", help="As 'callinsight gaps' lists it.")]


@inventory.command()
def match(gap: Cell, shape: Shape = Table.TEXT, db: Database = None) -> None:
    """Show what there is for a gap: assets that fit, near ones or none, and the three nearest.

    The verdict before it is that of the last run, as 'callinsight gaps' lists it.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.matching import judged_words, match_gap, match_lines

    with store.opened(database_path(db)) as opened:
        cell, found = match_gap(opened, gap)
        judged = judged_words(opened, cell)
        lines = [*match_lines(opened, cell, found)]
    candidates = [
        {"item": m.item.id, "title": m.item.title, "obstacles": m.told}
        | {"judged": judged.get(m.item.id, "")}
        for m in found.candidates
    ]
    if shape is Table.JSON:
        told = {"gap": gap, "verdict": cell.verdict, "supply": found.supply, "reason": found.reason}
        typer.echo(
            json.dumps(
                told | {"judged": judged, "candidates": candidates}, indent=2, ensure_ascii=False
            )
        )
        return
    if shape is Table.CSV:
        print_records(candidates, shape)
        return
    typer.echo("\n".join(lines))


@inventory.command()
def confirm(gap: Cell, asset: Asset, who: Who = "", db: Database = None) -> None:
    """Say that an asset answers a gap, whatever its tags say."""
    _judge(gap, asset, answers_it=True, who=who, db=db)


@inventory.command()
def deny(gap: Cell, asset: Asset, who: Who = "", db: Database = None) -> None:
    """Say that an asset does not answer a gap, whatever its tags say."""
    _judge(gap, asset, answers_it=False, who=who, db=db)


def _judge(gap: str, asset: str, *, answers_it: bool, who: str, db: Path | None) -> None:
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.inventory import recount_gaps
    from callinsight.pipeline.matching import judge, why_not
    from callinsight.progress import bar

    with store.opened(database_path(db)) as opened:
        said = judge(opened, gap, asset, answers_it=answers_it, who=who, now=this_moment())
        recount_gaps(opened, progress=bar)
        obstacles = why_not(opened, gap, said.item) if said.answers else ()
    typer.echo(f"{said.item} {'answers' if said.answers else 'does not answer'} {gap}")
    if obstacles:
        say(
            f"it does not count as an answer yet: {', '.join(obstacles)}; mend that in the inventory"
        )


def _answer(
    asset: str, values: Sequence[str], *, accepted: bool, who: str, db: Path | None
) -> None:
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.inventory import recount_gaps
    from callinsight.pipeline.suggesting import answer
    from callinsight.progress import bar

    with store.opened(database_path(db)) as opened:
        done = answer(opened, asset, values, accepted=accepted, who=who, now=this_moment())
        recount_gaps(opened, progress=bar)
    for one in done:
        typer.echo(f"{one.item}: {one.field} {one.value} {one.status}")


def _accept_all(at_least: float, *, dry_run: bool, who: str, db: Path | None) -> None:
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.inventory import recount_gaps
    from callinsight.pipeline.suggesting import accept_all
    from callinsight.progress import bar

    with store.opened(database_path(db)) as opened:
        done = accept_all(opened, at_least=at_least, who=who, now=this_moment(), dry_run=dry_run)
        if not dry_run:
            recount_gaps(opened, progress=bar)
    _print_suggestions(done, Table.TEXT)
    told = (
        ""
        if dry_run
        else (
            " Nobody has looked at them one by one, so such an asset makes a gap weak, and nothing covered, "
            "until 'callinsight inventory accept ID' says that it is right."
        )
    )
    assets = len({one.item for one in done})
    would = "would be " if dry_run else ""
    say(
        f"Tags: {len(done)} {would}accepted, of {assets} {'asset' if assets == 1 else 'assets'}.{told}"
    )


def _print_suggestions(found: Sequence[Any], shape: Table) -> None:
    if shape is not Table.TEXT:
        print_records([dataclasses.asdict(one) for one in found], shape)
        return
    for one in found:
        state = "" if one.status == "proposed" else f" [{one.status}]"
        why = f"  ({one.why})" if one.why else ""
        typer.echo(f"{one.item}  {one.field}={one.value}  {one.score:.2f}{state}{why}")


def _counted(rules: Sequence[str]) -> str:
    """How often each rule found something."""
    from collections import Counter

    counted = Counter(rules)
    told = ", ".join(f"{counted[rule]} {rule}" for rule in dict.fromkeys(rules))
    return f"Found: {told}" if told else "Nothing to mend."


def print_records(rows: Sequence[dict[str, Any]], shape: Table) -> None:
    """Rows as JSON or CSV; lists in a cell of CSV are separated by semicolons."""
    if shape is Table.JSON:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif rows:
        from callinsight.pipeline.inventory import as_csv

        typer.echo(as_csv(rows), nl=False)


def _told(done: Imported, *, dry_run: bool) -> Iterable[str]:
    would = "would be " if dry_run else ""
    yield (
        f"{len(done.new)} {would}new, {len({c.item for c in done.changed})} {would}changed, "
        f"{done.unchanged} unchanged" + (f", {done.skipped} skipped" if done.skipped else "")
    )
    if dry_run:
        for item in done.new[:SHOWN]:
            yield f"new: {item.id}  {item.title}  [{item.content_type}]"
        if len(done.new) > SHOWN:
            yield f"... and {len(done.new) - SHOWN} more"
    for change in done.changed[:SHOWN]:
        yield f"{change.item}: {_change(change.field, change.before, change.after)}"
    if len(done.changed) > SHOWN:
        yield f"... and {len(done.changed) - SHOWN} more changes"
    if done.gone:
        yield f"no longer in this file, but kept: {', '.join(done.gone)}"


def _change(field: str, before: str, after: str) -> str:
    if not field:
        return f"came: {after}" if after else f"went: {before}"
    return f"{field}: '{before}' became '{after}'"
