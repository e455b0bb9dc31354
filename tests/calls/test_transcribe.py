from __future__ import annotations

import dataclasses
import difflib
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import write_wave

from callinsight import weights
from callinsight.calls.activity import PIECE_S, Piece, speech
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.diarize import Diarization, Span, Voice
from callinsight.calls.engines import EngineSettings, faster_whisper
from callinsight.calls.transcribe import (
    Transcript,
    pack,
    place,
    transcribe,
    windows_of,
)
from callinsight.cluster import run_jobs
from callinsight.errors import AudioError
from callinsight.pipeline.hearing import SpeechJob, hear
from callinsight.records import Word

from .conftest import RECORDINGS, Samples, Save, corrupt, sound_of

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
    part = call[:1, 12 * SAMPLE_RATE : 28 * SAMPLE_RATE]  # clear: a murmur differs by machine
    write_wave(tmp_path / "early.wav", part)
    write_wave(tmp_path / "late.wav", np.pad(part, ((0, 0), (40 * SAMPLE_RATE, 0))))

    (early,) = transcribe(tmp_path / "early.wav", engine).words
    (late,) = transcribe(tmp_path / "late.wav", engine).words

    assert len(early) == len(late) > 10
    assert sum(a != b for a, b in zip(said(early), said(late), strict=True)) <= 1
    for word, delayed in zip(early, late, strict=True):
        assert delayed.start_s - word.start_s == pytest.approx(40, abs=0.3)


def test_nothing_is_heard_in_a_minute_of_hold_music(engine: EngineSettings, tmp_path: Path) -> None:
    start_s = 36
    held = decode(RECORDINGS / "rec-04.flac").read(start_s * SAMPLE_RATE, 120 * SAMPLE_RATE)
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

    assert transcript == Transcript(words=((),), duration_s=20.0, missing_s=0.0, language="en")
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


# --- languages ---


def test_the_language_of_an_english_call_is_found(tmp_path: Path, call: Samples) -> None:
    base = EngineSettings("faster-whisper", "base", weights.folder("base"), "auto", 5)
    write_wave(tmp_path / "a.wav", call[:, : 6 * SAMPLE_RATE])

    transcript = transcribe(tmp_path / "a.wav", base)

    assert transcript.language == "en"
    assert {"morning", "hear"} <= set(said(transcript.words[0]))
    french = transcribe(tmp_path / "a.wav", dataclasses.replace(base, language="fr"))
    assert french.language == "fr"
    assert "bonjour" in said(french.words[0])


def test_silence_has_no_language(engine: EngineSettings, tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.zeros((1, 2 * SAMPLE_RATE), dtype=np.float32))

    transcript = transcribe(tmp_path / "a.wav", dataclasses.replace(engine, language="auto"))

    assert (transcript.language, transcript.status) == ("", "empty")


def test_names_to_expect_reach_the_engine(engine: EngineSettings, tmp_path: Path) -> None:
    sound = decode(RECORDINGS / "rec-08.opus").read(0, 8 * SAMPLE_RATE)
    write_wave(tmp_path / "a.wav", sound)

    (without,) = transcribe(tmp_path / "a.wav", engine).words
    (informed,) = transcribe(
        tmp_path / "a.wav", dataclasses.replace(engine, vocabulary=("Tallybrook",))
    ).words

    assert "tallybrook" not in said(without)
    assert "tallybrook" in said(informed)


# --- voices ---


@pytest.fixture(scope="module")
def voice_model() -> Path:
    return weights.folder(weights.VOICES)


@pytest.fixture
def mono(tmp_path: Path) -> Path:
    """A seller and a buyer on one channel."""
    sound = decode(RECORDINGS / "rec-08.opus").read(0, 24 * SAMPLE_RATE)
    write_wave(tmp_path / "mono.wav", sound)
    return tmp_path / "mono.wav"


def test_one_channel_has_voices(engine: EngineSettings, mono: Path, voice_model: Path) -> None:
    transcript = transcribe(mono, engine, voice_model=voice_model, speakers=2)

    assert transcript.voices is not None
    assert len(transcript.voices.voices) == 2
    assert transcript.sounds == ()
    (words,) = transcript.words
    spoken = {"voice 1": "", "voice 2": ""}
    for word in words:
        voice, confidence = transcript.voice_of(word)
        spoken[voice] += word.text.casefold()
        assert 0 <= confidence <= 1
    assert "dana whitfield" in spoken["voice 1"]
    assert "train" in spoken["voice 2"]
    assert "train" not in spoken["voice 1"]


@pytest.mark.parametrize("dead", [0, 1])
def test_both_people_are_on_one_channel_and_the_other_is_dead(
    engine: EngineSettings, tmp_path: Path, mono: Path, voice_model: Path, dead: int
) -> None:
    (spoken,) = decode(mono).read()
    hiss = np.random.default_rng(3).normal(0, 3e-3, len(spoken)).astype(np.float32)
    write_wave(tmp_path / "a.wav", np.stack([spoken, hiss][:: -1 if dead == 0 else 1]))

    alone = transcribe(mono, engine, voice_model=voice_model, speakers=2)
    transcript = transcribe(tmp_path / "a.wav", engine, voice_model=voice_model, speakers=2)

    assert transcript.voices is not None
    assert len(transcript.words) == 1
    # rounding to 16 bits once more turns a word or two
    same = difflib.SequenceMatcher(None, said(transcript.words[0]), said(alone.words[0]))
    assert same.ratio() > 0.9


def test_a_call_on_a_noisy_line_is_not_thrown_away(
    engine: EngineSettings, tmp_path: Path, call: Samples
) -> None:
    voice = call[0, : 6 * SAMPLE_RATE]
    noise = np.random.default_rng(3).normal(0, 1, len(voice))
    level = np.sqrt(np.square(voice).mean()) * 10 ** (-15 / 20)  # 15 dB below the voice
    write_wave(tmp_path / "a.wav", (voice + level * noise)[np.newaxis].astype(np.float32))

    transcript = transcribe(tmp_path / "a.wav", engine)

    assert {"good", "morning", "hear", "me"} <= set(said(transcript.words[0]))


def test_how_the_voices_sound_is_kept_if_it_is_wanted(
    engine: EngineSettings, mono: Path, recording: Path, voice_model: Path
) -> None:
    one = transcribe(mono, engine, voice_model=voice_model, speakers=2, keep_voices=True)
    two = transcribe(recording, engine, voice_model=voice_model, keep_voices=True)

    assert one.voices is not None
    assert one.sounds == one.voices.voices
    assert two.voices is None
    assert two.voice_of(two.words[0][0]) == ("", 1.0)
    rep, buyer = two.sounds
    assert rep is not None
    assert buyer is not None
    for voice in (rep, buyer):
        assert np.linalg.norm(voice.centroid) == pytest.approx(1.0, abs=1e-4)
        assert 5 < voice.speech_s < 20
    assert float(rep.centroid @ buyer.centroid) < 0.8


def test_a_channel_on_which_nobody_speaks_has_no_sound(
    engine: EngineSettings, call: Samples, tmp_path: Path, voice_model: Path
) -> None:
    hiss = np.random.default_rng(1).normal(0, 1e-3, 6 * SAMPLE_RATE).astype(np.float32)
    write_wave(tmp_path / "a.wav", np.stack([call[0, : len(hiss)], hiss]))

    transcript = transcribe(tmp_path / "a.wav", engine, voice_model=voice_model, keep_voices=True)

    assert [sound is None for sound in transcript.sounds] == [False, True]
    assert transcript.words[1] == ()


def test_without_a_voice_model_no_voices_are_told_apart(engine: EngineSettings, mono: Path) -> None:
    transcript = transcribe(mono, engine, keep_voices=True)

    assert transcript.voices is None
    assert transcript.sounds == ()
    assert {transcript.voice_of(word) for word in transcript.words[0]} == {("", 1.0)}


@pytest.mark.parametrize(
    ("start_s", "end_s", "voice"),
    [
        (1.0, 1.5, ("voice 1", 0.95)),
        (7.0, 7.0, ("voice 2", 0.8)),  # the engine gave it no time
        (12.0, 12.5, ("voice 2", 0.0)),  # between two, nearer to the first
        (17.0, 17.5, ("voice 1", 0.0)),
    ],
)
def test_the_voice_of_a_word(start_s: float, end_s: float, voice: tuple[str, float]) -> None:
    heard = Voice(np.zeros(256, dtype=np.float32), 3.0)
    spans = (
        Span(0.0, 3.0, 0, 0.95, overlapped=False),
        Span(6.0, 9.0, 1, 0.8, overlapped=False),
        Span(20.0, 21.0, 0, 0.9, overlapped=False),
    )
    transcript = Transcript(((),), 30.0, 0.0, voices=Diarization(spans, (heard, heard)))

    name, confidence = transcript.voice_of(Word(start_s, end_s, " so"))

    assert (name, round(confidence, 3)) == voice


# --- an engine that gets stuck ---


def test_a_loop_is_cut_to_its_first_round_and_noted(
    engine: EngineSettings, call: Samples, tmp_path: Path
) -> None:
    intro, question = call[:1, :74_000], call[:1, 73_000:94_000]  # "can you hear me all right?"
    pause = np.zeros((1, 6000), dtype=np.float32)
    write_wave(tmp_path / "a.wav", np.hstack([intro, *[question, pause] * 4]))

    transcript = transcribe(tmp_path / "a.wav", engine)

    assert said(transcript.words[0]).count("hear") == 1
    assert said(transcript.words[0])[-1] == "right"
    (at_s,) = transcript.loops
    assert at_s == pytest.approx(4.7, abs=0.5)
    assert transcript.status == "done"


def test_what_only_seems_to_be_a_loop_is_neither_cut_nor_noted(
    engine: EngineSettings, call: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faster_whisper, "TEMPERATURES", ())  # else it would be heard differently
    good_morning = call[:1, SAMPLE_RATE : round(1.9 * SAMPLE_RATE)]
    write_wave(tmp_path / "a.wav", np.tile(good_morning, 6))

    transcript = transcribe(tmp_path / "a.wav", engine)

    assert said(transcript.words[0]).count("morning") > 1
    assert transcript.loops == ()


# --- windows ---


def test_a_window_holds_one_channel_and_all_its_pieces(call: Samples) -> None:
    sound = sound_of(call)
    pieces = [speech(sound, channel) for channel in (0, 1)]

    windows = windows_of(sound, pieces)

    for channel, spoken in enumerate(pieces):
        mine = [piece for w in windows if w.channel == channel for piece in w.pieces]
        assert sorted(mine, key=lambda piece: piece.start) == spoken
        assert spoken


# --- windows and times, with made-up numbers ---


def seconds(*bounds: tuple[float, float]) -> list[Piece]:
    return [Piece(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in bounds]


def test_pieces_share_a_window_until_it_is_full() -> None:
    pieces = seconds((0, 10), (20, 35), (40, 43), (50, 50.5), (60, 87))

    assert pack(pieces) == [tuple(pieces[:3]), tuple(pieces[3:])]
    assert pack([]) == []


def test_a_long_word_behind_a_pause_lies_where_it_ends() -> None:
    pieces = seconds((10, 12), (20, 22))
    words = [Word(0.5, 1.0, " next"), Word(1.0, 2.6, " Monday"), Word(2.6, 2.9, " then")]

    assert [word.start_s for word in place(words, pieces)] == [10.5, 20.0, 20.6]


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
def test_no_window_is_longer_than_28_s_and_no_piece_is_lost(pieces: list[Piece]) -> None:
    groups = pack(pieces)

    assert [piece for group in groups for piece in group] == pieces
    for group in groups:
        assert sum(p.end - p.start for p in group) <= PIECE_S * SAMPLE_RATE
    for group, following in itertools.pairwise(groups):  # none could be fuller
        size = sum(p.end - p.start for p in (*group, following[0]))
        assert size > PIECE_S * SAMPLE_RATE


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
