from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from callinsight.calls.audio import SAMPLE_RATE, Sound, Tape, decode

RECORDINGS = Path(__file__).parents[2] / "pipelines" / "demo" / "recordings"
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1"}
Samples = NDArray[np.float32]
Save = Callable[..., Path]


def tone(hertz: float, *, seconds: float = 2.0, rate: int = SAMPLE_RATE) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def sound_of(samples: Samples) -> Sound:
    """Samples [channels, n] as decoded sound."""
    tape = Tape(samples.shape[0])
    tape.write(samples.T)
    return tape.sound()


@pytest.fixture(scope="session")
def call() -> Samples:
    """The first 30 s of a demo call, rep on channel 0 and buyer on channel 1."""
    return decode(RECORDINGS / "rec-01.flac").read(0, 30 * SAMPLE_RATE)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write samples [channels, n] as any file that PyAV can make; the name tells the container."""

    def write(
        name: str, samples: Samples, codec: str, *, rate: int = SAMPLE_RATE, **options: str
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as out:
            layout = LAYOUTS[samples.shape[0]]
            stream = out.add_stream(codec, rate=rate, layout=layout, options=options)
            pcm = (samples.T * 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout=layout)
            frame.sample_rate = rate
            for packet in (*stream.encode(frame), *stream.encode(None)):
                out.mux(packet)
        return path

    return write


@pytest.fixture
def film(tmp_path: Path) -> Save:
    """Write a video of a second or more, with samples [1, n] as its sound or without sound."""

    def write(name: str, samples: Samples | None) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as out:
            video = out.add_stream("mpeg4", rate=5)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            sound = None if samples is None else out.add_stream("aac", rate=SAMPLE_RATE)
            for shade in range(0, 250, 25):
                picture = np.full((48, 64, 3), shade, dtype=np.uint8)
                for packet in video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                    out.mux(packet)
            for packet in video.encode(None):
                out.mux(packet)
            if sound is not None:
                frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                frame.sample_rate = SAMPLE_RATE
                for packet in (*sound.encode(frame), *sound.encode(None)):
                    out.mux(packet)
        return path

    return write


def corrupt(path: Path, start: float, end: float) -> None:
    """Overwrite a part of a file, from one share of its length to another, with noise."""
    content = bytearray(path.read_bytes())
    first, last = int(start * len(content)), int(end * len(content))
    noise = np.random.default_rng(7).integers(0, 256, last - first, dtype=np.uint8)
    content[first:last] = noise.tobytes()
    path.write_bytes(content)


def cut_off(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
