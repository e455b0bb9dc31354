"""What the name of a recording says: when the call took place, and the words beside that."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import PurePosixPath

# Zoom writes GMT20261031-143000
START = re.compile(r"(?P<gmt>GMT(?=20\d{6}-))?(?<!\d)(?=\d)")
DATES = (
    re.compile(r"(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?=\D|$|(?:\d{4}|\d{6})(?!\d))"),
    re.compile(r"(?P<y>20\d\d)(?P<mark>[-_. ])(?P<m>\d\d?)(?P=mark)(?P<d>\d\d?)(?!\d)"),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>20\d\d)(?!\d)"),
    re.compile(r"(?P<d_or_m>\d\d?)(?P<mark>[-_])(?P<m_or_d>\d\d?)(?P=mark)(?P<y>20\d\d)(?!\d)"),
)
TIME = re.compile(
    r"(?:[ _T-]{1,3}|[ _]at[ _])?"
    r"(?:(?P<h>\d\d)(?P<min>[0-5]\d)(?P<s>[0-5]\d)?"
    r"|(?P<h_>\d\d?)[-:._h](?P<min_>[0-5]\d)(?:[-:._](?P<s_>[0-5]\d))?)"
    r"(?:[ _]?(?P<half>[AP])M)?"
    r"(?:[ _]?(?P<utc>UTC|GMT|Z)(?P<east>[+-](?:1[0-4]|0?\d)(?!\d))?)?"
    r"(?![^\W_])",  # 1920x1080 is no time
    re.IGNORECASE,
)
BETWEEN_WORDS = re.compile(r"[\s_\-–—.,;:()\[\]{}+#@~=]+")


@dataclass(frozen=True)
class Name:
    """A name taken apart; a moment without an offset is in the zone of whoever made the call."""

    moment: datetime | None  # midnight if the name has no time
    words: str  # without date, time and separators


def names_of(file: str) -> list[Name]:
    """The names in a path, taken apart: the file's own first, then its folders, nearest first."""
    path = PurePosixPath(file)
    return [read_name(name) for name in (path.stem, *reversed(path.parts[:-1]))]


def read_name(name: str) -> Name:
    """Take a name without its suffix apart.

    A date has the year first (2026-10-31, 20261031), the day first with dots (31.10.2026), or the
    only order it can have (10-31-2026). 03-04-2026 is left alone, as it can have two.
    """
    name = unicodedata.normalize("NFC", name)
    for start in START.finditer(name):
        for form in DATES:
            found = form.match(name, start.end())
            dates = _dates(found) if found else set()
            if len(dates) > 1:
                return Name(None, _words(name))
            if found and dates:
                clock, end = _time(name, found.end(), utc=bool(start["gmt"]))
                moment = datetime.combine(dates.pop(), clock)
                return Name(moment, _words(f"{name[: start.start()]} {name[end:]}"))
    return Name(None, _words(name))


def _dates(found: re.Match[str]) -> set[date]:
    """The dates that the digits can mean."""
    parts = found.groupdict()
    both = [("d_or_m", "m_or_d"), ("m_or_d", "d_or_m")]
    dates = set()
    for day, month in both if "d_or_m" in parts else [("d", "m")]:
        try:
            dates.add(date(int(parts["y"]), int(parts[month]), int(parts[day])))
        except ValueError:
            continue
    return dates


def _time(name: str, start: int, *, utc: bool) -> tuple[time, int]:
    """The time that follows a date, and where it ends; midnight if there is none."""
    found = TIME.match(name, start)
    if found is None:
        return time(), start
    hour = int(found["h"] or found["h_"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    if hour > 23:
        return time(), start
    zone = None
    if utc or found["utc"]:
        zone = timezone(timedelta(hours=int(found["east"] or 0)))
    minute, second = found["min"] or found["min_"], found["s"] or found["s_"] or 0
    return time(hour, int(minute), int(second), tzinfo=zone), found.end()


def _words(text: str) -> str:
    return BETWEEN_WORDS.sub(" ", text).strip()
