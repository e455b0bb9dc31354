"""Whether anything that a run goes by has changed since the last one came to its end.

Looking at each of a hundred thousand calls takes a minute, so this is asked first. What lies outside
the database is told by a digest: the settings, definitions and sheets by their content, recordings,
transcripts and the program by name, size and time. Inside it, a write to any row that a run reads
or makes takes the note of the last run away: triggers do so, whoever writes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import callinsight
from callinsight import store
from callinsight.addresses import is_address, place_of
from callinsight.config import settings_hash, settings_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.taxonomy import Taxonomy

MARGIN_NS = 2_000_000_000  # some disks tell times to two seconds
FOREVER = "9999-12-31"


@dataclass(frozen=True)
class Unchanged:
    """What the last run left as it was to be found by the next."""

    digest: str  # of all that lies outside the database
    until: str  # the first day on which a call's time ends: after it a run has something to do
    noted: list[str]  # calls to be told of, in the order of the list


def unchanged(db: Database, config: Config, program: str, *, now: str) -> Unchanged | None:
    """What the last run noted, if nothing has changed since; `program` as of `program_of`."""
    text = store.setting(db, store.UNCHANGED)
    if text is None or not now:
        return None
    noted = Unchanged(**json.loads(text))
    files = _files_of(db, config)
    if files is None or now[:10] > noted.until or noted.digest != _digest(program, files):
        return None
    return noted


def keep_unchanged(
    db: Database, config: Config, program: str, noted: Sequence[str], *, now: str
) -> None:
    """Note what a run went by that was started `now`, if the next can tell whether it has changed.

    It cannot where recordings lie at addresses, or where one is so new that it may have been written
    while it was read.
    """
    files = _files_of(db, config)
    if files is None or not now or _newest_ns(files) > _nanoseconds(now) - MARGIN_NS:
        return
    until = store.first_end(db) or FOREVER
    left = Unchanged(_digest(program, files), until, list(noted))
    store.save_setting(db, store.UNCHANGED, json.dumps(dataclasses.asdict(left)))


def program_of(config: Config, taxonomy: Taxonomy) -> str:
    """A digest of the settings, the definitions, the sheets and the program itself."""
    calls, content = config.calls, config.content
    sheets = [calls.manifest, calls.participants, *content.items, *content.usage]
    code = sorted(Path(callinsight.__file__).parent.rglob("*"))
    return settings_hash(
        settings_text(config),
        taxonomy.digest,
        [_content(sheet) for sheet in sheets if sheet is not None],
        _states(path for path in code if "__pycache__" not in path.parts),
    )


def _files_of(db: Database, config: Config) -> list[tuple[str, int, int, int]] | None:
    """The state of each call's file; None where one lies at an address."""
    folder, files = config.calls.files, store.files_of_calls(db)
    if isinstance(folder, str) or any(map(is_address, files)):
        return None
    return _states(Path(place_of(folder, file)) for file in files)


def _states(paths: Iterable[Path]) -> list[tuple[str, int, int, int]]:
    """Of each file its path, size, time in nanoseconds and number on the disk; zeros if there is none."""
    states = []
    for path in paths:
        try:
            state = path.stat()
        except (OSError, ValueError):  # ValueError: no file has such a name
            states.append((str(path), 0, 0, 0))
        else:
            states.append((str(path), state.st_size, state.st_mtime_ns, state.st_ino))
    return states


def _content(sheet: Path) -> str:
    return hashlib.sha256(sheet.read_bytes()).hexdigest() if sheet.is_file() else ""


def _digest(program: str, files: Sequence[tuple[str, int, int, int]]) -> str:
    return settings_hash(program, files)


def _newest_ns(files: Sequence[tuple[str, int, int, int]]) -> int:
    return max((time_ns for _, _, time_ns, _ in files), default=0)


def _nanoseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) * 1_000_000_000
