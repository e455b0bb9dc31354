"""WebVTT and SubRip: captions with voice tags or with `Name:` before the words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.transcripts.timing import evenly, words_of
from callinsight.calls.transcripts.turns import (
    LONGEST_S,
    in_order,
    join,
    named,
    seconds_of,
    turn_by,
    without_tags,
)
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from webvtt import Caption

    from callinsight.calls.turns import Turn
    from callinsight.records import Word

ARROW = "-->"
VTT_TIME = r"(?:\d{1,10}:)?[0-5]?\d:[0-5]?\d\.\d{1,3}"
VTT_TIMES = re.compile(rf"\s*{VTT_TIME}\s*{ARROW}\s*{VTT_TIME}")
SRT_TIME = r"\d{1,10}:[0-5]?\d:[0-5]?\d[,.]\d{1,3}"
SRT_TIMES = re.compile(rf"\s*{SRT_TIME}\s*{ARROW}\s*{SRT_TIME}")
VTT_START = re.compile(r"WEBVTT")
SRT_START = re.compile(rf"\s*\d+[ \t]*\r?\n[ \t]*{SRT_TIME}[ \t]*{ARROW}")
VOICE_TAG = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]*)>")
STAMP = re.compile(rf"<({VTT_TIME})>")  # when the words behind it are said
SRT_PLACE = re.compile(r"\{\\an?\d\}")  # where on the screen


def read_vtt(name: str, text: str) -> list[Turn]:
    """The turns of a WebVTT text (W3C WebVTT 1), by time; raises TranscriptError."""
    for number, line in enumerate(text.splitlines(), start=1):
        if ARROW in line and not VTT_TIMES.match(line):  # the parser would drop its words
            raise _no_time(name, number, "00:01:02.345 --> 00:01:04.500")
    return _turns(name, text, "vtt")


def read_srt(name: str, text: str) -> list[Turn]:
    """The turns of a SubRip text, by time; raises TranscriptError."""
    above = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if ARROW in line:  # as above
            if not SRT_TIMES.match(line):
                raise _no_time(name, number, "00:01:02,345 --> 00:01:04,500")
            if not above.strip().isdigit():
                raise TranscriptError(
                    f"{name}: line {number} is a cue time without the cue's number above it; "
                    "export the transcript again"
                )
        above = line
    return _turns(name, SRT_PLACE.sub("", text.strip()), "srt")


def _no_time(name: str, number: int, example: str) -> TranscriptError:
    return TranscriptError(f"{name}: line {number} is no cue time; it must be like {example}")


def _turns(name: str, text: str, format_: str) -> list[Turn]:
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    try:
        captions = webvtt.from_buffer([text], format=format_).captions
    except (MalformedFileError, MalformedCaptionError) as error:
        kind = "WebVTT" if format_ == "vtt" else "SubRip"
        why = re.split(r" [\"']", str(error))[
            0
        ]  # without what stands there: it may be what was said
        raise TranscriptError(
            f"{name}: this is no {kind} transcript ({why}); export the transcript again"
        ) from None
    for number, caption in enumerate(captions, start=1):
        if max(caption.start_in_seconds, caption.end_in_seconds) > LONGEST_S:
            raise TranscriptError(
                f"{name}: cue {number} lies at {caption.start}; "
                f"a call lasts no longer than {LONGEST_S / 3600:.0f} hours"
            )
    stamped = any(STAMP.search(caption.raw_text) for caption in captions)
    turns = [turn for caption in captions for turn in _turns_of(caption, stamped)]
    tagged = any(VOICE_TAG.search(caption.raw_text) for caption in captions)
    return join(in_order(turns if tagged else named(turns)))


def _turns_of(caption: Caption, stamped: bool) -> list[Turn]:
    """What each voice says in one cue, with its words where a single one does in a stamped file."""
    start_s, end_s = (t.in_milliseconds() / 1000 for t in (caption.start_time, caption.end_time))
    before, *tagged = VOICE_TAG.split(caption.raw_text)
    spoken = [("", before), *zip(tagged[::2], tagged[1::2], strict=True)]
    turns = [
        turn_by(without_tags(voice), start_s, end_s, without_tags(words)) for voice, words in spoken
    ]
    turns = [turn for turn in turns if turn.text]
    if stamped and len(turns) == 1:
        return [replace(turns[0], words=_words(caption.raw_text, turns[0]))]
    return turns


def _words(written: str, turn: Turn) -> tuple[Word, ...]:
    """The words of a cue by its timestamps; a cue of one word needs none.

    Words without a timestamp between them share the time.
    """
    first, *rest = STAMP.split(written)
    times = [turn.start_s, *map(seconds_of, rest[::2]), turn.end_s]
    pieces = [without_tags(piece).split() for piece in (first, *rest[1::2])]
    if times != sorted(times) or (not rest and len(pieces[0]) > 1):
        return ()
    listed = [
        word
        for piece, start_s, end_s in zip(pieces, times[:-1], times[1:], strict=True)
        for word in evenly(piece, start_s, end_s)
    ]
    return words_of(turn, listed)
