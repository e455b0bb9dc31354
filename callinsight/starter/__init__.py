"""The files a new pipeline starts from, prefilled from recordings and a CRM export."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.calls.audio import length_s
from callinsight.calls.transcripts import (
    RECORDING_SUFFIXES,
    is_transcript,
    read_transcript,
    recording_beside,
)
from callinsight.errors import AudioError, InputError, TranscriptError
from callinsight.starter.crm import EXAMPLE, Deal, deal_of, load_mapping, read_export
from callinsight.starter.names import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callinsight.starter.crm import Export

TEMPLATES = Path(__file__).parent
PIPELINE = "sales_calls.toml"
COPIES = ("taxonomy.toml", "items.csv", "usage.csv")
FILES = (PIPELINE, "calls.csv", "participants.csv", *COPIES)
RECORDINGS_LINE = 'files = "recordings"'  # in the template of the pipeline file
CAPTION_SUFFIXES = (".vtt", ".srt")


@dataclass(frozen=True)
class Starter:
    """What was written, and which calls need a look."""

    files: tuple[Path, ...]
    calls: int
    length_s: float  # of all calls together, as far as their files say it
    undated: tuple[str, ...]  # their names carry no date: the file's own was taken
    unmatched: tuple[str, ...]  # none of the deals in the CRM export, or more than one, fits


@dataclass(frozen=True)
class Found:
    """A recording or transcript, and what can be known of its call."""

    file: str  # relative to the folder of the recordings
    recorded_at: str
    dated: bool  # by its name
    title: str
    length_s: float  # 0 if the file says none or cannot be read
    deal: Deal | None


def write_starter(
    folder: Path, *, recordings: Path, crm: Path | None = None, mapping: Path | None = None
) -> Starter:
    """Write a pipeline file, the taxonomy and prefilled sheets; only consent is left to fill in.

    Raises InputError or ConfigError, and then has written nothing: an existing file is never
    overwritten.
    """
    _refuse_existing(folder)
    export = _export(crm, mapping)
    calls = [_look_at(recordings, file, export) for file in _files(recordings)]
    contents = {name: (TEMPLATES / name).read_bytes() for name in COPIES}
    contents[PIPELINE] = _pipeline(folder, recordings)
    contents["calls.csv"] = _sheet("calls.csv", map(_call_row, calls))
    contents["participants.csv"] = _sheet("participants.csv", _participant_rows(calls))
    return Starter(
        files=_write(folder, contents),
        calls=len(calls),
        length_s=sum(call.length_s for call in calls),
        undated=tuple(call.file for call in calls if not call.dated),
        unmatched=tuple(call.file for call in calls if export and not call.deal),
    )


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: this is a file; name a folder to write the pipeline into")
    for name in FILES:
        if os.path.lexists(folder / name):
            raise InputError(
                f"{folder / name}: the file exists already; move it away, or name another folder"
            )


def _export(crm: Path | None, mapping: Path | None) -> Export | None:
    if mapping and not crm:
        raise InputError(f"{mapping}: a mapping needs an export to map; name that with --crm")
    if not crm:
        return None
    if not mapping:
        raise InputError(
            f"{crm}: which of its columns is which? Write a file such as this one, "
            f"and name it with --map:\n\n{EXAMPLE.read_text(encoding='utf-8')}"
        )
    return read_export(crm, load_mapping(mapping))


def _files(recordings: Path) -> list[str]:
    """Recordings and transcripts below a folder, relative to it."""
    if not recordings.is_dir():
        raise InputError(
            f"{recordings}: there is no such folder; name the folder of your recordings"
        )
    files = []
    for path in recordings.rglob("*"):
        below = path.relative_to(recordings)
        hidden = any(part.startswith(".") for part in below.parts)
        if not hidden and not path.is_dir() and _is_call(path):
            files.append(below.as_posix())
    if not files:
        raise InputError(
            f"{recordings}: no recording or transcript lies in this folder or below; "
            "name the folder of your recordings"
        )
    for file in files:
        if not _is_text(file):
            raise InputError(
                f"{recordings}: the name {file!r} cannot be written down; rename the file"
            )
    paths = {file: recordings / file for file in files}
    heard = {recording_beside(path) for path in paths.values() if is_transcript(path)}
    return sorted(file for file, path in paths.items() if path not in heard)  # one call, not two


def _is_call(path: Path) -> bool:
    """By its name; but a text or JSON may be anything, and must be readable as a transcript."""
    suffix = path.suffix.casefold()
    if suffix in (*RECORDING_SUFFIXES, *CAPTION_SUFFIXES):
        return True
    try:
        return is_transcript(path) and bool(read_transcript(path))
    except TranscriptError:
        return False


def _look_at(recordings: Path, file: str, export: Export | None) -> Found:
    path = recordings / file
    names = names_of(file)
    named = next((name.moment for name in names if name.moment), None)
    words = next((name.words for name in names if name.words), "Call")
    return Found(
        file=file,
        recorded_at=(named or _modified(path)).isoformat(timespec="seconds"),
        dated=named is not None,
        title=words,
        length_s=_length_s(path),
        deal=deal_of((name.words for name in names), export) if export else None,
    )


def _modified(path: Path) -> datetime:
    stat = path.stat() if path.exists() else path.lstat()  # a link may lead nowhere
    return datetime.fromtimestamp(stat.st_mtime, tz=UTC)


def _length_s(path: Path) -> float:
    """Running the pipeline will name a file that cannot be read."""
    try:
        if is_transcript(path):
            return max(turn.end_s for turn in read_transcript(path))
        return length_s(path)
    except (AudioError, TranscriptError):
        return 0.0


def _call_row(call: Found) -> dict[str, str]:
    row = {"file": call.file, "recorded_at": call.recorded_at, "title": call.title}
    return row | (call.deal.cells if call.deal else {})


def _participant_rows(calls: list[Found]) -> list[dict[str, str]]:
    return [
        {"file": call.file, "side": "buyer", **person}
        for call in calls
        if call.deal
        for person in call.deal.people
    ]


def _sheet(name: str, rows: Iterable[dict[str, str]]) -> bytes:
    """The template's header and the rows; the mark in front makes Excel read it as UTF-8."""
    header = (TEMPLATES / name).read_text(encoding="utf-8").strip().split(",")
    text = io.StringIO()
    sheet = csv.DictWriter(text, header, lineterminator="\n")
    sheet.writeheader()
    sheet.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _pipeline(folder: Path, recordings: Path) -> bytes:
    template = (TEMPLATES / PIPELINE).read_text(encoding="utf-8")
    path = json.dumps(_seen_from(folder, recordings), ensure_ascii=False)  # quoted as in TOML
    return template.replace(RECORDINGS_LINE, f"files = {path}").encode()


def _seen_from(folder: Path, recordings: Path) -> str:
    """A relative path leads from the folder of the pipeline; an absolute one stays."""
    here, there = folder.resolve(), recordings.resolve()
    if recordings.is_absolute() or here.drive != there.drive:
        return recordings.absolute().as_posix()
    return Path(os.path.relpath(there, here)).as_posix()


def _write(folder: Path, contents: dict[str, bytes]) -> tuple[Path, ...]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            with (folder / name).open("xb") as file:
                file.write(contents[name])
    except OSError as error:
        raise InputError(
            f"{folder}: it cannot be written into ({error.strerror}); name another folder"
        ) from None
    return tuple(folder / name for name in FILES)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
