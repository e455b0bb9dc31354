from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from material import hear_ctrl_c, still_alive

from callinsight.cluster import (
    CRASHED,
    NOT_STARTED,
    default_workers,
    run_jobs,
)
from callinsight.deadlines import TIMED_OUT, give_up_after
from callinsight.errors import AudioError, CallInsightError

if TYPE_CHECKING:
    from pathlib import Path


def square(number: int) -> int:
    return number * number


def refuse_odd(number: int) -> int:
    if number % 2:
        raise AudioError(f"{number}.wav: the file is empty")
    return number


def divide(number: int) -> float:
    return 1 / number


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(job: tuple[int, Path]) -> int:
    number, mark = job
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_when_told(job: tuple[int, Path]) -> int:
    number, folder = job
    if number == 1:
        while not (folder / "go").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def note_process(folder: Path) -> int:
    (folder / str(os.getpid())).touch()
    time.sleep(0.5)
    return int(os.environ["OMP_NUM_THREADS"])


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def hang_at_three(job: tuple[int, Path]) -> int:
    number, folder = job
    give_up_after(0.5 if number == 3 else 60.0)
    with (folder / f"tried-{number}").open("a") as tries:
        tries.write("x")
    if number == 3:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000_000)  # minutes of native code
    return number


def wait_past_the_limit_of_another(number: int) -> int:
    if number == 1:
        give_up_after(0.3)
    else:
        time.sleep(0.6)
    return number


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_job_has_its_result(workers: int) -> None:
    assert sorted(run_jobs(square, [3, 1, 2], workers=workers)) == [(1, 1), (2, 4), (3, 9)]


def test_one_worker_takes_jobs_in_their_order() -> None:
    assert [job for job, _ in run_jobs(square, [3, 1, 2], workers=1)] == [3, 1, 2]


def test_no_job_needs_no_process() -> None:
    assert list(run_jobs(square, [], workers=2)) == []


def test_an_error_for_people_is_the_result_of_its_job() -> None:
    results = dict(run_jobs(refuse_odd, [1, 2, 4], workers=2))

    assert (results[2], results[4]) == (2, 4)
    assert isinstance(results[1], AudioError)
    assert str(results[1]) == "1.wav: the file is empty"


def test_a_bug_is_raised_and_no_process_is_left() -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_jobs(divide, [1, 0, 2], workers=2))

    assert multiprocessing.active_children() == []


def test_a_job_that_kills_its_process_twice_is_reported_and_the_others_go_on() -> None:
    results = list(run_jobs(die, [1, 2, 3, 4, 5, 6], workers=2))

    outcome = dict(results)
    assert len(results) == len(outcome) == 6
    assert [outcome[number] for number in (1, 2, 4, 5, 6)] == [1, 2, 4, 5, 6]
    assert type(outcome[3]) is CallInsightError
    assert str(outcome[3]) == CRASHED
    assert multiprocessing.active_children() == []


def test_a_job_whose_process_was_killed_once_is_tried_again(tmp_path: Path) -> None:
    jobs = [(number, tmp_path / "killed") for number in range(1, 5)]

    results = [(job[0], result) for job, result in run_jobs(die_once, jobs, workers=2)]

    assert (tmp_path / "killed").exists()
    assert sorted(results) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_no_job_is_lost_when_a_process_dies_while_the_driver_writes(tmp_path: Path) -> None:
    jobs = [(number, tmp_path) for number in range(4)]
    results = {}

    for job, result in run_jobs(die_when_told, jobs, workers=2):
        if job[0] == 0:
            (tmp_path / "go").touch()
            time.sleep(1.0)  # the pool breaks before the next job is handed over
        results[job[0]] = result

    assert sorted(results) == [0, 1, 2, 3]
    assert [results[number] for number in (0, 2, 3)] == [0, 2, 3]
    assert str(results[1]) == CRASHED


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_hangs_is_given_up_once_and_the_others_go_on(
    tmp_path: Path, workers: int
) -> None:
    jobs = [(number, tmp_path) for number in range(1, 6)]

    results = {job[0]: result for job, result in run_jobs(hang_at_three, jobs, workers=workers)}

    assert str(results.pop(3)) == TIMED_OUT
    assert results == {1: 1, 2: 2, 4: 4, 5: 5}
    assert (tmp_path / "tried-3").read_text() == "x"
    assert multiprocessing.active_children() == []


def test_a_limit_ends_with_its_job() -> None:
    results = list(run_jobs(wait_past_the_limit_of_another, [1, 2, 3], workers=1))

    assert results == [(1, 1), (2, 2), (3, 3)]


def test_workers_are_processes_with_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    threads = [result for _, result in run_jobs(note_process, [tmp_path] * 4, workers=2)]

    assert threads == [1, 1, 1, 1]
    assert 1 <= len(list(tmp_path.iterdir())) <= 2
    assert str(os.getpid()) not in {path.name for path in tmp_path.iterdir()}


def test_one_worker_a_core() -> None:
    assert 1 <= default_workers() <= (os.cpu_count() or 1)


def test_a_driver_that_stops_early_leaves_no_process() -> None:
    started = time.monotonic()
    results = run_jobs(sleep, [0.0, 60.0, 60.0], workers=2)

    assert next(results) == (0.0, 0.0)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt())

    assert multiprocessing.active_children() == []
    assert time.monotonic() - started < 30


DRIVER = """
import hashlib, multiprocessing, os
from callinsight.cluster import run_jobs

def work(path):
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000_000)  # minutes of native code

if __name__ == "__main__":
    try:
        list(run_jobs(work, ["a", "b"], workers=2))
    except KeyboardInterrupt:
        print("stopped", multiprocessing.active_children())
"""


def start_driver(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A driver, and its two workers once they are at work."""
    (folder / "driver.py").write_text(DRIVER, encoding="utf-8")
    driver = subprocess.Popen(
        [sys.executable, "driver.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )
    marks = [folder / "a", folder / "b"]
    deadline = time.monotonic() + 30
    while not all(mark.exists() and mark.read_text(encoding="utf-8") for mark in marks):
        assert time.monotonic() < deadline, "the workers did not start"
        time.sleep(0.05)
    return driver, [int(mark.read_text(encoding="utf-8")) for mark in marks]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_ctrl_c_closes_the_pool(tmp_path: Path) -> None:
    driver, _ = start_driver(tmp_path)
    with driver:
        os.killpg(driver.pid, signal.SIGINT)  # as a terminal does: driver and workers
        out, err = driver.communicate(timeout=30)

    assert (out, err, driver.returncode) == ("stopped []\n", "", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_workers_end_when_their_driver_is_killed(tmp_path: Path) -> None:
    driver, workers = start_driver(tmp_path)

    driver.kill()
    left = still_alive(workers, within_s=5)
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    driver.communicate(timeout=30)

    assert left == set()


PROGRAM = """
from callinsight.cluster import run_jobs
from callinsight.deadlines import TIMED_OUT, give_up_after
from callinsight.errors import CallInsightError

def work(number):
    return number

try:
    list(run_jobs(work, [1, 2, 3], workers=2))
except CallInsightError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("options", "piped", "told"),
    [
        (["-"], PROGRAM, "FileNotFoundError"),
        (["-c", PROGRAM], "", "AttributeError"),
        (["program.py"], "", "RuntimeError"),
    ],
    ids=["piped", "typed", "unguarded"],
)
def test_a_program_whose_workers_cannot_start_is_told_so(
    tmp_path: Path, options: list[str], piped: str, told: str
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    program = subprocess.run(
        [sys.executable, *options],
        input=piped,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert program.stdout == NOT_STARTED + "\n"
    assert told in program.stderr
