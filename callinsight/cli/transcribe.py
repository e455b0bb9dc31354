"""`callinsight transcribe`."""

from __future__ import annotations

from typing import Annotated

import typer

from callinsight.cli.app import Workers, app, names_in, tell
from callinsight.cli.models import fetch


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
    no_redact: Annotated[
        bool, typer.Option("--no-redact", help="Leave personal data in, such as phone numbers.")
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
        vocabulary=names_in(vocabulary),
        rep_channel=rep_channel,
        speakers=speakers,
        words=words,
        redact=not no_redact,
        format=format_,
    )
    workers = workers or default_workers(device)
    tell(transcribe_files(files, options, workers=workers, progress=bar, fetch=fetch))
