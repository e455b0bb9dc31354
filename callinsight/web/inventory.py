"""The inventory as pages show it, worked out once for as long as nothing of it changes."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import months, store
from callinsight.months import last_day
from callinsight.pipeline.answers import shelf_of
from callinsight.web.assets import Asset, assets_of
from callinsight.web.demand import usable_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fastapi import Request
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.supply import Shelf
    from callinsight.records import ContentItem, Gap, Unused

MONTH = re.compile(months.MONTH)
MONTHS = 24  # of which it is kept what could be used


@dataclass(frozen=True, eq=False)
class Inventory:
    """The assets as they stand on a day against the demands of the last month that is counted."""

    month: str
    gaps: list[Gap]  # without their turns
    assets: list[Asset]
    found: list[Unused]
    shelf: Shelf


class Inventories:
    """The last inventory that was asked for."""

    def __init__(self) -> None:
        """Nothing is worked out yet."""
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, date, Config], Inventory] | None = None
        self._usable_as_of: tuple[int, Config] | None = None
        self._usable: dict[str, Sequence[ContentItem]] = {}

    def of(self, db: Database, config: Config, as_of: date) -> Inventory:
        """How the inventory stands on a day; whoever asks first after a change waits for it."""
        with self._lock:
            now = store.content_edition(db), as_of, config
            if self._known is None or self._known[0] != now:
                self._known = now, _inventory(db, config, as_of)
            return self._known[1]

    def usable(self, db: Database, config: Config, month: str) -> Sequence[ContentItem]:
        """The assets that could be used at the end of a month."""
        now = store.content_edition(db), config
        with self._lock:
            if self._usable_as_of != now or len(self._usable) >= MONTHS:
                self._usable_as_of, self._usable = now, {}
            if month not in self._usable:
                day = last_day(month)
                self._usable[month] = usable_on(store.all_items(db), day, config)
            return self._usable[month]


def months_of(db: Database) -> list[str]:
    """The months that gaps are kept of, in order."""
    return [month for month in store.months_with_gaps(db) if MONTH.fullmatch(month)]


def usable_in(request: Request, db: Database, config: Config, month: str) -> Sequence[ContentItem]:
    """The assets that could be used at the end of a month."""
    inventories: Inventories = request.app.state.inventories
    return inventories.usable(db, config, month)


def inventory_of(request: Request, db: Database, config: Config, as_of: date) -> Inventory:
    """How the inventory stands on a day."""
    inventories: Inventories = request.app.state.inventories
    return inventories.of(db, config, as_of)


def _inventory(db: Database, config: Config, as_of: date) -> Inventory:
    months = months_of(db)
    month = months[-1] if months else ""
    gaps = store.gaps_of_month(db, month, evidence=False)
    shelf = shelf_of(db, config, as_of)
    assets, found = assets_of(db, config, gaps, shelf, as_of=as_of)
    return Inventory(month, gaps, assets, found, shelf)
