from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from callinsight.calls.activity import Piece, speech
from callinsight.calls.audio import SAMPLE_RATE, Sound, decode
from callinsight.calls.bleed import Levels, gate, measure, without_echoes
from callinsight.records import Word

from .conftest import RECORDINGS, Samples, sound_of

FRAME = SAMPLE_RATE // 100
LOST_S = 0.6  # of own speech with the room around it, where a leak covers an edge
Pieces = list[list[Piece]]


def spoken_in(sound: Sound) -> Pieces:
    return [speech(sound, channel) for channel in range(sound.channels)]


def gated(sound: Sound, pieces: Pieces) -> Pieces:
    return gate(sound, pieces, measure(sound, pieces))


def leaked(
    samples: Samples,
    *,
    down_db: float,
    late_ms: int,
    below_hz: float = 3000,
    ways: list[tuple[int, int]] | None = None,
) -> Samples:
    """The samples with what leaks, from one channel to another, or between all."""
    channels = range(len(samples))
    muffle = butter(2, below_hz, fs=SAMPLE_RATE, output="sos")
    mixed = samples.copy()
    for source, target in ways or list(itertools.permutations(channels, 2)):
        late = np.pad(samples[source], (late_ms * SAMPLE_RATE // 1000, 0))[: samples.shape[1]]
        mixed[target] += 10 ** (-down_db / 20) * sosfilt(muffle, late)
    return mixed.astype(np.float32)


def covered(pieces: list[Piece], length: int) -> np.ndarray:
    frames = np.zeros(length // FRAME + 1, dtype=bool)
    for piece in pieces:
        frames[piece.start // FRAME : -(-piece.end // FRAME)] = True
    return frames


def without_edges(frames: np.ndarray, width: int) -> np.ndarray:
    return np.convolve(frames, np.ones(2 * width + 1), "same") > 2 * width


def seconds(own: Pieces, before: Pieces, after: Pieces, length: int) -> tuple[float, float, float]:
    """Bleed taken for speech before and after the gate, and own speech that was lost, in seconds."""
    bled_s = kept_s = lost_s = 0.0
    for channel in range(len(own)):
        truth, heard, left = (covered(p[channel], length) for p in (own, before, after))
        others = without_edges(~truth, 20)
        bled_s += (heard & others).sum() / 100
        kept_s += (left & others).sum() / 100
        lost_s += (heard & without_edges(truth, 20) & ~left).sum() / 100
    return bled_s, kept_s, lost_s


# --- the gate ---


@pytest.mark.parametrize("name", ["rec-01", "rec-02", "rec-04"])
def test_a_call_without_bleed_keeps_all_its_speech(name: str) -> None:
    sound = sound_of(decode(RECORDINGS / f"{name}.flac").read(0, 70 * SAMPLE_RATE))
    pieces = spoken_in(sound)

    assert gated(sound, pieces) == pieces
    assert all(pieces)


@pytest.mark.parametrize(
    ("down_db", "late_ms", "below_hz"),
    [(10, 0, 3000), (10, 250, 1000), (16, 80, 3000), (22, 10, 3000), (30, 250, 3000)],
)
def test_bleed_goes_and_own_speech_stays(
    call: Samples, down_db: float, late_ms: int, below_hz: float
) -> None:
    own = spoken_in(sound_of(call))
    sound = sound_of(leaked(call, down_db=down_db, late_ms=late_ms, below_hz=below_hz))
    pieces = spoken_in(sound)

    bled_s, kept_s, lost_s = seconds(own, pieces, gated(sound, pieces), sound.length)

    assert bled_s > 15
    assert kept_s < 0.05 * bled_s
    assert lost_s < LOST_S


@pytest.mark.parametrize("gains_db", [(0, -15), (-15, 0)])
@pytest.mark.parametrize(("down_db", "late_ms"), [(10, 0), (16, 80)])
def test_a_channel_at_a_low_gain_keeps_its_speech(
    call: Samples, gains_db: tuple[int, int], down_db: float, late_ms: int
) -> None:
    gains = np.float32(10) ** (np.array(gains_db, dtype=np.float32)[:, np.newaxis] / 20)
    own = spoken_in(sound_of(call))
    sound = sound_of(leaked(call, down_db=down_db, late_ms=late_ms) * gains)
    pieces = spoken_in(sound)

    bled_s, kept_s, lost_s = seconds(own, pieces, gated(sound, pieces), sound.length)

    assert bled_s > 15
    assert kept_s < 0.05 * bled_s
    assert lost_s < LOST_S


@pytest.mark.parametrize("late_ms", [0, 80])
@pytest.mark.parametrize("listener", [0, 1])
def test_who_only_listens_says_nothing(call: Samples, listener: int, late_ms: int) -> None:
    talker = 1 - listener
    alone = call.copy()
    alone[listener] = 0
    ways = [(talker, listener)]
    sound = sound_of(leaked(alone, down_db=10, late_ms=late_ms, ways=ways))
    pieces = spoken_in(sound)

    after = gated(sound, pieces)

    assert len(pieces[listener]) > 1
    assert after[listener] == []
    assert after[talker] == pieces[talker]


def test_a_leak_that_comes_twice_and_changes_its_delay_goes(call: Samples) -> None:
    half = call.shape[1] // 2
    near, far = (leaked(call, down_db=16, late_ms=ms) - call for ms in (10, 200))
    echo = near.copy()
    echo[:, half:] = far[:, half:]
    own = spoken_in(sound_of(call))
    for leak in (near + far, echo):
        sound = sound_of(call + leak)
        pieces = spoken_in(sound)

        bled_s, kept_s, lost_s = seconds(own, pieces, gated(sound, pieces), sound.length)

        assert bled_s > 15
        assert kept_s < 0.1 * bled_s
        assert lost_s < LOST_S


@pytest.mark.parametrize("down_db", [None, 22], ids=["clean", "with bleed"])
def test_who_talks_into_the_other_stays(call: Samples, down_db: float | None) -> None:
    crossing = np.stack([call[0], np.roll(call[1], 3 * SAMPLE_RATE)])
    own = spoken_in(sound_of(crossing))
    both = covered(own[0], crossing.shape[1]) & covered(own[1], crossing.shape[1])
    sound = sound_of(crossing if down_db is None else leaked(crossing, down_db=22, late_ms=80))
    pieces = spoken_in(sound)

    after = gated(sound, pieces)

    _, _, lost_s = seconds(own, pieces, after, sound.length)
    left = covered(after[0], sound.length) & covered(after[1], sound.length)
    assert both.sum() > 300
    assert lost_s < LOST_S
    assert (both & left).sum() > 0.8 * both.sum()
    if down_db is None:
        assert after == pieces


def test_three_channels(call: Samples) -> None:
    third = np.zeros_like(call[0])
    third[20 * SAMPLE_RATE :] = call[0, : 10 * SAMPLE_RATE]
    talk = np.stack([*call, third])
    talk[:2, 20 * SAMPLE_RATE :] = 0
    own = spoken_in(sound_of(talk))
    sound = sound_of(leaked(talk, down_db=16, late_ms=40))
    pieces = spoken_in(sound)

    bled_s, kept_s, lost_s = seconds(own, pieces, gated(sound, pieces), sound.length)

    assert bled_s > 30
    assert kept_s < 0.05 * bled_s
    assert lost_s < LOST_S


def test_what_is_kept_lies_in_the_pieces_and_in_order(call: Samples) -> None:
    sound = sound_of(leaked(call, down_db=10, late_ms=80))
    pieces = spoken_in(sound)

    for before, after in zip(pieces, gated(sound, pieces), strict=True):
        assert all(a.end < b.start or a.end == b.start for a, b in itertools.pairwise(after))
        for kept in after:
            assert any(p.start <= kept.start < kept.end <= p.end for p in before)
            assert kept.end - kept.start >= 0.15 * SAMPLE_RATE


def test_one_channel_and_silence_pass(call: Samples) -> None:
    mono = sound_of(call[:1, : 8 * SAMPLE_RATE])
    pieces = spoken_in(mono)
    stereo = sound_of(call[:, : 8 * SAMPLE_RATE])

    assert gated(mono, pieces) == pieces != [[]]
    assert gated(stereo, [[], []]) == [[], []]


# --- levels ---


def test_the_balance_of_two_channels_is_their_gain(call: Samples) -> None:
    sound = sound_of(
        leaked(call, down_db=16, late_ms=0) * np.array([[1], [0.25]], dtype=np.float32)
    )

    levels = measure(sound, spoken_in(sound))

    assert levels.balance[0, 1] == pytest.approx(12, abs=1.5)
    assert levels.balance[1, 0] == -levels.balance[0, 1]
    assert levels.lead(0, 1, 0.5, 3.0) == pytest.approx(16, abs=2)
    assert levels.lead(1, 0, 0.5, 3.0) == -levels.lead(0, 1, 0.5, 3.0)


def test_one_voice_has_no_balance(call: Samples) -> None:
    alone = call.copy()
    alone[1] = 0
    sound = sound_of(leaked(alone, down_db=10, late_ms=0))

    assert measure(sound, spoken_in(sound)).balance == {}


# --- echoes ---


def levels_of(*decibels: float, gain_db: float = 0.0) -> Levels:
    """Levels that stay the same for a minute."""
    cells = np.repeat(np.array(decibels)[:, np.newaxis], 300, axis=1)
    return Levels(cells, {(0, 1): gain_db, (1, 0): -gain_db} if gain_db else {})


def words(text: str, start_s: float) -> list[Word]:
    """Words of 0.3 s each."""
    starts = start_s + 0.3 * np.arange(len(text.split()))
    return [
        Word(round(float(s), 2), round(float(s) + 0.3, 2), f" {word}")
        for s, word in zip(starts, text.split(), strict=True)
    ]


def test_words_that_a_louder_channel_says_at_the_same_time_go() -> None:
    source = words("Finance tell me that yours is the last signature.", 5)
    echo = words("finance tells me that yours is less signature", 5.2)
    answer = words("Well, I can't sign this yet.", 12)

    assert without_echoes([source, echo + answer], levels_of(-20, -36)) == [source, answer]
    assert without_echoes([echo + answer, source], levels_of(-36, -20)) == [answer, source]


def test_the_louder_one_is_found_whatever_the_gains() -> None:
    source, echo = words("could we say Friday at ten", 5), words("could we say Friday at ten", 5.1)

    kept = without_echoes([source, echo], levels_of(-40, -35, gain_db=-20))

    assert kept == [source, []]


@pytest.mark.parametrize("text", ["Okay.", "Friday at ten."])
@pytest.mark.parametrize("later_s", [0.9, 2.0])
def test_who_repeats_it_later_is_heard(text: str, later_s: float) -> None:
    spoken = [words(text, 5), words(text, 5 + later_s)]

    assert without_echoes(spoken, levels_of(-20, -36)) == spoken


def test_two_who_say_the_same_at_once_and_as_loud_are_heard() -> None:
    spoken = [words("Bye bye.", 5), words("Bye bye.", 5.1)]

    assert without_echoes(spoken, levels_of(-20, -24)) == spoken


def test_one_common_word_among_others_is_no_echo() -> None:
    spoken = [words("what is the total of it", 5), words("sure in the new year", 5)]

    assert without_echoes(spoken, levels_of(-20, -36)) == spoken


def test_a_word_alone_is_an_echo() -> None:
    source, answer = words("Savings.", 5), words("Savings.", 9)

    kept = without_echoes([source, words("savings", 5.2) + answer], levels_of(-20, -36))

    assert kept == [source, answer]
