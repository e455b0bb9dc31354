"""What every kind of transcript comes to: turns, with limits on what a file may say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from callinsight.calls.turns import LONG_S, PAUSE_S, SENTENCE_END, SHORT_PAUSE_S, Turn
from callinsight.calls.turns import LONGEST_S as LONGEST_TURN_S
from callinsight.records import SIDES, UNCERTAIN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callinsight.records import Word

LONGEST_S = 1000 * 3600.0  # a later time is a mistake
MAX_NAME = 60  # characters of a name before a colon
SIDE_BEFORE = rf"(?:(?:{'|'.join(SIDES)}), )?"  # this program writes `buyer, voice 2`,
CHANNEL = re.compile(rf"{SIDE_BEFORE}channel (\d{{1,2}})")  # `channel 0`,
HEARD_VOICE = re.compile(rf"{SIDE_BEFORE}(voice \d{{1,4}})")  # `voice 1`,
NOBODY = (UNKNOWN, UNCERTAIN)  # `unknown` or `uncertain speaker`
NAME_BEFORE = re.compile(rf"([^:]{{1,{MAX_NAME}}}): +(?=\S)")  # how Zoom says who speaks
ANY_TAG = re.compile(r"<[^<>]*>")


def turn_by(speaker: str, start_s: float, end_s: float, text: str) -> Turn:
    """What a speaker says; `channel 0` is a channel, `unknown` is nobody, all else is a voice."""
    channel, heard = CHANNEL.fullmatch(speaker), HEARD_VOICE.fullmatch(speaker)
    voice = heard[1] if heard else "" if channel or speaker in NOBODY else speaker
    return Turn(int(channel[1]) if channel else None, start_s, max(start_s, end_s), text, voice)


def without_sides(turns: list[Turn]) -> list[Turn]:
    """The turns with a voice of its own in place of `rep` and `buyer`.

    This program writes so what it took from the sheets or from the words: no name, and not for
    the file to say again.
    """
    used = {turn.voice for turn in turns}
    free = (name for n in range(1, len(turns) + 3) if (name := f"voice {n}") not in used)
    sides = dict.fromkeys(turn.voice for turn in turns if turn.voice in SIDES)
    labels = dict(zip(sides, free, strict=False))
    return [replace(turn, voice=labels.get(turn.voice, turn.voice)) for turn in turns]


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
            joined[-1] = replace(
                last,
                end_s=max(last.end_s, turn.end_s),
                text=f"{last.text} {turn.text}",
                words=last.words + turn.words if last.words and turn.words else (),
            )
        else:
            joined.append(turn)
    return joined


def named(turns: list[Turn]) -> list[Turn]:
    """Take the name before the words for the voice, if most cues have one."""
    names = [NAME_BEFORE.match(turn.text) for turn in turns]
    if 2 * len(list(filter(None, names))) <= len(turns):
        return turns
    return [
        replace(
            turn_by(name[1].strip(), turn.start_s, turn.end_s, turn.text[name.end() :]),
            words=_words_from(turn.words, name.end()),
        )
        if name
        else turn
        for turn, name in zip(turns, names, strict=True)
    ]


def seconds_of(time: str) -> float:
    """The seconds of `1:02:03.45` or `02:03,45`."""
    total = 0
    *units, fraction = re.split(r"[:.,]", time if re.search(r"[.,]", time) else f"{time}.0")
    for unit in units:
        total = total * 60 + int(unit)
    return float(f"{total}.{fraction}")


def without_tags(text: str) -> str:
    """The text of a caption without tags and entities."""
    return clean(html.unescape(ANY_TAG.sub("", text)))


def clean(text: str) -> str:
    """The text on one line, and only what UTF-8 can say."""
    return " ".join(text.replace("\0", " ").encode("utf-8", "replace").decode().split())


def _words_from(words: tuple[Word, ...], position: int) -> tuple[Word, ...]:
    """The words that stand in the text from a position on; none if one reaches across it."""
    starts = list(_starts(words))
    return words[starts.index(position) :] if position in starts else ()


def _starts(words: Iterable[Word]) -> Iterator[int]:
    position = -1  # the text has no space before its first word
    for word in words:
        yield position + len(word.text) - len(word.text.lstrip())
        position += len(word.text)


def _ends(last: Turn, following: Turn) -> bool:
    # files keep hundredths: a turn that was ended for its pause may show a pause of just 1 s
    pause_s = round(following.start_s - last.end_s, 3)
    length_s = round(last.end_s - last.start_s, 3)
    if pause_s >= PAUSE_S or (length_s >= LONGEST_TURN_S and pause_s >= SHORT_PAUSE_S):
        return True
    return length_s >= LONG_S and last.text.endswith(SENTENCE_END)
