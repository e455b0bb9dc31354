"""What a run left behind as numbers, in the text format of Prometheus."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import InputError
from callinsight.months import TO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlite_utils import Database

READABLE = 0o644  # node_exporter is another user


@dataclass(frozen=True)
class Family:
    """Numbers of one name: each with its labels."""

    name: str
    meaning: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def write_metrics(path: Path, database: Path, *, seconds: float, now: str) -> None:
    """Replace the file by the numbers of a run that took so long and has ended `now`.

    A reader finds the old file or the new one, never a part. Raises InputError and StoreError.
    """
    with store.opened(database) as db:
        text = metrics_text(run_metrics(db, seconds=seconds, now=now))
    with _told(path):
        _replace(path, text)


def check_place(path: Path) -> None:
    """Say before the hours of a run that its numbers could not be written there: raises InputError."""
    with _told(path), tempfile.TemporaryFile(dir=path.parent):
        pass


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: the metrics cannot be written there ({error.strerror}); "
            "name another file with --metrics"
        ) from None


def run_metrics(db: Database, *, seconds: float, now: str) -> list[Family]:
    """The numbers of the database, and of a run that took so long and has ended `now`."""
    month = max((m for m in store.months_with_gaps(db) if TO not in m), default="")
    problems = store.problem_counts(db)
    return [
        Family("info", "The version that ran.", [({"version": version("callinsight")}, 1)]),
        Family("calls", "Calls by status.", _labelled("status", store.status_counts(db))),
        Family("problems", "Inputs that could not be used.", _labelled("stage", problems)),
        Family("audio_seconds", "Length of the calls.", [({}, store.seconds_of_calls(db))]),
        Family(
            "tags",
            "Tags by kind and status.",
            [({"kind": k, "status": s}, n) for (k, s), n in store.tag_counts(db).items()],
        ),
        Family(
            "gaps",
            "Cells of the last month by verdict.",
            [
                ({"month": month, "verdict": verdict}, number)
                for verdict, number in store.verdict_counts(db, month).items()
            ],
        ),
        Family("run_duration_seconds", "Time that the last run took.", [({}, seconds)]),
        Family(
            "last_success_timestamp_seconds",
            "When a run last came to its end, problems or not.",
            [({}, datetime.fromisoformat(now).timestamp())],
        ),
    ]


def metrics_text(families: Iterable[Family]) -> str:
    """Families in the text exposition format, version 0.0.4; one without numbers is left out."""
    lines = []
    for family in families:
        if family.samples:
            name = f"callinsight_{family.name}"
            lines += [f"# HELP {name} {family.meaning}", f"# TYPE {name} gauge"]
            lines += [f"{name}{_labels(labels)} {value}" for labels, value in family.samples]
    return "\n".join(lines) + "\n"


def _labelled(label: str, numbers: Mapping[str, float]) -> list[tuple[dict[str, str], float]]:
    return [({label: value}, number) for value, number in numbers.items()]


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a handle
            file.write(text)
        part.chmod(READABLE)
        os.replace(part, path)  # noqa: PTH105 - says that it replaces
    except OSError:
        part.unlink(missing_ok=True)
        raise
