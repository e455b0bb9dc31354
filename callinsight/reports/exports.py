"""The tables of a month as CSV sheets, as one workbook and as JSON, safe to open, always the same bytes.

A text that a spreadsheet would take for a formula is made plain: in CSV by an apostrophe before it
(owasp.org, CSV Injection), in a workbook by its type and the mark that Excel sets for such a text.
"""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from callinsight.reports.tables import DATE, LINK, NUMBER, SHARE, WHOLE, YES
from callinsight.sheets import harmless, is_formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.reports.tables import Table, Value

    Told = str | int | date  # a line of the first sheet

SCHEMA = 1  # of the JSON file; docs/report.md says what it holds
LONGEST_TEXT = 32_000  # characters; a cell of a workbook holds 32,767
LONGEST_LINK = 2_000
SUMMARY = (26, 110)  # widths of the first sheet's columns
FORMATS = {WHOLE: "#,##0", NUMBER: "#,##0.####", SHARE: "0 %"}
DAY = "d mmm yyyy"
ANSWER = '"yes";"yes";"no"'  # where a program shows truth by its number; else it says TRUE
# no program is asked to find the height of rows: some do not, and words lie over one another
LINE, TITLE, HEAD = (
    13.5,
    26.0,
    28.0,
)  # points of a line of words, of the title, of two lines of heads
TALLEST = 400.0  # a row may have 409
NARROW, LAST = (
    1.05,
    3,
)  # letters are narrower than the digits of a width; a word that is wrapped leaves room
A4, A3 = 9, 8
ABREAST = 230  # characters of columns that can still be read when printed on one page of A4
ABREAST_A3 = 325  # the same of A3
PRINTED = 100  # rows of a sheet that are printed: its first, for tables have what matters first


def to_csv(table: Table) -> bytes:
    """A table as CSV that Excel reads as UTF-8: shares as 0.8, dates as 2026-10-31, lists with `;`."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(column.name for column in table.columns)
    for row in table.rows:
        sheet.writerow(_csv_cell(value) for value in row)
    return text.getvalue().encode("utf-8-sig")


def to_json(head: Mapping[str, object], tables: Sequence[Table]) -> bytes:
    """Everything, under its schema version: the head's entries, then each table as a list of objects."""
    content = {"schema": SCHEMA, **head}
    for table in tables:
        names = [column.name for column in table.columns]
        content[table.name] = [dict(zip(names, row, strict=True)) for row in table.rows]
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def to_workbook(
    title: str, summary: Sequence[tuple[str, Told]], tables: Sequence[Table], day: date
) -> bytes:
    """One sheet a table after a summary; filters, frozen heads and real types."""
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False},
    )
    # the day of the report, so that the same data gives the same bytes
    book.set_properties({"title": title, "created": datetime(day.year, day.month, day.day)})  # noqa: DTZ001
    styles = _styles(book)
    _write_summary(book.add_worksheet("Summary"), title, summary, tables, styles)
    for table in tables:
        _write_table(book.add_worksheet(table.title), table, styles)
    book.close()
    return content.getvalue()


def _csv_cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return harmless(value)
    return value


def _styles(book: Any) -> dict[str, Any]:
    top = {"valign": "top", "font_size": 10}
    words = {**top, "indent": 1}  # off the numbers before them
    return {
        "title": book.add_format({"bold": True, "font_size": 16}),
        "head": book.add_format(
            {
                "bold": True,
                "font_size": 10,
                "bg_color": "#E9E6DF",
                "bottom": 1,
                "text_wrap": True,
                "indent": 1,
            }
        ),
        "label": book.add_format({**top, "bold": True}),
        "text": book.add_format({**words, "text_wrap": True}),
        "plain": book.add_format({**words, "text_wrap": True, "quote_prefix": True}),
        "link": book.add_format({**words, "font_color": "#2450B8", "underline": 1}),
        **{kind: book.add_format({**top, "num_format": code}) for kind, code in FORMATS.items()},
        "figure": book.add_format({**words, "num_format": FORMATS[WHOLE], "align": "left"}),
        DATE: book.add_format({**top, "num_format": DAY, "align": "left", "indent": 1}),
        YES: book.add_format({**top, "num_format": ANSWER, "align": "left", "indent": 1}),
    }


def _write_summary(
    sheet: Any,
    title: str,
    summary: Sequence[tuple[str, Told]],
    tables: Sequence[Table],
    styles: dict[str, Any],
) -> None:
    sheet.set_column(0, 0, SUMMARY[0])
    sheet.set_column(1, 1, SUMMARY[1])
    sheet.hide_gridlines(2)
    _set_page(sheet, "Summary", width=0, rows=0)
    sheet.set_row(0, TITLE)
    _write_text(sheet, 0, 0, title, {**styles, "text": styles["title"], "plain": styles["title"]})
    for number, (label, told) in enumerate(summary, 2):
        _write_text(sheet, number, 0, label, {**styles, "text": styles["label"]})
        if isinstance(told, date):
            sheet.write_datetime(number, 1, told, styles[DATE])
        elif isinstance(told, int):
            sheet.write_number(number, 1, told, styles["figure"])
        else:
            _write_text(sheet, number, 1, told, styles)
        sheet.set_row(number, _height([(label, SUMMARY[0]), (str(told), SUMMARY[1])]))
    first = len(summary) + 3
    sheet.write_string(first, 0, "Sheets", styles["label"])
    for number, table in enumerate(tables, first):
        rows = f"{table.title}: {len(table.rows):,} {'row' if len(table.rows) == 1 else 'rows'}"
        sheet.write_url(number, 1, f"internal:'{table.title}'!A1", styles["link"], rows)


def _write_table(sheet: Any, table: Table, styles: dict[str, Any]) -> None:
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.name.replace("_", " "), styles["head"])
    sheet.set_row(0, HEAD)
    for row, values in enumerate(table.rows, 1):
        for number, (column, value) in enumerate(zip(table.columns, values, strict=True)):
            _write_cell(sheet, row, number, value, column.kind, styles)
        words = zip(values, table.columns, strict=True)
        sheet.set_row(row, _height((v, c.width) for v, c in words if isinstance(v, str)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    rows, last = len(table.rows), len(table.columns) - 1
    _set_page(sheet, table.title, width=sum(c.width for c in table.columns), rows=rows)
    sheet.print_area(0, 0, min(rows, PRINTED), last)
    sheet.repeat_rows(0)


def _set_page(sheet: Any, title: str, *, width: float, rows: int) -> None:
    """How it is printed: on A4, wide sheets on A3, side by side where that is too small to be read."""
    abreast = max(1, math.ceil(width / ABREAST_A3))
    sheet.set_paper(A3 if width > ABREAST else A4)
    sheet.set_landscape()
    sheet.fit_to_pages(abreast, 0)
    if abreast > 1:
        sheet.repeat_columns(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    left = f", the first {PRINTED} of {rows:,} rows" if rows > PRINTED else ""
    sheet.set_footer(f"&L{title}{left}&RPage &P of &N")


def _height(cells: Iterable[tuple[str, float]]) -> float:
    """Of a row, in points, by texts and the widths of their columns in characters."""
    found = (sum(_lines(part, width) for part in text.splitlines()) for text, width in cells)
    lines = max(1, *found, 0)
    return min(TALLEST, LINE * lines + 1.5)


def _lines(words: str, width: float) -> int:
    return 1 if len(words) <= width else math.ceil(len(words) / (width * NARROW - LAST))


def _write_cell(
    sheet: Any, row: int, column: int, value: Value, kind: str, styles: dict[str, Any]
) -> None:
    if value is None or value == "":
        return
    if kind == YES:
        sheet.write_boolean(row, column, bool(value), styles[YES])
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, styles.get(kind, styles[NUMBER]))
    elif kind == DATE:
        sheet.write_datetime(row, column, date.fromisoformat(value), styles[DATE])
    elif kind == LINK and len(value) <= LONGEST_LINK:
        sheet.write_url(row, column, value, styles["link"], value)
    else:
        _write_text(sheet, row, column, value, styles)


def _write_text(sheet: Any, row: int, column: int, text: str, styles: dict[str, Any]) -> None:
    shown = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"
    sheet.write_string(row, column, shown, styles["plain" if is_formula(text) else "text"])
