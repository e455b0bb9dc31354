"""The same work on a Dask cluster, through its `concurrent.futures` interface.

Few tasks are under way at a time, so that the driver's memory does not grow with the calls. Dask
gives the tasks of a lost worker to another; one whose time is up is taken back before its worker
ends, so that it ends no other. A worker process does one job at a time, however many
threads it has, so that each holds one model and any cluster gives the same results.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import re
import socket
import threading
import time
import traceback
import uuid
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from callinsight.deadlines import TIMED_OUT, limited
from callinsight.errors import CallInsightError, ClusterError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from distributed import Client

Job = TypeVar("Job")
Result = TypeVar("Result")
AHEAD = 2  # tasks for each worker: one in work and the next at hand
CONNECT_S = 15.0
WITHOUT_WORKERS_S = 120.0  # longer than a worker needs to be started anew
LOOK_S = 2.0  # how often the workers are counted
BUG_FRAMES = 4  # the last ones that are named of a bug
GRACE_S = 15.0  # between taking a job back and the end of the worker that hangs in it
DECIDING = (  # packages that decide what is heard
    *("callinsight", "faster-whisper", "openai-whisper", "ctranslate2", "onnxruntime"),
    *("av", "numpy", "spacy", "presidio-analyzer"),
)
LOUD = ("distributed", "distributed.client", "distributed.core", "distributed.comm")
START = "start one on the machine that shall work, with 'dask worker {} --nthreads 1'"
_one_at_a_time = threading.Lock()


def check_address(address: str) -> None:
    """Raise InputError unless this is the address of a scheduler, or if Dask is not installed."""
    if not re.fullmatch(r"(tcp|tls)://[^/\s@]+:\d{1,5}/?", address):
        raise InputError(
            f"--cluster is '{address}'; write the scheduler's address as tcp://HOST:PORT, "
            "such as tcp://127.0.0.1:8786"
        )
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise InputError(
            "--cluster needs Dask, which is not installed: pip install 'callinsight[cluster]'"
        ) from None


def run_on_cluster(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    address: str,
    died: list[Job],
    *,
    patience_s: float = WITHOUT_WORKERS_S,
) -> Iterator[tuple[Job, Result | CallInsightError]]:
    """Each job with its result or error for people, as they finish.

    Jobs that ended several workers one after the other are added to `died`. Raises ClusterError
    if the cluster cannot be used, if its scheduler is lost, or if no worker has been there for
    `patience_s`; what came before that counts.
    """
    with _connected(address) as client:
        crew = _Crew(client, address, patience_s)
        crew.check_versions()
        executor = client.get_executor(pure=False)
        clock = _Clock(client)
        work = functools.partial(_work, function, _versions(), clock.topic)
        waiting, running = list(reversed(jobs)), dict[Future[Any], tuple[int, Job]]()
        while waiting or running:
            room = AHEAD * crew.count() - len(running)
            for _ in range(min(room, len(waiting))):
                job, number = waiting.pop(), clock.next()
                running[executor.submit(work, number, job)] = number, job
            if not running:
                time.sleep(LOOK_S / 4)  # until a worker comes
            finished, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in finished:
                _, job = running.pop(future)
                with _told_as_loss(address):
                    result = _result_of(future)
                if result is None:
                    died.append(job)
                else:
                    yield job, result.pop()
            for future, (number, job) in list(running.items()):
                if clock.is_over(number):
                    future.cancel()
                    del running[future]
                    yield job, CallInsightError(TIMED_OUT)


class _Clock:
    """When the time of each job in work is up, as its worker says when it begins.

    A job that is given to another worker begins again, and so does its time.
    """

    def __init__(self, client: Client) -> None:
        self.topic = f"callinsight-{uuid.uuid4().hex}"
        self._deadlines: dict[int, float] = {}
        self._last = 0
        client.subscribe_topic(self.topic, self._note)

    def next(self) -> int:
        """A number for a job."""
        self._last += 1
        return self._last

    def is_over(self, number: int) -> bool:
        return time.monotonic() > self._deadlines.get(number, math.inf)

    def _note(self, event: tuple[float, tuple[int, float]]) -> None:
        number, seconds = event[1]
        self._deadlines[number] = time.monotonic() + seconds


class _Crew:
    """The workers of a cluster, who come and go."""

    def __init__(self, client: Client, address: str, patience_s: float) -> None:
        self._client, self._address, self._patience_s = client, address, patience_s
        self._workers = 0
        self._counted_at = self._seen_at = float("-inf")

    def count(self) -> int:
        """How many there are; raises ClusterError if the scheduler or, for long, all are gone."""
        now = time.monotonic()
        if now - self._counted_at < LOOK_S and self._workers:
            return self._workers
        with _told_as_loss(self._address):
            self._workers = len(self._client.nthreads())
        self._counted_at = now
        if self._workers:
            self._seen_at = now
        elif now - self._seen_at > self._patience_s:
            raise ClusterError(
                f"{self._address}: its last worker is gone, and for {self._patience_s:.0f} s no other "
                f"came; {START.format(self._address)}. What is done is kept; "
                "run the same command again to go on"
            )
        return self._workers

    def check_versions(self) -> None:
        """Wait for the first worker; raises ClusterError where other versions would give other words."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            raise ClusterError(
                f"{self._address}: the scheduler has no worker; {START.format(self._address)}"
            ) from None
        self._seen_at = time.monotonic()
        with _told_as_loss(self._address):
            found = {f"worker {name}": held for name, held in self._client.run(_asking()).items()}
            found["the scheduler"] = self._client.run_on_scheduler(_asking())
        for who, held in found.items():
            _check_versions(who, held, _versions())


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Client]:
    from distributed import Client

    for name in LOUD:  # what happens is told in our own words
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"{address}: no Dask scheduler answers there ({type(error).__name__}); "
            "start one with 'dask scheduler', or mend the address"
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, CancelledError):
            client.close(timeout=2)


@contextlib.contextmanager
def _told_as_loss(address: str) -> Iterator[None]:
    """A scheduler that is gone shows in many ways."""
    from distributed.client import ClosedClientError
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CancelledError, CommClosedError, ClosedClientError, OSError):
        raise ClusterError(
            f"{address}: the scheduler is gone. What is done is kept; "
            "start it and its workers again, and run the same command to go on"
        ) from None


def _result_of(future: Future[Result]) -> list[Result | CallInsightError] | None:
    """The result, alone in a list; None of a job whose workers died."""
    from distributed import KilledWorker

    try:
        result = future.result()
    except KilledWorker:
        return None
    if isinstance(result, ClusterError):
        raise result
    if isinstance(result, Bug):
        raise RuntimeError(f"{result.kind} on a worker, at {result.place}")
    return [result]


# What happens on a worker


@dataclass(frozen=True)
class Bug:
    """An exception that nobody meant for people, without what it says: that may quote a call."""

    kind: str
    place: str  # in the program


def _work(
    function: Callable[[Job], Result],
    versions: Mapping[str, str],
    topic: str,
    number: int,
    job: Job,
) -> Result | CallInsightError | Bug:
    """The result or error of a job; nothing is raised: Dask would log it with the file and its words."""
    try:
        return _done(function, versions, topic, number, job)
    except CallInsightError as error:
        return error
    except Exception as error:  # noqa: BLE001 whatever it is
        frames = traceback.extract_tb(error.__traceback__)[-BUG_FRAMES:]
        places = (f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
        return Bug(type(error).__name__, ", ".join(places))


def _done(
    function: Callable[[Job], Result],
    versions: Mapping[str, str],
    topic: str,
    number: int,
    job: Job,
) -> Result:
    from distributed import get_worker
    from distributed.utils import sync

    _check_versions(f"worker {socket.gethostname()}", _versions(), versions)
    worker = get_worker()

    def tell(
        seconds: float,
    ) -> None:  # until the scheduler has it: what follows may stop all threads
        sync(worker.loop, worker.scheduler.log_event, topic=topic, msg=(number, seconds))

    with _one_at_a_time, limited(tell, grace_s=GRACE_S):
        return function(job)


def _check_versions(who: str, held: Mapping[str, str], needed: Mapping[str, str]) -> None:
    for package, wanted in needed.items():
        if held[package] != wanted:
            has = f"{package} {held[package]}" if held[package] else f"no {package}"
            raise ClusterError(
                f"{who} has {has} and this machine {wanted or 'none'}; the same call would give "
                "other words there. Install the same versions on all machines of the cluster"
            )


def _asking() -> Callable[[], dict[str, str]]:
    """A function that looks for the packages even where this one is not installed.

    A function within a function is sent as it is, others by their name.
    """
    packages = DECIDING

    def versions_there() -> dict[str, str]:
        from importlib.metadata import distributions

        held = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
        return {package: held.get(package, "") for package in packages}

    return versions_there


@functools.cache
def _versions() -> dict[str, str]:
    found = {}
    for package in DECIDING:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found
