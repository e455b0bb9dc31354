"""What many pages rest on is worked out before somebody asks: at the start, and after changes."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import CallInsightError
from callinsight.web.demand import moves_of
from callinsight.web.inventory import months_of
from callinsight.web.pages import config_of, definitions_of

if TYPE_CHECKING:
    from datetime import date

    from fastapi import FastAPI

    from callinsight.web.index import Index
    from callinsight.web.inventory import Inventories

PAUSE_S = 5.0


class Warming:
    """A thread beside the pages, for as long as they are served."""

    def __init__(self, app: FastAPI) -> None:
        """Nothing is read before it starts."""
        self._app = app
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Read, and look every few seconds for what has changed."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what is being read is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        seen = None
        while not self._ended.is_set():
            with contextlib.suppress(CallInsightError):  # told by the page that meets it
                seen = look(self._app, seen)
            self._ended.wait(PAUSE_S)


def look(app: FastAPI, seen: tuple[int, date] | None = None) -> tuple[int, date]:
    """Work out anew what has changed since an edition of the content and a day; those of now.

    Raises CallInsightError.
    """
    index: Index = app.state.index
    inventories: Inventories = app.state.inventories
    with store.opened(app.state.database) as db:
        config = config_of(db)
        if index.edition < 0:  # later changes are read by pages: who makes one sees it
            index.shelf(db, config.calls.files, unsure=False)
        now = store.content_edition(db), app.state.now().astimezone(config.zone).date()
        if now != seen:
            inventories.of(db, config, now[1])
            for month in months_of(db)[-1:]:
                inventories.usable(db, config, month)
                moves_of(db, config, definitions_of(config), month)
    return now
