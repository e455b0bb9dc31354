from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callinsight.calls.transcripts import read_transcript

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from callinsight.calls.turns import Turn


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str, str], list[Turn]]:
    """Read a transcript of this name and content."""

    def read_text(name: str, content: str) -> list[Turn]:
        path = tmp_path / name
        path.write_bytes(content.encode())
        return read_transcript(path)

    return read_text
