"""Turns that annotators have labelled, in a sheet, to hold the tagger against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.sheets import NO, YES, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from callinsight.sheets import Row

NEEDED = ("text", "subjects")
COLUMNS = (
    *("id", "context", *NEEDED, "acceptable_subjects"),
    *("stance", "acceptable_stances", "ask", "acceptable_ask"),
)


@dataclass(frozen=True, kw_only=True)
class Gold:
    """A turn with what annotators say of it."""

    id: str
    context: str
    text: str
    concerns: frozenset[str]  # all of them say so
    acceptable: frozenset[str]  # at least one says so
    stance: str = ""  # empty where they do not agree
    acceptable_stances: frozenset[str] = frozenset()
    ask: bool | None = None  # None where they do not agree
    ask_acceptable: bool = False


def read_gold(path: Path, concerns: Iterable[str]) -> list[Gold]:
    """The turns of a gold file; raises InputError naming file and row."""
    header, rows = read_rows(path, known=COLUMNS)
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise InputError(
            f"{path.name}: there is no column '{missing[0]}'; a file of labelled turns has the columns "
            f"{', '.join(COLUMNS)}, of which {' and '.join(NEEDED)} must be there"
        )
    known = list(concerns)
    gold = [_gold(row, known) for row in rows]
    if not gold:
        raise InputError(f"{path.name}: there are no turns in it; write one a row")
    return gold


def _gold(row: Row, known: list[str]) -> Gold:
    if row.fault:
        raise InputError(f"{row.where}: {row.fault}")
    agreed = frozenset(row.choices("subjects", known))
    stance = row.choice("stance", STANCES, "")
    asks = _flags(row, "ask")
    return Gold(
        id=row.text("id") or row.where,
        context=row.text("context"),
        text=row.needed("text"),
        concerns=agreed,
        acceptable=agreed | set(row.choices("acceptable_subjects", known)),
        stance=stance,
        acceptable_stances=frozenset({*row.choices("acceptable_stances", STANCES), stance} - {""}),
        ask=next(iter(asks)) if len(asks) == 1 else None,
        ask_acceptable=True in asks | _flags(row, "acceptable_ask"),
    )


def _flags(row: Row, name: str) -> set[bool]:
    words = [word.casefold() for word in row.words(name)]
    if not set(words) <= {*YES, *NO}:
        raise InputError(f"{row.where}: {name} is '{row.text(name)}'; write 1 or 0")
    return {word in YES for word in words}
