from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from callinsight import weights
from callinsight.calls.activity import Piece, speech
from callinsight.calls.audio import SAMPLE_RATE, Sound, decode
from callinsight.calls.diarize import (
    CERTAIN,
    CONFUSABLE,
    Diarization,
    Span,
    Voice,
    best_path,
    centroids_of,
    confidence_of,
    count_voices,
    diarize,
    dip,
    partition,
    separations,
    spans_of,
)

from .conftest import RECORDINGS, Samples, sound_of

if TYPE_CHECKING:
    from pathlib import Path

Vectors = NDArray[np.float32]
SECONDS = 60


@pytest.fixture(scope="module")
def folder() -> Path:
    return weights.folder("voice-embedding")


@pytest.fixture(scope="module")
def channels() -> Samples:
    """The first minute of a demo call, rep on channel 0 and buyer on channel 1."""
    return decode(RECORDINGS / "rec-01.flac").read(0, SECONDS * SAMPLE_RATE)


@pytest.fixture(scope="module")
def mono(channels: Samples) -> Sound:
    return sound_of(channels.mean(axis=0, keepdims=True))


@pytest.fixture(scope="module")
def pieces(mono: Sound) -> list[Piece]:
    return speech(mono, 0)


@pytest.fixture(scope="module")
def found(mono: Sound, pieces: list[Piece], folder: Path) -> Diarization:
    return diarize(mono, pieces, folder)


def louder_channel(channels: Samples, span: Span) -> int:
    """Who speaks in a span of the mix: the other channel holds little but noise."""
    start, end = round(span.start_s * SAMPLE_RATE), round(span.end_s * SAMPLE_RATE)
    return int(np.square(channels[:, start:end]).sum(axis=1).argmax())


def wrong_share(channels: Samples, spans: list[Span], voice_of_channel_0: int) -> float:
    lengths = np.array([span.end_s - span.start_s for span in spans])
    wrong = [
        (louder_channel(channels, span) == 0) != (span.voice == voice_of_channel_0)
        for span in spans
    ]
    return float(lengths[wrong].sum() / lengths.sum())


# --- recordings ---


def test_two_voices_are_found_and_told_apart(channels: Samples, found: Diarization) -> None:
    certain = [span for span in found.spans if span.certain]
    rep = next(span.voice for span in certain if louder_channel(channels, span) == 0)

    assert len(found.voices) == 2
    assert wrong_share(channels, list(found.spans), rep) < 0.02
    assert wrong_share(channels, certain, rep) < 0.01
    speech_s = sum(span.end_s - span.start_s for span in found.spans)
    assert sum(span.end_s - span.start_s for span in certain) > 0.8 * speech_s
    assert sum(voice.speech_s for voice in found.voices) == pytest.approx(speech_s, abs=0.05)


def test_spans_lie_in_the_pieces_by_time_and_apart(found: Diarization, pieces: list[Piece]) -> None:
    for before, after in itertools.pairwise(found.spans):
        assert before.end_s <= after.start_s
    for span in found.spans:
        assert span.start_s < span.end_s
        assert 0 <= span.confidence <= 1
        assert any(
            piece.start <= span.start_s * SAMPLE_RATE + 1e-3
            and span.end_s * SAMPLE_RATE <= piece.end + 1e-3
            for piece in pieces
        )


def test_voices_are_numbered_as_they_are_heard(found: Diarization) -> None:
    first_heard = list(dict.fromkeys(span.voice for span in found.spans))

    assert first_heard == list(range(len(found.voices)))
    assert all(voice.centroid.shape == (256,) for voice in found.voices)


def test_the_same_call_gives_the_same_spans(
    mono: Sound, pieces: list[Piece], folder: Path, found: Diarization
) -> None:
    again = diarize(mono, pieces, folder)

    assert again.spans == found.spans
    assert all(
        np.array_equal(one.centroid, other.centroid)
        for one, other in zip(again.voices, found.voices, strict=True)
    )


@pytest.mark.parametrize("speakers", [1, 2, 3])
def test_the_number_of_voices_can_be_given(
    mono: Sound, pieces: list[Piece], folder: Path, speakers: int
) -> None:
    assert len(diarize(mono, pieces, folder, speakers=speakers).voices) == speakers


def test_one_voice_is_one_voice_but_may_be_two_that_sound_alike(
    channels: Samples, folder: Path
) -> None:
    alone = sound_of(channels[1:])
    pieces = speech(alone, 0)

    estimated = diarize(alone, pieces, folder)
    given = diarize(alone, pieces, folder, speakers=1)

    assert len(estimated.voices) == 1
    assert not any(span.certain for span in estimated.spans)
    assert all(span.certain for span in given.spans)


def test_three_voices_are_found(folder: Path) -> None:
    meeting = decode(RECORDINGS / "rec-06.opus")

    assert len(diarize(meeting, speech(meeting, 0), folder).voices) == 3


def test_one_voice_taken_for_two_is_never_certain(channels: Samples, folder: Path) -> None:
    alone = sound_of(channels[1:])

    found = diarize(alone, speech(alone, 0), folder, speakers=2)

    assert len(found.voices) == 2
    assert not any(span.certain for span in found.spans)


def test_without_speech_there_is_nobody(folder: Path) -> None:
    silence = sound_of(np.zeros((1, SAMPLE_RATE), dtype=np.float32))

    found = diarize(silence, [], folder)

    assert found.spans == ()
    assert found.voices == ()
    assert found.voice_of(0, 1) == (None, 0.0)


def test_pieces_that_hold_nothing_are_one_voice_at_most(folder: Path) -> None:
    silence = sound_of(np.zeros((1, 4 * SAMPLE_RATE), dtype=np.float32))

    found = diarize(silence, [Piece(0, 30_000), Piece(40_000, 40_007)], folder)

    assert len(found.voices) <= 1
    assert not any(span.certain for span in found.spans)


def test_a_very_short_call_is_uncertain(channels: Samples, folder: Path) -> None:
    start = round(2.0 * SAMPLE_RATE)
    short = sound_of(channels[:1, start : start + SAMPLE_RATE // 2])

    found = diarize(short, [Piece(0, short.length)], folder, speakers=2)

    assert len(found.voices) == 1
    assert not any(span.certain for span in found.spans)


# --- clustering ---


def directions(count: int, *, seed: int = 3) -> Vectors:
    """Unlike vectors of length 1."""
    drawn = np.random.default_rng(seed).normal(0, 1, (count, 256))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def units_around(centres: Vectors, sizes: list[int], *, noise: float) -> tuple[Vectors, list[int]]:
    """Vectors near each centre, as many as its size, and which centre each is near."""
    truth = [index for index, size in enumerate(sizes) for _ in range(size)]
    drawn = np.random.default_rng(8).normal(0, noise / 16, (len(truth), 256))
    units = centres[truth] + drawn
    return (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32), truth


@pytest.mark.parametrize("sizes", [[30], [5, 6], [40, 4], [10, 12, 9], [12, 8, 7, 9], [8] * 6])
def test_clusters_are_found_and_counted(sizes: list[int]) -> None:
    units, truth = units_around(directions(len(sizes)), sizes, noise=0.5)
    lengths = np.full(len(units), 2.0)

    partitions = partition(units, lengths, most=6)
    count = count_voices(units, lengths, partitions)

    assert count == len(sizes)
    labels = partitions[count - 1]
    assert len(set(zip(labels.tolist(), truth, strict=True))) == len(sizes)


def test_a_second_voice_needs_two_seconds_and_a_third_four() -> None:
    units, _ = units_around(directions(3), [20, 20, 2], noise=0.5)
    long, short = np.full(42, 2.5), np.r_[np.full(40, 2.5), 1.5, 1.5]

    assert count_voices(units, long, partition(units, long, most=4)) == 3
    assert count_voices(units, short, partition(units, short, most=4)) == 2
    pair, few = units[20:], np.r_[np.full(20, 2.5), 0.9, 0.9]
    assert count_voices(pair, few, partition(pair, few, most=4)) == 1


def test_there_are_no_more_clusters_than_units() -> None:
    two = directions(2)

    assert [labels.tolist() for labels in partition(two[:1], np.ones(1), most=6)] == [[0]]
    assert len(partition(two, np.ones(2), most=6)) == 2


def test_equal_units_are_one_cluster() -> None:
    same = np.repeat(directions(1), 5, axis=0)

    partitions = partition(same, np.ones(5), most=6)

    assert count_voices(same, np.ones(5), partitions) == 1


def test_separation_leaves_each_unit_out_of_its_own_centroid() -> None:
    first, second, third = np.eye(256, dtype=np.float32)[:3]
    units = np.stack([first, first, second, second, third])
    labels = np.array([0, 0, 1, 1, 2])

    apart = separations(units, np.ones(5), labels)

    assert apart[0, 1] == pytest.approx(1.0)
    assert apart[0, 2] == pytest.approx(0.5)  # the single unit has no other to be near to
    assert apart.tolist() == apart.T.tolist()
    assert np.isinf(np.diag(apart)).all()


def test_centroids_weigh_by_seconds() -> None:
    first, second = np.eye(256, dtype=np.float32)[:2]

    (centroid,) = centroids_of(
        np.stack([first, second]), np.array([3.0, 1.0]), np.zeros(2, dtype=np.int64)
    )

    assert centroid[:2] == pytest.approx(np.array([3, 1]) / np.sqrt(10))


# --- spans ---


def test_a_path_keeps_to_a_voice_unless_the_other_is_better_for_long() -> None:
    scores = np.zeros((30, 2))
    scores[:, 0] = 1.0
    scores[5] = [0, 2]
    scores[20:] = [0, 1]

    path = best_path(scores, 3.0)

    assert path.tolist() == [0] * 20 + [1] * 10


def spans_at_a_change(loudness: NDArray[np.float64]) -> list[Span]:
    """Two seconds whose second half is of the other voice."""
    edges = np.arange(21) * 1600
    scores = np.where(np.arange(20)[:, None] < 10, [0.9, 0.5], [0.5, 0.9])
    path = scores.argmax(axis=1)
    return spans_of(edges, scores, path, loudness, np.ones(2))


def test_voices_change_at_the_quietest_spot() -> None:
    loudness = np.full(201, -20.0)
    loudness[104:110] = -50
    loudness[107] = -60

    first, second = spans_at_a_change(loudness)

    assert (first.voice, second.voice) == (0, 1)
    assert first.end_s == second.start_s == pytest.approx(1.075)
    assert first.certain
    assert not first.overlapped


def test_voices_that_change_without_a_dip_speak_at_once() -> None:
    first, both, second = spans_at_a_change(np.full(201, -20.0))

    assert [first.overlapped, both.overlapped, second.overlapped] == [False, True, False]
    assert (both.start_s, both.end_s) == pytest.approx((0.8, 1.2))
    assert not both.certain
    assert (first.end_s, second.start_s) == (both.start_s, both.end_s)


def test_a_single_cell_between_two_of_another_voice_makes_no_overlapping_spans() -> None:
    edges = np.arange(8) * 1600
    path = np.array([0, 0, 0, 1, 0, 0, 0])
    scores = np.eye(2)[path]

    spans = spans_of(edges, scores, path, np.full(80, -20.0), np.ones(2))

    assert spans[0].start_s == 0
    assert spans[-1].end_s == pytest.approx(0.7)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(spans))


def test_no_span_is_surer_than_its_voice_may_be() -> None:
    edges, path = np.arange(4) * 16_000, np.array([0, 0, 0])
    scores = np.array([[0.9, 0.1]] * 3)

    (span,) = spans_of(edges, scores, path, np.zeros(300), np.array([CONFUSABLE, 1.0]))

    assert span.confidence == CONFUSABLE < CERTAIN


def test_a_dip_is_much_quieter_than_what_is_around_it() -> None:
    loudness = np.full(200, -20.0)
    assert dip(loudness, 12_800, 19_200) is None

    loudness[95:103] = -37
    assert dip(loudness, 12_800, 19_200) is None

    loudness[95:103] = -39
    assert dip(loudness, 12_800, 19_200) == 95 * 160 + 80


def test_a_clearer_and_a_longer_span_is_surer() -> None:
    assert confidence_of(0.0, 1.0) == pytest.approx(0.5)
    assert confidence_of(0.2, 1.0) > confidence_of(0.1, 1.0) > confidence_of(0.1, 0.3)


def test_a_word_has_the_voice_that_speaks_most_in_it() -> None:
    voice = Voice(np.zeros(256, dtype=np.float32), 2.0)
    spans = (
        Span(1.0, 2.0, 0, 0.9, False),
        Span(2.0, 3.0, 1, 0.8, False),
        Span(4.0, 5.0, 0, 0.6, False),
    )
    found = Diarization(spans, (voice, voice))

    assert found.voice_of(1.2, 1.5) == (0, pytest.approx(0.9))
    assert found.voice_of(1.9, 2.3) == (1, pytest.approx(0.6))  # 0.3 of 0.4 s at 0.8
    assert found.voice_of(3.1, 3.2) == (1, pytest.approx(0.8))  # just after
    assert found.voice_of(0.0, 1.0) == (0, pytest.approx(0.9))  # just before
    assert found.voice_of(3.4, 3.6) == (None, 0.0)
    assert found.voice_of(4.9, 9.0) == (0, pytest.approx(0.6))


def test_a_span_is_certain_from_a_confidence_on() -> None:
    span = Span(0.0, 1.0, 0, CERTAIN, False)

    assert span.certain
    assert not dataclasses.replace(span, confidence=CERTAIN - 0.01).certain
