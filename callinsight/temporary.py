"""Folders for what is needed for a moment: copies of sound, reports on their way to a browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

BEGINNING = (
    "callinsight-temporary-"  # of their names; nobody keeps anything of his own in such a one
)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for this user's eyes that goes with its last use, unless the process is killed before."""
    return tempfile.TemporaryDirectory(prefix=BEGINNING)


def temporary_files() -> list[Path]:
    """The files that lie in such folders, also of processes that were killed."""
    folders = Path(tempfile.gettempdir()).glob(f"{BEGINNING}*")
    found = (path for folder in folders for path in folder.rglob("*"))
    return sorted(path for path in found if path.is_file() and not path.is_symlink())
