"""Where somebody speaks in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from callinsight.calls.audio import Sound

PIECE_S = 28.0  # longest stretch of speech without a cut; less than Whisper hears at once
MIN_SILENCE_MS = 500
MIN_SPEECH_MS = 150  # a shorter sound is no word: a note of hold music, a click
VAD_THRESHOLD = 0.5
STRETCH_S, STEP_S = 8.0, 6.0  # the detector starts anew: in a long silence it grows deaf
LEAST_PAD_S, PAD_S = 0.2, 0.4  # kept around speech, or first and last consonants are lost
QUIET_S = 0.1  # the stretch of sound whose loudness decides where a long speech is cut,
EDGE_S = 0.02  # and where speech is cut off from silence


@dataclass(frozen=True)
class Piece:
    """A stretch of speech, in samples."""

    start: int
    end: int


def speech(sound: Sound, channel: int) -> list[Piece]:
    """Where somebody speaks in one channel, in pieces of at most 28 s, by time.

    Silero voice activity detection in overlapping stretches. Over a long silence it would miss
    the first second or two of what is said next.
    """
    length, step = round(STRETCH_S * SAMPLE_RATE), round(STEP_S * SAMPLE_RATE)
    found = [
        Piece(start + spoken.start, start + spoken.end)
        for start in range(0, max(sound.length - (length - step), 1), step)
        for spoken in _spoken(sound.read(start, start + length)[channel])
    ]
    padded = _with_room(merge(found), sound, channel)
    return [part for piece in padded for part in _cut(piece, sound, channel)]


def merge(pieces: list[Piece]) -> list[Piece]:
    """Pieces that overlap or touch as one, by time."""
    merged: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if merged and piece.start <= merged[-1].end:
            merged[-1] = Piece(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return merged


def _spoken(samples: NDArray[np.float32]) -> list[Piece]:
    """Where the detector, started anew, finds speech in a stretch."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=VAD_THRESHOLD,
        min_speech_duration_ms=MIN_SPEECH_MS,
        min_silence_duration_ms=MIN_SILENCE_MS,
        speech_pad_ms=0,
    )
    return [Piece(s["start"], s["end"]) for s in get_speech_timestamps(samples, options)]


def _with_room(pieces: list[Piece], sound: Sound, channel: int) -> list[Piece]:
    """Pieces with 0.2 to 0.4 s around them, cut where it is quietest.

    The detector sees blocks of 32 ms, and where they begin depends on all that comes before. Cuts
    at the quietest spot do not: so a call has the same words wherever in a recording it lies.
    """
    roomy = []
    least, most = round(LEAST_PAD_S * SAMPLE_RATE), round(PAD_S * SAMPLE_RATE)
    befores = [0, *(piece.end for piece in pieces)]
    afters = [*(piece.start for piece in pieces[1:]), sound.length]
    for piece, before, after in zip(pieces, befores, afters, strict=False):
        first = max(piece.start - most, (before + piece.start) // 2 if before else 0)
        last = min(piece.end + most, (piece.end + after) // 2 if after < sound.length else after)
        ahead = sound.read(first, max(first, piece.start - least))[channel]
        behind = sound.read(min(piece.end + least, last), last)[channel]
        start = first + (len(ahead) - 1 - _quietest(ahead[::-1]) if len(ahead) else 0)
        end = min(piece.end + least, last) + _quietest(behind)
        roomy.append(Piece(start, end))
    return merge(roomy)


def _quietest(samples: NDArray[np.float32]) -> int:
    """The sample around which 20 ms are quietest, the first of them if there are several."""
    width = round(EDGE_S * SAMPLE_RATE)
    if len(samples) <= width:
        return len(samples) // 2
    power = np.cumsum(np.square(samples, dtype=np.float64))
    return int((power[width:] - power[:-width]).argmin()) + width // 2


def _cut(piece: Piece, sound: Sound, channel: int) -> list[Piece]:
    """Cut a piece that is too long at the quietest spots."""
    longest, quiet = round(PIECE_S * SAMPLE_RATE), round(QUIET_S * SAMPLE_RATE)
    parts = []
    start = piece.start
    while piece.end - start > longest:
        late = sound.read(start + longest // 2, start + longest)[channel]
        loudness = np.square(late[: len(late) // quiet * quiet]).reshape(-1, quiet).sum(axis=1)
        end = start + longest // 2 + int(loudness.argmin()) * quiet + quiet // 2
        parts.append(Piece(start, end))
        start = end
    return [*parts, Piece(start, piece.end)]
