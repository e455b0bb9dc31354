"""Sheets (CSV): read as people write them, each problem with its row; written for spreadsheets."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from callinsight.encoding import encoding_of
from callinsight.errors import InputError, nearest
from callinsight.months import YEARS
from callinsight.records import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO, TypeVar
    from zoneinfo import ZoneInfo

    Record = TypeVar("Record")

SEPARATORS = (",", ";", "\t", "|")
LIST_SEPARATOR = ";"
SEPARATOR_LINE = re.compile(
    r'"?sep=(.)"?\s*', re.IGNORECASE
)  # a first line that some programs write
NUMBER = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?")
COMMA_NUMBER = re.compile(  # 12.500,50 and 12500,50, and 1.250.000, which has no other meaning
    r"-?(?:(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+),\d{1,2}|[1-9]\d{0,2}(?:\.\d{3}){2,})"
)
LARGEST = 200 << 20  # bytes; a row of a hundred thousand calls each is a tenth of that
LONGEST_NUMBER = 15  # signs; a float holds so many digits, and SQLite so large a whole number
FORMULA = (  # how a cell begins that a spreadsheet computes, in full width too
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("＝", "＋", "－", "＠"),
)
TWO_MEANINGS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")  # 12.500 is 12 and a half, or 12 thousand
YES, NO = ("1", "true", "yes", "y"), ("0", "false", "no", "n")


@dataclass(frozen=True)
class Row:
    """One row of a sheet; each reading method raises InputError naming file and row."""

    where: str  # file:line
    cells: dict[str, str]
    fault: str = ""  # why the row as a whole cannot be used

    def text(self, name: str) -> str:
        """The cell without outer spaces; empty if the sheet has no such column."""
        return self.cells.get(name, "")

    def needed(self, name: str) -> str:
        """A cell that must not be empty."""
        value = self.text(name)
        if not value:
            raise InputError(f"{self.where}: {name} is empty; fill it in")
        return value

    def choice(self, name: str, known: Iterable[str], default: str) -> str:
        """One of the known words, in any case; the default when empty."""
        value = self.text(name)
        return self._known(name, value, list(known)) if value else default

    def choices(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        """Known words separated by semicolons."""
        names = list(known)
        return tuple(self._known(name, value, names) for value in self.words(name))

    def words(self, name: str) -> tuple[str, ...]:
        """Texts separated by semicolons."""
        return tuple(w.strip() for w in self.text(name).split(LIST_SEPARATOR) if w.strip())

    def number(self, name: str) -> float | None:
        """A number, such as `12500.50`, `12,500.50`, `12.500,50` or `12500,50`; None when empty."""
        value = self.text(name)
        if not value:
            return None
        number = plain_number(value)
        if not number:
            raise InputError(f"{self.where}: {name} is '{value}'; write a number such as 12500.50")
        return float(number)

    def whole(self, name: str) -> int | None:
        """A whole number from 0 up; None when empty."""
        value = self.text(name)
        if not value:
            return None
        if not value.isdecimal() or len(value) > LONGEST_NUMBER:
            raise InputError(f"{self.where}: {name} is '{value}'; write a whole number such as 1")
        return int(value)

    def flag(self, name: str) -> bool:
        """Yes or no; no when empty."""
        return bool(self.answer(name))

    def answer(self, name: str) -> bool | None:
        """Yes or no; None when empty."""
        value = self.text(name).casefold()
        if not value:
            return None
        if value not in YES + NO:
            raise InputError(f"{self.where}: {name} is '{self.text(name)}'; write yes or no")
        return value in YES

    def date(self, name: str) -> str:
        """The date of a day or moment, as YYYY-MM-DD; empty when empty."""
        value = self.text(name)
        if not value:
            return ""
        try:
            day = datetime.fromisoformat(value).date()
        except ValueError:
            raise InputError(
                f"{self.where}: {name} is '{value}'; write a date such as 2026-10-31"
            ) from None
        if day.year not in YEARS:
            raise InputError(
                f"{self.where}: {name} is '{value}'; "
                f"write a date from {YEARS[0]} to {YEARS[-1]}, or nothing"
            )
        return day.isoformat()

    def moment(self, name: str, zone: ZoneInfo) -> str:
        """Date and time with an offset; one without is taken in the zone."""
        value = self.needed(name)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise InputError(
                f"{self.where}: {name} is '{value}'; "
                "write date and time such as 2026-10-31T14:30 or 2026-10-31T14:30+01:00"
            ) from None
        if moment.year not in YEARS:
            raise InputError(
                f"{self.where}: {name} is '{value}'; write a moment from {YEARS[0]} to {YEARS[-1]}"
            )
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    def _known(self, name: str, value: str, known: list[str]) -> str:
        word = _word(value)
        for entry in known:
            if _word(entry) == word:
                return entry
        hint = nearest(word, known) or f"; it must be one of {', '.join(known)}"
        raise InputError(f"{self.where}: {name} is '{value}'{hint}")


def plain_number(text: str) -> str:
    """A number as programs write it, 12500.50, whatever parts its digits.

    Empty for what is none, and for what may mean two, such as 12.500.
    """
    number = re.sub(r"[\s'’]", "", text)
    if len(number) > LONGEST_NUMBER or TWO_MEANINGS.fullmatch(number):
        return ""
    if NUMBER.fullmatch(number):
        return number.replace(",", "")
    if COMMA_NUMBER.fullmatch(number):
        return number.replace(".", "").replace(",", ".")
    return ""


def read_sheet(path: Path, *, needed: Iterable[str], optional: Iterable[str]) -> list[Row]:
    """Read a CSV sheet with a header row, whatever separator and encoding it was saved with.

    Raises InputError if the file is missing or its columns are not the known ones.
    """
    needed = list(needed)
    known = [*needed, *optional]
    header, rows = read_rows(path, known=known)
    _check_header(path, header, needed, known)
    return rows


def read_rows(path: Path, *, known: Iterable[str]) -> tuple[list[str], list[Row]]:
    """The header, in lower case, and the rows of any CSV file with a header row.

    Known columns tell the separator; others are welcome. Raises InputError if there is no file.
    """
    if path.is_file() and path.stat().st_size > LARGEST:
        raise InputError(
            f"{path}: it is larger than {LARGEST >> 20} MB, too large for a sheet; "
            "cut it into several, or name the right file"
        )
    with opened_rows(path, known=known) as (header, rows):
        return [name.casefold() for name in header], list(rows)


@contextlib.contextmanager
def opened_rows(path: Path, *, known: Iterable[str]) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """As `read_rows`, with the header as it is written; rows are read while they are asked for."""
    with _opened(path) as file:
        lines = _lines(file, *_separator(file, list(known)))
        line, header, fault = next(lines, (1, [], ""))
        if fault:
            raise InputError(f"{path.name}:{line}: {fault}")
        names = [name.casefold() for name in header]
        yield header, (_row(f"{path.name}:{n}", names, cells, fault) for n, cells, fault in lines)


def parse_rows(
    rows: Iterable[Row], parse: Callable[[Row], Record], *, stage: str
) -> tuple[list[Record], list[Problem]]:
    """What `parse` makes of each row; a row that raises InputError becomes a problem instead."""
    records, problems = [], []
    for row in rows:
        try:
            if row.fault:
                raise InputError(f"{row.where}: {row.fault}")
            records.append(parse(row))
        except InputError as error:
            problems.append(Problem(stage=stage, subject=row.where, error=str(error)))
    return records, problems


def _lines(file: TextIO, separator: str, before: int) -> Iterator[tuple[int, list[str], str]]:
    """Each row that holds anything: the line it starts in, its cells, why it cannot be used.

    `before` lines have been read.
    """
    reader = csv.reader(file, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        start = before + reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            last = before + reader.line_num
            yield start, [], _fault(error, last if last > start else 0)
            continue
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield start, cells, ""


def _fault(error: csv.Error, last: int) -> str:
    if "field limit" in str(error):
        return f"a cell is longer than {csv.field_size_limit():,} characters; shorten it"
    far = f" from here to row {last}" if last else ""
    return f"the quotes do not pair up{far}; close every quote, and write one inside a cell twice"


def _row(where: str, header: list[str], cells: list[str], fault: str) -> Row:
    if len(cells) > len(header):
        cells = cells[: len(header)] + [cell for cell in cells[len(header) :] if cell]
    if len(cells) > len(header):
        fault = "the row has more cells than the header; put quotes around a cell that holds a separator"
    return Row(where, dict(zip(header, cells, strict=False)), fault)


def _word(text: str) -> str:
    return "_".join(text.casefold().replace("-", " ").replace("_", " ").split())


def _opened(path: Path) -> TextIO:
    try:
        return path.open(encoding=encoding_of(path), errors="replace")
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such file; mend the path in the pipeline file"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: the file cannot be read ({error.strerror}); mend its permissions or the path"
        ) from None


def _separator(file: TextIO, known: list[str]) -> tuple[str, int]:
    """What parts the cells, and how many lines said so; the file is at the line after them.

    It is what a first line `sep=;` names, else what parts known columns, else the most frequent.
    """
    if told := SEPARATOR_LINE.fullmatch(file.readline()):
        return told[1], 1
    file.seek(0)
    lines = (line.casefold() for line in iter(file.readline, ""))
    header = next((line for line in lines if line.strip(' ",;\t\n')), "")
    file.seek(0)

    def likely(separator: str) -> tuple[int, int]:
        names = header.split(separator)
        return sum(name.strip(' "\n\r') in known for name in names), len(names)

    return max(SEPARATORS, key=likely), 0


def _check_header(path: Path, header: list[str], needed: list[str], known: list[str]) -> None:
    for position, name in enumerate(header, start=1):
        if not name:
            raise InputError(f"{path.name}: column {position} has no name; name it or remove it")
        if name not in known:
            hint = nearest(name, known, then=f"the columns are {', '.join(known)}")
            raise InputError(f"{path.name}: there is no column '{name}'{hint}")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path.name}: the column '{twice}' stands there twice; remove one")
    missing = [name for name in needed if name not in header]
    if missing:
        absent = f"columns {', '.join(missing)} are" if missing[1:] else f"column {missing[0]} is"
        raise InputError(f"{path.name}: the {absent} missing; the columns are {', '.join(known)}")


def sheet_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A sheet as CSV text; lists are joined by ;, and no cell is taken for a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula."""
    return text.startswith(FORMULA)


def harmless(text: str) -> str:
    """A text for a cell; one that a spreadsheet would compute gets an apostrophe before it."""
    return f"'{text}" if is_formula(text) else text


def _cell(value: object) -> object:
    if isinstance(value, tuple | list):
        value = ";".join(map(str, value))
    return harmless(value) if isinstance(value, str) else value
