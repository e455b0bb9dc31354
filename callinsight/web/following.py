"""After a mending: tags and gaps are brought up to date by one thread, while pages are shown."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import CallInsightError
from callinsight.pipeline.mend import follow
from callinsight.pipeline.run import stored_config
from callinsight.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
WORKING = "working"
BROKEN = "Tags could not be brought up to date. The next 'callinsight run' does it."


class Follower:
    """One call after the other; a call that waits already is not done twice.

    What is not done when the server ends is due in the next run, which sees that words or sides
    of the call have changed.
    """

    def __init__(self, path: Path) -> None:
        """The models are loaded when the first call is done."""
        self._path = path
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="follower")
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._states: dict[str, str] = {}

    def add(self, call: str) -> None:
        """Bring a call up to date as soon as those before it are."""
        with self._lock:
            self._states[call] = WORKING
            if call in self._waiting:
                return
            self._waiting.add(call)
        self._worker.submit(self._follow, call)

    def state(self, call: str) -> str:
        """WORKING, what went wrong, or empty if nothing is to be done."""
        return self._states.get(call, "")

    def wait(self) -> None:
        """Until all is done."""
        self._worker.submit(lambda: None).result()

    def close(self) -> None:
        """Finish the call in work and leave the rest to the next run."""
        self._worker.shutdown(cancel_futures=True)

    def _follow(self, call: str) -> None:
        with self._lock:
            self._waiting.discard(call)  # what is mended from now on is another turn
        said = ""
        try:
            with store.opened(self._path) as db:
                follow(db, stored_config(db), call, progress=silent)
        except CallInsightError as error:
            said = f"{BROKEN} {error}"
        except Exception:
            log.exception("a mended call could not be brought up to date")
            said = BROKEN
        with self._lock:
            if call not in self._waiting:
                self._states[call] = said
