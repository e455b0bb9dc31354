"""After a change: what rests on it is brought up to date by one thread, while pages are shown."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import CallInsightError
from callinsight.pipeline.inventory import recount_gaps
from callinsight.pipeline.mend import follow
from callinsight.pipeline.run import stored_config
from callinsight.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import Request
    from sqlite_utils import Database

log = logging.getLogger(__name__)
WORKING = "working"
BROKEN = "Tags and gaps could not be brought up to date. The next 'callinsight run' does it."
GAPS = "gaps:"  # no call has such an id


class Follower:
    """One thing after the other, a call or the gaps; what waits already is not done twice.

    What is not done when the server ends is due in the next run, which sees that words or sides
    of the call have changed, and counts gaps in any case.
    """

    def __init__(self, path: Path) -> None:
        """The models are loaded when the first call is done."""
        self._path = path
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="follower")
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._states: dict[str, str] = {}

    def add(self, call: str) -> None:
        """Bring the tags of a mended call up to date."""
        self._add(call, lambda db: follow(db, stored_config(db), call, progress=silent))

    def recount(self) -> None:
        """Judge the gaps anew, after the inventory or what people say of it has changed."""
        self._add(GAPS, lambda db: recount_gaps(db, progress=silent))

    def state(self, what: str) -> str:
        """Of a call, or of GAPS: WORKING, what went wrong, or empty if nothing is to be done."""
        return self._states.get(what, "")

    def wait(self) -> None:
        """Until all is done."""
        self._worker.submit(lambda: None).result()

    def close(self) -> None:
        """Finish what is in work and leave the rest to the next run."""
        self._worker.shutdown(cancel_futures=True)

    def _add(self, what: str, bring: Callable[[Database], None]) -> None:
        with self._lock:
            self._states[what] = WORKING
            if what in self._waiting:
                return
            self._waiting.add(what)
        self._worker.submit(self._follow, what, bring)

    def _follow(self, what: str, bring: Callable[[Database], None]) -> None:
        with self._lock:
            self._waiting.discard(what)  # what is changed from now on is another turn
        said = ""
        try:
            with store.opened(self._path) as db:
                bring(db)
        except CallInsightError as error:
            said = f"{BROKEN} {error}"
        except Exception:
            log.exception("what follows from a change could not be brought up to date")
            said = BROKEN
        with self._lock:
            if what not in self._waiting:
                self._states[what] = said


def follower_of(request: Request) -> Follower:
    """The follower of the app."""
    follower: Follower = request.app.state.follower
    return follower
