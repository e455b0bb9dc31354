"""What a run survives: kills, full and read-only disks, locks, second runs, files that hang."""

import json
import multiprocessing
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from killing import END_S, STUCK_S, Range, marked, start, stored_rows
from material import Project, call_row, calls_stored
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.cluster import CRASHED
from callinsight.deadlines import TIMED_OUT
from callinsight.errors import InputError, StoreError
from callinsight.pipeline.run import Summary, run
from callinsight.progress import silent

runner = CliRunner()
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def may_mount() -> bool:
    """Whether a disk of one's own can be had: it takes rights that not every machine gives."""
    try:
        command = ["unshare", "-rm", "mount", "-t", "tmpfs", "t", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


DISK = pytest.mark.skipif(not may_mount(), reason="no disk of one's own can be mounted here")


@pytest.fixture
def talks(project: Project) -> Project:
    """The project with its transcripts only: quick, for nothing has to be heard."""
    project.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("talk-2", "talk-2.vtt")])
    people = project.folder / "participants.csv"
    lines = people.read_text(encoding="utf-8").splitlines(keepends=True)
    people.write_text("".join(line for line in lines if not line.startswith("rec")))
    return project


def on_a_disk(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder that is a small disk of its own; it ends with the script."""
    mounted = f"mount -t tmpfs -o size=400k disk {shlex.quote(str(folder))} && {script}"
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted],
        capture_output=True,
        text=True,
        check=False,
        timeout=STUCK_S,
    )


def command(project: Project, *options: str) -> str:
    parts = [sys.executable, "-m", "callinsight.cli", "run", str(project.pipeline), *options]
    return shlex.join(parts)


@LINUX
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    field = Range(tmp_path, seed=kills)
    chains = list(field.kill(kills, in_a_row=4))

    told = [(chain.lost, chain.double, chain.unerased) for chain in chains]
    assert told == [((), (), ())] * len(chains)
    assert sum(len(chain.kills) for chain in chains) == kills
    assert {kill.left for chain in chains for kill in chain.kills} == {0}
    held = "\n".join(field.rows)
    assert all(f"\n{table} " in held for table in ("calls", "utterances", "tags", "gaps"))
    assert "far too expensive for us" in held


@LINUX
def test_workers_end_when_a_run_is_killed_in_the_midst_of_hearing(project: Project) -> None:
    with start(project, mark="midst") as process:
        while not any(is_hearing(worker) for worker in marked("midst")):
            assert process.poll() is None, "the run ended before it heard anything"
            time.sleep(0.02)
        process.kill()
    killed_at = time.monotonic()

    while marked("midst") and time.monotonic() < killed_at + END_S:
        time.sleep(0.02)

    assert marked("midst") == set()


def is_hearing(process: int) -> bool:
    try:
        return "libctranslate2" in Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    except OSError:
        return False


@LINUX
def test_a_call_whose_worker_is_killed_each_time_is_named_and_the_others_go_on(
    project: Project,
) -> None:
    project.write_calls([call_row("rec-01", "rec-01.wav"), call_row("talk-2", "talk-2.vtt")])
    (project.folder / "participants.csv").write_text("call_id,name,side\ntalk-2,Bo Berg,buyer\n")
    done = threading.Event()

    def kill_hearing_workers() -> None:
        while not done.wait(0.01):
            for child in multiprocessing.active_children():
                if is_hearing(child.pid):
                    os.kill(child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_hearing_workers)
    killer.start()
    try:
        summary = project.run(workers=1)
    finally:
        done.set()
        killer.join()

    assert [problem.error for problem in summary.problems] == [f"calls.csv:2: {CRASHED}"]
    assert CRASHED == (
        "its worker process was ended from outside, most likely for want of memory; "
        "try again with fewer --workers, and a pipeline with --retry-failed too"
    )
    assert summary.statuses == {"done": 1, "failed": 1}


def test_a_recording_that_takes_too_long_is_given_up_and_the_others_go_on(talks: Project) -> None:
    hours = talks.folder / "files" / "endless.wav"
    with wave.open(str(hours), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.setnframes(5 * 3600 * 16_000)
        file.writeframesraw(b"\0\0")
    with hours.open("r+b") as file:
        file.truncate(44 + 5 * 3600 * 16_000 * 2)  # without filling the disk
        file.seek(4)
        file.write((36 + 5 * 3600 * 16_000 * 2).to_bytes(4, "little"))
        file.seek(40)
        file.write((5 * 3600 * 16_000 * 2).to_bytes(4, "little"))
    talks.write_calls([call_row("endless", "endless.wav"), call_row("talk-2", "talk-2.vtt")])
    (talks.folder / "participants.csv").write_text("call_id,name,side\ntalk-2,Bo Berg,buyer\n")
    text = talks.pipeline.read_text(encoding="utf-8")
    talks.pipeline.write_text(text.replace("[speech]\n", "[speech]\ntime_limit_factor = 0.02\n"))

    summary = talks.run()

    assert [problem.error for problem in summary.problems] == [f"calls.csv:2: {TIMED_OUT}"]
    assert TIMED_OUT == (
        "it took longer than its time limit, so it was given up; see whether a player can play "
        "it. If it is only long, raise time_limit_factor under [speech] in the pipeline file and "
        "run it again with --retry-failed"
    )
    assert summary.statuses == {"done": 1, "failed": 1}


@DISK
def test_a_full_disk_is_told_and_the_next_run_goes_on(talks: Project, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    database = disk / "calls.db"
    one = command(talks, "--db", str(database))

    told = on_a_disk(
        disk,
        f"{one}; echo $?; mount -o remount,size=64m {disk}; {one} 2>{tmp_path}/second; echo $?",
    )

    assert told.stdout == "2\n0\n"
    assert told.stderr.splitlines()[-1] == (
        f"Error: {database}: the disk is full; free some space there and start this again. "
        "What was done is kept"
    )
    assert "Calls: 2 done\n" in (tmp_path / "second").read_text(encoding="utf-8")


def test_a_write_that_fails_is_told(talks: Project) -> None:
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (100_000, 100_000))"
    program = f"{limit}; from callinsight.cli import main; main()"

    told = subprocess.run(
        [sys.executable, "-c", program, "run", str(talks.pipeline)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 2
    assert told.stderr.splitlines()[-1] == (
        f"Error: {talks.database}: its disk cannot be read or written (disk I/O error); "
        "see whether it is full or failing, and start this again"
    )


@DISK
def test_a_folder_that_cannot_be_written_to_is_told(talks: Project, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    database = disk / "calls.db"
    with store.opened(talks.database, create=True):
        pass
    read = shlex.join(
        [sys.executable, "-m", "callinsight.cli", "gaps", "--db", str(disk / "old.db")]
    )

    told = on_a_disk(
        disk,
        f"cp {talks.database} {disk}/old.db; mount -o remount,ro {disk}; "
        f"{command(talks, '--db', str(database))}; echo $?; {read}; echo $?",
    )

    assert told.stdout == "2\n2\n"
    assert told.stderr.splitlines()[-2:] == [
        (
            f"Error: {database}: nothing can be written beside the database (Read-only file "
            "system); mend that, or name another place with --db FILE"
        ),
        (
            f"Error: {disk}/old.db: it cannot be opened; mend its permissions and those of its "
            "folder, or name another with --db FILE"
        ),
    ]


@contextmanager
def another_writer(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def test_a_database_that_another_program_writes_to_is_told_after_a_while(
    talks: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.opened(talks.database, create=True):
        pass
    monkeypatch.setattr("callinsight.store.database.BUSY_S", 1.0)

    with another_writer(talks.database):
        result = runner.invoke(app, ["run", str(talks.pipeline)])

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {talks.database}: another program has been writing to it for 1 s; wait until that "
        "has ended, or end it, and start this again\n"
    )
    assert talks.run().statuses == {"done": 2}


def test_a_damaged_database_is_told(talks: Project) -> None:
    with store.opened(talks.database, create=True):
        pass
    with closing(sqlite3.connect(talks.database)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'calls'").fetchone()
    with talks.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)

    result = runner.invoke(app, ["run", str(talks.pipeline)])

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        f"Error: {talks.database}: it is damaged (database disk image is malformed); put back a "
        "backup, or move it away and run again"
    )


@LINUX
def test_a_second_run_is_refused_while_one_is_at_work_and_not_after_it_was_killed(
    project: Project,
) -> None:
    with start(project) as process:
        while not calls_stored(project):
            assert process.poll() is None, "the run ended before another could be started"
            time.sleep(0.02)
        claim = store.current_claim(project.database)
        result = runner.invoke(app, ["run", str(project.pipeline)])
        process.kill()

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {project.database}: 'callinsight run' (process {process.pid}) has been at work on it "
        f"since {claim.since}; wait until it has ended and start this one again, or name another "
        "database with --db FILE\n"
    )
    log = project.folder / "second.log"
    arguments = ["--log", str(log), "--log-format", "json"]
    assert runner.invoke(app, ["run", str(project.pipeline), *arguments]).exit_code == 0
    events = [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert "the run before was killed; this one goes on from where it was" in events
    assert store.current_claim(project.database) is None


def test_a_claim_of_a_process_that_is_gone_or_cannot_be_read_is_stale(tmp_path: Path) -> None:
    database = tmp_path / "calls.db"
    lock = tmp_path / "calls.db.lock"
    lock.write_text('{"process": 1, "since": "2026-10-05T10:00:00+00:00"}')  # 1 is always there

    with store.claimed(database) as stale:
        assert stale == store.Claim(1, "2026-10-05T10:00:00+00:00")
        assert store.current_claim(database) == store.Claim(os.getpid(), "")
        with pytest.raises(StoreError) as caught, store.claimed(database):
            pass
    assert str(caught.value) == (
        f"{database}: 'callinsight run' (process {os.getpid()}) has been at work on it; wait until it "
        "has ended and start this one again, or name another database with --db FILE"
    )
    lock.write_text("half a wor")
    with store.claimed(database) as stale:
        assert stale is None
    assert lock.read_text() == ""


def test_a_clock_that_jumps_changes_nothing(talks: Project) -> None:
    sheet = talks.folder / "calls.csv"
    header, *rows = sheet.read_text(encoding="utf-8").splitlines()
    kept = [f"{row},2027-10-05" for row in rows]
    sheet.write_text("\n".join([f"{header},retention_until", *kept]) + "\n", encoding="utf-8")

    def run_at(now: str) -> Summary:
        return run(
            talks.config(),
            database=talks.database,
            workers=1,
            retry_failed=False,
            progress=silent,
            now=now,
            check_all=True,
        )

    run_at("2026-11-03T00:00:00+00:00")
    before = stored_rows(talks.database)

    back = run_at("2020-01-01T00:00:00+00:00")  # an empty battery
    assert [problem.error for problem in back.problems] == [
        f"calls.csv:{n}: recorded_at is '{row.split(',')[2]}', and today is 2020-01-01; mend it, or "
        "the clock of this machine"
        for n, row in enumerate(rows, start=2)
    ]
    with pytest.raises(InputError) as ahead:
        run_at("2099-01-01T00:00:00+00:00")
    assert str(ahead.value).startswith(
        "this machine's clock says 2099-01-01T00:00:00+00:00, and nothing is known of after 2026-"
    )
    assert str(ahead.value).endswith(
        ": calls whose time ended on 2027-10-05 or later would be erased now. Set the clock; if it is "
        "right, erase them with 'callinsight purge --yes', and run again"
    )

    run_at("2026-11-03T00:00:00+00:00")
    assert stored_rows(talks.database) == before
