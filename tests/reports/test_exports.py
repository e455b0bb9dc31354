"""The sheets, the workbook and the JSON file: real types, safe to open, the same bytes again."""

import csv
import io
import json
import re
from datetime import date

import openpyxl
import pytest
from counted import NAMES, cell, numbers
from material import ROOT

from callinsight.records import Topic
from callinsight.reports.comparison import Past, comparison_of
from callinsight.reports.exports import SCHEMA, to_workbook
from callinsight.reports.monthly import write_report
from callinsight.reports.pages import files_written
from callinsight.reports.requests import RequestLine
from callinsight.reports.tables import Column, Table
from callinsight.reports.themes import Spoken
from callinsight.sheets import is_formula

ALL = ("html", "md", "csv", "xlsx", "json")
FORMULA = '=HYPERLINK("https://evil.example","click")'
DANGEROUS = [FORMULA, "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]


@pytest.fixture
def written(autumn, tmp_path):
    """All formats of a month with hostile names, an idle asset, a request and a comparison."""
    autumn.demand(8, 8, "need_fit", "champion", "retention", [FORMULA], account="@evil")
    autumn.item(
        "B-1",
        title=FORMULA,
        url="https://content.example/b",
        published_on="2026-01-05",
        cost=-12.5,
        owner="+Mara",
    )
    autumn.topics.append(
        Spoken(
            topic=Topic(
                id=3, label="-theme", terms="a;b", centroid=b"", size=4, first_seen="2026-10"
            ),
            turns=4,
            deals=2,
        )
    )
    request = RequestLine(
        id="R-1",
        title="=1+1",
        state="new",
        priority="P1",
        due="2026-11-04",
        overdue=True,
        age_days=3,
    )
    before = numbers(cell(4, 40), month="2026-09")
    compared = comparison_of(
        numbers(cell(36, 40, "gap")),
        Past(month="2026-09", numbers=before),
        NAMES,
        min_deals=5,
        false_discovery_rate=0.05,
    )
    report = autumn.report(requests=[request], comparison=compared, is_first=False)
    write_report(report, tmp_path, embed_limit_mb=8.0, formats=ALL)
    return tmp_path


def rows_of(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def book_of(folder):
    return openpyxl.load_workbook(folder / "report.xlsx")


def column(sheet, name):
    """The cells of a column under its head."""
    index = [head.value for head in sheet[1]].index(name)
    return [row[index] for row in sheet.iter_rows(min_row=2)]


def test_every_part_is_a_sheet_a_file_and_a_list_with_the_same_rows(written):
    book = book_of(written)
    content = json.loads((written / "report.json").read_text(encoding="utf-8"))
    titles = {
        "gaps": "Gaps",
        "evidence": "Evidence",
        "changes": "Changes",
        "past": "Past, changed",
        "definitions": "Definitions changed",
        "matrix": "Roles and stages",
        "funnel": "Funnel",
        "unused": "Assets that need attention",
        "asks": "Asked to be sent",
        "requests": "Requests",
        "topics": "Themes",
        "problems": "Not used",
    }

    assert book.sheetnames == ["Summary", *titles.values()]
    for name, title in titles.items():
        rows = rows_of(written, name)
        assert len(rows) == len(content[name]) == book[title].max_row - 1
        heads = [cell.value.replace(" ", "_") for cell in book[title][1]]
        if rows:
            assert list(rows[0]) == list(content[name][0]) == heads
    assert {name: len(content[name]) for name in ("changes", "requests", "unused")} == {
        "changes": 1,
        "requests": 1,
        "unused": 1,
    }


def test_rows_are_as_tall_as_their_words_and_sheets_print_on_pages_of_a4(written):
    book = book_of(written)

    summary, evidence = book["Summary"], book["Evidence"]
    heights = {
        row[1].value: summary.row_dimensions[row[1].row].height for row in summary
    }  # 15 by itself
    long = next(text for text in heights if len(str(text)) > 200)
    assert heights["Tallybrook"] is None
    assert heights[long] == 42.0  # three lines of 112 characters
    assert evidence.row_dimensions[2].height is None
    sizes = {sheet.title: sheet.page_setup.paperSize for sheet in book}
    assert (sizes["Summary"], sizes["Funnel"]) == (9, 9)  # A4
    assert (sizes["Gaps"], sizes["Evidence"]) == (8, 8)  # A3, for they are wide
    assert {sheet.page_setup.orientation for sheet in book} == {"landscape"}
    assert (summary.page_setup.fitToWidth, summary.page_setup.fitToHeight) == (
        None,
        0,
    )  # 1 by itself
    assert book["Gaps"].page_setup.fitToWidth == 2
    assert book["Gaps"].print_title_cols == "$A:$A"
    for sheet in book.worksheets[1:]:
        assert sheet.page_setup.fitToWidth in (None, 2)  # 1 by itself
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.print_area.startswith(f"'{sheet.title}'!$A$1:")


def test_of_a_long_sheet_the_first_rows_are_printed_and_it_says_so():
    rows = tuple((f"row {number}",) for number in range(140))
    long = Table("long", "Long", (Column("what"),), rows)
    book = openpyxl.load_workbook(io.BytesIO(to_workbook("Title", (), (long,), date(2026, 10, 31))))

    assert book["Long"].max_row == 141
    assert book["Long"].print_area == "'Long'!$A$1:$A$101"
    assert book["Long"].oddFooter.left.text == "Long, the first 100 of 140 rows"
    assert book["Long"].oddFooter.right.text == "Page &P of &N"


def test_a_workbook_has_types_filters_and_frozen_heads(written):
    book = book_of(written)

    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.column_dimensions["A"].width > 6
    gaps = book["Gaps"]
    share = column(gaps, "share")[1]
    assert (share.value, share.number_format, share.data_type) == (0.8, "0 %", "n")
    assert (column(gaps, "rank")[0].value, column(gaps, "rank")[0].number_format) == (1, "#,##0")
    assert [column(gaps, name)[1].value for name in ("deals unresolved", "unresolved")] == [0, 0]
    due = column(book["Requests"], "due")[0]
    assert (due.value.date(), due.number_format) == (date(2026, 11, 4), "d mmm yyyy")
    assert column(book["Requests"], "overdue")[0].value is True
    idle = book["Assets that need attention"]
    assert column(idle, "cost")[0].value == -12.5
    assert column(idle, "url")[0].hyperlink.target == "https://content.example/b"
    assert book["Summary"]["A1"].value == "What buyers raised in October 2026"
    assert {
        link.location for link in (c.hyperlink for r in book["Summary"] for c in r) if link
    } >= {"'Gaps'!A1", "'Assets that need attention'!A1"}


def test_no_cell_of_a_workbook_is_a_formula(written):
    book = book_of(written)

    kinds = {c.data_type for sheet in book for row in sheet for c in row if c.value is not None}
    assert kinds <= {"s", "n", "d", "b"}
    title = column(book["Assets that need attention"], "title")[0]
    assert (title.value, title.quotePrefix) == (FORMULA, True)
    assert column(book["Requests"], "title")[0].quotePrefix


def test_no_cell_of_a_sheet_begins_a_formula_and_numbers_stay_numbers(written):
    for path in written.glob("*.csv"):
        text = path.read_text(encoding="utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline="")):
            for value in row:
                assert not is_formula(value) or float(value) < 0, (path.name, value)
    (idle,) = rows_of(written, "unused")
    assert (idle["title"], idle["owner"], idle["cost"]) == (f"'{FORMULA}", "'+Mara", "-12.5")
    assert {row["words"] for row in rows_of(written, "evidence")} >= {f"'{FORMULA}"}


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_may_take_for_a_formula(text):
    assert is_formula(text)
    assert not is_formula("Price and budget")
    assert not is_formula("")


def test_json_tells_its_schema_what_it_rests_on_and_keeps_words_as_they_are(written):
    content = json.loads((written / "report.json").read_text(encoding="utf-8"))

    assert content["schema"] == SCHEMA == 1
    assert (content["month"], content["as_of"]) == ("2026-10", "2026-10-31")
    assert content["totals"] == {"calls": 44, "deals": 44, "accounts": 37}
    assert content["compared_with"]["month"] == "2026-09"
    assert content["past_changed"] is None
    gap = content["gaps"][1]
    assert (gap["rank"], gap["verdict"], gap["share"]) == (2, "gap", 0.8)
    assert {row["words"] for row in content["evidence"]} >= {FORMULA}
    ids = {(row["concern_id"], row["utterance_id"]) for row in content["evidence"]}
    assert len(ids) == len(content["evidence"])


def test_new_themes_are_marked(written):
    columns = ("label", "new", "deals_asking", "concern_id")
    assert [tuple(row[name] for name in columns) for row in rows_of(written, "topics")] == [
        ("'-theme", "yes", "0", "")
    ]


def test_the_same_report_gives_the_same_bytes_in_every_format(autumn, tmp_path):
    autumn.item("B-1", published_on="2026-01-05")
    for name in ("one", "two"):
        write_report(autumn.report(), tmp_path / name, embed_limit_mb=8.0, formats=ALL)

    one, two = (
        {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two")
    )
    assert sorted(one) == [
        *("asks.csv", "changes.csv", "definitions.csv", "evidence.csv", "funnel.csv", "gaps.csv"),
        "index.html",
        *("matrix.csv", "past.csv", "problems.csv", "report.json", "report.md", "report.xlsx"),
        *("requests.csv", "topics.csv", "unused.csv"),
    ]
    assert one == two


def test_only_what_is_wanted_is_written(autumn, tmp_path):
    write_report(autumn.report(), tmp_path, embed_limit_mb=0.0, formats=("json",))

    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_an_empty_month_gives_heads_without_rows(empty, tmp_path):
    write_report(empty.report(), tmp_path, embed_limit_mb=8.0, formats=ALL)

    assert rows_of(tmp_path, "gaps") == []
    assert book_of(tmp_path)["Gaps"].max_row == 1
    assert json.loads((tmp_path / "report.json").read_text())["totals"]["calls"] == 0


def test_a_text_too_long_for_a_cell_is_cut(empty, tmp_path):
    empty.call("c1", "champion", "decision", ("need_fit", "objection", "word " * 9000))

    write_report(empty.report(), tmp_path, embed_limit_mb=8.0, formats=("xlsx",))

    words = column(book_of(tmp_path)["Evidence"], "words")[0].value
    assert len(words) == 32_002
    assert words.endswith(" …")


def test_the_first_sheet_holds_a_date_and_numbers_and_not_their_letters(written):
    summary = book_of(written)["Summary"]
    told = {label.value: said for label, said in summary.iter_rows(min_row=3, max_col=2)}

    assert (told["As of"].data_type, told["As of"].value.date()) == ("d", date(2026, 10, 31))
    assert [(told[label].data_type, told[label].value) for label in ("Deals", "Accounts")] == [
        ("n", 44),
        ("n", 37),
    ]


def test_each_part_is_among_the_files_that_erasing_looks_through(autumn, tmp_path):
    report = autumn.report()
    write_report(report, tmp_path, embed_limit_mb=8, formats=("csv",))
    assert {tmp_path / f"{table.name}.csv" for table in report.tables} <= set(
        files_written(tmp_path)
    )


def test_the_documentation_names_each_part_and_each_column(autumn):
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    told = {}
    for row in re.findall(r"^\| ([a-z]+) \| .* \| (.*) \|$", text, re.MULTILINE)[1:]:
        told[row[0]] = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", row[1]))

    assert told == {
        table.name: [column.name for column in table.columns] for table in autumn.report().tables
    }
