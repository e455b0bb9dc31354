"""Files that hold something of a call: reports, copies of sound, sources, sheets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.addresses import place_of
from callinsight.calls.forgetting import NOBODY, names_in
from callinsight.calls.playable import COPIES
from callinsight.calls.transcripts import is_transcript, recording_beside
from callinsight.months import month_of
from callinsight.reports.pages import files_written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan
    from callinsight.records import Call


def report_files(config: Config, plan: Plan) -> list[Path]:
    """What the pipeline wrote of the months whose calls change."""
    months = {month_of(c.recorded_at, config.zone) for c in (*plan.calls, *plan.touched)}
    return reports_of(config, months)


def reports_of(config: Config, months: Iterable[str]) -> list[Path]:
    """What the pipeline wrote of some months into its folder of reports."""
    folders = [
        config.report.folder / f"{m}{end}" for m in sorted(months) for end in ("", "-playlist")
    ]
    return [file for folder in folders for file in files_written(folder)]


def copies() -> list[Path]:
    """Sound that servers keep for browsers; they make it anew when it is asked for."""
    return sorted(Path(tempfile.gettempdir()).glob(f"{COPIES}*/*.mp3"))


def remove(files: Iterable[Path]) -> tuple[int, list[Path]]:
    """Remove files, and folders that are empty then; how many files, and which could not be removed."""
    removed, left = 0, []
    for file in files:
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        except OSError:
            left.append(file)
            continue
        removed += 1
        for folder in (file.parent, file.parent.parent):
            if not folder.name.startswith(COPIES) and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    return removed, left


def sources(config: Config, calls: Iterable[Call]) -> list[Path | str]:
    """The recordings and transcripts of calls that are there; a store is not asked for its own."""
    found: list[Path | str] = []
    for call in calls:
        path = place_of(config.calls.files, call.file)
        if isinstance(path, str):
            found.append(path)
            continue
        beside = recording_beside(path) if is_transcript(path) else None
        found += [p for p in (path, beside) if p is not None and p.is_file()]
    return found


def sheets_naming(config: Config, names: Iterable[str]) -> list[Path]:
    """The files of the pipeline in which one of these names stands."""
    pattern = names_in(names, parts=False)
    files = [config.path, config.tagging.taxonomy, config.calls.manifest, config.calls.participants]
    found = []
    for path in (*files, *config.content.items, *config.content.usage):
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path else ""
        except OSError:
            continue
        if path and pattern is not NOBODY and pattern.search(text):
            found.append(path)
    return found
