"""The commands: each parses, calls one function and prints. Data to stdout, messages to stderr."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from callinsight.errors import CallInsightError

if TYPE_CHECKING:
    from callinsight.pipeline.run import Summary

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


class Commands(TyperGroup):
    """Shows an error for people as one line, and leaves a bug its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command the user named."""
        try:
            return super().invoke(ctx)
        except CallInsightError as error:
            say(f"Error: {error}")
            raise typer.Exit(UNUSABLE) from None
        except KeyboardInterrupt:
            say("Stopped. What is done is kept; run the same command again to go on.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Recorded sales calls in, content gaps out. Nothing leaves this machine.",
)
models = typer.Typer(no_args_is_help=True, help="List, fetch and check model weights.")
app.add_typer(models, name="models")

Database = Annotated[
    Path | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help="The database; else CALLINSIGHT_DB, else ./callinsight.db.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processes that transcribe; one a core by default.", show_default=False
    ),
]


def say(text: str) -> None:
    """A message for people, on stderr."""
    typer.echo(text, err=True)


@app.command()
def run(
    pipeline: Annotated[Path, typer.Argument(metavar="PIPELINE.toml", help="What to run.")],
    db: Annotated[
        Path | None,
        typer.Option(
            "--db", metavar="FILE", help="Write here, not where the file says.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try calls again that failed before.")
    ] = False,
) -> None:
    """Take calls to the gap report.

    What is done already is skipped; what fails is named, and the rest goes on.
    """
    from callinsight.cluster import default_workers
    from callinsight.config import load_config
    from callinsight.pipeline.run import run as run_pipeline
    from callinsight.progress import bar

    config = load_config(pipeline)
    summary = run_pipeline(
        config,
        database=db or config.database,
        workers=workers or default_workers(config.speech.device),
        retry_failed=retry_failed,
        progress=bar,
        fetch=_fetch,
    )
    _tell(summary)
    if summary.problems:
        raise typer.Exit(FAILED)


@app.command()
def report(
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month to report on.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where DIR/YYYY-MM is written.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Supply as of this day, not the month's last.", show_default=False
        ),
    ] = None,
    db: Database = None,
) -> None:
    """Write the report of a month.

    A page with sound that works from a folder, and the same as Markdown.
    """
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.months import check_day, check_month
    from callinsight.pipeline.report import report_month
    from callinsight.pipeline.run import stored_config

    with store.opened(database_path(db)) as opened:
        config = stored_config(opened)
        day = check_day(as_of) if as_of else None
        page = report_month(opened, config, check_month(month), out, as_of=day)
    typer.echo(page)


@app.command()
def transcribe(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES...", help="Recordings and transcripts.")
    ],
    engine: Annotated[
        str, typer.Option(help="faster-whisper or openai-whisper.")
    ] = "faster-whisper",
    model: Annotated[
        str, typer.Option(help="base or tiny.en; see 'callinsight models list'.")
    ] = "base",
    language: Annotated[
        str, typer.Option(help="What is spoken, as a code such as en; auto finds it.")
    ] = "en",
    beam_size: Annotated[int, typer.Option(min=1, max=20, help="Wider is better and slower.")] = 5,
    device: Annotated[str, typer.Option(help="cpu, or cuda for a graphics card.")] = "cpu",
    vocabulary: Annotated[
        str,
        typer.Option(
            metavar='"NAME;NAME"', help="Names to expect, separated by ;", show_default=False
        ),
    ] = "",
    rep_channel: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="The rep's channel, counted from 0; else it is told by what is said.",
            show_default=False,
        ),
    ] = None,
    speakers: Annotated[
        int | None,
        typer.Option(
            min=1, max=6, help="Voices in a recording with one channel.", show_default=False
        ),
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="Print when each word is said (json, vtt).")
    ] = False,
    workers: Workers = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="json is one object a line and file; srt and vtt hold one file.",
            metavar="txt|srt|vtt|json|rttm",
        ),
    ] = "json",
) -> None:
    """Print what is said in recordings, or written in transcripts.

    The text is on stdout, and nothing else there.
    """
    from callinsight.cluster import default_workers
    from callinsight.pipeline.transcribe import Options, transcribe_files
    from callinsight.progress import bar

    options = Options(
        engine=engine,
        model=model,
        language=language,
        beam_size=beam_size,
        device=device,
        vocabulary=tuple(name.strip() for name in vocabulary.split(";") if name.strip()),
        rep_channel=rep_channel,
        speakers=speakers,
        words=words,
        format=format_,
    )
    failed = False
    for line in transcribe_files(
        files, options, workers=workers or default_workers(device), progress=bar, fetch=_fetch
    ):
        if line.text:
            typer.echo(line.text)
        if line.message:
            say(line.message)
        failed = failed or line.failed
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written.")],
    recordings: Annotated[Path, typer.Option(metavar="FOLDER", help="Where your recordings lie.")],
    crm: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An export of your CRM (CSV).", show_default=False),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Which of its columns is which (TOML).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start with your own calls.

    Writes a pipeline file, the definitions and prefilled sheets; it never overwrites a file.
    """
    from callinsight.starter import write_starter

    starter = write_starter(folder, recordings=recordings, crm=crm, mapping=mapping)
    for file in starter.files:
        typer.echo(file)
    for name in starter.undated:
        say(f"{name}: its name holds no date, so recorded_at is when the file was last changed")
    for name in starter.unmatched:
        say(f"{name}: no deal of the export fits; fill in its row by hand")
    say(
        f"{starter.calls} calls found. Next: fill in consent in {folder / 'calls.csv'}, "
        f"then run 'callinsight run {folder / 'sales_calls.toml'}'."
    )


@models.command("list")
def list_models() -> None:
    """Show every model, what it is for and whether it is here."""
    from callinsight import weights

    for model in weights.MODELS.values():
        here = "here   " if weights.find(model.name) else "missing"
        typer.echo(f"{model.name:18} {here}  {model.licence:10}  {model.purpose}")


@models.command()
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAMES]...", help="Models; the pipeline's own by default."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Take the files from here.", show_default=False
        ),
    ] = None,
) -> None:
    """Fetch models, verified by sha256."""
    from callinsight import weights

    for name in names or (weights.SPEECH, weights.VOICES, weights.EMBEDDING):
        typer.echo(_pull(name, source))


@models.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAMES]...", help="Models; all that are here by default."),
    ] = None,
) -> None:
    """Check that models are what they should be; a wrong file is discarded and named."""
    from callinsight import weights

    problems = []
    for name in names or [name for name in weights.MODELS if weights.is_here(name)]:
        found = weights.verify(name)
        typer.echo(f"{name:18} {'wrong' if found else 'good'}")
        problems.extend(found)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(FAILED)


@app.command(hidden=True)
def tagger() -> None:
    """Train the tagger's heads again from the labelled turns; for developers."""
    from callinsight import weights
    from callinsight.tagging.concerns import HEADS
    from callinsight.tagging.training import train

    train(weights.folder(weights.EMBEDDING), weights.fingerprint(weights.EMBEDDING)).save()
    typer.echo(HEADS)


@app.command(hidden=True)
def sides() -> None:
    """Fit the head that tells rep from buyer again from the dialogues; for developers."""
    from callinsight.calls.side_training import load_dialogues, train
    from callinsight.calls.sides import HEAD

    train(load_dialogues()).save()
    typer.echo(HEAD)


def _fetch(names: list[str]) -> None:
    """Fetch the models that are not here, before the work that waits for them begins."""
    from callinsight import weights

    weights.fetch(names, pull_one=lambda name: _pull(name, None))


def _pull(name: str, source: Path | None) -> Path:
    from callinsight import weights
    from callinsight.progress import bytes_bar

    with bytes_bar(name) as report:
        return weights.pull(name, source=source, report=report)


def _tell(summary: Summary) -> None:
    """What a run left behind, in words."""
    counted = ", ".join(f"{n} {status}" for status, n in sorted(summary.statuses.items()))
    say(f"Calls: {counted or 'none'}")
    if summary.removed:
        say(f"Removed: {summary.removed} that the list of calls names no more")
    for call in summary.noted:
        say(f"{call.status}: {call.reason}")
    for problem in summary.problems:
        say(f"failed: {problem.error}")
    say(f"Database: {_shown(summary.database)}")
    if summary.report:
        say(f"Report: {_shown(summary.report)}")
    else:
        say("No call could be used, so there is no report; mend what is named above and run again.")
    if summary.problems:
        count = len(summary.problems)
        say(f"{count} {'input' if count == 1 else 'inputs'} could not be used; see above.")


def _shown(path: Path) -> str:
    """The path as a person would type it from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def main() -> None:
    """Entry point of the `callinsight` program."""
    app(prog_name="callinsight")


if __name__ == "__main__":
    main()
