"""Transcripts that exist already: what a file holds is seen in it, not told by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.addresses import Address
from callinsight.calls.transcripts.aws import read_aws
from callinsight.calls.transcripts.captions import SRT_START, VTT_START, read_srt, read_vtt
from callinsight.calls.transcripts.dialogue import read_dialogue
from callinsight.calls.transcripts.fields import fields, flag, label, parse, seconds, words
from callinsight.calls.transcripts.gong import read_gong, read_gong_calls
from callinsight.calls.transcripts.turns import without_sides
from callinsight.calls.transcripts.whisper import read_utterances, read_whisper
from callinsight.errors import TranscriptError

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.calls.turns import Turn

__all__ = [
    "RECORDING_SUFFIXES",
    "Facts",
    "facts_of",
    "is_transcript",
    "read_transcript",
    "recording_beside",
]

SUFFIXES = (".vtt", ".srt", ".json", ".txt", ".md")
RECORDING_SUFFIXES = (
    *(".wav", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".webm", ".mkv", ".mov"),
    *(".wma", ".aac", ".amr", ".3gp"),
)
HEAD_BYTES = 4096  # so much of another file is looked at
MOST_VOICES = 100  # who is rep and who is buyer is weighed over all choices of voices
MAX_BYTES = 50 * 1024 * 1024  # a call of ten hours has 1 MB of text, with times of words 20 MB
JSON_START = re.compile(r"\s*(?:\{\s*\"|\[\s*\{)")
FACTS = ("status", "duration_s", "missing_s")
NO_VTT = "this is no WebVTT transcript (its first line is not WEBVTT); export the transcript again"
NO_SRT = (
    "this is no SubRip transcript (it does not begin with a number and a cue time below it); "
    "export the transcript again"
)
NO_JSON = (
    "this JSON is no transcript of Whisper, WhisperX, AWS Transcribe, Gong or callinsight; "
    "export the transcript as WebVTT"
)


def is_transcript(path: Path | Address) -> bool:
    """Whether the file is to be read as a transcript and not heard as a recording.

    It is if its name ends in .vtt, .srt, .json, .txt or .md, whatever it holds, so that what is
    wrong with it is said in those terms; or if, under any other name, it begins as WebVTT, SubRip
    or JSON do. Plain text under another name is none. Of a file in a store only the name tells.
    """
    if path.suffix.casefold() in SUFFIXES:
        return True
    if isinstance(path, Address):
        return False
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    except (OSError, ValueError):
        return False
    return any(start.match(head) for start in (VTT_START, SRT_START, JSON_START))


def recording_beside(path: Path) -> Path | None:
    """The recording of a transcript: in its folder, under its name, as a sound or a film.

    If there are several, the one whose suffix stands first in RECORDING_SUFFIXES.
    """
    for suffix in RECORDING_SUFFIXES:
        for spelling in (suffix, suffix.upper(), f".{suffix[1:].capitalize()}"):
            beside = path.with_suffix(spelling)
            if beside.is_file() and not is_transcript(beside):
                return beside
    return None


@dataclass(frozen=True)
class Facts:
    """What `callinsight transcribe` printed of a recording besides its turns."""

    status: str
    duration_s: float
    missing_s: float
    cut_off: bool
    language: str


def facts_of(path: Path) -> Facts | None:
    """The facts in this program's own JSON; None in any other file; raises TranscriptError.

    A recording that failed raises the error that it failed with.
    """
    text = _text_of(path)
    if not JSON_START.match(text):
        return None
    held = parse(path.name, text)
    if not isinstance(held, dict) or not {"utterances", *FACTS}.issubset(held):
        return None
    if held["status"] == "failed":
        raise TranscriptError(f"{path.name}: {words(held, 'error', path.name)}")
    return Facts(
        status=label(held, "status", path.name),
        duration_s=seconds(held, "duration_s", path.name),
        missing_s=seconds(held, "missing_s", path.name),
        cut_off=flag(held, "cut_off", path.name),
        language=label(held, "language", path.name),
    )


def read_transcript(path: Path) -> list[Turn]:
    """The turns of a transcript, by time; raises TranscriptError.

    WebVTT, SubRip, JSON of Whisper, WhisperX, AWS Transcribe, Gong and this program, and in .txt
    and .md also plain text in which the speakers are named. Turns of a file with channels have
    their channel, others their voice.
    """
    text = _text_of(path)
    turns = _read(path.name, text, path.suffix.casefold())
    if not turns:
        raise TranscriptError(f"{path.name}: the transcript has no words; export it again")
    voices = len({(turn.channel, turn.voice) for turn in turns})
    if voices > MOST_VOICES:
        raise TranscriptError(
            f"{path.name}: it names {voices:,} speakers, more than {MOST_VOICES}; export the transcript of "
            "one call, with each speaker under one name"
        )
    return without_sides(turns)


def _read(name: str, text: str, suffix: str) -> list[Turn]:
    if VTT_START.match(text):
        return read_vtt(name, text)
    if SRT_START.match(text):
        return read_srt(name, text)
    if JSON_START.match(text) or suffix == ".json":
        return _read_json(name, text)
    if suffix in (".txt", ".md"):
        return read_dialogue(name, text)
    raise TranscriptError(f"{name}: {NO_SRT if suffix == '.srt' else NO_VTT}")


def _read_json(name: str, text: str) -> list[Turn]:
    """Which tool wrote the JSON is seen by its keys."""
    value = parse(name, text)
    if isinstance(value, list):
        first = fields(value[0], f"{name}: [0]") if value else {}
        return (read_gong if "sentences" in first else read_whisper)(value, f"{name}: ")
    held = fields(value, name)
    for key, read in (
        ("utterances", read_utterances),
        ("callTranscripts", read_gong_calls),
        ("segments", read_whisper),
        ("results", read_aws),
        ("transcript", read_gong),
    ):
        if key in held:
            return read(held[key], f"{name}: {key}")
    raise TranscriptError(f"{name}: {NO_JSON}")


def _text_of(path: Path) -> str:
    if path.is_dir():
        raise TranscriptError(f"{path.name}: this is a folder; name a transcript in it")
    if not path.exists():
        raise TranscriptError(
            f"{path.name}: there is no such file; mend the path or remove the row"
        )
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TranscriptError(f"{path.name}: it cannot be read ({error.strerror})") from error
    if len(content) > MAX_BYTES:
        raise TranscriptError(
            f"{path.name}: it is larger than {MAX_BYTES // 1024**2} MB, too large for a "
            "transcript; name the transcript of one call"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TranscriptError(
            f"{path.name}: the transcript is not written in UTF-8; export it again, or save it so"
        ) from error
