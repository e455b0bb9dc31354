"""Files that hold something of a call: reports, copies of sound, sources, sheets."""

from __future__ import annotations

import html
import re
import sqlite3
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.addresses import place_of
from callinsight.calls.forgetting import NOBODY, names_in
from callinsight.calls.transcripts import is_transcript, recording_beside
from callinsight.content.requests import shown as number_words
from callinsight.months import month_of
from callinsight.pipeline.quotes import requests_quoting
from callinsight.records import Output
from callinsight.reports.pages import files_written
from callinsight.temporary import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan
    from callinsight.records import Call

REPORT, BACKUP = "report", "backup"
BRIEF, REQUESTS = "brief", "requests"
KINDS = {  # what people keep where they like
    BRIEF: "a brief that names or quotes them",
    REQUESTS: "an export of requests that names or quotes them",
    BACKUP: "a backup",
}
MONTH_FOLDER = re.compile(r"(\d{4}-\d\d)(?:-playlist)?")
TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Written:
    """What commands wrote that tells of what is to go."""

    reports: tuple[Path, ...] = ()  # files that an erasure removes
    outputs: tuple[Output, ...] = ()  # as which these are known
    others: tuple[str, ...] = ()  # files that are people's own, and reports that are gone, in words


def remember(db: Database, what: str, path: Path, month: str = "") -> Output:
    """Keep where a command is to write something of calls, so that an erasure finds it.

    It is kept before the first byte is written: a command may be killed, and the disk be full.
    """
    home, place = store.home_of(db), path.resolve()
    kept = place.relative_to(home) if place.is_relative_to(home) else place
    output = Output(path=str(kept), what=what, month=month)
    with store.transaction(db):
        store.save_output(db, output)
    return output


@contextmanager
def remembered(db: Database, folder: Path, month: str) -> Iterator[None]:
    """The same of a report that is written in here; not if it fails and there is nothing of it."""
    output = remember(db, REPORT, folder, month)
    try:
        yield
    except Exception:
        if not files_written(folder):
            with suppress(sqlite3.Error), store.transaction(db):
                store.drop_outputs(db, [output])
        raise


def written_of(db: Database, config: Config, plan: Plan) -> Written:
    """Reports of the months whose calls change, and whatever else names or quotes what goes.

    A report also tells of requests, of whatever month: one that quotes what goes is known by its
    number.
    """
    if not (plan.calls or plan.touched):
        return Written()
    months = {month_of(c.recorded_at, config.zone) for c in (*plan.calls, *plan.touched)}
    tells, home = _telling(db, plan), store.home_of(db)
    reports, outputs, others = [], [], []
    for output in _outputs(db, config):
        place = home / output.path
        files = files_written(place) if output.what == REPORT else []
        if files and (output.month in months or any(map(tells, files))):
            reports += files
            outputs.append(output)
        elif output.what == REPORT and output.month in months:
            others.append(f"{place}, a report of {output.month} that was moved away")
        elif output.what == BACKUP:
            copies = (file for file in (place, store.unfinished(place)) if file.is_file())
            others += [f"{copy}, {KINDS[BACKUP]}" for copy in copies]
        elif place.is_file() and tells(place):
            others.append(f"{place}, {KINDS[output.what]}")
    return Written(tuple(reports), tuple(outputs), tuple(others))


def reports_of(db: Database, config: Config, month: str) -> list[Path]:
    """The files that were written of a month's reports and playlists, as far as they are there."""
    written = [one for one in _outputs(db, config) if (one.what, one.month) == (REPORT, month)]
    return [file for one in written for file in files_written(store.home_of(db) / one.path)]


def _outputs(db: Database, config: Config) -> list[Output]:
    """What was written where; what older versions wrote to the pipeline's folder is known by its name."""
    known = {str(store.home_of(db) / one.path): one for one in store.all_outputs(db)}
    own = config.report.folder.resolve()
    for folder in sorted(own.iterdir()) if own.is_dir() else ():
        named = MONTH_FOLDER.fullmatch(folder.name)
        if named and str(folder) not in known and files_written(folder):
            known[str(folder)] = Output(path=str(folder), what=REPORT, month=named[1])
    return list(known.values())


def names_going(db: Database, plan: Plan) -> list[str]:
    """Whose names go: a person's, an account's, and of buyers who took part in no other call."""
    names = store.people_only_in(db, [call.id for call in plan.calls])
    return [*names, *(plan.person.names if plan.person else ()), *filter(None, [plan.account])]


def _telling(db: Database, plan: Plan) -> Callable[[Path], bool]:
    """Whether a file names who is to go, or a request that quotes them."""
    said = [u.text for call in plan.calls for u in store.utterances_of(db, call.id)]
    names = names_going(db, plan)
    if plan.person:
        own = {turn for turns in plan.person.turns.values() for turn in turns}
        in_calls = (u for id_ in plan.person.turns for u in store.utterances_of(db, id_))
        said += [u.text for u in in_calls if u.id in own]
    numbers = [number_words(id_) for id_ in requests_quoting(db, said, names)]
    wanted = names_in([*names, *numbers], parts=False)
    return lambda file: wanted is not NOBODY and any(map(wanted.search, _texts(file)))


def _texts(file: Path) -> Iterator[str]:
    """What is written in a page, a sheet or a workbook."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as book:
                yield from (_plain(book.read(n)) for n in book.namelist() if n.endswith(".xml"))
        elif file.suffix != ".mp3":
            yield _plain(file.read_bytes())
    except OSError:
        return


def _plain(content: bytes) -> str:
    return html.unescape(TAG.sub(" ", content.decode(errors="replace")))


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
            if (
                not folder.name.startswith(BEGINNING)
                and folder.is_dir()
                and not any(folder.iterdir())
            ):
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


def sheets_naming(config: Config, names: Iterable[str], calls: Collection[Call] = ()) -> list[Path]:
    """The files of the pipeline in which one of these names stands, or a row of one of these calls."""
    pattern = names_in(names, parts=False)
    files = [config.path, config.tagging.taxonomy, config.calls.manifest, config.calls.participants]
    found = []
    for path in (*files, *config.content.items, *config.content.usage):
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path else ""
        except OSError:
            continue
        listed = path in (config.calls.manifest, config.calls.participants) and any(
            call.id in text or call.file in text for call in calls
        )
        if path and (listed or (pattern is not NOBODY and pattern.search(text))):
            found.append(path)
    return found
