"""Errors for people: each message names the thing, the problem and what to do next.

    CallInsightError
    ├── ConfigError       a pipeline or taxonomy file cannot be used
    ├── InputError        a file or row that people wrote cannot be used
    ├── AudioError        a recording cannot be decoded
    ├── TranscriptError   a transcript file cannot be read
    ├── WeightsError      model weights are missing, wrong or cannot be fetched
    ├── ClusterError      a Dask cluster cannot be used, or is lost
    └── StoreError        the database is missing, newer than the program, or in use

Anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations

LONGEST = 2000  # characters of a message; what stands in the middle of a longer one is left out


class CallInsightError(Exception):
    """Base of all errors whose message is meant for the user as it stands.

    What a message quotes may come from anybody's file: signs that a terminal obeys or hides are
    written out, and a long message keeps its beginning and its end.
    """

    def __init__(self, message: str) -> None:
        shown = "".join(map(_visible, message))
        if len(shown) > LONGEST:
            shown = f"{shown[: LONGEST // 2]} … {shown[3 - LONGEST // 2 :]}"
        super().__init__(shown)


class ConfigError(CallInsightError):
    """A pipeline or taxonomy file cannot be used."""


class InputError(CallInsightError):
    """A file or row that people wrote cannot be used."""


class AudioError(CallInsightError):
    """A recording cannot be decoded."""


class TranscriptError(CallInsightError):
    """A transcript file cannot be read."""


class WeightsError(CallInsightError):
    """Model weights are missing, wrong or cannot be fetched."""


class ClusterError(CallInsightError):
    """A Dask cluster cannot be used, or is lost."""


class StoreError(CallInsightError):
    """The database is missing, newer than the program, or in use."""


class NoRunError(StoreError):
    """No pipeline has run into the database yet."""


def _visible(sign: str) -> str:
    if sign.isprintable() or sign == "\n":
        return sign
    return sign.encode("unicode_escape").decode()


def nearest(name: str, known: list[str], *, then: str = "") -> str:
    """`; did you mean 'x'?` for the known name closest to a misspelt one, else nothing; `then` follows."""
    from difflib import get_close_matches

    matches = get_close_matches(name, known, n=1, cutoff=0.6)
    if not matches:
        return f"; {then}" if then else ""
    told = f"; did you mean '{matches[0]}'?"
    return f"{told} {then[0].upper()}{then[1:]}" if then else told
