"""Which recordings browsers play, and a copy of one that they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.audio import OPENED, SAMPLE_RATE, decode, silenced
from callinsight.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BIT_RATE = 48_000  # of a copy
BLOCK_S = 30
PLAYED = {  # by FFmpeg's names of the container and the codec: what a browser is told
    ("wav", "pcm_s16le"): "audio/wav",
    ("wav", "pcm_u8"): "audio/wav",
    ("flac", "flac"): "audio/flac",
    ("mp3", "mp3"): "audio/mpeg",
    ("mp3", "mp3float"): "audio/mpeg",
    ("ogg", "opus"): "audio/ogg",
    ("ogg", "libopus"): "audio/ogg",
    ("ogg", "vorbis"): "audio/ogg",
    ("ogg", "libvorbis"): "audio/ogg",
    ("mov,mp4,m4a,3gp,3g2,mj2", "aac"): "audio/mp4",
    ("matroska,webm", "opus"): "audio/webm",
    ("matroska,webm", "libopus"): "audio/webm",
}
FILMS = {".mkv", ".mov", ".3gp"}  # browsers do not open them, whatever is in them


def media_type(path: Path) -> str | None:
    """What to tell a browser that a recording is; None if browsers do not play it."""
    import av

    if path.suffix.casefold() in FILMS:
        return None
    try:
        with av.open(str(path), options=OPENED) as container:
            stream = next(iter(container.streams.audio), None)
            context = stream.codec_context if stream is not None else None
            codec = context.name if context is not None else ""  # of a form that nobody knows
            return PLAYED.get((container.format.name, codec))
    except (av.FFmpegError, ValueError, OSError):
        return None


def write_copy(path: Path, target: Path, *, silent: Iterable[tuple[float, float]] = ()) -> Path:
    """Write a recording as MP3, in its own channels as far as they are two; raises AudioError.

    Its times are those of the transcript: damaged spots are silence, as are the spans `silent`, in
    seconds from its start.
    """
    import av

    sound, spans = decode(path), tuple(silent)
    layout = "stereo" if sound.channels == 2 else "mono"
    part = target.with_suffix(".part")
    try:
        with av.open(str(part), "w", format="mp3") as out:
            stream = out.add_stream("libmp3lame", rate=SAMPLE_RATE, layout=layout)
            stream.bit_rate = BIT_RATE
            for start in range(0, sound.length, BLOCK_S * SAMPLE_RATE):
                samples = sound.read(start, min(sound.length, start + BLOCK_S * SAMPLE_RATE))
                samples = silenced(samples, start / SAMPLE_RATE, spans)
                if layout == "mono":
                    samples = samples.mean(axis=0, keepdims=True)
                pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(pcm), format="s16p", layout=layout
                )
                frame.sample_rate = SAMPLE_RATE
                frame.pts = start
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AudioError(
            f"{path.name}: no copy that a browser plays can be written ({error.strerror}); "
            "free space on the disk"
        ) from error
    return target
