"""Decode recordings, whatever their container and codec, and cut clips from them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.endings import ogg_is_cut_off, wav_share
from callinsight.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz, what the speech models take
WHOLE = 0.98  # a recording with less than this share of its announced length is partial
EMPTY_S = 0.1  # shorter sound than this holds no word
SAME_CHANNEL = 0.98  # two channels that correlate more than this are one
SILENT = 1e-3  # a channel whose peak lies below -60 dBFS carries nothing
CLIP_BIT_RATE = 32_000
GAP_S = 0.1  # a frame that is later than this after the one before leaves a gap
UNSENT_S = 0.5  # a shorter gap without damage is silence that some encoders do not send
LONGEST_GAP_S = 600.0  # a longer one is a damaged timestamp
GUESSED = ("aac",)  # they announce no length; FFmpeg guesses one from the bit rate
UNTIMED = ("mp3", "aac")  # their timestamps count frames, and so do not show what was lost
RESUMPTIONS = 100  # how often reading goes on behind a damaged spot of the container


@dataclass(frozen=True)
class Sound:
    """Decoded sound: float32 samples in -1 to 1, one row a channel, at 16 kHz."""

    samples: NDArray[np.float32]  # [channels, samples]
    missing_s: float  # sound that the file should hold and that could not be decoded
    cut_off: bool = False  # the file ends early; by how much is unknown and not in `missing_s`

    @property
    def duration_s(self) -> float:
        """Length of what lies in `samples`."""
        return float(self.samples.shape[1] / SAMPLE_RATE)


def decode(path: Path) -> Sound:
    """All channels of a recording; a damaged spot becomes silence and counts as missing.

    Raises AudioError if the file is missing, holds no sound, or cannot be decoded at all.
    """
    with _open(path) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            raise AudioError(
                f"{path.name}: the file has no sound; export the call with its audio track"
            )
        guessed = container.format.name in GUESSED
        announced_s = 0.0 if guessed else _announced_s(container, stream)
        track = _decode_packets(container, stream)
    share, cut_off = wav_share(path), ogg_is_cut_off(path)
    if not track.pieces:
        if track.damaged or cut_off or share < 1 or announced_s > EMPTY_S:
            raise AudioError(
                f"{path.name}: none of its sound can be decoded; export the call again"
            )
        return Sound(np.zeros((1, 0), dtype=np.float32), 0.0)
    samples = np.concatenate(track.pieces, axis=1)
    missing_s = track.missing_s + _lacking_s(samples.shape[1] / SAMPLE_RATE, announced_s, share)
    return Sound(_real_channels(samples), round(missing_s, 2), cut_off)


def clip(sound: Sound, start_s: float, end_s: float) -> bytes:
    """An MP3 of a part of the sound, all channels mixed; the same sound gives the same bytes."""
    import av

    start, end = (round(max(0.0, s) * SAMPLE_RATE) for s in (start_s, end_s))
    mono = sound.samples[:, start:end].mean(axis=0)
    peak = float(np.abs(mono).max(initial=0.0))
    if peak > 0:
        mono = mono * min(4.0, 0.9 / peak)
    pcm = (mono * 32767).astype(np.int16)[np.newaxis, :]
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as out:
        stream = out.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = CLIP_BIT_RATE
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return file.getvalue()


def length_s(path: Path) -> float:
    """The length that a recording announces, in seconds, without decoding it; 0 if it says none."""
    with _open(path) as container:
        stream = next(iter(container.streams.audio), None)
        return _announced_s(container, stream) if stream is not None else 0.0


def _open(path: Path) -> Any:
    import av

    if path.is_dir():
        raise AudioError(f"{path.name}: this is a folder; name a recording in it")
    if not path.exists():
        raise AudioError(f"{path.name}: there is no such file; mend the path or remove the row")
    if path.stat().st_size == 0:
        raise AudioError(
            f"{path.name}: the file is empty; copy it again from where it was recorded"
        )
    try:
        return av.open(str(path))
    except PermissionError:
        raise AudioError(
            f"{path.name}: reading it is not permitted; mend its permissions"
        ) from None
    except (av.FFmpegError, ValueError, OSError) as error:
        raise AudioError(
            f"{path.name}: this is no recording that can be read, or it is cut off ({_short(error)}); "
            "open it in a player, and export the call again"
        ) from error


def _announced_s(container: Any, stream: Any) -> float:
    import av

    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    only_sound = not container.streams.video
    return float(container.duration / av.time_base) if container.duration and only_sound else 0.0


def _lacking_s(decoded_s: float, announced_s: float, share: float) -> float:
    """What lacks at the end of a file that announces more, or that holds a share of its sound."""
    if share > 0 and decoded_s / share - decoded_s > EMPTY_S:
        return max(announced_s, decoded_s / share) - decoded_s
    return announced_s - decoded_s if decoded_s < WHOLE * announced_s else 0.0


def _decode_packets(container: Any, stream: Any) -> _Track:
    """Decode packet by packet, so that a corrupt spot costs that spot and not the rest."""
    import av

    track = _Track(stream.layout.name if stream.layout.nb_channels else "mono")
    clock = _Clock(float((stream.start_time or 0) * stream.time_base))
    for packet in _packets(container, stream):
        if packet is None:
            track.damaged = True
            continue
        try:
            for frame in packet.decode():
                track.add(frame, clock.time_of(frame))
            clock.pass_over(packet)
        except av.FFmpegError:
            track.damaged = True
            clock.pass_over(packet, lost=container.format.name in UNTIMED)
    track.finish(clock.now_s)
    return track


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """The packets of a stream, and None for each spot where the container itself is damaged."""
    import av

    for _ in range(RESUMPTIONS):
        try:
            yield from container.demux(stream)
        except av.FFmpegError:
            yield None
        else:
            return


@dataclass
class _Clock:
    """Where in the recording a frame belongs, in seconds from the first one."""

    start_s: float
    now_s: float = 0.0  # the end of the last packet
    late_s: float = 0.0  # how far timestamps that count frames lag behind
    sound_bytes: int = 0
    sound_s: float = 0.0

    def time_of(self, frame: Any) -> float | None:
        """The frame's time; None if the file does not say."""
        return None if frame.time is None else frame.time - self.start_s + self.late_s

    def pass_over(self, packet: Any, *, lost: bool = False) -> None:
        """Go on to the end of a packet; a lost one lasts as long as its bytes did elsewhere."""
        length_s = float((packet.duration or 0) * packet.time_base) if packet.time_base else 0.0
        if lost and self.sound_bytes:
            bytes_s = packet.size * self.sound_s / self.sound_bytes
            self.late_s += max(0.0, bytes_s - length_s)
        elif not lost:
            self.sound_bytes += packet.size
            self.sound_s += length_s
        if packet.pts is not None:
            self.now_s = (
                float(packet.pts * packet.time_base) - self.start_s + self.late_s + length_s
            )


@dataclass
class _Track:
    """Sound that grows by frames, with silence where there are none, so that the clock is right."""

    layout: str
    pieces: list[NDArray[np.float32]] = field(default_factory=list)
    missing_s: float = 0.0
    damaged: bool = False  # since the last frame
    _length: int = 0  # samples
    _resampler: Any = None
    _takes: tuple[str, str, int] | None = None  # what the resampler is made for

    def add(self, frame: Any, at_s: float | None) -> None:
        """Append a frame, at its time if the file says it; its format may differ from the last."""
        import av

        if at_s is not None:
            self._fill(at_s)
        takes = (frame.format.name, frame.layout.name, frame.sample_rate)
        if takes != self._takes:
            self._flush()
            self._resampler = av.AudioResampler("fltp", self.layout, SAMPLE_RATE)
            self._takes = takes
        self._append(self._resampler.resample(frame))
        self.damaged = False

    def finish(self, end_s: float) -> None:
        """Take what the resampler holds back; sound lost at the end counts as missing."""
        self._flush()
        if self.pieces and self.damaged:
            self._fill(end_s)

    def _fill(self, until_s: float) -> None:
        import av

        gap_s = until_s - self._length / SAMPLE_RATE
        if not (0 if self.damaged else GAP_S) < gap_s < LONGEST_GAP_S:
            return
        if self.damaged or gap_s > UNSENT_S:
            self.missing_s += gap_s
        self._flush()
        channels = av.AudioLayout(self.layout).nb_channels
        self._add_samples(np.zeros((channels, round(gap_s * SAMPLE_RATE)), dtype=np.float32))

    def _flush(self) -> None:
        if self._resampler is not None:
            self._append(self._resampler.resample(None))
        self._resampler = self._takes = None

    def _append(self, frames: list[Any]) -> None:
        for frame in frames:
            self._add_samples(frame.to_ndarray())

    def _add_samples(self, samples: NDArray[np.float32]) -> None:
        self.pieces.append(samples)
        self._length += samples.shape[1]


def _real_channels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """One channel where two are the same or where only one carries sound."""
    if samples.shape[0] != 2 or samples.shape[1] == 0:
        return samples
    loud = np.abs(samples).max(axis=1) > SILENT
    if loud.sum() == 1:
        return np.asarray(samples[loud], dtype=np.float32)
    if loud.sum() == 0:
        return samples[:1]
    with np.errstate(invalid="ignore"):
        same = bool(np.asarray(np.corrcoef(samples))[0, 1] > SAME_CHANNEL)
    return np.asarray(samples.mean(axis=0, keepdims=True) if same else samples, dtype=np.float32)


def _short(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__
