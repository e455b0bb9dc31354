"""Trying failed calls once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.speech import STAGE

if TYPE_CHECKING:
    from sqlite_utils import Database


def retry_call(db: Database, call: str) -> None:
    """Make a failed call due, so that the next run tries it again; raises InputError."""
    known = store.get_call(db, call)
    if known is None:
        raise InputError(f"there is no call '{call}'; /runs lists those that failed")
    if known.status != "failed":
        raise InputError(f"the call '{call}' did not fail: there is nothing to try again")
    with store.transaction(db):
        store.forget_run(db, STAGE, call)
