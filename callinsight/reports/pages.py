"""Writes a month's report (page, Markdown, CSV, workbook, JSON), its playlist and its agenda."""

from __future__ import annotations

import base64
import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from callinsight.errors import InputError
from callinsight.months import month_name
from callinsight.reports.charts import (
    Chart,
    balance_chart,
    change_chart,
    gap_chart,
    with_text,
)
from callinsight.reports.exports import to_csv, to_json, to_workbook
from callinsight.reports.playlist import left_out, m3u, spoken_length
from callinsight.reports.wording import markdown, percent, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from callinsight.reports.agenda import Agenda
    from callinsight.reports.definitions import Section
    from callinsight.reports.exports import Told
    from callinsight.reports.monthly import MonthlyReport
    from callinsight.reports.playlist import Track

TEMPLATES = Path(__file__).parent / "templates"
CLIPS = "clips"
CLIP_NAME = re.compile(r".+-[0-9a-f]{8}\.mp3")
SHEETS = (
    *("gaps", "evidence", "changes", "past", "matrix", "funnel", "unused", "asks", "requests"),
    *("topics", "definitions", "problems"),
)
WRITTEN = (  # what stands in a folder of a month
    *("index.html", "report.md", "report.xlsx", "report.json", "agenda.html", "agenda.md"),
    *("playlist.m3u", *(f"{name}.csv" for name in SHEETS)),
)
UNFINISHED = ".tmp"
MB = 1_000_000


@dataclass(frozen=True)
class DrawnChart:
    """A chart, and its SVG by page as the template takes it."""

    chart: Chart
    svg: dict[str, Markup]


def write_report(
    report: MonthlyReport,
    folder: Path,
    *,
    embed_limit_mb: float,
    formats: Collection[str] = ("html", "md"),
) -> list[Path]:
    """Write index.html, report.md, a sheet each part, report.xlsx or report.json, as `formats` say.

    The sound goes to clips/ if it is more than the limit. The same report gives the same bytes.
    Clips of an earlier run that are no longer used are removed. Raises InputError if the folder
    cannot be written.
    """
    files: dict[Path, bytes] = {}
    if "html" in formats:
        clips = _clips(report)
        beside = sum(len(clip) for _, clip in clips) > embed_limit_mb * MB
        sources = {n: f"{CLIPS}/{n}" if beside else _data_address(clip) for n, clip in clips}
        files[folder / "index.html"] = _render_html(report, sources).encode()
    else:
        clips, beside = [], False
    if "md" in formats:
        files[folder / "report.md"] = _render_markdown(report).encode()
    files |= {folder / name: content for name, content in _exports(report, formats).items()}
    if beside:
        files |= {folder / CLIPS / name: clip for name, clip in clips}
    _write(files, folder, "report", with_clips="html" in formats)
    return list(files)


def write_playlist(
    tracks: Sequence[Track],
    sounds: Sequence[bytes],
    folder: Path,
    *,
    month: str,
    company: str,
    mute: Sequence[str] = (),
) -> Path:
    """Write index.html, playlist.m3u and the sound of each track; the page.

    `mute` are calls, in words, that have no sound and are left out. The same tracks give the same
    bytes. Raises InputError if the folder cannot be written.
    """
    title = f"Buyers to listen to, {month_name(month)}"
    page = (
        _environment()
        .get_template("playlist.html.jinja")
        .render(
            tracks=tracks,
            title=title,
            length=spoken_length(tracks),
            company=company,
            mute=mute,
            left_out=left_out(len(mute)),
        )
    )
    clips = zip(tracks, sounds, strict=True)
    files = {folder / CLIPS / track.clip_name: sound for track, sound in clips}
    files[folder / "playlist.m3u"] = m3u(tracks, title).encode()
    files[folder / "index.html"] = page.encode()
    _write(files, folder, "playlist", with_clips=True)
    return folder / "index.html"


def write_agenda(agenda: Agenda, folder: Path) -> Path:
    """Write agenda.html and agenda.md; the page. Raises InputError if the folder cannot be written."""
    page = _environment().get_template("agenda.html.jinja").render(agenda=agenda)
    text = _environment(finalize=_as_markdown).get_template("agenda.md.jinja").render(agenda=agenda)
    files = {
        folder / "agenda.html": page.encode(),
        folder / "agenda.md": _squeezed(text).encode(),
    }
    _write(files, folder, "agenda", with_clips=False)
    return folder / "agenda.html"


def files_written(folder: Path) -> list[Path]:
    """What was written into the folder of a month, as far as it is there; nothing of anybody else."""
    there = [
        path for at in (folder, folder / CLIPS) if at.is_dir() for path in sorted(at.iterdir())
    ]
    return [path for path in there if path.is_file() and _is_written(path, folder)]


def _is_written(path: Path, folder: Path) -> bool:
    """Whether a file is of a report, also one that is not finished, for it was killed."""
    name = path.name
    if name.startswith(".") and name.endswith(UNFINISHED):
        name = name[1 : -len(UNFINISHED)]
    return name in WRITTEN if path.parent == folder else CLIP_NAME.fullmatch(name) is not None


def definitions_page(
    company: str,
    version: str,
    sections: Sequence[Section],
    editions: Sequence[tuple[str, Sequence[str]]],
) -> str:
    """The shared definitions as a page; `editions` are titles with what changed, the latest first."""
    environment = _environment()
    environment.filters["slug"] = slug
    return environment.get_template("definitions.html.jinja").render(
        company=company, version=version, sections=sections, editions=editions
    )


def _write(files: Mapping[Path, bytes], folder: Path, what: str, *, with_clips: bool) -> None:
    try:
        for path, content in files.items():
            _replace(path, content)
        if with_clips:
            _remove_old_clips(folder / CLIPS, keep=set(files))
    except OSError as error:
        place = error.filename2 or error.filename or folder
        raise InputError(
            f"{place}: the {what} cannot be written here ({error.strerror}); "
            "name another folder with --out"
        ) from None


def _exports(report: MonthlyReport, formats: Collection[str]) -> dict[str, bytes]:
    """The sheets, the workbook and the JSON file that are wanted, by name."""
    files: dict[str, bytes] = {}
    if "csv" in formats:
        files |= {f"{table.name}.csv": to_csv(table) for table in report.tables}
    if "xlsx" in formats:
        title = f"What buyers raised in {report.month_name}"
        files["report.xlsx"] = to_workbook(title, _told(report), report.tables, report.day)
    if "json" in formats:
        files["report.json"] = to_json(_head(report), report.tables)
    return files


def _told(report: MonthlyReport) -> list[tuple[str, Told]]:
    """What stands on the workbook's first sheet."""
    told: list[tuple[str, Told]] = [("Company", report.company)] if report.company else []
    told.append(("As of", report.day))
    told += [
        (
            f"{f.label.capitalize()} ({f.note})" if f.note else f.label.capitalize(),
            f.value if f.number is None else f.number,
        )
        for f in report.basis
    ]
    told += [("In short", sentence) for sentence in report.summary]
    told += [("Before you believe it", notice) for notice in report.notices]
    if report.comparison:
        told += [("Compared with", report.comparison.month_name)]
        told += [("Before you compare", note) for note in report.comparison.notes]
    if report.revision:
        told += [
            (f"Since the report of {report.revision.told_on}", c) for c in report.revision.causes
        ]
    if report.redefined:
        told.append(("Definitions", report.redefined.sentence))
        told += [("Definition changed", change) for change in report.redefined.changes]
    return [*told, *report.versions]


def _head(report: MonthlyReport) -> dict[str, object]:
    """What the JSON file says before its lists."""
    compared = report.comparison
    revised = report.revision
    return {
        "company": report.company,
        "month": report.month,
        "as_of": report.day.isoformat(),
        "totals": dict(report.totals),
        "summary": report.summary,
        "notices": report.notices,
        "versions": {name.lower(): version for name, version in report.versions},
        "compared_with": (
            {"month": compared.month, "known": compared.known, "notes": compared.notes}
            if compared
            else None
        ),
        "definitions_changed": (
            {"note": report.redefined.sentence, "changes": report.redefined.changes}
            if report.redefined
            else None
        ),
        "past_changed": (
            {"report_of": revised.told_on, "causes": revised.causes} if revised else None
        ),
    }


def _clips(report: MonthlyReport) -> list[tuple[str, bytes]]:
    """The sound of every quote; a turn that stands for two gaps comes twice, as in the page."""
    demands = (*report.gaps, *report.roll_ups, *report.covered)
    quotes = [quote for demand in demands for quote in demand.quotes]
    return [(quote.clip_name, quote.clip) for quote in quotes if quote.clip is not None]


def _data_address(clip: bytes) -> str:
    return f"data:audio/mpeg;base64,{base64.b64encode(clip).decode()}"


def _render_html(report: MonthlyReport, sources: dict[str, str]) -> str:
    template = _environment().get_template("monthly.html.jinja")
    return template.render(report=report, sources=sources, charts=_charts(report))


def _charts(report: MonthlyReport) -> dict[str, DrawnChart]:
    """The charts by id, drawn; only those that say more than a sentence."""
    found = (
        gap_chart(report.gaps),
        balance_chart(report.balance),
        change_chart(report.comparison) if report.comparison else None,
    )
    return {
        chart.id: DrawnChart(
            chart, {page: Markup(with_text(chart, svg, page)) for page, svg in chart.drawings}
        )
        for chart in found
        if chart is not None
    }


def _render_markdown(report: MonthlyReport) -> str:
    environment = _environment(finalize=_as_markdown)
    environment.filters["address"] = Markup
    text = environment.get_template("monthly.md.jinja").render(report=report)
    return _squeezed(text)


def _squeezed(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def _as_markdown(value: object) -> object:
    """Whatever a template shows is made harmless, unless a template itself made it."""
    return value if isinstance(value, Markup) else _markdown(str(value))


@functools.lru_cache(maxsize=100_000)  # labels and numbers come again and again
def _markdown(text: str) -> Markup:
    return Markup(markdown(text))


def _environment(finalize: Callable[[object], object] | None = None) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = percent
    return environment


def _replace(path: Path, content: bytes) -> None:
    """Nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_old_clips(folder: Path, *, keep: set[Path]) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path not in keep and CLIP_NAME.fullmatch(path.name):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
