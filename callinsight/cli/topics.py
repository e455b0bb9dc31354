"""`callinsight topics`."""

from __future__ import annotations

from typing import Annotated

import typer

from callinsight.cli.app import Database, Format, Shape, app, now

topics = typer.Typer(
    no_args_is_help=True, help="What buyers talk about: list, rename, retire, find anew."
)
app.add_typer(topics, name="topics")
TopicId = Annotated[int, typer.Argument(metavar="ID", help="The topic's number.")]


@topics.command("list")
def list_topics(
    month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM", help="The month; else the last with calls.", show_default=False
        ),
    ] = None,
    shape: Shape = Format.TEXT,
    db: Database = None,
) -> None:
    """Show the topics of a month: size, trend, roles, stages and three excerpts each."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_month
    from callinsight.pipeline.curating import list_topics
    from callinsight.pipeline.run import stored_config

    asked = check_month(month) if month else None
    with store.opened(database_path(db)) as opened:
        config = stored_config(opened)
        typer.echo(list_topics(opened, config, asked, as_json=shape is Format.JSON))


@topics.command()
def rename(
    topic: TopicId,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What to call it.")],
    db: Database = None,
) -> None:
    """Give a topic a label that stays, whatever is found later."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.curating import rename_topic

    with store.opened(database_path(db)) as opened:
        typer.echo(rename_topic(opened, topic, label))


@topics.command()
def retire(topic: TopicId, db: Database = None) -> None:
    """Take a topic out of all reports; it is not found again."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.curating import retire_topic

    with store.opened(database_path(db)) as opened:
        typer.echo(retire_topic(opened, topic))


@topics.command()
def restore(topic: TopicId, db: Database = None) -> None:
    """Let a retired topic count again."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.curating import restore_topic

    with store.opened(database_path(db)) as opened:
        typer.echo(restore_topic(opened, topic))


@topics.command()
def rebuild(db: Database = None) -> None:
    """Find all topics anew and say what became of each.

    A topic that lives on keeps its number and the label you gave it. No number is given twice.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.run import stored_config
    from callinsight.pipeline.topics import rebuild_topics
    from callinsight.progress import bar

    path = database_path(db)
    with (
        store.opened(path) as opened,
        store.claimed(path, now=now(), command="topics rebuild"),
    ):
        typer.echo(rebuild_topics(opened, stored_config(opened), progress=bar))
