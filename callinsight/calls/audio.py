"""Decode recordings, whatever their container and codec, and cut clips from them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import tempfile
import weakref
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.endings import ogg_is_cut_off, wav_share
from callinsight.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz, what the speech models take
WHOLE = 0.98  # a recording with less than this share of its announced length is partial
EMPTY_S = 0.1  # shorter sound than this holds no word
SAME_CHANNEL = 0.98  # two channels that correlate more than this are one
SILENT = 1e-3  # a channel whose peak lies below -60 dBFS carries nothing
CLIP_BIT_RATE = 32_000
ROOM_S = 0.15  # silence beyond both ends of a span: the times of words are a little off
FADE_S = 0.02
LONGEST_H = 24.0  # a longer recording is no call, and would fill the disk
MOST_CHANNELS = 32
FASTEST_HZ = (
    768_000  # no recorder takes more samples a second; bringing billions to ours takes gigabytes
)
BLOCK = SAMPLE_RATE  # samples a channel that are written at once
IN_MEMORY = 32 << 20  # bytes of decoded sound, 4 minutes of two channels, that need no file
GAP_S = 0.1  # a frame that is later than this after the one before leaves a gap
UNSENT_S = 0.5  # a shorter gap without damage is silence that some encoders do not send
LONGEST_GAP_S = 600.0  # a longer one is a damaged timestamp
# What FFmpeg may open, and nothing from within it: playlists and lists of files, which it takes for
# recordings whatever their name is, would have it read other files, also of refused calls.
OPENED = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(
        (
            *(
                "aac",
                "ac3",
                "aiff",
                "amr",
                "amrnb",
                "amrwb",
                "asf",
                "au",
                "avi",
                "caf",
                "dts",
                "eac3",
            ),
            *("flac", "flv", "g722", "g729", "gsm", "loas", "matroska,webm", "mov,mp4,m4a", "mp3"),
            *(
                "mpeg",
                "mpegts",
                "ogg",
                "qcp",
                "rm",
                "rso",
                "sln",
                "sox",
                "tta",
                "voc",
                "w64",
                "wav",
            ),
            *("wv", "xwma", "ape", "mpc", "mpc8"),
        )
    ),
}
GUESSED = ("aac", "amr")  # they announce no length; FFmpeg guesses one from the bit rate
AMR = ("amrnb", "amrwb")  # FFmpeg decodes their speech, but not their frames of silence
AMR_SILENCE = 6  # bytes; a longer frame is speech (3GPP TS 26.101 and 26.201)
UNTIMED = ("mp3", "aac")  # their timestamps count frames, and so do not show what was lost
RESUMPTIONS = 100  # how often reading goes on behind a damaged spot of the container


@dataclass(frozen=True, eq=False)
class Sound:
    """Decoded sound at 16 kHz; it lies in a temporary file, so that memory does not grow with it."""

    missing_s: float  # sound that the file should hold and that could not be decoded
    cut_off: bool  # the file ends early; by how much is unknown and not in `missing_s`
    tape: Tape
    mixes: tuple[list[int], ...]  # the channels of the tape whose mean each channel is

    @property
    def channels(self) -> int:
        """How many channels carry sound of their own."""
        return len(self.mixes)

    @property
    def length(self) -> int:
        """Samples in each channel."""
        return self.tape.length

    @property
    def duration_s(self) -> float:
        """Length of what was decoded."""
        return self.length / SAMPLE_RATE

    def alone(self, channel: int) -> Sound:
        """One of its channels as a sound with one channel."""
        return dataclasses.replace(self, mixes=(self.mixes[channel],))

    def read(self, start: int = 0, end: int | None = None) -> NDArray[np.float32]:
        """The samples from start to end or as far as there are any: [channels, samples], -1 to 1."""
        samples = self.tape.read(max(0, start), self.length if end is None else end)
        return np.stack([samples.T[mix].mean(axis=0) for mix in self.mixes])


class Tape:
    """Sound written once and read in parts, with what tells its channels apart.

    The samples stay floats: rounded to 16 bits, they would move what the voice detector finds.
    The file has no name, so that nothing of a private call stays behind, whatever happens.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.length = 0  # samples a channel
        self._frame = channels * np.dtype(np.float32).itemsize  # bytes of a sample of all channels
        self._waiting: list[NDArray[np.float32]] = []
        self._waits = 0  # samples a channel
        self._peaks = np.zeros(channels)
        self._sums = np.zeros(channels)
        self._products = np.zeros((channels, channels))
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, _close, self._file)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples [samples, channels]; raises OSError if the disk is full."""
        self.length += len(samples)
        self._waiting.append(samples)
        self._waits += len(samples)
        if self._waits >= BLOCK:
            self._write_block()

    def write_silence(self, length: int) -> None:
        """Append silence of so many samples a channel."""
        for start in range(0, length, BLOCK):
            size = min(BLOCK, length - start)
            self.write(np.zeros((size, self.channels), dtype=np.float32))

    def leave_out(self, length: int) -> None:
        """Go on so many samples later; what lies between is silence that takes no room."""
        self._write_block()
        self.length += length
        if self.length * self._frame > IN_MEMORY:
            self._file.rollover()
        self._file.seek(self.length * self._frame)

    def sound(self, missing_s: float = 0.0, *, cut_off: bool = False) -> Sound:
        """All that was written, with its real channels; nothing can be written any more."""
        self._write_block()
        return Sound(missing_s, cut_off, self, self._real_channels())

    def read(self, start: int, end: int) -> NDArray[np.float32]:
        """The samples from start to end: [samples, channels]."""
        self._file.seek(start * self._frame)
        content = self._file.read(max(0, min(end, self.length) - start) * self._frame)
        return np.frombuffer(content, dtype=np.float32).reshape(-1, self.channels)

    def _write_block(self) -> None:
        if not self._waiting:
            return
        block = np.nan_to_num(np.concatenate(self._waiting), posinf=1.0, neginf=-1.0)
        self._file.write(block.tobytes())
        exact = block.astype(np.float64)
        self._peaks = np.maximum(self._peaks, np.abs(exact).max(axis=0, initial=0.0))
        self._sums += exact.sum(axis=0)
        self._products += exact.T @ exact
        self._waiting, self._waits = [], 0

    def _real_channels(self) -> tuple[list[int], ...]:
        """One channel where all that carry sound are the same, or only one does, else every one.

        Channels are the same by Pearson's correlation over the whole recording, whatever its sign:
        with opposite polarity they would cancel each other, so that one stands for all.
        """
        loud = [int(channel) for channel in np.flatnonzero(self._peaks > SILENT)]
        if not loud:
            return ([0],)
        covariance = self._products - np.outer(self._sums, self._sums) / max(1, self.length)
        covariance = covariance[np.ix_(loud, loud)]
        deviation = np.sqrt(np.maximum(0, np.diag(covariance)))
        if (np.abs(covariance) > SAME_CHANNEL * np.outer(deviation, deviation)).all():
            return (loud,) if (covariance > 0).all() else (loud[:1],)
        return tuple([channel] for channel in range(self.channels))


def decode(path: Path, *, until_s: float = math.inf) -> Sound:
    """All channels of a recording; a damaged spot becomes silence and counts as missing.

    What a cut-off Ogg file lacks is unknown: it is `cut_off`, and `missing_s` does not count it.
    What comes after `until_s` may be left out, and is not missing.
    Raises AudioError if the file is missing, holds no sound or one of unknown form, cannot be
    decoded at all, lasts longer than 24 hours, has more than 32 channels or 768,000 samples a second,
    or decodes to more than the disk takes.
    """
    with opened(path) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            raise AudioError(
                f"{path.name}: the file has no sound; export the call with its audio track"
            )
        if stream.codec_context is None:
            raise AudioError(
                f"{path.name}: its sound is in a form that is not known here; export the call as WAV, "
                "FLAC or MP3"
            )
        guessed = container.format.name in GUESSED
        announced_s = 0.0 if guessed else _announced_s(container, stream)
        share, cut_off = wav_share(path), ogg_is_cut_off(path)
        _check_size(path, announced_s, stream.layout.nb_channels, stream.rate or 0)
        with room_for_sound(path):
            track = _decode_packets(path, container, stream, until_s)
            length_s = track.tape.length / SAMPLE_RATE
            missing_s = track.missing_s
            if length_s < until_s:
                missing_s += _lacking_s(length_s, announced_s, share)
            sound = track.tape.sound(round(missing_s, 2), cut_off=cut_off)
    if sound.length:
        return sound
    if track.damaged or cut_off or share < 1 or announced_s > EMPTY_S:
        raise AudioError(f"{path.name}: none of its sound can be decoded; export the call again")
    return dataclasses.replace(sound, missing_s=0.0)


def clip(
    sound: Sound, start_s: float, end_s: float, *, silent: Iterable[tuple[float, float]] = ()
) -> bytes:
    """An MP3 of a part of the sound, all channels mixed; the same sound gives the same bytes.

    `silent` are spans of the sound, in seconds from its start, that are not to be heard.
    """
    import av

    start, end = (round(max(0.0, s) * SAMPLE_RATE) for s in (start_s, end_s))
    mono = silenced(sound.read(start, end).mean(axis=0), start / SAMPLE_RATE, silent)
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


def silenced(
    samples: NDArray[np.float32], start_s: float, silent: Iterable[tuple[float, float]]
) -> NDArray[np.float32]:
    """The samples, [..., time] from a time on, with silence in spans of the call and soft edges."""
    loud = np.ones(samples.shape[-1], dtype=np.float32)
    fade = round(FADE_S * SAMPLE_RATE)
    for first_s, last_s in silent:
        first = round((first_s - start_s - ROOM_S) * SAMPLE_RATE)
        last = round((last_s - start_s + ROOM_S) * SAMPLE_RATE)
        for edge, ramp in ((first - fade, -1), (last, 1)):
            places = np.arange(max(0, edge), max(0, min(len(loud), edge + fade)))
            slope = (places - edge) / fade
            loud[places] = np.minimum(loud[places], slope if ramp > 0 else 1 - slope)
        loud[max(0, first) : max(0, last)] = 0.0
    return samples * loud


def length_s(path: Path) -> float:
    """The length that a recording announces, in seconds, without decoding it; 0 if it says none."""
    with opened(path) as container:
        stream = next(iter(container.streams.audio), None)
        return _announced_s(container, stream) if stream is not None else 0.0


def opened(path: Path) -> Any:
    """The container of a recording, to be closed; raises AudioError."""
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
        return av.open(str(path), options=OPENED)
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


def _check_size(path: Path, length_s: float, channels: int = 0, rate_hz: int = 0) -> None:
    """Refuse what would fill the disk or the memory."""
    if length_s > LONGEST_H * 3600:
        raise AudioError(
            f"{path.name}: it holds more than {LONGEST_H:.0f} hours of sound, or says so; "
            "cut it into its calls, or export it again"
        )
    if channels > MOST_CHANNELS:
        raise AudioError(
            f"{path.name}: it has {channels} channels, more than {MOST_CHANNELS}; "
            "export only those of the call"
        )
    if rate_hz > FASTEST_HZ:
        raise AudioError(
            f"{path.name}: it says that it has {rate_hz:,} samples a second, more than {FASTEST_HZ:,}; "
            "its header is damaged, export the call again"
        )


@contextlib.contextmanager
def room_for_sound(path: Path) -> Iterator[None]:
    """Raises AudioError where the disk has no room for what is decoded."""
    try:
        yield
    except OSError as error:
        raise AudioError(
            f"{path.name}: its decoded sound does not fit into {tempfile.gettempdir()} "
            f"({_short(error)}); free space there, or name another folder in TMPDIR"
        ) from error


def _lacking_s(decoded_s: float, announced_s: float, share: float) -> float:
    """What lacks at the end of a file that announces more, or that holds a share of its sound."""
    if share > 0 and decoded_s / share - decoded_s > EMPTY_S:
        return max(announced_s, decoded_s / share) - decoded_s
    return announced_s - decoded_s if decoded_s < WHOLE * announced_s else 0.0


def _decode_packets(path: Path, container: Any, stream: Any, until_s: float) -> _Track:
    """Decode packet by packet, so that a corrupt spot costs that spot and not the rest."""
    import av

    channels = stream.layout.nb_channels
    track = _Track(stream.layout.name if channels else "mono", Tape(channels or 1))
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
            clock.pass_over(packet, lost=container.format.name in UNTIMED)
            if stream.codec.name not in AMR or packet.size > AMR_SILENCE:
                track.damaged = True
            elif not track.damaged:
                track.fill(clock.now_s)
        length_s = track.tape.length / SAMPLE_RATE
        _check_size(path, length_s)
        if length_s >= until_s:
            return track
    try:
        track.finish(clock.now_s)
    except av.FFmpegError:  # of a rate that nobody samples at
        track.damaged = True
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
        base = packet.time_base or Fraction(0)
        # as fractions divide, in a fifth of their time
        length_s = (packet.duration or 0) * base.numerator / base.denominator
        if lost and self.sound_bytes:
            bytes_s = packet.size * self.sound_s / self.sound_bytes
            self.late_s += max(0.0, bytes_s - length_s)
        elif not lost:
            self.sound_bytes += packet.size
            self.sound_s += length_s
        if packet.pts is not None:
            at_s = packet.pts * base.numerator / base.denominator
            self.now_s = at_s - self.start_s + self.late_s + length_s


@dataclass
class _Track:
    """Sound that grows by frames, with silence where there are none, so that the clock is right."""

    layout: str
    tape: Tape
    missing_s: float = 0.0
    damaged: bool = False  # since the last frame
    _resampler: Any = None
    _takes: tuple[str, str, int] | None = None  # what the resampler is made for

    def add(self, frame: Any, at_s: float | None) -> None:
        """Append a frame, at its time if the file says it; its format may differ from the last."""
        import av

        if at_s is not None:
            self.fill(at_s)
        takes = (frame.format.name, frame.layout.name, frame.sample_rate)
        if takes != self._takes:
            self._flush()
            self._resampler = av.AudioResampler("flt", self.layout, SAMPLE_RATE)
            self._takes = takes
        self._append(self._resampler.resample(frame))
        self.damaged = False

    def finish(self, end_s: float) -> None:
        """Take what the resampler holds back; sound lost at the end counts as missing."""
        self._flush()
        if self.tape.length and self.damaged:
            self.fill(end_s)

    def fill(self, until_s: float) -> None:
        """Silence up to a time; what was damaged, or is too long to be left unsent, is missing."""
        gap_s = until_s - self.tape.length / SAMPLE_RATE
        if not (0 if self.damaged else GAP_S) < gap_s < LONGEST_GAP_S:
            return
        if self.damaged or gap_s > UNSENT_S:
            self.missing_s += gap_s
        self._flush()
        self.tape.write_silence(round(gap_s * SAMPLE_RATE))

    def _flush(self) -> None:
        if self._resampler is not None:
            self._append(self._resampler.resample(None))
        self._resampler = self._takes = None

    def _append(self, frames: list[Any]) -> None:
        for frame in frames:
            self.tape.write(frame.to_ndarray().reshape(-1, self.tape.channels))


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # a full disk has already been told
        file.close()


def _short(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__
