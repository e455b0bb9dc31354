"""`callinsight inventory`: the inventory beyond its sheets, and what people say of its assets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.config import SETTINGS
from callinsight.content.export_words import NAMES
from callinsight.content.exports import ExportMapping, check_columns, load_mapping, read_export
from callinsight.content.front_matter import read_folder
from callinsight.content.inventory import IMPORTED, changes
from callinsight.content.recognising import mapping_text, recognised
from callinsight.content.suggestions import fill, named_since
from callinsight.errors import InputError
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.run import stored_config
from callinsight.sheets import read_rows, sheet_text
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.content.exports import Exported
    from callinsight.progress import Progress
    from callinsight.records import ContentItem, ItemChange
    from callinsight.sheets import Row
    from callinsight.taxonomy import Taxonomy


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do."""

    new: tuple[ContentItem, ...]
    changed: tuple[ItemChange, ...]  # of assets that were there
    unchanged: int
    skipped: int
    gone: tuple[str, ...]  # assets of earlier imports of this file that it lists no more
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def import_items(
    db: Database, path: Path, *, mapping: Path | None, now: str, dry_run: bool = False
) -> Imported:
    """Take the assets of an export or folder into the inventory, by asset id.

    Without a mapping the columns are told by their names. Raises InputError and ConfigError.
    """
    taxonomy = definitions(db)
    found, source = read_items(path, mapping, taxonomy)
    before = {item.id: item for item in store.all_items(db)}
    own = [i for i in found.items if i.id not in before or is_imported(before[i.id])]
    suggested = store.all_suggestions(db)
    items = fill(own, suggested)
    told = changes([before[i.id] for i in items if i.id in before], items, at=now)
    if not dry_run:
        with store.transaction(db):
            store.save_items(db, items)
            store.save_suggestions(db, named_since(own, suggested))
            store.add_item_changes(db, told)
    new = [item for item in items if item.id not in before]
    came = {item.id for item in new}
    changed = tuple(change for change in told if change.item not in came)
    return Imported(
        new=tuple(new),
        changed=changed,
        unchanged=len(items) - len(new) - len({change.item for change in changed}),
        skipped=found.skipped,
        gone=_gone(before.values(), found, source),
        problems=(*found.problems, *_listed(found, before)),
        notes=found.notes,
    )


def read_items(path: Path, mapping: Path | None, taxonomy: Taxonomy) -> tuple[Exported, str]:
    """What an export or folder holds, and the source that its assets get."""
    source = f"{IMPORTED}{path.name}"
    told = load_mapping(mapping) if mapping else None
    header, rows = read_any(path, told)
    told = told or recognised(header, taxonomy, path.name)
    check_columns(told, header, path.name)
    found = read_export(rows, told, taxonomy, source=source)
    if mapping is None and told.columns.get("content_type") == ("folder",):
        note = (
            f"{path.name}: no column says the content type, so that the folder does; 'callinsight "
            f"inventory map {path.name}' shows what each folder was taken for"
        )
        found = dataclasses.replace(found, notes=(note, *found.notes))
    return found, source


def read_any(path: Path, mapping: ExportMapping | None) -> tuple[list[str], list[Row]]:
    """The header and rows of an export (CSV), or of a folder of Markdown; raises InputError."""
    if path.is_dir():
        return read_folder(path)
    if not path.exists():
        raise InputError(
            f"{path}: there is no such file or folder; name an export as CSV, or a folder of Markdown"
        )
    theirs = [name for names in mapping.columns.values() for name in names] if mapping else []
    usual = [name for names in NAMES.values() for name in names]
    header, rows = read_rows(path, known=[*theirs, *usual])
    if not header:
        raise InputError(
            f"{path}: there is nothing in this file; export it again, with a first line that names "
            "the columns"
        )
    return header, rows


def propose_mapping(path: Path, database: Path) -> str:
    """A mapping file to begin with, by the definitions of a database if it is there."""
    if database.exists():
        with store.opened(database) as db:
            taxonomy = definitions(db)
    else:
        taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    header, rows = read_any(path, None)
    return mapping_text(header, rows, taxonomy, path.name)


def definitions(db: Database) -> Taxonomy:
    """The definitions of the pipeline that ran into this database, else the starter's."""
    if store.setting(db, SETTINGS) is None:
        return load_taxonomy(DEFAULT_TAXONOMY)
    return load_taxonomy(stored_config(db).tagging.taxonomy)


def recount_gaps(db: Database, *, progress: Progress) -> None:
    """Judge the gaps of every month by the inventory as it is now; without a run there are none."""
    if store.setting(db, SETTINGS) is not None:
        update_gaps(db, stored_config(db), definitions(db), progress=progress)


def is_imported(item: ContentItem) -> bool:
    """Whether an import brought it, and no sheet."""
    return item.source.startswith(IMPORTED)


def get_item(db: Database, id_: str) -> ContentItem:
    """An asset by its id, in any case; raises InputError."""
    items = {item.id.casefold(): item for item in store.all_items(db)}
    if id_.casefold() not in items:
        raise InputError(
            f"there is no asset '{id_}'; 'callinsight inventory list' shows the ids of all"
        )
    return items[id_.casefold()]


def _gone(before: Iterable[ContentItem], found: Exported, source: str) -> tuple[str, ...]:
    here = {item.id for item in found.items}
    held = [i for i in before if i.source == source and i.id not in here]
    return tuple(sorted(i.id for i in held if i.status != "archived"))


def _listed(found: Exported, before: dict[str, ContentItem]) -> list[str]:
    return [
        f"{item.id}: {before[item.id].source} lists this asset; change it there, or remove its row there "
        "and import again"
        for item in found.items
        if item.id in before and not is_imported(before[item.id])
    ]


def as_csv(rows: Sequence[dict[str, object]]) -> str:
    """Rows as CSV text; lists are separated by semicolons, and no cell is taken for a formula."""
    return sheet_text(list(rows[0]), [list(row.values()) for row in rows])
