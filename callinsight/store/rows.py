"""A record is a row: written and read by the names and types of its fields."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import TYPE_CHECKING, Any, TypeVar

from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlite_utils import Database

Record = TypeVar("Record")
LIST_SEPARATOR = ";"
WORDS = "tuple[Word, ...]"


def save(db: Database, table: str, records: Iterable[Any], *, pk: str | tuple[str, ...]) -> None:
    """Write records, in place of those with the same key."""
    rows = [row_of(record) for record in records]
    if rows:
        with db.atomic():
            db.conn.executemany(
                _upsert(table, tuple(rows[0]), pk), [(*row.values(),) for row in rows]
            )


@functools.cache
def _upsert(table: str, names: tuple[str, ...], pk: str | tuple[str, ...]) -> str:
    """The statement that writes a row; sqlite-utils puts one together for each few rows anew."""
    keys = (pk,) if isinstance(pk, str) else pk
    rest = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(keys)}) DO {f'UPDATE SET {rest}' if rest else 'NOTHING'}"
    )


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
    """The rows that a query gives, as records of a kind; what it leaves out is as by default.

    Fields are filled in past a frozen record's own way of doing so, which takes twice as long.
    Raises TypeError where a field without default is left out, or where a column is none.
    """
    cursor = db.execute(sql, values or [])
    names = [column[0] for column in cursor.description]
    _check_columns(kind, tuple(names))  # type: ignore[arg-type]
    readers = [(name, read) for name, read in _readers(kind) if name in names]  # type: ignore[arg-type]
    loaded = []
    for row in cursor.fetchall():
        record = object.__new__(kind)
        fields = record.__dict__
        fields.update(zip(names, row, strict=True))
        for name, read in readers:  # of most fields the cell is the value
            fields[name] = read(fields[name])
        loaded.append(record)
    return loaded


@functools.cache
def _check_columns(kind: Any, names: tuple[str, ...]) -> None:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    needed = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if unfit := needed - set(names) | set(names) - fields.keys():
        raise TypeError(
            f"{kind.__name__}: no such columns, or left out: {', '.join(sorted(unfit))}"
        )


@functools.cache
def _readers(kind: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    """The fields whose cells are not their values, and what reads them."""
    fields = dataclasses.fields(kind)
    return [(f.name, FROM_CELL[str(f.type)]) for f in fields if f.type in FROM_CELL]


def _words(cell: str) -> tuple[Word, ...]:
    return tuple(Word(*values) for values in json.loads(cell)) if cell else ()


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(LIST_SEPARATOR)) if cell else ()


def _answer(cell: int | None) -> bool | None:
    return None if cell is None else bool(cell)


FROM_CELL: dict[str, Callable[[Any], Any]] = {  # by the type of a field
    "bool": bool,
    "bool | None": _answer,
    WORDS: _words,
    "tuple[str, ...]": _listed,
}
