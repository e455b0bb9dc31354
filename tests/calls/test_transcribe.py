from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import write_wave

from callinsight import weights
from callinsight.calls.audio import SAMPLE_RATE, Sound, decode
from callinsight.calls.transcribe import (
    PIECE_S,
    WINDOW_S,
    EngineSettings,
    Piece,
    Transcript,
    Word,
    load_openai_model,
    merge,
    pack,
    place,
    speech,
    transcribe,
    windows_of,
)
from callinsight.cluster import run_jobs
from callinsight.errors import AudioError
from callinsight.pipeline.speech import SpeechJob, hear

from .conftest import RECORDINGS, Samples, Save, corrupt, tone

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "tiny.en"


@pytest.fixture(scope="module")
def engine() -> EngineSettings:
    return EngineSettings("faster-whisper", MODEL, weights.folder(MODEL), "en", 5)


@pytest.fixture
def recording(tmp_path: Path, call: Samples) -> Path:
    write_wave(tmp_path / "call.wav", call)
    return tmp_path / "call.wav"


def said(words: tuple[Word, ...] | list[Word]) -> list[str]:
    return re.findall(r"[a-z']+", "".join(word.text for word in words).casefold())


# --- what is heard ---


@pytest.mark.parametrize(("missing_s", "cut_off"), [(0.5, False), (0.0, True)])
def test_a_transcript_that_lacks_something_is_partial(missing_s: float, cut_off: bool) -> None:
    words = ((Word(0.0, 0.5, " Hello."),),)

    assert Transcript(words, 9.0, 0.0).status == "done"
    assert Transcript(words, 9.0, missing_s, cut_off).status == "partial"


def test_the_words_of_each_channel(engine: EngineSettings, recording: Path) -> None:
    transcript = transcribe(recording, engine)

    rep, buyer = map(said, transcript.words)
    assert {"marcus", "hear", "problem", "finance", "last", "signature"} <= set(rep)
    assert {"morning", "loud", "clear", "late", "lift", "building", "mind"} <= set(buyer)
    assert not {"lift", "building"} & set(rep)
    assert not {"finance", "signature"} & set(buyer)
    assert (transcript.status, transcript.duration_s, transcript.missing_s) == ("done", 30.0, 0.0)


def test_words_come_when_they_are_said(
    engine: EngineSettings, recording: Path, call: Samples
) -> None:
    transcript = transcribe(recording, engine)

    for samples, words in zip(call, transcript.words, strict=True):
        loud = np.abs(samples) > 0.03
        first_s, last_s = np.flatnonzero(loud)[[0, -1]] / SAMPLE_RATE
        assert words[0].start_s == pytest.approx(first_s, abs=0.4)
        assert words[-1].end_s == pytest.approx(last_s, abs=0.6)
        sounding = [
            loud[int(word.start_s * SAMPLE_RATE) : int(word.end_s * SAMPLE_RATE) + 1600].any()
            for word in words
        ]
        assert np.mean(sounding) > 0.95
        assert [word.start_s for word in words] == sorted(word.start_s for word in words)


def test_a_silence_before_the_call_moves_every_word(
    engine: EngineSettings, recording: Path, call: Samples, tmp_path: Path
) -> None:
    part = call[:1, : 12 * SAMPLE_RATE]
    write_wave(tmp_path / "early.wav", part)
    write_wave(tmp_path / "late.wav", np.pad(part, ((0, 0), (40 * SAMPLE_RATE, 0))))

    (early,) = transcribe(tmp_path / "early.wav", engine).words
    (late,) = transcribe(tmp_path / "late.wav", engine).words

    assert said(early) == said(late) != []
    for word, delayed in zip(early, late, strict=True):
        assert delayed.start_s - word.start_s == pytest.approx(40, abs=0.3)


def test_nothing_is_heard_in_a_minute_of_hold_music(engine: EngineSettings, tmp_path: Path) -> None:
    start_s = 36
    held = decode(RECORDINGS / "rec-04.flac").samples[:, start_s * SAMPLE_RATE : 120 * SAMPLE_RATE]
    write_wave(tmp_path / "held.wav", held)

    transcript = transcribe(tmp_path / "held.wav", engine)

    words = [word for spoken in transcript.words for word in spoken]
    during = [w for w in words if w.end_s > 47 - start_s and w.start_s < 106 - start_s]
    assert during == []
    assert "hold" in said([w for w in words if w.end_s <= 47 - start_s])
    assert "there" in said([w for w in words if w.start_s >= 106 - start_s])


@pytest.mark.parametrize("level", [0.0, 0.1], ids=["silence", "white noise"])
def test_nothing_is_heard_where_nobody_speaks(
    engine: EngineSettings, tmp_path: Path, level: float
) -> None:
    noise = np.random.default_rng(3).normal(0, level, (1, 20 * SAMPLE_RATE)).astype(np.float32)
    write_wave(tmp_path / "a.wav", noise)

    transcript = transcribe(tmp_path / "a.wav", engine)

    assert transcript == Transcript(words=((),), duration_s=20.0, missing_s=0.0)
    assert transcript.status == "empty"


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.m4a", "aac")])
def test_words_behind_a_corrupt_spot_keep_their_times(
    engine: EngineSettings, recording: Path, call: Samples, save: Save, name: str, codec: str
) -> None:
    damaged = save(name, call, codec)
    corrupt(damaged, 0.3, 0.5)

    whole, partial = transcribe(recording, engine), transcribe(damaged, engine)

    assert (whole.status, partial.status) == ("done", "partial")
    at_whole, at_partial = (
        {w.text.strip(" .,?!").casefold(): w.start_s for w in t.words[0]} for t in (whole, partial)
    )
    for word in ("finance", "signature"):
        assert at_partial[word] == pytest.approx(at_whole[word], abs=0.3)
    assert "through" in at_partial


def test_a_recording_without_length_is_empty(engine: EngineSettings, tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.zeros((1, 0), dtype=np.float32))

    assert transcribe(tmp_path / "a.wav", engine) == Transcript((), 0.0, 0.0)
    assert transcribe(tmp_path / "a.wav", engine).status == "empty"


def test_a_file_that_is_no_recording(engine: EngineSettings, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^gone\.wav: there is no such file"):
        transcribe(tmp_path / "gone.wav", engine)


@pytest.mark.filterwarnings(  # openai-whisper leaves its vocabulary file open
    "ignore:unclosed file:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)
def test_the_openai_engine_hears_nearly_the_same_words(
    engine: EngineSettings, tmp_path: Path, call: Samples
) -> None:
    write_wave(tmp_path / "a.wav", call[:1, : 10 * SAMPLE_RATE])
    other = dataclasses.replace(engine, engine="openai-whisper")

    (ours,) = transcribe(tmp_path / "a.wav", engine).words
    (theirs,) = transcribe(tmp_path / "a.wav", other).words

    assert {"marcus", "hear", "right"} <= set(said(theirs))
    assert len(set(said(ours)) ^ set(said(theirs))) <= 3
    assert theirs[-1].start_s == pytest.approx(ours[-1].start_s, abs=0.5)


def test_an_openai_checkpoint_goes_before_converted_weights(tmp_path: Path) -> None:
    (tmp_path / f"{MODEL}.pt").write_bytes(b"no checkpoint")

    with pytest.raises(Exception, match=r"Invalid magic number|pickle|load key"):
        load_openai_model(MODEL, tmp_path)


def test_one_and_two_workers_hear_the_same(
    engine: EngineSettings, tmp_path: Path, call: Samples
) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(2)]
    for number, path in enumerate(paths):
        start = number * 12 * SAMPLE_RATE
        write_wave(path, call[:, start : start + 14 * SAMPLE_RATE])
    jobs = [SpeechJob(path.name, path, engine) for path in paths]

    one, two = (
        {job.subject: heard for job, heard in run_jobs(hear, jobs, workers=workers)}
        for workers in (1, 2)
    )

    assert one == two
    assert all(heard.turns for heard in one.values())


# --- where somebody speaks ---


def test_speech_is_where_the_voice_is(call: Samples) -> None:
    voice = call[0, : 5 * SAMPLE_RATE]
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.float32)

    pieces = speech(np.concatenate([silence, voice, silence]))

    assert pieces[0].start / SAMPLE_RATE == pytest.approx(5.4, abs=0.5)
    assert pieces[-1].end / SAMPLE_RATE == pytest.approx(10, abs=0.6)


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_speech_after_a_long_silence_is_found_whole(call: Samples, level: float) -> None:
    voice = call[0, 7000 : 6 * SAMPLE_RATE]
    noise = np.random.default_rng(4).normal(0, level, 63 * SAMPLE_RATE).astype(np.float32)

    at_once = speech(voice)
    late = speech(np.concatenate([noise, voice]))

    assert (late[0].start - len(noise)) / SAMPLE_RATE == pytest.approx(0, abs=0.3)
    assert late[-1].end - late[0].start > 0.95 * (at_once[-1].end - at_once[0].start)


def test_a_long_speech_is_cut_where_it_is_quiet(call: Samples) -> None:
    voice = np.concatenate([call[0, 7000:60_000]] * 24)  # 80 s without a longer pause

    pieces = speech(voice)

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


def test_a_window_holds_the_samples_of_its_pieces(call: Samples) -> None:
    windows = windows_of(Sound(call, 0.0))

    assert [channel for channel, _, _ in windows] == sorted(channel for channel, _, _ in windows)
    assert {channel for channel, _, _ in windows} == {0, 1}
    for channel, pieces, samples in windows:
        expected = np.concatenate([call[channel, p.start : p.end] for p in pieces])
        assert np.array_equal(samples, expected)


def test_a_tone_is_no_speech() -> None:
    assert windows_of(Sound(tone(440, seconds=5)[np.newaxis], 0.0)) == []


# --- windows and times, with made-up numbers ---


def seconds(*bounds: tuple[float, float]) -> list[Piece]:
    return [Piece(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in bounds]


def test_pieces_share_a_window_until_it_is_full() -> None:
    pieces = seconds((0, 10), (20, 35), (40, 45), (50, 50.5), (60, 88))

    assert pack(pieces) == [pieces[:3], pieces[3:]]
    assert pack([]) == []


def test_words_go_back_to_their_pieces() -> None:
    pieces = seconds((10, 12), (100, 105))
    words = [Word(0.5, 1.0, " one"), Word(1.8, 2.1, " two"), Word(2.5, 3.0, " three")]

    assert place(words, pieces) == [
        Word(10.5, 11.0, " one"),
        Word(11.8, 12.0, " two"),  # most of it lies in the first piece, so that it ends there
        Word(100.5, 101.0, " three"),
    ]


def test_a_word_timed_behind_the_last_piece_ends_with_it() -> None:
    assert place([Word(6.9, 9.0, " late")], seconds((10, 12), (100, 105))) == [
        Word(104.9, 105.0, " late")
    ]


@st.composite
def spoken(draw: st.DrawFn) -> list[Piece]:
    """Pieces one after the other, none longer than speech() makes them."""
    longest = int(PIECE_S * SAMPLE_RATE)
    lengths = draw(st.lists(st.integers(1600, longest), min_size=1, max_size=12))
    pieces, end = [], 0
    for length in lengths:
        start = end + draw(st.integers(1, 60 * SAMPLE_RATE))
        end = start + length
        pieces.append(Piece(start, end))
    return pieces


@given(spoken())
def test_no_window_is_longer_than_30_s_and_no_piece_is_lost(pieces: list[Piece]) -> None:
    groups = pack(pieces)

    assert [piece for group in groups for piece in group] == pieces
    for group in groups:
        assert sum(p.end - p.start for p in group) <= WINDOW_S * SAMPLE_RATE
    for group, following in itertools.pairwise(groups):  # none could be fuller
        size = sum(p.end - p.start for p in (*group, following[0]))
        assert size > WINDOW_S * SAMPLE_RATE


@settings(max_examples=200)
@given(spoken(), st.lists(st.tuples(st.floats(0, 31), st.floats(0, 2)), max_size=8))
def test_every_word_lies_within_a_piece(
    pieces: list[Piece], times: list[tuple[float, float]]
) -> None:
    group = pack(pieces)[0]
    words = [Word(start, start + length, f" {i}") for i, (start, length) in enumerate(times)]

    placed = place(words, group)

    assert [word.text for word in placed] == [word.text for word in words]
    for word in placed:
        assert any(
            piece.start / SAMPLE_RATE - 0.005 <= word.start_s <= word.end_s
            and word.end_s <= piece.end / SAMPLE_RATE + 0.005
            for piece in group
        )
