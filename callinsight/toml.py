"""TOML files as people write them, with errors for people."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from callinsight.errors import ConfigError

LARGEST = 5 << 20  # bytes; definitions with thousands of examples are smaller

if TYPE_CHECKING:
    from pathlib import Path


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a file; raises OSError if it cannot be read, ConfigError if it is no TOML."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(
                f"{path}: it is larger than {LARGEST >> 20} MB, too large for TOML that people write; "
                "name the right file"
            )
        return parse_toml(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: this is not UTF-8 text; save it again as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}") from None


def parse_toml(text: str) -> dict[str, Any]:
    """The table that a text holds; raises tomllib.TOMLDecodeError, also if it nests too deeply."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("its brackets are nested too deeply") from None
