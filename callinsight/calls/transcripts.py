"""Transcripts that exist already: WebVTT, with voice tags or with `Name:` before the words."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.speakers import LONG_S, PAUSE_S, SENTENCE_END, Turn
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from pathlib import Path

    from webvtt import Caption

SUFFIXES = (".vtt",)
ARROW = "-->"
TIME = r"(?:\d{1,10}:)?[0-5]?\d:[0-5]?\d\.\d{1,3}"
CUE_TIMES = re.compile(rf"\s*{TIME}\s*{ARROW}\s*{TIME}")
VOICE_TAG = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
ANY_TAG = re.compile(r"<[^>]*>")
NAME_BEFORE = re.compile(r"([^:]{1,60}): +(?=\S)")  # how Zoom says who speaks


def is_transcript(path: Path) -> bool:
    """Whether the file is a transcript and not a recording."""
    return path.suffix.casefold() in SUFFIXES


def read_transcript(path: Path) -> list[Turn]:
    """The turns of a WebVTT file (W3C WebVTT 1), by time; raises TranscriptError."""
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    text = _text_of(path)
    for number, line in enumerate(text.splitlines(), start=1):
        if ARROW in line and not CUE_TIMES.match(line):  # the parser would drop its words
            raise TranscriptError(
                f"{path.name}: line {number} is no cue time ('{line.strip()}'); "
                "it must be like 00:01:02.345 --> 00:01:04.500"
            )
    try:
        captions = webvtt.from_string(text).captions
    except (MalformedFileError, MalformedCaptionError) as error:
        raise TranscriptError(
            f"{path.name}: this is no WebVTT transcript ({error}); export the transcript again"
        ) from error
    turns = _named([turn for caption in captions for turn in _turns_of(caption)])
    if not turns:
        raise TranscriptError(f"{path.name}: the transcript has no words; export it again")
    return _join(sorted(turns, key=lambda turn: turn.start_s))


def _text_of(path: Path) -> str:
    if path.is_dir():
        raise TranscriptError(f"{path.name}: this is a folder; name a transcript in it")
    if not path.exists():
        raise TranscriptError(
            f"{path.name}: there is no such file; mend the path or remove the row"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TranscriptError(
            f"{path.name}: the transcript is not written in UTF-8; export it again, or save it so"
        ) from error
    except OSError as error:
        raise TranscriptError(f"{path.name}: it cannot be read ({error.strerror})") from error
    if not text.startswith("WEBVTT"):
        raise TranscriptError(
            f"{path.name}: this is no WebVTT transcript (its first line is not WEBVTT); "
            "export the transcript again"
        )
    return text


def _turns_of(caption: Caption) -> list[Turn]:
    """What each voice says in one cue."""
    start_s, end_s = (t.in_milliseconds() / 1000 for t in (caption.start_time, caption.end_time))
    before, *tagged = VOICE_TAG.split(caption.raw_text)
    spoken = [("", before), *zip(tagged[::2], tagged[1::2], strict=True)]
    turns = [
        Turn(None, start_s, max(start_s, end_s), _plain(words), _plain(voice))
        for voice, words in spoken
    ]
    return [turn for turn in turns if turn.text]


def _named(turns: list[Turn]) -> list[Turn]:
    """Take the name before the words for the voice, if most cues have one and none has a tag."""
    names = [NAME_BEFORE.match(turn.text) for turn in turns]
    if any(turn.voice for turn in turns) or 2 * len(list(filter(None, names))) <= len(turns):
        return turns
    return [
        replace(turn, voice=name[1].strip(), text=turn.text[name.end() :]) if name else turn
        for turn, name in zip(turns, names, strict=True)
    ]


def _join(turns: list[Turn]) -> list[Turn]:
    """Captions that one voice says without a pause are one turn: meeting tools cut every line."""
    joined = turns[:1]
    for turn in turns[1:]:
        last = joined[-1]
        if turn.voice and turn.voice == last.voice and not _ends(last, turn):
            text = f"{last.text} {turn.text}"
            joined[-1] = replace(last, end_s=max(last.end_s, turn.end_s), text=text)
        else:
            joined.append(turn)
    return joined


def _ends(last: Turn, following: Turn) -> bool:
    long = last.end_s - last.start_s > LONG_S
    return following.start_s - last.end_s > PAUSE_S or (long and last.text.endswith(SENTENCE_END))


def _plain(text: str) -> str:
    return " ".join(html.unescape(ANY_TAG.sub("", text)).split())
