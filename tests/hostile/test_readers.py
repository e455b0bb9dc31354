"""Whatever a file holds, its reader takes it or says why not, in words for people."""

from pathlib import Path

import pytest
from hypothesis import given, settings

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
