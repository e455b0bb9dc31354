"""What a CRM export knows of the calls; a mapping file (TOML) says which column is which."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight.errors import ConfigError, InputError, nearest
from callinsight.records import OUTCOMES
from callinsight.sheets import Row, parse_rows, plain_number, read_rows
from callinsight.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXAMPLE = Path(__file__).parent / "mapping.toml"
DEAL_COLUMNS = (
    *("account", "deal", "deal_stage"),
    *("amount", "currency", "outcome", "outcome_reason"),
)
SETTINGS: dict[str, tuple[str, ...]] = {
    "deals": DEAL_COLUMNS,
    "match": ("file_contains",),
    "participants": ("name", "title", "person"),
}
NO_TEXT_FORMATS = (".xlsx", ".xls", ".ods", ".numbers")


@dataclass(frozen=True)
class Mapping:
    """The columns of an export, by the names of ours."""

    path: Path
    deals: dict[str, str]
    outcomes: dict[str, str]  # the export's word in lower case: ours
    file_contains: str  # the column whose value stands in the names of recordings
    participants: dict[str, str]

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each section of the mapping with each column it names."""
        yield from (("deals", column) for column in self.deals.values())
        yield ("match", self.file_contains)
        yield from (("participants", column) for column in self.participants.values())


@dataclass(frozen=True)
class Export:
    """The rows of an export, by the letters of the value that matches them to recordings."""

    mapping: Mapping
    rows: dict[str, list[Row]]


@dataclass(frozen=True)
class Deal:
    """A deal and its people, as cells of our sheets."""

    cells: dict[str, str]
    people: tuple[dict[str, str], ...]


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; raises ConfigError."""
    try:
        table = read_toml(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: the mapping cannot be read ({error.strerror}); mend the path after --map"
        ) from None
    _refuse_unknown(table, (*SETTINGS, "outcomes"), "the top level", path)
    for section, settings in table.items():
        _check_section(section, settings, path)
    for section in ("deals", "match"):
        if not table.get(section):
            raise ConfigError(f"{path}: the section [{section}] is missing or empty")
    for section, setting in (("match", "file_contains"), ("participants", "name")):
        if section in table and setting not in table[section]:
            raise ConfigError(f"{path}: [{section}] needs the setting '{setting}'")
    return Mapping(
        path=path,
        deals=table["deals"],
        outcomes={_plain(word): ours for word, ours in table.get("outcomes", {}).items()},
        file_contains=table["match"]["file_contains"],
        participants=table.get("participants", {}),
    )


def read_export(crm: Path, mapping: Mapping) -> Export:
    """Read an export (CSV); raises InputError if it lacks a column of the mapping."""
    if not crm.is_file():
        raise InputError(f"{crm}: there is no such file; name the export of your CRM after --crm")
    if crm.suffix.casefold() in NO_TEXT_FORMATS:
        raise InputError(f"{crm}: this is a workbook; save the sheet as CSV, and name that")
    header, rows = read_rows(crm, known=[_plain(column) for _, column in mapping.columns()])
    if not header:
        raise InputError(
            f"{crm}: there is nothing in this file; export it again, with a first line that names the columns"
        )
    for section, column in mapping.columns():
        times = header.count(_plain(column))
        if times == 0:
            hint = nearest(_plain(column), header) or f"; its columns are {', '.join(header)}"
            raise InputError(
                f"{crm}: there is no column '{column}', "
                f"which [{section}] of {mapping.path} names{hint}"
            )
        if times > 1:
            raise InputError(f"{crm}: the column '{column}' stands there twice; remove one")
    whole, problems = parse_rows(rows, lambda row: row, stage="crm")
    if problems:
        raise InputError(problems[0].error)
    by_letters = defaultdict(list)
    for row in whole:
        by_letters["".join(_pieces(_cell(row, mapping.file_contains)))].append(row)
    by_letters.pop("", None)
    return Export(mapping, dict(by_letters))


def deal_of(names: Iterable[str], export: Export) -> Deal | None:
    """The one deal that the names of a recording, the most telling first, speak of.

    The longest match counts. None if nothing matches, or if what matches has several deals.
    Raises InputError if a cell of the deal cannot be used.
    """
    rows = _matching(names, export.rows)
    mapping = export.mapping
    deals = {tuple(_cell(row, column) for column in mapping.deals.values()) for row in rows}
    if len(deals) != 1:
        return None
    cells = {ours: _cell(rows[0], column) for ours, column in mapping.deals.items()}
    if "amount" in cells:
        cells["amount"] = _amount(cells["amount"], rows[0], mapping)
    if "outcome" in cells:
        cells["outcome"] = _outcome(cells["outcome"], rows[0], mapping)
    people: dict[str, dict[str, str]] = {}
    for row in rows:  # an export has a row for each person of a deal
        person = {ours: _cell(row, column) for ours, column in mapping.participants.items()}
        if person.get("name"):
            people.setdefault(person["name"], person)
    return Deal(cells, tuple(people.values()))


def _matching(names: Iterable[str], rows: dict[str, list[Row]]) -> list[Row]:
    for name in names:
        found = sorted((run for run in _runs(name) if run in rows), key=len, reverse=True)
        if found:
            tie = len(found) > 1 and len(found[1]) == len(found[0])
            return [] if tie else rows[found[0]]
    return []


def _runs(name: str) -> set[str]:
    """All runs of whole words, written together: `acme corp` and `AcmeCorp` have acmecorp."""
    pieces = _pieces(name)
    ends = range(1, len(pieces) + 1)
    return {"".join(pieces[start:end]) for end in ends for start in range(end)}


def _pieces(text: str) -> list[str]:
    """Words and numbers in lower case, without punctuation; AcmePricing is two words."""
    spaced = ""
    before = " "
    for letter in unicodedata.normalize("NFKC", text):
        if not letter.isalnum():
            spaced += " "
        elif (before.islower() and letter.isupper()) or before.isdigit() != letter.isdigit():
            spaced += f" {letter}"
        else:
            spaced += letter
        before = letter
    return spaced.casefold().split()


def _amount(value: str, row: Row, mapping: Mapping) -> str:
    """The amount as our sheets write it: exports write 12.500,50 as well as 12,500.50."""
    number = value.strip("$€£ \N{NO-BREAK SPACE}")
    if number and not plain_number(number):
        raise InputError(
            f"{row.where}: {mapping.deals['amount']} is '{value}'; write it such as 12500.50, "
            f"or remove 'amount' from {mapping.path}"
        )
    return plain_number(number)


def _outcome(value: str, row: Row, mapping: Mapping) -> str:
    ours = mapping.outcomes.get(_plain(value), _plain(value))
    if ours and ours not in OUTCOMES:
        raise InputError(
            f"{row.where}: {mapping.deals['outcome']} is '{value}'; write what it means below "
            f'[outcomes] in {mapping.path}, such as "{value}" = "lost" '
            f"(or {', '.join(name for name in OUTCOMES if name != 'lost')})"
        )
    return ours


def _check_section(section: str, settings: Any, path: Path) -> None:
    if not isinstance(settings, dict):
        raise ConfigError(
            f"{path}: '{section}' must be a table: write [{section}] above its settings"
        )
    if section != "outcomes":
        _refuse_unknown(settings, SETTINGS[section], f"[{section}]", path)
    for name, value in settings.items():
        if not isinstance(value, str):
            raise ConfigError(f"{path}: [{section}] {name} must be text in quotes, not {value!r}")
        if section == "outcomes" and value not in OUTCOMES:
            hint = nearest(value, list(OUTCOMES)) or f"; it must be one of {', '.join(OUTCOMES)}"
            raise ConfigError(f"{path}: [outcomes] {name} is '{value}'{hint}")


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], where: str, path: Path) -> None:
    for key in table:
        if key not in known:
            hint = nearest(key, list(known)) or f"; it may have {', '.join(known)}"
            raise ConfigError(f"{path}: {where} has no setting '{key}'{hint}")


def _cell(row: Row, column: str) -> str:
    return row.text(_plain(column))


def _plain(word: str) -> str:
    return word.strip().casefold()
