"""What voices sound like: stretches of speech, and vectors that lie close together for one voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.networks import open_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.calls.activity import Piece
    from callinsight.calls.audio import Sound

SIZE = 256
BANDS = 40
FRAME = SAMPLE_RATE // 100  # 10 ms, the step of the features and of loudness
TAPER = 400  # samples, 25 ms: what one spectrum sees
LOUDNESS = 1e-3  # mean square, -30 dBFS; the bands are powers, so the network hears loudness
SILENT = 1e-10
BATCH = 32

QUIET_DB = -100.0
PAUSE_S = 0.25  # one person's turn ends with a pause at least as long, more often than not
PAUSE_DB = 30.0  # a pause is this much below the loud parts of its piece
NOISE_DB, CONTRAST_DB = 6.0, 15.0  # or this near to the noise, if speech is that far above
SHORTEST_S = 0.08  # a shorter sound is no speech
WINDOW_S, HOP_S = 1.0, 0.2


@dataclass(frozen=True, eq=False)
class Heard:
    """Stretches of speech between pauses, and windows of 1 s in them, with a vector each."""

    stretches: tuple[tuple[int, int], ...]  # samples
    loudness: NDArray[np.float64]  # dB, for each frame of the recording
    starts: NDArray[np.int64]  # of the windows, samples
    ends: NDArray[np.int64]
    stretch: NDArray[np.int64]  # which stretch a window lies in
    vectors: NDArray[np.float32]  # [windows, 256]


def listen(sound: Sound, pieces: Sequence[Piece], embedder: VoiceEmbedder) -> Heard:
    """What is heard in the pieces: stretches between pauses, and their windows with vectors."""
    stretches: list[tuple[int, int]] = []
    rows: list[tuple[int, int, int]] = []
    vectors = [np.zeros((0, SIZE), dtype=np.float32)]
    loudness = np.full(sound.length // FRAME + 1, QUIET_DB)
    for piece in pieces:
        samples = sound.read(piece.start, piece.end)[0]
        decibels = loudness_of(samples)
        loudness[piece.start // FRAME :][: len(decibels)] = decibels
        inside = []
        for start, end in between_pauses(decibels):
            cut = windows_in(start, end)
            rows += [(piece.start + a, piece.start + b, len(stretches)) for a, b in cut]
            stretches.append((piece.start + start, piece.start + end))
            inside += cut
        vectors.append(embedder.encode(samples, inside))
    starts, ends, stretch = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Heard(tuple(stretches), loudness, starts, ends, stretch, np.concatenate(vectors))


def loudness_of(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The power of 50 ms around each frame of 10 ms, in dB."""
    count = len(samples) // FRAME
    if count == 0:
        return np.zeros(0)
    power = np.square(samples[: count * FRAME]).reshape(count, -1).mean(axis=1)
    smooth = np.convolve(np.pad(power, 2, "edge"), np.full(5, 0.2), "valid")
    return np.asarray(10 * np.log10(smooth + 10 ** (QUIET_DB / 10)))


def between_pauses(decibels: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The stretches (start, end) of speech, in samples, that pauses of 0.25 s leave."""
    if not len(decibels):
        return []
    noise, loud = np.percentile(decibels, [3, 95])
    threshold = max(loud - PAUSE_DB, min(noise + NOISE_DB, loud - CONTRAST_DB))
    heard = np.flatnonzero(decibels > threshold)
    breaks = np.flatnonzero(np.diff(heard) > PAUSE_S * SAMPLE_RATE / FRAME)
    firsts, lasts = heard[np.r_[0, breaks + 1]], heard[np.r_[breaks, len(heard) - 1]]
    return [
        (int(first) * FRAME, int(last + 1) * FRAME)
        for first, last in zip(firsts, lasts, strict=True)
        if (last + 1 - first) * FRAME >= SHORTEST_S * SAMPLE_RATE
    ]


def windows_in(start: int, end: int) -> list[tuple[int, int]]:
    """Windows of 1 s, about every 0.2 s, that fill a stretch; one window if it is shorter."""
    length = round(WINDOW_S * SAMPLE_RATE)
    room = end - start - length
    if room <= 0:
        return [(start, end)]
    steps = int(np.ceil(room / (HOP_S * SAMPLE_RATE)))
    firsts = [start + round(i * room / steps) for i in range(steps + 1)]
    return [(first, first + length) for first in firsts]


class VoiceEmbedder:
    """Sound to unit vectors; one thread, so that the same sound gives the same bytes.

    The speaker encoder of Wan et al. 2018 as Resemblyzer trained it, with Resemblyzer's features.
    """

    def __init__(self, folder: Path) -> None:
        """Load the verified model from its folder."""
        self._session = open_network(folder)

    def encode(
        self, samples: NDArray[np.float32], windows: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """A vector of length 1 for each window (start, end) of the samples: [windows, 256]."""
        bands = mel(samples)
        parts = [_window(samples, bands, start, end) for start, end in windows]
        vectors = np.zeros((len(parts), SIZE), dtype=np.float32)
        by_length = sorted(range(len(parts)), key=lambda i: len(parts[i]))
        while by_length:
            length = len(parts[by_length[0]])
            batch = [i for i in by_length[:BATCH] if len(parts[i]) == length]
            mels = np.stack([parts[i] for i in batch])
            vectors[batch] = self._session.run(["embedding"], {"mel": mels})[0]
            by_length = by_length[len(batch) :]
        return vectors


def mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Powers in 40 bands of the mel scale, a row every 10 ms: [1 + samples // 160, 40]."""
    padded = np.pad(samples, TAPER // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, TAPER)[::FRAME]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(TAPER) / TAPER)
    spectrum = np.fft.rfft(frames * hann.astype(np.float32), axis=1)
    powers = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(powers @ _filters().T, dtype=np.float32)


def _window(
    samples: NDArray[np.float32], bands: NDArray[np.float32], start: int, end: int
) -> NDArray[np.float32]:
    """The bands of a window, as loud as the network is used to."""
    power = float(np.square(samples[start:end]).mean()) if end > start else 0.0
    first = start // FRAME
    count = max(1, (end - start) // FRAME)
    return bands[first : first + count] * np.float32(LOUDNESS / max(power, SILENT))


def _filters() -> NDArray[np.float32]:
    """Triangles of equal area on Slaney's mel scale: linear to 1 kHz, logarithmic above."""
    top = 15 + np.log(SAMPLE_RATE / 2 / 1000) / (np.log(6.4) / 27)
    mels = np.linspace(0, top, BANDS + 2)
    corners = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mels - 15)))
    hertz = np.fft.rfftfreq(TAPER, 1 / SAMPLE_RATE)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    area = 2 / (high - low)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * area, dtype=np.float32)
