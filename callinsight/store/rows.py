"""A record is a row: written and read by the names and types of its fields."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TypeVar

from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

Record = TypeVar("Record")
LIST_SEPARATOR = ";"
WORDS = "tuple[Word, ...]"


def save(db: Database, table: str, records: Iterable[Any], *, pk: str | tuple[str, ...]) -> None:
    """Write records, in place of those with the same key."""
    rows = [row_of(record) for record in records]
    if rows:
        db.table(table).upsert_all(rows, pk=pk)


def row_of(record: Any) -> dict[str, Any]:
    """A record as the cells of its row."""
    return {
        field.name: _cell(field.type, getattr(record, field.name))
        for field in dataclasses.fields(record)
    }


def _cell(hint: Any, value: Any) -> Any:
    if hint == WORDS:
        words = [dataclasses.astuple(word) for word in value]
        return json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else ""
    return LIST_SEPARATOR.join(value) if isinstance(value, tuple | list) else value


def load(
    db: Database, kind: type[Record], sql: str, values: list[Any] | None = None
) -> list[Record]:
    """The rows that a query gives, as records of a kind."""
    cursor = db.execute(sql, values or [])
    names = [column[0] for column in cursor.description]
    hints = {field.name: field.type for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return [
        kind(**{name: _from_cell(hints[name], cell) for name, cell in zip(names, row, strict=True)})
        for row in cursor.fetchall()
    ]


def _from_cell(hint: Any, cell: Any) -> Any:
    if hint == "bool":
        return bool(cell)
    if hint == WORDS:
        return tuple(Word(*values) for values in json.loads(cell)) if cell else ()
    if hint == "tuple[str, ...]":
        return tuple(cell.split(LIST_SEPARATOR)) if cell else ()
    return cell
