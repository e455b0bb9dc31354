"""`callinsight inventory lint`: the sheets and what was imported, checked together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.config import SETTINGS
from callinsight.content.inventory import read_items as read_sheets
from callinsight.content.inventory import rows_of_items
from callinsight.content.inventory_lint import ERROR, Finding, lint, lint_lines
from callinsight.content.suggestions import fill, in_bulk
from callinsight.pipeline.inventory import definitions, is_imported
from callinsight.pipeline.run import stored_config

__all__ = ["ERROR", "Finding", "lint_inventory", "lint_lines"]

if TYPE_CHECKING:
    from datetime import date

    from sqlite_utils import Database


def lint_inventory(db: Database, *, as_of: date) -> list[Finding]:
    """What is wrong with the sheets as they are now, and with what was imported."""
    taxonomy = definitions(db)
    files = stored_config(db).content.items if store.setting(db, SETTINGS) else ()
    listed, problems = read_sheets(files, taxonomy)
    places: dict[str, list[str]] = defaultdict(list)
    for row in rows_of_items(files):
        if row.text("asset_id"):
            places[row.text("asset_id")].append(row.where)
    imported = [i for i in store.all_items(db) if is_imported(i) and i.id not in places]
    suggested = store.all_suggestions(db)
    items = [*fill(listed, suggested), *imported]
    return lint(items, problems, places, taxonomy, bulk=in_bulk(suggested), as_of=as_of)
