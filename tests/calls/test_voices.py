from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from faster_whisper.feature_extractor import FeatureExtractor
from hypothesis import given
from hypothesis import strategies as st

from callinsight import weights
from callinsight.calls.activity import Piece
from callinsight.calls.audio import SAMPLE_RATE
from callinsight.calls.voices import (
    VoiceEmbedder,
    between_pauses,
    listen,
    loudness_of,
    mel,
    windows_in,
)

from .conftest import Samples, sound_of, tone

SECOND = SAMPLE_RATE


@pytest.fixture(scope="module")
def embedder() -> VoiceEmbedder:
    return VoiceEmbedder(weights.folder("voice-embedding"))


def test_the_features_are_powers_in_bands_of_the_mel_scale(call: Samples) -> None:
    samples = call[0, 2 * SECOND : 4 * SECOND]
    spectrum = torch.stft(
        torch.from_numpy(samples),
        n_fft=400,
        hop_length=160,
        window=torch.hann_window(400),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    filters = FeatureExtractor.get_mel_filters(SAMPLE_RATE, 400, n_mels=40)
    expected = (filters @ spectrum.abs().square().numpy()).T

    found = mel(samples)

    assert found.shape == (201, 40)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)


def test_vectors_have_length_one(call: Samples, embedder: VoiceEmbedder) -> None:
    vectors = embedder.encode(call[0], [(0, SECOND), (SECOND, SECOND + 1600), (5, 6)])

    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_is_the_same_alone_and_among_others(
    call: Samples, embedder: VoiceEmbedder
) -> None:
    windows = [(at, at + length) for at in range(0, 4 * SECOND, 3200) for length in (9600, SECOND)]

    together = embedder.encode(call[0], windows)
    alone = np.concatenate([embedder.encode(call[0], [window]) for window in windows])

    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_loudness_does_not_change_a_vector(call: Samples, embedder: VoiceEmbedder) -> None:
    windows = [(2 * SECOND, 3 * SECOND), (3 * SECOND, 4 * SECOND)]

    loud = embedder.encode(call[0], windows)
    quiet = embedder.encode(call[0] * np.float32(0.05), windows)

    np.testing.assert_allclose(loud, quiet, atol=1e-4)


def test_one_voice_is_nearer_to_itself_than_to_another(
    call: Samples, embedder: VoiceEmbedder
) -> None:
    rep, buyer = (
        listen(sound_of(call[[channel]]), [Piece(0, call.shape[1])], embedder) for channel in (0, 1)
    )
    rep_mean, buyer_mean = (heard.vectors.mean(axis=0) for heard in (rep, buyer))

    nearer = [(h.vectors @ rep_mean > h.vectors @ buyer_mean).mean() for h in (rep, buyer)]

    assert nearer[0] > 0.9
    assert nearer[1] < 0.1


def test_nothing_at_all_has_a_vector_too(embedder: VoiceEmbedder) -> None:
    silence = np.zeros(SECOND, dtype=np.float32)

    assert np.isfinite(embedder.encode(silence, [(0, SECOND)])).all()
    assert embedder.encode(silence, []).shape == (0, 256)


@pytest.mark.parametrize(("pause_s", "count"), [(0.15, 1), (0.4, 2), (2.0, 2)])
def test_a_pause_of_a_quarter_second_parts_stretches(pause_s: float, count: int) -> None:
    noise = np.random.default_rng(2).normal(0, 1e-3, 5 * SECOND).astype(np.float32)
    second = round((1.5 + pause_s) * SECOND)
    noise[SECOND // 2 : 3 * SECOND // 2] += tone(300, seconds=1)
    noise[second : second + SECOND] += tone(200, seconds=1)

    stretches = between_pauses(loudness_of(noise))

    assert len(stretches) == count
    assert stretches[0][0] / SECOND == pytest.approx(0.5, abs=0.05)
    assert stretches[-1][1] / SECOND == pytest.approx(2.5 + pause_s, abs=0.05)


def test_a_click_is_no_speech() -> None:
    samples = np.random.default_rng(2).normal(0, 1e-3, 3 * SECOND).astype(np.float32)
    samples[SECOND : 2 * SECOND] += tone(300, seconds=1)
    samples[2 * SECOND + 8000 : 2 * SECOND + 8160] = 0.9

    assert len(between_pauses(loudness_of(samples))) == 1


def test_less_than_a_frame_has_no_stretch() -> None:
    assert between_pauses(loudness_of(np.zeros(100, dtype=np.float32))) == []


@given(start=st.integers(0, 10**7), length=st.integers(1, 30 * SECOND))
def test_windows_fill_a_stretch(start: int, length: int) -> None:
    windows = windows_in(start, start + length)

    assert windows[0][0] == start
    assert windows[-1][1] == start + length
    assert {end - first for first, end in windows} == {min(length, SECOND)}
    steps = [b[0] - a[0] for a, b in itertools.pairwise(windows)]
    assert all(0 < step <= 0.2 * SECOND + 1 for step in steps)


def test_windows_lie_in_their_stretches_and_stretches_in_their_pieces(
    call: Samples, embedder: VoiceEmbedder
) -> None:
    pieces = [Piece(SECOND, 5 * SECOND), Piece(6 * SECOND + 77, 9 * SECOND)]

    heard = listen(sound_of(call[:1]), pieces, embedder)

    assert len(heard.vectors) == len(heard.starts) == len(heard.ends) == len(heard.stretch)
    for start, end in heard.stretches:
        assert any(piece.start <= start < end <= piece.end for piece in pieces)
    for start, end, stretch in zip(heard.starts, heard.ends, heard.stretch, strict=True):
        assert heard.stretches[stretch][0] <= start < end <= heard.stretches[stretch][1]
    assert set(heard.stretch) == set(range(len(heard.stretches)))
