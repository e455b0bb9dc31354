from __future__ import annotations

import contextlib
from zoneinfo import ZoneInfo

import pytest

from callinsight.errors import InputError
from callinsight.records import Problem
from callinsight.sheets import Row, opened_rows, parse_rows, read_rows, read_sheet

LONDON = ZoneInfo("Europe/London")
SURPLUS = "the row has more cells than the header; put quotes around a cell that holds a separator"


@pytest.fixture
def sheet(tmp_path):
    def write(content: str | bytes, name: str = "calls.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path):
    return read_sheet(path, needed=["file", "title"], optional=["deal"])


def cells(path):
    return [(row.where, *row.cells.values()) for row in read(path)]


def refusal(function, *args, **options) -> str:
    with pytest.raises(InputError) as caught:
        function(*args, **options)
    return str(caught.value)


def cell(value: str) -> Row:
    return Row("calls.csv:7", {"x": value})


def in_eight_bits():
    """Texts with each encoding that has all their letters."""
    for text in (
        "Größe, Öl und Zürich – „Straße“",
        "Café à la carte, l’été",
        "Señor Núñez: ¿cuánto?",
        "Smørrebrød på dansk",
        "Łódź, żółw i ćma",
        "Příliš žluťoučký kůň",
        "Ödeme süresi, değişiklik ve sözleşme",
        "“ROI” calculator… the buyer’s guide",
    ):
        for encoding in ("cp1252", "mac_roman", "cp1254", "cp1250"):
            with contextlib.suppress(UnicodeEncodeError):
                text.encode(encoding)
                yield text, encoding


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_any_separator_in_any_encoding(self, sheet, encoding, separator):
        text = "File;Title\na.wav;Grüße – 5 €\n".replace(";", separator)
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        path = sheet(mark + text.encode(encoding))
        assert cells(path) == [("calls.csv:2", "a.wav", "Grüße – 5 €")]

    @pytest.mark.parametrize(("text", "encoding"), list(in_eight_bits()))
    def test_letters_as_windows_and_macs_write_them_without_saying_so(self, sheet, text, encoding):
        path = sheet(f'file,title\na.wav,"{text}"\n'.encode(encoding))
        assert cells(path) == [("calls.csv:2", "a.wav", text)]

    @pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
    def test_a_first_line_that_names_the_separator(self, sheet, first):
        path = sheet(f'{first}\nfile;title\na.wav;"A, B, C"\n\nb.wav;"B\n')
        assert cells(path)[0] == ("calls.csv:3", "a.wav", "A, B, C")
        assert [(row.where, bool(row.fault)) for row in read(path)] == [
            ("calls.csv:3", False),
            ("calls.csv:5", True),
        ]

    def test_bytes_that_no_windows_letter_has_are_still_read(self, sheet):
        assert cells(sheet(b"file,title\na.wav,\x81\xe4\n")) == [
            ("calls.csv:2", "a.wav", "\ufffdä")
        ]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_any_line_end_as_macs_and_windows_write_it(self, sheet, end):
        path = sheet(end.join(["file,title", "a.wav,A", 'b.wav,"B\nb"', "c.wav,C", ""]))
        assert cells(path) == [
            ("calls.csv:2", "a.wav", "A"),
            ("calls.csv:3", "b.wav", "B\nb"),
            ("calls.csv:5", "c.wav", "C"),
        ]

    def test_a_row_is_named_by_the_line_it_starts_in(self, sheet):
        path = sheet('\n,,\nfile,"title"\n\na.wav,"one\ntwo, ""three"""\n,\nb.wav,B\n\n')
        assert cells(path) == [
            ("calls.csv:5", "a.wav", 'one\ntwo, "three"'),
            ("calls.csv:8", "b.wav", "B"),
        ]

    def test_a_separator_inside_quotes_is_text(self, sheet):
        path = sheet('file;"title"; deal\n"a.wav"; "A; B, C"; 1,5\n')
        assert cells(path) == [("calls.csv:2", "a.wav", "A; B, C", "1,5")]

    def test_rows_can_be_read_one_by_one_under_columns_as_they_are_written(self, sheet):
        path = sheet("Nr;Text\n1;Ja\n2;Nein\n".encode("utf-16"))
        with opened_rows(path, known=["text"]) as (header, rows):
            assert header == ["Nr", "Text"]
            assert next(rows).cells == {"nr": "1", "text": "Ja"}
            assert [row.where for row in rows] == ["calls.csv:3"]

    def test_between_unknown_columns_the_separator_is_the_most_frequent(self, sheet):
        header, _ = read_rows(sheet("one;two;three, four\n"), known=["text"])
        assert header == ["one", "two", "three, four"]

    def test_the_separator_is_the_one_between_known_columns(self, sheet):
        path = sheet("file;title,deal\na;b,c\n")
        header, rows = read_rows(path, known=["file", "title,deal"])
        assert (header, rows[0].cells) == (
            ["file", "title,deal"],
            {"file": "a", "title,deal": "b,c"},
        )

    def test_a_short_row_has_empty_cells(self, sheet):
        (row,) = read(sheet("file,title,deal\na.wav\n"))
        assert (row.text("title"), row.text("deal"), row.text("no such column")) == ("", "", "")

    def test_columns_and_cells_without_a_name_or_content_are_left_out(self, sheet):
        path = sheet("File , TITLE,,\na.wav, A ,,\nb.wav,B,,,,\n")
        assert cells(path) == [("calls.csv:2", "a.wav", "A"), ("calls.csv:3", "b.wav", "B")]

    def test_a_header_alone_has_no_rows(self, sheet):
        assert read(sheet("file,title")) == []

    def test_any_column_is_welcome_in_a_foreign_sheet(self, sheet):
        header, rows = read_rows(sheet("Any,Other\n1,2\n"), known=[])
        assert (header, rows) == (
            ["any", "other"],
            [Row("calls.csv:2", {"any": "1", "other": "2"})],
        )


class TestSheetsThatCannotBeUsed:
    def test_a_missing_file(self, tmp_path):
        path = tmp_path / "gone.csv"
        message = f"{path}: there is no such file; mend the path in the pipeline file"
        assert refusal(read, path) == message

    def test_a_folder(self, tmp_path):
        message = f"{tmp_path}: the file cannot be read (Is a directory); mend its permissions or the path"
        assert refusal(read, tmp_path) == message

    @pytest.mark.parametrize("begin", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
    def test_a_workbook(self, sheet, begin):
        path = sheet(begin + bytes(range(256)), "calls.xlsx")
        message = f"{path}: this is a workbook; save the sheet as CSV, and name that"
        assert refusal(read, path) == message

    @pytest.mark.parametrize("encoding", ["cp1251", "shift_jis", "cp1253"])
    def test_letters_that_are_in_no_known_encoding(self, sheet, encoding):
        text = {
            "cp1251": "Цена и договор поставки: сколько стоит поздний платёж",
            "shift_jis": "価格と契約の件、お見積もりについて、導入の流れ",
            "cp1253": "Τιμή και σύμβαση για τον αγοραστή, πόσο κοστίζει",
        }
        path = sheet(f"file,title\na.wav,{text[encoding]}\n".encode(encoding))
        assert refusal(read, path) == (
            f"{path}: nothing says in which encoding its letters are; "
            "save it as 'CSV UTF-8', and name that"
        )

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            (
                "file,titel",
                (
                    "there is no column 'titel'; did you mean 'title'? "
                    "The columns are file, title, deal"
                ),
            ),
            ("file,title,zzz", "there is no column 'zzz'; the columns are file, title, deal"),
            (
                "file;titel;deal\na;b;c\n",
                (
                    "there is no column 'titel'; did you mean 'title'? "
                    "The columns are file, title, deal"
                ),
            ),
            ("file,title,File", "the column 'file' stands there twice; remove one"),
            ("file,,title", "column 2 has no name; name it or remove it"),
            ("deal,file", "the column title is missing; the columns are file, title, deal"),
            ("deal", "the columns file, title are missing; the columns are file, title, deal"),
            ("", "the columns file, title are missing; the columns are file, title, deal"),
            ("\n , \n", "the columns file, title are missing; the columns are file, title, deal"),
        ],
    )
    def test_columns(self, sheet, header, message):
        assert refusal(read, sheet(header)) == f"calls.csv: {message}"

    def test_a_header_with_an_open_quote(self, sheet):
        assert refusal(read, sheet('\n"file,title\na.wav,A\n')) == (
            "calls.csv:2: the quotes do not pair up from here to row 3; "
            "close every quote, and write one inside a cell twice"
        )


class TestRowsThatCannotBeUsed:
    def parsed(self, path):
        return parse_rows(read(path), lambda row: row.needed("title"), stage="manifest")

    def test_too_many_cells(self, sheet):
        records, problems = self.parsed(
            sheet("file,title\na.wav,A\nb.wav,B,\nc.wav,C, or D\nd,D\n")
        )
        assert records == ["A", "B", "D"]
        assert problems == [
            Problem(stage="manifest", subject="calls.csv:4", error=f"calls.csv:4: {SURPLUS}")
        ]

    def test_an_empty_cell_that_is_needed(self, sheet):
        records, problems = self.parsed(sheet("file,title\na.wav,A\nb.wav\nc.wav,C\n"))
        assert records == ["A", "C"]
        assert [p.error for p in problems] == ["calls.csv:3: title is empty; fill it in"]

    def test_a_quote_that_nobody_closes_does_not_swallow_rows_in_silence(self, sheet):
        records, problems = self.parsed(sheet('file,title\na,A\nb,"B\nc,C\nd,D\n'))
        assert records == ["A"]
        assert [p.error for p in problems] == [
            (
                "calls.csv:3: the quotes do not pair up from here to row 5; "
                "close every quote, and write one inside a cell twice"
            )
        ]

    def test_rows_after_quotes_that_do_not_pair_up_go_on(self, sheet):
        records, problems = self.parsed(sheet('file,title\na,"A" or B\nb,"B\nc,"C"\nd,D\n'))
        assert records == ["D"]
        end = "close every quote, and write one inside a cell twice"
        assert [p.error for p in problems] == [
            f"calls.csv:2: the quotes do not pair up; {end}",
            f"calls.csv:3: the quotes do not pair up from here to row 4; {end}",
        ]

    def test_a_cell_as_long_as_a_book(self, sheet):
        records, problems = self.parsed(sheet(f"file,title\na,{'x' * 200_000}\nb,B\n"))
        assert records == ["B"]
        assert [p.subject for p in problems] == ["calls.csv:2"]


class TestCells:
    @pytest.mark.parametrize("value", ["won", "Won", "WON"])
    def test_a_choice_in_any_case(self, value):
        assert cell(value).choice("x", ["open", "won"], "open") == "won"

    @pytest.mark.parametrize("value", ["End User", "end-user", "end_user", "END  USER"])
    def test_a_choice_of_two_words_is_given_as_it_is_known(self, value):
        assert cell(value).choice("x", ["End_User"], "") == "End_User"
        assert cell(f"{value}; {value}").choices("x", ["End_User"]) == ("End_User", "End_User")

    def test_an_empty_choice_is_the_default(self):
        assert cell("").choice("x", ["open", "won"], "open") == "open"
        assert cell(" ; ").choices("x", ["open"]) == ()

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("wonn", "calls.csv:7: x is 'wonn'; did you mean 'won'?"),
            ("Zzz", "calls.csv:7: x is 'Zzz'; it must be one of open, won"),
        ],
    )
    def test_an_unknown_choice(self, value, message):
        assert refusal(cell(value).choice, "x", ["open", "won"], "") == message
        assert refusal(cell(f"open;{value}").choices, "x", ["open", "won"]) == message

    def test_words(self):
        assert cell(" a b ;; c,d;").words("x") == ("a b", "c,d")

    @pytest.mark.parametrize(
        ("value", "number"),
        [
            ("", None),
            ("0", 0.0),
            ("12500.50", 12500.5),
            ("12,500.50", 12500.5),
            ("12.500,50", 12500.5),
            ("12500,5", 12500.5),
            ("12'500.50", 12500.5),
            ("1.250.000", 1_250_000.0),
            ("1,234,567", 1234567.0),
            ("12 500", 12500.0),
            ("12\u00a0500\u202f000", 12_500_000.0),
            ("-3.5", -3.5),
            ("0.125", 0.125),
            ("1234.567", 1234.567),
        ],
    )
    def test_numbers(self, value, number):
        assert cell(value).number("x") == number

    @pytest.mark.parametrize(
        "value",
        ["12.500", "0,125", "12500,500", "1,250,5", "1.2.3", "1e5", "nan", "inf", "£5", "-", "x"],
    )
    def test_what_is_no_number_or_may_be_two_is_not_guessed(self, value):
        message = f"calls.csv:7: x is '{value}'; write a number such as 12500.50"
        assert refusal(cell(value).number, "x") == message

    def test_whole_numbers(self):
        assert [cell(value).whole("x") for value in ("", "0", "12")] == [None, 0, 12]

    @pytest.mark.parametrize("value", ["-1", "1.0", "one", "²", "1 2"])
    def test_what_is_no_whole_number(self, value):
        message = f"calls.csv:7: x is '{value}'; write a whole number such as 1"
        assert refusal(cell(value).whole, "x") == message

    @pytest.mark.parametrize("value", ["1", "TRUE", "Yes", "y"])
    def test_yes(self, value):
        assert cell(value).flag("x") is True

    @pytest.mark.parametrize("value", ["", "0", "FALSE", "No", "n"])
    def test_no(self, value):
        assert cell(value).flag("x") is False

    def test_neither_yes_nor_no(self):
        assert refusal(cell("Maybe").flag, "x") == "calls.csv:7: x is 'Maybe'; write yes or no"

    @pytest.mark.parametrize(
        "value",
        ["2026-10-31", "2026-10-31T14:30", "2026-10-31 14:30:00", "2026-10-31T14:30Z", "20261031"],
    )
    def test_dates(self, value):
        assert cell(value).date("x") == "2026-10-31"

    def test_an_empty_date(self):
        assert cell("").date("x") == ""

    @pytest.mark.parametrize(
        "value", ["31/10/2026", "31.10.2026", "2026-02-30", "2026-10-311", "2026-10-31x", "soon"]
    )
    def test_what_is_no_date(self, value):
        message = f"calls.csv:7: x is '{value}'; write a date such as 2026-10-31"
        assert refusal(cell(value).date, "x") == message

    @pytest.mark.parametrize(
        ("value", "moment"),
        [
            ("2026-10-24T14:30", "2026-10-24T14:30:00+01:00"),
            ("2026-10-26T14:30", "2026-10-26T14:30:00+00:00"),
            ("2026-10-26 14:30:05", "2026-10-26T14:30:05+00:00"),
            ("2026-10-26", "2026-10-26T00:00:00+00:00"),
            ("2026-10-26T14:30+02:00", "2026-10-26T14:30:00+02:00"),
            ("2026-10-26T14:30Z", "2026-10-26T14:30:00+00:00"),
        ],
    )
    def test_moments_without_an_offset_are_in_the_zone(self, value, moment):
        assert cell(value).moment("x", LONDON) == moment

    def test_what_is_no_moment(self):
        assert refusal(cell("31/10/2026 14:30").moment, "x", LONDON) == (
            "calls.csv:7: x is '31/10/2026 14:30'; "
            "write date and time such as 2026-10-31T14:30 or 2026-10-31T14:30+01:00"
        )
        assert refusal(cell("").moment, "x", LONDON) == "calls.csv:7: x is empty; fill it in"
