"""The commands: each parses, calls one function and prints. Data to stdout, messages to stderr."""

from __future__ import annotations

from callinsight.cli.app import app

# A command stands in --help where it is imported.
# isort: off
from callinsight.cli import run, serve, users, report, gaps, playlist, requests  # noqa: F401
from callinsight.cli import topics, review  # noqa: F401
from callinsight.cli import erasing, upkeep  # noqa: F401
from callinsight.cli import transcribe, tag, evaluate, init, inventory, taxonomy, models, training  # noqa: F401
from callinsight.cli import doctor  # noqa: F401

# isort: on


def main() -> None:
    """Entry point of the `callinsight` program."""
    app(prog_name="callinsight")
