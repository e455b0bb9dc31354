"""Parts of a recording, as decoding all of it would give them, without decoding all of it.

What comes after the last part is not decoded. Where packets stand for themselves and nothing of the
recording is damaged, what lies between the parts is not decoded either. AAC, Opus and others carry
something along from the start: there, even much later, a few samples would be others.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.audio import SAMPLE_RATE, Tape, decode, opened, room_for_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from callinsight.calls.audio import Sound

    Spans = Sequence[tuple[float, float]]  # seconds from the start of the recording

ROOM_S = 1.0  # on both sides: MP3 takes bits from the frames before, resampling looks both ways
ALONE = {"wav": "pcm_", "flac": "flac", "mp3": "mp3"}  # containers, and how their codecs begin


def passages(path: Path, spans: Spans, *, channels: int, damaged: bool = False) -> Sound:
    """A recording as `decode` gives it, sample by sample in these spans; elsewhere it may be silent.

    `channels` is how many were found to carry sound of their own, 0 where nobody knows: only the whole
    recording tells, so that all of it is decoded if those are not all of its channels. `damaged` says
    whether any of it was missing. Raises AudioError as `decode` does.
    """
    with opened(path) as container:
        stream = next(iter(container.streams.audio), None)
        there = stream.layout.nb_channels if stream and stream.codec_context else 0
    if not spans or not there or there not in (1, channels):
        return decode(path)
    sound = _skimmed(path, spans) if there == channels and not damaged else None
    sound = sound or decode(path, until_s=_end_s(spans))
    return dataclasses.replace(sound, mixes=tuple([channel] for channel in range(there)))


def _end_s(spans: Spans) -> float:
    return max(map(max, spans)) + ROOM_S


def _skimmed(path: Path, spans: Spans) -> Sound | None:
    """The spans, decoded by themselves; None where other samples might come of it."""
    import av

    wanted = [(start - ROOM_S, end + ROOM_S) for start, end in (*spans, (0.0, 0.0))]
    with opened(path) as container, room_for_sound(path):
        stream = container.streams.audio[0]
        if not stream.codec_context.name.startswith(ALONE.get(container.format.name, "-")):
            return None
        pieces = _Pieces(stream.layout.name, Tape(stream.layout.nb_channels))
        try:
            for packet, start_s, end_s in _in_a_row(container, stream):
                if start_s > _end_s(spans):
                    return pieces.tape.sound()
                if not any(start <= end_s and start_s <= end for start, end in wanted):
                    pieces.pause()
                    continue
                for frame in packet.decode():
                    pieces.add(frame)
            pieces.finish()
        except (av.FFmpegError, _UnevenError):
            return None
    return pieces.tape.sound()


class _UnevenError(Exception):
    """The packets do not tell where in the whole recording the sound of each belongs."""


def _in_a_row(container: Any, stream: Any) -> Iterator[tuple[Any, float, float]]:
    """The packets from when to when, in seconds, as long as each begins where the last one ends."""
    is_mp3 = container.format.name == "mp3"
    second = stream.time_base.denominator / stream.time_base.numerator
    first: Any = None
    due = 0
    for packet in container.demux(stream):
        if not packet.size:
            return
        if packet.pts is None or not packet.duration:
            raise _UnevenError
        form = _form(packet) if is_mp3 else None
        first = first or (packet.pts, form)
        start = packet.pts - first[0]
        if start != due or form != first[1]:
            raise _UnevenError
        due = start + packet.duration
        yield packet, start / second, due / second


def _form(packet: Any) -> tuple[int, bool]:
    """What an MP3 may change midway, so that its samples are counted anew: version, rate, mono."""
    head = int.from_bytes(bytes(packet)[:4])
    return head & 0xFF0C00, head & 0xC0 == 0xC0


class _Pieces:
    """Frames in their places, with silence where there are none."""

    def __init__(self, layout: str, tape: Tape) -> None:
        self.tape = tape
        self._layout = layout
        self._resampler: Any = None
        self._first: Any = None  # the first frame of all

    def add(self, frame: Any) -> None:
        """Append a frame: it follows the last one, or begins a piece in its place."""
        import av

        self._first = self._first or frame
        if _kind(frame) != _kind(self._first):
            raise _UnevenError
        if self._resampler is None:
            self._resampler = av.AudioResampler("flt", self._layout, SAMPLE_RATE)
            frame = self._placed(frame)
        self._append(self._resampler.resample(frame))

    def pause(self) -> None:
        """What comes next is a piece of its own."""
        self._resampler = None

    def finish(self) -> None:
        """Take what the resampler holds back at the end of the recording."""
        if self._resampler is not None:
            self._append(self._resampler.resample(None))

    def _placed(self, frame: Any) -> Any:
        """Go to where a frame belongs; it, from its first sample on that falls together with one at 16 kHz.

        There a resampler begins as it would have gone on.
        """
        if frame.pts is None or self._first.pts is None:
            raise _UnevenError
        rate = frame.sample_rate
        index = (frame.pts - self._first.pts) * frame.time_base * rate
        if index.denominator != 1:
            raise _UnevenError
        odd = next(n for n in range(rate) if (index + n) * SAMPLE_RATE % rate == 0)
        place = int((index + odd) * SAMPLE_RATE / rate)
        self.tape.leave_out(place - self.tape.length)
        return _without(frame, odd) if odd else frame

    def _append(self, frames: list[Any]) -> None:
        for frame in frames:
            self.tape.write(frame.to_ndarray().reshape(-1, self.tape.channels))


def _kind(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _without(frame: Any, odd: int) -> Any:
    """A frame without its first samples."""
    import av

    values = odd if frame.format.is_planar else odd * frame.layout.nb_channels
    rest = np.ascontiguousarray(frame.to_ndarray()[:, values:])
    cut = av.AudioFrame.from_ndarray(rest, format=frame.format.name, layout=frame.layout.name)
    cut.sample_rate = frame.sample_rate
    return cut
