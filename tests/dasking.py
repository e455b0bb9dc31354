"""A Dask cluster of processes on this machine, as `dask scheduler` and `dask worker` start them."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callinsight.deadlines import give_up_after
from callinsight.errors import AudioError

HERE = Path(__file__).parent  # workers find these functions there
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass
class Cluster:
    """A scheduler and its workers; all on loopback, without a dashboard."""

    settings: dict[str, str] = field(default_factory=dict)  # of the environment
    with_nanny: bool = False
    log: Path | None = None  # of its processes
    port: int = 0
    scheduler: Any = None
    workers: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        self.port = self.port or free_port()
        self.scheduler = self._start("scheduler", "--port", str(self.port))
        deadline = time.monotonic() + 30
        while not answers(self.port):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)

    def start_worker(self) -> None:
        restarted = "--nanny" if self.with_nanny else "--no-nanny"
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", restarted))

    def _start(self, kind: str, *options: str) -> Any:
        command = [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard"]
        paths = [str(HERE.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
        settings = {
            "PYTHONPATH": os.pathsep.join(paths),
            "CALLINSIGHT_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            **self.settings,
        }
        if self.log is None:
            return subprocess.Popen([*command, *options], env=os.environ | settings, **QUIET)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*command, *options], env=os.environ | settings, stdout=log, stderr=log
            )

    def close(self) -> None:
        processes = [process for process in (*self.workers, self.scheduler) if process]
        if self.with_nanny:  # it takes its worker along
            for process in processes:
                process.terminate()
            for process in processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def cluster(
    workers: int = 2, *, nanny: bool = False, log: Path | None = None, **settings: str
) -> Iterator[Cluster]:
    made = Cluster(settings, nanny, log)
    try:
        made.start_scheduler()
        for _ in range(workers):
            made.start_worker()
        yield made
    finally:
        made.close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def asking(address: str) -> Iterator[Any]:
    """A client that looks into a cluster beside the run."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        yield client


# Work for it


def note(number: int) -> int:
    return number


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse_odd(number: int) -> int:
    if number % 2:
        raise AudioError(f"{number}.wav: the file is empty")
    return number


def break_down(said: str) -> int:
    """A bug that quotes what it works on."""
    return int(said)


def hang_at_three(number: int) -> int:
    """Native code that holds the interpreter for minutes, as a broken decoder may."""
    give_up_after(1.0 if number == 3 else 60.0)
    if number == 3:
        re.match("(a+)+$", "a" * 40 + "b")
    return number


def tasks_held(dask_scheduler) -> int:
    return len(dask_scheduler.tasks)
