"""Excerpts as the pages show them: who said it, when, in which words, with which sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.excerpts import find_words
from callinsight.reports.wording import clock, day, percent, slug

if TYPE_CHECKING:
    from callinsight.reports.excerpts import Excerpt
    from callinsight.reports.wording import Names


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of a quote; marked if it is why the turn was tagged."""

    text: str
    marked: bool


@dataclass(frozen=True, kw_only=True)
class Quote:
    """An excerpt to play and read."""

    stance: str
    sure: str
    passages: tuple[Passage, ...]
    before: str
    before_speaker: str
    speaker: str
    details: tuple[str, ...]  # title, account, date
    call: str
    file: str
    at: str  # mm:ss in the call
    length: str  # of the clip
    sound: str  # what a screen reader says of the player
    clip_name: str  # empty for words only
    clip: bytes | None


def quote_of(excerpt: Excerpt, names: Names) -> Quote:
    """An excerpt as the pages show it."""
    call, utterance, before = excerpt.call, excerpt.utterance, excerpt.before
    speaker = excerpt.person or names.persona(utterance.persona)
    at = clock(utterance.start_s, estimated=utterance.estimated)
    length = f"{excerpt.end_s - excerpt.start_s:.0f} s"
    return Quote(
        stance=excerpt.stance.capitalize(),
        sure=f"{percent(excerpt.score)} sure of the concern",
        passages=passages_of(excerpt.utterance.text, excerpt.evidence),
        before=before.text if before else "",
        before_speaker=(before.speaker or before.side.capitalize()) if before else "",
        speaker=speaker,
        details=tuple(filter(None, (excerpt.title, call.account, day(call.recorded_at)))),
        call=call.title or call.id,
        file=call.file,
        at=at,
        length=length,
        sound=f"Recording: {speaker}, {call.account or call.id}, at {at}, {length}",
        clip_name=_clip_name(excerpt),
        clip=excerpt.clip,
    )


def passages_of(text: str, evidence: str) -> tuple[Passage, ...]:
    """A text in pieces, those marked that its tag rests on."""
    passages, position = [], 0
    for start, end in find_words(evidence, text):
        passages.append(Passage(text=text[position:start], marked=False))
        passages.append(Passage(text=text[start:end], marked=True))
        position = end
    passages.append(Passage(text=text[position:], marked=False))
    return tuple(passage for passage in passages if passage.text)


def _clip_name(excerpt: Excerpt) -> str:
    """A file name that any system takes, and that is another one when the sound is."""
    if excerpt.clip is None:
        return ""
    return f"{slug(excerpt.utterance.id)[:60]}-{hashlib.sha256(excerpt.clip).hexdigest()[:8]}.mp3"
