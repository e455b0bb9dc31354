"""The same work on several local processes or on a cluster; workers compute, the driver writes.

A worker computes on one thread, so that any number of workers gives the same results.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import TYPE_CHECKING, Generic, TypeVar

from callinsight.deadlines import TIMED_OUT, limited
from callinsight.errors import CallInsightError
from callinsight.remote import run_on_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableSequence, Sequence
    from multiprocessing.synchronize import Semaphore

Job = TypeVar("Job")
Result = TypeVar("Result")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
CRASHED = (
    "its worker process was ended from outside, most likely for want of memory; "
    "try again with fewer --workers, and a pipeline with --retry-failed too"
)
NOT_STARTED = (
    "no worker process could start; what it printed above says why. A Python program that "
    "uses callinsight must be a file that does its work under if __name__ == '__main__', "
    "not lines typed or piped into Python"
)


def default_workers(device: str = "cpu") -> int:
    """One worker for each core that this process may use; one for a graphics card."""
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(
    function: Callable[[Job], Result], jobs: Sequence[Job], *, workers: int, address: str = ""
) -> Iterator[tuple[Job, Result | CallInsightError]]:
    """Each job with its result, or with the error for people that it ended in, as they finish.

    With the `address` of a Dask scheduler its workers do the jobs, else so many local processes.
    A job whose process dies is tried once more alone; if it dies again, that is its error. A job
    that goes beyond its own time limit (`give_up_after`) is not tried again.
    Raises CallInsightError if no process can start, or ClusterError (see `run_on_cluster`). Any
    other exception is a bug and is raised.
    """
    if not jobs:
        return

    def run(
        tried: Sequence[Job], died: list[Job]
    ) -> Iterator[tuple[Job, Result | CallInsightError]]:
        if address:
            return run_on_cluster(function, tried, address, died)
        return _run(function, tried, min(workers, len(tried)), died)

    died: list[Job] = []
    yield from run(jobs, died)
    for job in died:
        alone: list[Job] = []
        yield from run([job], alone)
        if alone:
            yield job, CallInsightError(CRASHED)


def _run(
    function: Callable[[Job], Result], jobs: Sequence[Job], workers: int, died: list[Job]
) -> Iterator[tuple[Job, Result | CallInsightError]]:
    """Like `run_jobs`; jobs that were in work when a process died are added to `died`."""
    waiting = list(reversed(jobs))
    while waiting:
        pool = _Pool(function, min(workers, len(waiting)))
        try:
            yield from pool.drain(waiting)
        except BrokenProcessPool:
            if not pool.has_started():
                raise CallInsightError(NOT_STARTED) from None
            late = pool.late()
            if late:  # it is known why the others ended
                waiting.extend(job for job in pool.running.values() if job not in late)
                yield from ((job, CallInsightError(TIMED_OUT)) for job in late)
            else:
                died.extend(pool.running.values())
        finally:
            pool.close()


class _Pool(Generic[Job, Result]):
    """A process pool that has no more jobs in work than it has workers."""

    def __init__(self, function: Callable[[Job], Result], workers: int) -> None:
        os.environ.update({name: os.environ.get(name, n) for name, n in ONE_THREAD.items()})
        self._function = function
        self._workers = workers
        context = multiprocessing.get_context("spawn")
        self._started = context.Semaphore(0)
        self._deadlines = context.RawArray("d", [math.inf] * workers)  # of the jobs in work
        self._executor = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_prepare_worker,
            initargs=(self._started, function, self._deadlines),
        )
        self._places: dict[Future[Result], int] = {}  # in the deadlines
        self.running: dict[Future[Result], Job] = {}

    def drain(self, waiting: list[Job]) -> Iterator[tuple[Job, Result | CallInsightError]]:
        """Take jobs from the end of the list until none is left."""
        while waiting or self.running:
            while waiting and len(self.running) < self._workers:
                place = min(set(range(self._workers)) - set(self._places.values()))
                future = self._executor.submit(_work, self._function, place, waiting[-1])
                self._places[future] = place
                self.running[future] = waiting.pop()  # not before: a broken pool takes no job
            finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
            for future in finished:
                try:
                    result: Result | CallInsightError = future.result()
                except CallInsightError as error:
                    result = error
                del self._places[future]
                yield self.running.pop(future), result

    def late(self) -> list[Job]:
        """The jobs in work whose time was up."""
        now = time.monotonic()  # one clock for all processes, and nobody sets it
        return [
            job
            for future, job in self.running.items()
            if self._deadlines[self._places[future]] < now
        ]

    def has_started(self) -> bool:
        """Whether any worker came so far as to take a job; to be asked once."""
        return self._started.acquire(block=False)

    def close(self) -> None:
        """End the processes; what they still have in work, after Ctrl-C or a crash, ends at once."""
        processes = list((self._executor._processes or {}).values())
        if self.running:
            for process in processes:
                process.terminate()
        self._executor.shutdown(cancel_futures=True)


_deadlines: MutableSequence[float] | None = None  # of all jobs in work; None outside a worker


def _prepare_worker(
    started: Semaphore, _function: Callable[[Job], Result], deadlines: MutableSequence[float]
) -> None:
    """Leave Ctrl-C to the driver, end when the driver does, and say that the worker has started.

    The function is passed so that a worker that cannot import it fails before it says so.
    """
    global _deadlines
    _deadlines = deadlines
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a worker that died of it would look like a crash
    threading.Thread(target=_end_with_driver, daemon=True).start()
    started.release()


def _work(function: Callable[[Job], Result], place: int, job: Job) -> Result:
    deadlines = _deadlines
    if deadlines is None:
        return function(job)

    def tell(seconds: float) -> None:
        deadlines[place] = time.monotonic() + seconds

    try:
        with limited(tell):
            return function(job)
    finally:
        deadlines[place] = math.inf


def _end_with_driver() -> None:
    """A driver that is killed cannot end its workers, and they would wait for jobs for ever."""
    driver = multiprocessing.parent_process()
    if driver is not None:
        connection.wait([driver.sentinel])
        os._exit(1)  # also out of native code, which no exception reaches
