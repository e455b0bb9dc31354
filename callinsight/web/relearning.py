"""Reading all calls anew with what people said, beside the server's other work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from callinsight.errors import CallInsightError
from callinsight.pipeline.review import Changed, relearn_apart

if TYPE_CHECKING:
    from pathlib import Path


class Relearning:
    """At most one at a time; what the last one has changed, or why it failed."""

    def __init__(self, database: Path) -> None:
        """Nothing is read before `start`."""
        self._database = database
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.changed: Changed | None = None
        self.problem = ""

    @property
    def is_running(self) -> bool:
        """Whether calls are being read."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, unless it is going on already."""
        with self._lock:
            if not self.is_running:
                self.changed, self.problem = None, ""
                self._thread = threading.Thread(target=self._read, daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within this time."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.is_running

    def _read(self) -> None:
        try:
            self.changed = relearn_apart(self._database)
        except CallInsightError as error:
            self.problem = str(error)
        except BaseException:
            self.problem = "it broke off; the terminal of the server says why"
            raise
