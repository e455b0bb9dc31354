"""Whatever a file holds, its reader takes it or says why not, in words for people."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from callinsight import sheets, toml
from callinsight.config import load_config
from callinsight.content.inventory import read_usage
from callinsight.errors import CallInsightError

from .mutating import broken
from .readers import READERS, attempt


@pytest.mark.parametrize("name", READERS)
def test_no_file_breaks_its_reader(name: str, tmp_path: Path) -> None:
    reader = READERS[name]

    @settings(max_examples=reader.examples, deadline=None, derandomize=True, database=None)
    @given(content=broken(reader.seeds))
    def tried(content: bytes) -> None:
        attempt(reader, content, tmp_path)

    tried()


@pytest.mark.parametrize("name", READERS)
def test_each_reader_takes_its_own_files(name: str, tmp_path: Path) -> None:
    """Else the broken ones would all be refused at the first byte."""
    assert all(attempt(READERS[name], seed, tmp_path) == "" for seed in READERS[name].seeds)


def test_brackets_without_end_are_told(tmp_path: Path) -> None:
    told = attempt(READERS["pipeline"], b"company = " + b"[" * 5000, tmp_path)

    path = tmp_path / "hostile.toml"
    assert told == f"{path}: this is not valid TOML: its brackets are nested too deeply"


def test_a_sign_that_a_terminal_obeys_is_written_out(tmp_path: Path) -> None:
    told = attempt(READERS["items"], b"asset_id,title,\x1b[2J\n", tmp_path)

    assert told.startswith("hostile.csv: there is no column '\\x1b[2j'; the columns are asset_id, ")


def test_a_long_message_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    told = attempt(READERS["usage"], b"asset_id,occurred_at," + b"x" * 9000, tmp_path)

    assert told.startswith("hostile.csv: there is no column 'xxx")
    assert told.endswith(
        "xxx'; the columns are asset_id, occurred_at, event, actor, deal, call_id, channel"
    )


def test_a_cell_without_end_is_told_apart_from_quotes(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("asset_id,occurred_at,event\n" + "x" * 140_000 + ",2026-10-01,share\n")

    _, problems = read_usage([path], ["A-1"])
    assert [p.error for p in problems] == [
        "usage.csv:2: a cell is longer than 131,072 characters; shorten it"
    ]


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        (
            "calls.csv",
            sheets.LARGEST,
            "it is larger than 200 MB, too large for a sheet; cut it into several, or name the right file",
        ),
        (
            "a.toml",
            toml.LARGEST,
            "it is larger than 5 MB, too large for TOML that people write; name the right file",
        ),
    ],
)
def test_a_file_too_large_is_not_read(tmp_path: Path, name: str, size: int, message: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(size + 1)  # a hole; no disk is used

    with pytest.raises(CallInsightError) as refused:
        load_config(path) if name.endswith("toml") else sheets.read_rows(path, known=())
    assert str(refused.value) == f"{path}: {message}"
