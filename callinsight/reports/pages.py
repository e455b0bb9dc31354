"""Writes a month's report as one HTML page and one Markdown file."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from callinsight.errors import InputError
from callinsight.reports.wording import markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from callinsight.reports.monthly import MonthlyReport

TEMPLATES = Path(__file__).parent / "templates"
CLIPS = "clips"
CLIP_NAME = re.compile(r".+-[0-9a-f]{8}\.mp3")
MB = 1_000_000


def write_report(report: MonthlyReport, folder: Path, *, embed_limit_mb: float) -> list[Path]:
    """Write index.html and report.md, and the sound to clips/ if it is more than the limit.

    The same report gives the same bytes. Clips of an earlier run that are no longer used are
    removed. Raises InputError if the folder cannot be written.
    """
    clips = _clips(report)
    beside = sum(len(clip) for _, clip in clips) > embed_limit_mb * MB
    sources = {name: f"{CLIPS}/{name}" if beside else _data_address(clip) for name, clip in clips}
    files = {folder / CLIPS / name: clip for name, clip in clips} if beside else {}
    files[folder / "report.md"] = _render_markdown(report).encode()
    files[folder / "index.html"] = _render_html(report, sources).encode()
    try:
        for path, content in files.items():
            _replace(path, content)
        _remove_old_clips(folder / CLIPS, keep=set(files))
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: the report cannot be written here ({error.strerror}); "
            "name another folder with --out"
        ) from None
    return list(reversed(files))


def _clips(report: MonthlyReport) -> list[tuple[str, bytes]]:
    """The sound of every quote; a turn that stands for two gaps comes twice, as in the page."""
    demands = (*report.gaps, *report.roll_ups, *report.covered)
    quotes = [quote for demand in demands for quote in demand.quotes]
    return [(quote.clip_name, quote.clip) for quote in quotes if quote.clip is not None]


def _data_address(clip: bytes) -> str:
    return f"data:audio/mpeg;base64,{base64.b64encode(clip).decode()}"


def _render_html(report: MonthlyReport, sources: dict[str, str]) -> str:
    return _environment().get_template("monthly.html.jinja").render(report=report, sources=sources)


def _render_markdown(report: MonthlyReport) -> str:
    environment = _environment(finalize=_as_markdown)
    environment.filters["address"] = Markup
    text = environment.get_template("monthly.md.jinja").render(report=report)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def _as_markdown(value: object) -> object:
    """Whatever a template shows is made harmless, unless a template itself made it."""
    return value if isinstance(value, Markup) else Markup(markdown(str(value)))


def _environment(finalize: Callable[[object], object] | None = None) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _replace(path: Path, content: bytes) -> None:
    """Nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _remove_old_clips(folder: Path, *, keep: set[Path]) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path not in keep and CLIP_NAME.fullmatch(path.name):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
