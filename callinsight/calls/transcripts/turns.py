"""What every kind of transcript comes to: turns, with limits on what a file may say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.speakers import LONG_S, PAUSE_S, SENTENCE_END, Turn
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_S = 1000 * 3600.0  # a later time is a mistake
MAX_NAME = 60  # characters of a name before a colon
CHANNEL = re.compile(r"channel (\d{1,2})")  # how this program writes a channel
NAME_BEFORE = re.compile(rf"([^:]{{1,{MAX_NAME}}}): +(?=\S)")  # how Zoom says who speaks
ANY_TAG = re.compile(r"<[^<>]*>")


def turn_by(speaker: str, start_s: float, end_s: float, text: str) -> Turn:
    """What a speaker says; `channel 0` is a channel, `unknown` is nobody, all else is a voice."""
    channel = CHANNEL.fullmatch(speaker)
    voice = "" if channel or speaker == UNKNOWN else speaker
    return Turn(int(channel[1]) if channel else None, start_s, max(start_s, end_s), text, voice)


def in_order(turns: Iterable[Turn]) -> list[Turn]:
    """The turns that have words, by time."""
    return sorted((turn for turn in turns if turn.text), key=lambda turn: turn.start_s)


def join(turns: list[Turn], *, nobody: bool = False) -> list[Turn]:
    """What one voice says without a pause is one turn: tools cut every line.

    Turns of nobody in particular are joined only where `nobody` says so.
    """
    joined = turns[:1]
    for turn in turns[1:]:
        last = joined[-1]
        known = nobody or turn.voice or turn.channel is not None
        same = (turn.channel, turn.voice) == (last.channel, last.voice)
        if known and same and not _ends(last, turn):
            text = f"{last.text} {turn.text}"
            joined[-1] = replace(last, end_s=max(last.end_s, turn.end_s), text=text)
        else:
            joined.append(turn)
    return joined


def named(turns: list[Turn]) -> list[Turn]:
    """Take the name before the words for the voice, if most cues have one and none has a tag."""
    names = [NAME_BEFORE.match(turn.text) for turn in turns]
    known = any(turn.voice or turn.channel is not None for turn in turns)
    if known or 2 * len(list(filter(None, names))) <= len(turns):
        return turns
    return [
        turn_by(name[1].strip(), turn.start_s, turn.end_s, turn.text[name.end() :])
        if name
        else turn
        for turn, name in zip(turns, names, strict=True)
    ]


def without_tags(text: str) -> str:
    """The text of a caption without tags and entities."""
    return clean(html.unescape(ANY_TAG.sub("", text)))


def clean(text: str) -> str:
    """The text on one line, and only what UTF-8 can say."""
    return " ".join(text.replace("\0", " ").encode("utf-8", "replace").decode().split())


def _ends(last: Turn, following: Turn) -> bool:
    # files keep hundredths: a turn that was ended for its pause may show a pause of just 1 s
    pause_s = round(following.start_s - last.end_s, 3)
    long = round(last.end_s - last.start_s, 3) >= LONG_S
    return pause_s >= PAUSE_S or (long and last.text.endswith(SENTENCE_END))
