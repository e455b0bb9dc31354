"""Values of a JSON that somebody else wrote, checked: each problem names its place."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from callinsight.calls.transcripts.turns import LONGEST_S, clean
from callinsight.errors import TranscriptError

MAX_CHANNELS = 32
MAX_LABEL = 200  # characters of a name or id
SHOWN = 100_000  # a larger number may be a card's
KINDS = {str: "text", list: "a list", dict: "an object"}
NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
Fields = dict[str, Any]


def parse(name: str, text: str) -> object:
    """What the JSON holds; raises TranscriptError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = (
            f"there is more after the JSON, in line {error.lineno}; save each call in its own file"
            if error.msg == "Extra data"
            else f"this is no JSON ({error.msg}, line {error.lineno}); export the transcript again"
        )
        raise TranscriptError(f"{name}: {problem}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; thousands of brackets
        raise TranscriptError(
            f"{name}: this JSON is too deep or has too long a number; export the transcript again"
        ) from None


def fields(value: object, where: str) -> Fields:
    """The value, if it is an object."""
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    return value


def rows(value: object, where: str) -> list[tuple[str, Fields]]:
    """The objects of a list, each with its place."""
    if not isinstance(value, list):
        raise _wrong(where, value, "a list")
    return [(f"{where}[{i}]", fields(row, f"{where}[{i}]")) for i, row in enumerate(value)]


def seconds(row: Fields, key: str, where: str, *, per_s: int = 1) -> float:
    """A time in seconds; the file may give it in parts of a second, or as text."""
    value = row.get(key)
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value)
    limit = LONGEST_S * per_s
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and not math.isfinite(value))
        or not 0 <= value <= limit
    ):
        raise _wrong(f"{where}.{key}", value, f"a number from 0 to {limit:.0f}")
    return value / per_s


def probability(row: Fields, key: str, where: str) -> float:
    """A number from 0 to 1, which may be written as text; 1 where there is none."""
    value = row.get(key)
    if value is None:
        return 1.0
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise _wrong(f"{where}.{key}", value, "a number from 0 to 1")
    return float(value)


def flag(row: Fields, key: str, where: str) -> bool:
    """True or false; false where it is missing."""
    value = row.get(key)
    if value is not None and not isinstance(value, bool):
        raise _wrong(f"{where}.{key}", value, "true or false")
    return bool(value)


def words(row: Fields, key: str, where: str) -> str:
    """Text on one line."""
    value = row.get(key)
    if not isinstance(value, str):
        raise _wrong(f"{where}.{key}", value, "text")
    return clean(value)


def label(row: Fields, key: str, where: str) -> str:
    """A name or an id, which may be a number; empty where there is none."""
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _short(value):
        raise _wrong(f"{where}.{key}", value, f"a name or id of at most {MAX_LABEL} characters")
    return clean(str(value))


def ids(row: Fields, key: str, where: str) -> list[str]:
    """A list of ids, which may be numbers; empty where there is none."""
    value = row.get(key)
    if value is not None and not isinstance(value, list):
        raise _wrong(f"{where}.{key}", value, "a list")
    return [label({"id": one}, "id", f"{where}.{key}[{n}]") for n, one in enumerate(value or [])]


def channel(row: Fields, key: str, where: str) -> int | None:
    """A channel counted from 0, also as `ch_0`; None where there is none."""
    value = row.get(key)
    if isinstance(value, str) and re.fullmatch(r"ch_\d{1,4}", value):
        value = int(value.removeprefix("ch_"))
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_CHANNELS:
        raise _wrong(f"{where}.{key}", value, f"a channel from 0 to {MAX_CHANNELS - 1}")
    return value


def _short(value: int | str) -> bool:
    return len(value) <= MAX_LABEL if isinstance(value, str) else abs(value) < 10**MAX_LABEL


def _wrong(where: str, value: object, wanted: str) -> TranscriptError:
    """Say it without the value: it may be what was said, and messages are kept."""
    return TranscriptError(f"{where} is {_kind_of(value)}; it must be {wanted}")


def _kind_of(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool) or (isinstance(value, int | float) and not abs(value) >= SHOWN):
        return str(value)
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "a large number")
