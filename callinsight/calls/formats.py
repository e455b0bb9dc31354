"""Utterances as text that other programs read: plain text, SubRip, WebVTT, RTTM."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from callinsight.calls.transcripts.turns import MAX_NAME, without_tags
from callinsight.calls.vocabulary import text_of
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callinsight.records import Utterance

NO_COLONS = str.maketrans({":": " ", "[": "(", "]": ")"})  # they end a name, or begin a time


def to_txt(utterances: Iterable[Utterance]) -> str:
    """A line for each utterance: `[00:01:02.34 - 00:01:05.10] Speaker: text`."""
    return "\n".join(
        f"[{_clock(u.start_s)[:-1]} - {_clock(u.end_s)[:-1]}] {_name(u)}: {u.text}"
        for u in utterances
    )


def to_srt(utterances: Iterable[Utterance]) -> str:
    """SubRip, with the speaker before the words."""
    return "\n\n".join(
        f"{number}\n{_clock(u.start_s, ',')} --> {_clock(u.end_s, ',')}\n"
        f"{_unmarked(_name(u))}: {_unmarked(u.text)}"
        for number, u in enumerate(utterances, start=1)
    )


def to_vtt(utterances: Iterable[Utterance], *, words: bool = False) -> str:
    """WebVTT, with the speaker as a voice tag and, with `words`, the times of each word."""
    cues = [
        f"{_clock(u.start_s)} --> {_clock(u.end_s)}\n"
        f"<v {html.escape(u.speaker or UNKNOWN, quote=False)}>"
        f"{_timed(u) if words and text_of(u.words) == u.text else html.escape(u.text, quote=False)}</v>"
        for u in utterances
    ]
    return "\n\n".join(["WEBVTT", *cues])


def to_rttm(utterances: Iterable[Utterance], file: str) -> str:
    """Who spoke when, as in NIST's RT-09; channels are counted from 1, and names have no spaces."""
    return "\n".join(
        f"SPEAKER {_token(file)} {(u.channel or 0) + 1} {u.start_s:.2f} {u.end_s - u.start_s:.2f} "
        f"<NA> <NA> {_token(u.speaker)} <NA> <NA>"
        for u in utterances
    )


def _timed(utterance: Utterance) -> str:
    """The words with WebVTT's cue timestamps, which rise and lie inside their cue."""
    parts = []
    last_ms, cue_ends_ms = _ms(utterance.start_s), _ms(utterance.end_s)
    starts = [*(_ms(word.start_s) for word in utterance.words), cue_ends_ms]
    for word, start_ms, next_ms in zip(utterance.words, starts, starts[1:], strict=False):
        text = word.text.lstrip()
        parts.append(" " if text != word.text else "")
        if last_ms < start_ms < cue_ends_ms:
            parts.append(f"<{_clock(word.start_s)}>")
            last_ms = start_ms
        parts.append(html.escape(text, quote=False))
        end_ms = _ms(word.end_s)
        if last_ms < end_ms < min(next_ms, cue_ends_ms):
            parts.append(f"<{_clock(word.end_s)}>")
            last_ms = end_ms
    return "".join(parts).strip()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _clock(seconds: float, mark: str = ".") -> str:
    """HH:MM:SS.mmm"""
    minutes, milliseconds = divmod(_ms(seconds), 60_000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}{mark}{rest:03}"


def _name(utterance: Utterance) -> str:
    """The speaker, so that a reader finds where the name ends."""
    name = " ".join(utterance.speaker.translate(NO_COLONS).split())
    return name[:MAX_NAME].rstrip() or UNKNOWN


def _unmarked(text: str) -> str:
    """SubRip has no escapes: they are written only where a reader would take words for markup."""
    safe = without_tags(text) == text and "-->" not in text and "{\\a" not in text
    return text if safe else html.escape(text, quote=False).replace("{", "&#123;")


def _token(name: str) -> str:
    return "_".join(name.split()) or UNKNOWN
