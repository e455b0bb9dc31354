"""What many tests share: where things lie, a project of one's own, and what the demo left."""

import contextlib
import csv
import shutil
import signal
import sqlite3
import time
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from callinsight import store
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.config import Config, load_config
from callinsight.pipeline.run import Summary, run
from callinsight.progress import silent

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "pipelines" / "demo"
WRITTEN = ("finished_at", "at", "used_from", "taken_at", "number")  # columns that say when
CALL_COLUMNS = [
    *("call_id", "file", "recorded_at", "title", "account", "deal", "deal_stage", "amount"),
    *("outcome", "consent", "rep_channel", "language", "vocabulary"),
]


@dataclass
class Project:
    """A folder with a pipeline file, sheets and call files; tests change it and run it."""

    folder: Path

    @property
    def pipeline(self) -> Path:
        return self.folder / "sales_calls.toml"

    @property
    def database(self) -> Path:
        return self.folder / "callinsight.db"

    def config(self) -> Config:
        return load_config(self.pipeline)

    def run(self, *, workers: int = 2, retry_failed: bool = False) -> Summary:
        return run(
            self.config(),
            database=self.database,
            workers=workers,
            retry_failed=retry_failed,
            progress=silent,
        )

    def write_calls(self, rows: list[dict[str, str]]) -> None:
        with (self.folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
            sheet = csv.DictWriter(file, CALL_COLUMNS, restval="")
            sheet.writeheader()
            sheet.writerows(rows)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that the database holds, but for when it was written."""
        with store.opened(self.database) as db:
            tables = [
                table
                for table in db.table_names()
                if "_fts" not in table and not table.startswith(("_", "sqlite", "content_edition"))
            ]
            held = {}
            for table in tables:
                columns = [c.name for c in db[table].columns if c.name not in WRITTEN]
                if not columns:
                    continue  # a counter of writes
                held[table] = sorted(
                    db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall(), key=repr
                )
            return held


def hear_ctrl_c() -> None:
    """For `preexec_fn`: a shell has what it starts in the background ignore Ctrl-C, and so on down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def small_project(folder: Path, *, recorded_s: int = 20) -> Project:
    """Two cut recordings of the demo and two short transcripts, on the small English model."""
    (folder / "files").mkdir(parents=True)
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder / "taxonomy.toml")
    for name, start_s in (("rec-01", 14), ("rec-02", 24)):
        sound = decode(DEMO / "recordings" / f"{name}.flac")
        cut = sound.read(start_s * SAMPLE_RATE, (start_s + recorded_s) * SAMPLE_RATE)
        write_wave(folder / "files" / f"{name}.wav", cut)
    write_vtt(
        folder / "files" / "talk-1.vtt",
        [
            ("Dana Whitfield", "What did you think of the proposal?"),
            ("Ann Lee", "It is far too expensive for us, we do not have the budget for that."),
            ("Dana Whitfield", "I see. Anything else?"),
            ("Ann Lee", "Could you send me a pricing sheet with the discount in it?"),
        ],
    )
    write_vtt(
        folder / "files" / "talk-2.vtt",
        [("Dana Whitfield", "How was your holiday?"), ("Bo Berg", "Lovely, we went to the lake.")],
    )
    made = Project(folder)
    made.write_calls(
        [
            call_row("rec-01", "rec-01.wav"),
            call_row("rec-02", "rec-02.wav"),
            call_row("talk-1", "talk-1.vtt"),
            call_row("talk-2", "talk-2.vtt"),
        ]
    )
    (folder / "participants.csv").write_text(
        "call_id,name,side,title\n"
        "rec-01,Ingrid Halvorsen,buyer,CISO\n"
        "rec-02,Owen Castell,buyer,CFO\n"
        "talk-1,Dana Whitfield,rep,Account Executive\n"
        "talk-1,Ann Lee,buyer,Chief Financial Officer\n"
        "talk-2,Dana Whitfield,rep,Account Executive\n"
        "talk-2,Bo Berg,buyer,IT Director\n",
        encoding="utf-8",
    )
    (folder / "items.csv").write_text(
        "asset_id,title,content_type,concerns,owner,updated_on,published_on\n"
        "A-1,Price list,pricing_sheet,price_budget,Mara,2026-10-01,2026-01-10\n",
        encoding="utf-8",
    )
    (folder / "usage.csv").write_text(
        "asset_id,occurred_at,event\nA-1,2026-10-02,share\n", encoding="utf-8"
    )
    made.pipeline.write_text(
        'company = "Acme"\ntimezone = "Europe/London"\n'
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[speech]\nmodel = "tiny.en"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n'
        '[content]\nitems = ["items.csv"]\nusage = ["usage.csv"]\n',
        encoding="utf-8",
    )
    return made


def call_row(call_id: str, file: str, **cells: str) -> dict[str, str]:
    return {
        "call_id": call_id,
        "file": file,
        "recorded_at": "2026-10-05T10:00",
        "deal": f"D-{call_id}",
        "deal_stage": "Negotiation",
        "consent": "notice",
        "rep_channel": "0",
        **cells,
    }


def write_wave(path: Path, samples: np.ndarray, *, rate: int = 16_000) -> None:
    """Write samples [channels, n] as a 16-bit WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples.T, -1, 1) * 32767).astype("<i2").tobytes())


def write_vtt(path: Path, turns: list[tuple[str, str]]) -> None:
    lines = ["WEBVTT", ""]
    for index, (voice, words) in enumerate(turns):
        start, end = 5 * index, 5 * index + 4
        lines += [
            f"00:{start // 60:02}:{start % 60:02}.000 --> 00:{end // 60:02}:{end % 60:02}.000"
        ]
        lines += [f"<v {voice}>{words}</v>", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def calls_stored(project: Project) -> int:
    """The calls that another process has stored so far."""
    if not project.database.exists():
        return 0
    with contextlib.closing(sqlite3.connect(project.database)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM calls").fetchone()[0])
        except sqlite3.OperationalError:  # the other process is just making it
            return 0


def children_of(process: int) -> set[int]:
    """The ids of the processes that a process has started; Linux only."""
    ids = {int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()}
    return {id_ for id_ in ids if _stat(id_)[1] == str(process)}


def still_alive(processes: Iterable[int], *, within_s: float) -> set[int]:
    """Those of the processes that have not ended when the time is up; Linux only."""
    deadline = time.monotonic() + within_s
    alive = set(processes)
    while alive and time.monotonic() < deadline:
        time.sleep(0.02)
        alive = {id_ for id_ in alive if _stat(id_)[0] not in "ZX"}  # ended, if not yet reaped
    return alive


def _stat(process: int) -> tuple[str, str]:
    """The state and the parent of a process; one that is gone is in state X."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return "X", ""
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, parent


@dataclass(frozen=True)
class DemoRun:
    """What `make demo` leaves behind."""

    summary: Summary
    config: Config
    folder: Path
