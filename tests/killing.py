"""Runs that are killed at random moments and started again, beside one that is left alone."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from material import Project, call_row, small_project, still_alive, write_vtt

MARK = "CALLINSIGHT_TEST_RUN"  # what a process was started for; its children inherit it
INDEXES = ("utterances_fts", "tagged_fts")
TOLD_ANEW = (("settings", "last_run"), ("settings", "unchanged"))  # moments, and inodes of files
COUNTERS = ("content_edition",)  # of how often something was written, and nothing else
UNLIKE = {  # moments, and counts of how often something was written
    *(("runs", "finished_at"), ("snapshots", "taken_at"), ("editions", "used_from")),
    *(
        ("receipts", name) for name in ("at", "content", "text")
    ),  # of erased files: how many were there
    *(("item_changes", "at"), ("changed_calls", "number"), ("content_edition", "number")),
}
ERASED = "quokkaholm"  # said in the call that is erased, and nowhere else
END_S = 5.0  # the workers of a killed run have to be gone by then
STUCK_S = 600.0  # a run that takes longer hangs


@dataclass(frozen=True)
class Kill:
    """A run that was killed."""

    after_s: float  # since it was started
    step: str  # that it was in
    calls: int  # that were stored by then
    left: int  # processes that were still there after END_S


@dataclass(frozen=True)
class Chain:
    """A run that was killed one time after the other until one came to its end."""

    kills: tuple[Kill, ...]
    lost: tuple[str, ...]  # rows of the undisturbed run that are not there
    double: tuple[str, ...]  # rows that are there too often, or should not be there
    unerased: tuple[str, ...]  # files that hold words of the call that the run was to erase


class Range:
    """A small project, what a run of it leaves when nobody disturbs it, and how long that takes.

    The run hears two recordings and reads two transcripts; a third, which a run before had read,
    it erases, for its consent is withdrawn.
    """

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._template = small_project(folder / "template", recorded_s=6)
        _with_a_call_to_erase(self._template)
        self._project = Project(folder / "project")
        self._random = random.Random(seed)
        self._fresh()
        started = time.monotonic()
        with start(self._project) as run:
            assert run.wait(timeout=STUCK_S) == 0, "the undisturbed run failed"
        self.seconds = time.monotonic() - started
        self.rows = stored_rows(self._project.database)

    def kill(self, times: int, *, in_a_row: int) -> Iterator[Chain]:
        """Chains with so many kills in all."""
        while times > 0:
            chain = self._chain(min(in_a_row, times))
            times -= len(chain.kills)
            yield chain

    def _fresh(self) -> None:
        shutil.rmtree(self._project.folder, ignore_errors=True)
        shutil.copytree(self._template.folder, self._project.folder)

    def _chain(self, most: int) -> Chain:
        self._fresh()
        kills: list[Kill] = []
        ended = False
        while len(kills) < most and not ended:
            moment = self._random.uniform(0.0, self.seconds)
            if (kill := killed(self._project, moment)) is None:
                ended = True  # what is left to do is less and less
            else:
                kills.append(kill)
        with start(self._project) as run:
            assert run.wait(timeout=STUCK_S) == 0, "a run that goes on failed"
        rows = stored_rows(self._project.database)
        return Chain(
            tuple(kills),
            lost=tuple(sorted((self.rows - rows).elements())),
            double=tuple(sorted((rows - self.rows).elements())),
            unerased=tuple(_holding(self._project.folder, ERASED)),
        )


def _with_a_call_to_erase(project: Project) -> None:
    """Have a run read a call whose consent is withdrawn now."""
    said = f"It is far too expensive for us, the {ERASED} budget was cut."
    write_vtt(
        project.folder / "files" / "gone.vtt", [("Dana Whitfield", "And?"), ("Ann Lee", said)]
    )
    rows = [call_row(name, f"{name}.vtt") for name in ("talk-1", "talk-2", "gone")]
    project.write_calls(rows)
    people = project.folder / "participants.csv"
    everybody = people.read_text(encoding="utf-8")
    known = (line for line in everybody.splitlines() if not line.startswith("rec-"))
    people.write_text("\n".join(known) + "\n", encoding="utf-8")
    with start(project) as run:
        assert run.wait(timeout=STUCK_S) == 0, "the run before failed"
    people.write_text(everybody, encoding="utf-8")
    assert _holding(project.folder, ERASED)
    heard = [call_row(name, f"{name}.wav") for name in ("rec-01", "rec-02")]
    project.write_calls([*heard, *rows[:2], call_row("gone", "gone.vtt", consent="withdrawn")])


def _holding(folder: Path, word: str) -> list[str]:
    """The files that hold a word in their bytes, but for transcripts."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".vtt")
    return [path.name for path in files if word.encode() in path.read_bytes()]


def start(project: Project, *options: str, mark: str = "") -> subprocess.Popen[bytes]:
    """Start a run with two workers, as a person does."""
    command = [sys.executable, "-m", "callinsight.cli", "run", str(project.pipeline)]
    command += ["--workers", "2", "--log", str(project.folder / "log"), "--log-format", "json"]
    silence = subprocess.DEVNULL
    environment = {**os.environ, MARK: mark}
    return subprocess.Popen([*command, *options], stdout=silence, stderr=silence, env=environment)


def killed(project: Project, after_s: float) -> Kill | None:
    """Kill a run's driver after so many seconds; None if it has ended before."""
    mark = uuid.uuid4().hex
    (project.folder / "log").unlink(missing_ok=True)  # of the run before
    with start(project, mark=mark) as run:
        try:
            run.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            run.kill()
        else:
            return None
    left = still_alive(marked(mark), within_s=END_S)
    return Kill(after_s, _last_step(project.folder / "log"), _calls(project.database), len(left))


def marked(mark: str) -> set[int]:
    """The processes that a run has started, as long as they are there; Linux only."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={mark}".encode() in environment:
                found.add(int(folder.name))
    return found


def _last_step(log: Path) -> str:
    """The step that the last run was in when its log ended."""
    step = "before the log"
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the last one may be cut off
        if event["event"] in ("run started", "run done"):
            step = "start"
        elif event["event"] == "step started":
            step = event["step"]
        elif event["event"] == "step done":
            step = f"after {event['step']}"
    return step


def _calls(database: Path) -> int:
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM calls").fetchone()[0])
        except sqlite3.OperationalError:  # there was no time to make it
            return 0


def stored_rows(database: Path) -> Counter[str]:
    """All that a database holds and finds, but for moments of the run; its pages are sound."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        rows: Counter[str] = Counter()
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in names.fetchall():
            if table.startswith((*INDEXES, *COUNTERS, "_", "sqlite")):
                continue
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})").fetchall()]
            kept = ", ".join(f'"{name}"' for name in columns if (table, name) not in UNLIKE) or "1"
            for row in db.execute(f"SELECT {kept} FROM {table}").fetchall():
                if (table, row[0]) not in TOLD_ANEW:
                    rows[f"{table} {row!r}"] += 1
        for index in INDEXES:
            rows.update(_indexed(db, index))
        return rows


def _indexed(db: sqlite3.Connection, index: str) -> Counter[str]:
    """The words by which the full-text search finds each utterance."""
    db.execute(f"INSERT INTO {index}({index}) VALUES ('integrity-check')")
    db.execute(
        f"CREATE VIRTUAL TABLE temp.words_of_{index} USING fts5vocab(main, {index}, instance)"
    )
    found = db.execute(
        "SELECT said.id, word.term, word.offset "
        f"FROM temp.words_of_{index} AS word LEFT JOIN utterances AS said ON said.rowid = word.doc"
    )
    return Counter(f"{index} {row!r}" for row in found.fetchall())
