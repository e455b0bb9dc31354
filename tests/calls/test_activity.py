from __future__ import annotations

import itertools

import numpy as np
import pytest
from faster_whisper.vad import VadOptions, get_speech_timestamps

from callinsight.calls.activity import PIECE_S, Piece, merge, speech
from callinsight.calls.audio import SAMPLE_RATE

from .conftest import Samples, sound_of, tone


def heard(samples: Samples) -> list[Piece]:
    return speech(sound_of(samples[np.newaxis]), 0)


def test_speech_is_where_the_voice_is(call: Samples) -> None:
    voice = call[0, : 5 * SAMPLE_RATE]
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.float32)

    pieces = heard(np.concatenate([silence, voice, silence]))

    assert pieces[0].start / SAMPLE_RATE == pytest.approx(5.4, abs=0.5)
    assert pieces[-1].end / SAMPLE_RATE == pytest.approx(10, abs=0.6)


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_speech_after_a_long_silence_is_found_whole(call: Samples, level: float) -> None:
    voice = call[0, 7000 : 6 * SAMPLE_RATE]
    noise = np.random.default_rng(4).normal(0, level, 63 * SAMPLE_RATE).astype(np.float32)

    at_once = heard(voice)
    late = heard(np.concatenate([noise, voice]))

    assert (late[0].start - len(noise)) / SAMPLE_RATE == pytest.approx(0, abs=0.3)
    assert late[-1].end - late[0].start > 0.95 * (at_once[-1].end - at_once[0].start)


def test_a_long_speech_is_cut_where_it_is_quiet(call: Samples) -> None:
    voice = np.concatenate([call[0, 7000:60_000]] * 24)  # 80 s without a longer pause

    pieces = heard(voice)

    assert max(p.end - p.start for p in pieces) <= PIECE_S * SAMPLE_RATE
    assert sum(p.end - p.start for p in pieces) > 78 * SAMPLE_RATE
    usual = np.abs(voice).mean()
    for piece, following in itertools.pairwise(pieces):
        assert following.start == piece.end
        assert np.abs(voice[piece.end - 400 : piece.end + 400]).mean() < 0.2 * usual


def test_pieces_that_overlap_become_one() -> None:
    assert merge([Piece(50, 60), Piece(0, 10), Piece(5, 8), Piece(10, 20), Piece(21, 30)]) == [
        Piece(0, 20),
        Piece(21, 30),
        Piece(50, 60),
    ]


def test_each_channel_has_its_own_speech(call: Samples) -> None:
    both = sound_of(call)

    for channel in (0, 1):
        assert speech(both, channel) == heard(call[channel])
    assert speech(both, 0) != speech(both, 1)


def test_speech_has_some_room_around_it(call: Samples) -> None:
    voice = call[0, : 8 * SAMPLE_RATE]
    options = VadOptions(
        threshold=0.5, min_speech_duration_ms=150, min_silence_duration_ms=500, speech_pad_ms=0
    )

    found = get_speech_timestamps(voice, options)

    assert len(found) == len(heard(voice)) > 0
    for bare, piece in zip(found, heard(voice), strict=True):
        for room in (bare["start"] - piece.start, piece.end - bare["end"]):
            assert 0.05 * SAMPLE_RATE <= room <= 0.4 * SAMPLE_RATE


@pytest.mark.parametrize("later", [1000, 16_000, 95_123])
def test_speech_is_cut_off_at_the_same_samples_wherever_it_lies(call: Samples, later: int) -> None:
    voice = call[0, : 20 * SAMPLE_RATE]
    silence = np.zeros(later, dtype=np.float32)

    moved = heard(np.concatenate([silence, voice]))

    assert [Piece(p.start - later, p.end - later) for p in moved][1:-1] == heard(voice)[1:-1]


@pytest.mark.parametrize("length", [0, 100, 5 * SAMPLE_RATE])
def test_silence_is_no_speech(length: int) -> None:
    assert heard(np.zeros(length, dtype=np.float32)) == []


def test_a_tone_is_no_speech() -> None:
    assert heard(tone(440, seconds=5)) == []
