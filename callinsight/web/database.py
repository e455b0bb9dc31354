"""The database of a request: opened for it, closed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from sqlite_utils import Database

from callinsight import store

if TYPE_CHECKING:
    from collections.abc import Iterator


def _database(request: Request) -> Iterator[Database]:
    with store.opened(request.app.state.database) as db:
        yield db


Db = Annotated[Database, Depends(_database)]
