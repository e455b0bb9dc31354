"""Plain text and Markdown: who speaks stands before the words, or on a line of its own."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callinsight.calls.transcripts.turns import LONGEST_S, MAX_NAME, clean, seconds_of, turn_by
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from callinsight.calls.turns import Turn

WORDS_PER_S = 2.5  # how long words take where the text does not say it
MAX_NAME_WORDS = 5
FEW = 3  # so many lines need no name that comes twice
TIME = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
RANGE = rf"(?P<start>{TIME})(?:\s*(?:-->|-|–|—)\s*(?P<end>{TIME}))?"
IN_BRACKETS = rf"[\[(]\s*{RANGE}\s*[\])]"
TIME_FIRST = re.compile(rf"(?:{IN_BRACKETS}|{RANGE.replace('P<', 'P<bare_')})[\s\-–—]*(?=\S)")
TIME_ONLY = re.compile(rf"{IN_BRACKETS}|{RANGE.replace('P<', 'P<bare_')}")
TIME_LAST = re.compile(rf"\s*(?:{IN_BRACKETS}|(?<=\s){RANGE.replace('P<', 'P<bare_')})$")
SPEAKER = re.compile(rf"(?P<name>[^:\[\]]{{1,{MAX_NAME}}}):(?:\s+|$)")
SPEAKER_AND_TIME = re.compile(rf"(?P<name>[^:\[\]]{{1,{MAX_NAME}}}?)\s*{IN_BRACKETS}\s*:?(?:\s+|$)")
BULLET = re.compile(r"^[-*+>]\s+")
EMPHASIS = re.compile(r"(\*\*|__|\*|_)(\S.{0,90}?)\1")
HEADING = re.compile(r"#{1,6}\s+")
HEAD_OF_DOCUMENT = frozenset(
    (
        *("agenda", "attendees", "date", "duration", "from", "host", "language", "location"),
        *("meeting", "note", "notes", "organizer", "participants", "recorded", "recording"),
        *("subject", "summary", "time", "title", "to", "topic"),
    )
)
EXPECTED = (
    "nobody is named who speaks; write each turn as 'Speaker: text' or "
    "'[00:01:02] Speaker: text', or the speaker on a line above the text"
)


@dataclass(frozen=True)
class Line:
    """A line, and what it says of who speaks and when."""

    written: str
    text: str  # without the name and the time
    name: str = ""  # what stands before a colon
    start_s: float | None = None
    end_s: float | None = None
    heading: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it says when, and nothing else."""
        return self.start_s is not None and not self.text and not self.name


@dataclass
class Said:
    """A turn that may have no times yet."""

    name: str
    start_s: float | None
    end_s: float | None
    text: str


def read_dialogue(name: str, text: str) -> list[Turn]:
    """The turns of a text, in its order; raises TranscriptError if nobody is named in it.

    What stands before the first speaker, and Markdown headings, are not said. Where the text gives
    no times they are estimated at 2.5 words a second; a turn whose start is so found says it.
    """
    lines = [_line(name, number, line) for number, line in enumerate(text.splitlines(), start=1)]
    before_words, above_words = _before_words(lines), _above_words(lines)
    starts = above_words if len(above_words) > len(before_words) else before_words
    if not starts:
        raise TranscriptError(f"{name}: {EXPECTED}")
    return _timed([said for said in _gathered(lines, starts) if said.text])


def _line(file: str, number: int, written: str) -> Line:
    """Read one line without knowing the others."""
    written = clean(written)
    plain = BULLET.sub("", written, count=1)
    heading = HEADING.match(plain)
    plain = plain[heading.end() :] if heading else plain
    time = TIME_ONLY.fullmatch(plain) or TIME_FIRST.match(plain)
    plain = plain[time.end() :] if time else plain
    if emphasis := EMPHASIS.match(plain):
        plain = emphasis[2] + plain[emphasis.end() :]
    speaker = None if time else SPEAKER_AND_TIME.match(plain)
    time = time or speaker
    speaker = speaker or SPEAKER.match(plain)
    plain = plain[speaker.end() :] if speaker else plain
    if not time and not speaker and (time := TIME_LAST.search(plain)):
        plain = plain[: time.start()]
    start_s, end_s = _times(file, number, time) if time else (None, None)
    name = speaker["name"].strip() if speaker else ""
    return Line(written, plain.strip(), name, start_s, end_s, bool(heading))


def _before_words(lines: list[Line]) -> dict[int, str]:
    """The lines that begin with a speaker's name and a colon."""
    named = [i for i, line in enumerate(lines) if line.name]
    timed = [i for i in named if lines[i].start_s is not None]
    if 2 * len(timed) > len(named):  # then a colon without a time is in the words
        return {i: lines[i].name for i in timed}
    counts = Counter(lines[i].name for i in named)
    likely = [i for i in named if _is_name(lines[i].name, counts[lines[i].name])]
    if any(counts[lines[i].name] > 1 for i in likely):
        return {i: lines[i].name for i in likely}
    # the keys of notes do not come twice, and prose may have a colon somewhere
    first = next((i for i, line in enumerate(lines) if line.written and not line.heading), None)
    return {i: lines[i].name for i in likely} if len(likely) <= FEW and first in likely else {}


def _above_words(lines: list[Line]) -> dict[int, str]:
    """The lines that are a name, with a time or without, over the words."""
    found = {}
    after: Line | None = None  # the next line that is not empty
    for i, line in reversed(list(enumerate(lines))):
        alone = i == 0 or not lines[i - 1].written or lines[i - 1].is_time
        alone = alone or line.heading or line.start_s is not None
        follows = line.heading or (i + 1 < len(lines) and lines[i + 1].written)
        if alone and follows and after and not after.heading and after.start_s is None:
            found[i] = line.text.strip("[]")
        after = line if line.written and not line.is_time else after
    counts = Counter(found.values())
    likely = {i: name for i, name in found.items() if _is_name(name, 1) and not lines[i].name}
    if any(counts[name] > 1 for name in likely.values()):
        return likely
    return {i: name for i, name in likely.items() if lines[i].start_s is not None}


def _is_name(name: str, times: int) -> bool:
    """Whether what stands there may be a name, and not the start of a sentence."""
    words = name.split()
    if not 0 < len(words) <= MAX_NAME_WORDS or len(name) > MAX_NAME or name[-1] in ".,;:?!":
        return False
    if times == 1 and name.casefold() in HEAD_OF_DOCUMENT:
        return False
    return times > 1 or not (words[0][0].islower() or words[-1][0].islower())


def _gathered(lines: list[Line], starts: dict[int, str]) -> list[Said]:
    said: list[Said] = []
    time: Line | None = None  # a line above that says when the next turn begins
    for i, line in enumerate(lines):
        if i in starts:
            text = line.text if line.name else ""
            when = line if line.start_s is not None or time is None else time
            said.append(Said(starts[i], when.start_s, when.end_s, text))
            time = None
        elif line.is_time and said and not said[-1].text and said[-1].start_s is None:
            said[-1].start_s, said[-1].end_s = line.start_s, line.end_s
        elif line.is_time:
            time = line
        elif said and not line.heading:
            said[-1].text = f"{said[-1].text} {line.written}".strip()
    return said


def _timed(said: list[Said]) -> list[Turn]:
    """Give every turn a start and an end, in the order of the text."""
    turns: list[Turn] = []
    clock_s = 0.0
    following = [*(turn.start_s for turn in said), None][1:]
    for turn, next_s in zip(said, following, strict=True):
        start_s = clock_s if turn.start_s is None else turn.start_s
        end_s = turn.end_s
        if end_s is None:
            end_s = start_s + len(turn.text.split()) / WORDS_PER_S
            end_s = min(end_s, next_s) if next_s is not None and next_s > start_s else end_s
        made = turn_by(turn.name, start_s, end_s, turn.text)
        turns.append(replace(made, estimated=turn.start_s is None))
        clock_s = turns[-1].end_s
    return sorted(turns, key=lambda turn: turn.start_s)


def _times(file: str, number: int, match: re.Match[str]) -> tuple[float, float | None]:
    groups = match.groupdict()
    start = groups["start"] or groups["bare_start"]
    end = groups["end"] or groups.get("bare_end")
    times = [seconds_of(time) for time in (start, end) if time]
    if max(times) > LONGEST_S:
        raise TranscriptError(
            f"{file}: line {number} lies at {start}; "
            f"a call lasts no longer than {LONGEST_S / 3600:.0f} hours"
        )
    return times[0], times[1] if end else None
