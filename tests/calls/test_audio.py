from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from material import write_wave

from callinsight.calls import audio
from callinsight.calls.audio import MOST_CHANNELS, SAMPLE_RATE, Sound, clip, decode, length_s
from callinsight.calls.playable import media_type
from callinsight.errors import AudioError

from .conftest import RECORDINGS, Samples, Save, corrupt, cut_off, sound_of, tone

INVALID = "Invalid data found when processing input"
UNREADABLE = (
    "{}: this is no recording that can be read, or it is cut off ({}); "
    "open it in a player, and export the call again"
)


TOO_LONG = (
    "a.wav: it holds more than 24 hours of sound, or says so; "
    "cut it into its calls, or export it again"
)


def pitch(samples: Samples, rate: int = SAMPLE_RATE) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(spectrum.argmax() * rate / len(samples))


def shift_s(original: Samples, decoded: Samples, at_s: float, seconds: float = 5.0) -> float:
    """How much later the original's sound from `at_s` on comes in the decoded sound."""
    heard = decoded.mean(axis=0)
    part = original.mean(axis=0)[int(at_s * SAMPLE_RATE) : int((at_s + seconds) * SAMPLE_RATE)]
    size = len(heard) + len(part)
    likeness = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(part, size)), size)
    return float(likeness[: len(heard)].argmax() / SAMPLE_RATE - at_s)


# --- what cannot be used ---


def fails(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        decode(path)
    return str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    message = "gone.mp3: there is no such file; mend the path or remove the row"

    assert fails(tmp_path / "gone.mp3") == message


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "calls.wav").mkdir()

    assert fails(tmp_path / "calls.wav") == ("calls.wav: this is a folder; name a recording in it")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()

    assert fails(tmp_path / "a.mp3") == (
        "a.mp3: the file is empty; copy it again from where it was recorded"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"Minutes of the meeting: we met, we spoke, we parted.\n" * 40,
        np.random.default_rng(1).integers(0, 256, 20_000, dtype=np.uint8).tobytes(),
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e",
    ],
    ids=["text", "random bytes", "half a header"],
)
def test_what_is_no_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)

    assert fails(path) == UNREADABLE.format("a.mp3", INVALID)


def test_an_m4a_that_is_cut_off_before_its_index(save: Save) -> None:
    path = save("a.m4a", tone(440)[np.newaxis], "aac")
    cut_off(path, 0.5)

    assert fails(path) == UNREADABLE.format("a.m4a", INVALID)


def test_a_video_without_sound(film: Save) -> None:
    assert fails(film("a.mp4", None)) == (
        "a.mp4: the file has no sound; export the call with its audio track"
    )


def test_a_recording_all_of_which_is_damaged(save: Save) -> None:
    path = save("a.m4a", tone(440, seconds=10.0)[np.newaxis], "aac")
    size = path.stat().st_size
    index = path.read_bytes().index(b"moov") - 8
    corrupt(path, 64 / size, index / size)

    assert fails(path) == "a.m4a: none of its sound can be decoded; export the call again"


def test_sound_in_a_form_that_nobody_knows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1600), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 16_000
        out.mux([*stream.encode(frame), *stream.encode(None)])
    assert decode(path).duration_s == 0.1
    path.write_bytes(path.read_bytes().replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT"))

    with pytest.raises(AudioError) as raised:
        decode(path)

    assert str(raised.value) == (
        "a.mka: its sound is in a form that is not known here; export the call as WAV, FLAC or MP3"
    )
    assert media_type(path) is None


@pytest.mark.parametrize("rate", [768_001, 1_163_313_751, 1_987_510_144])
def test_a_rate_that_nobody_samples_at(save: Save, rate: int) -> None:
    path = save("a.wav", tone(440)[np.newaxis], "pcm_s16le")
    content = path.read_bytes()
    path.write_bytes(content[:24] + rate.to_bytes(4, "little") + content[28:])

    assert fails(path) == (
        f"a.wav: it says that it has {rate:,} samples a second, more than 768,000; its header is "
        "damaged, export the call again"
    )


def test_a_wav_that_is_only_a_header_is_a_recording_of_no_length(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.zeros((1, 0), dtype=np.float32))

    sound = decode(tmp_path / "a.wav")

    assert (sound.read().shape, sound.duration_s, sound.missing_s) == ((1, 0), 0.0, 0.0)


# --- containers, codecs, rates ---


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 16_000),
        ("a.wav", "pcm_mulaw", 8_000),
        ("a.wav", "pcm_alaw", 8_000),
        ("a.wav", "adpcm_ms", 8_000),
        ("a.mp3", "libmp3lame", 22_050),
        ("a.m4a", "aac", 44_100),
        ("a.aac", "aac", 16_000),
        ("a.ogg", "libopus", 48_000),
        ("a.opus", "libopus", 24_000),
        ("a.webm", "libopus", 48_000),
        ("a.flac", "flac", 32_000),
        ("a.wav", "pcm_u8", 8_000),
        ("a.wav", "pcm_s24le", 48_000),
        ("a.wav", "pcm_f32le", 44_100),
        ("a.wav", "adpcm_ima_wav", 22_050),
        ("a.aiff", "pcm_s16be", 44_100),
        ("a.wma", "wmav2", 44_100),
        ("a.amr", "libopencore_amrnb", 8_000),
        ("a.mp2", "mp2", 32_000),
        ("a.ac3", "ac3", 48_000),
        ("a.m4a", "alac", 44_100),
        ("a.wv", "wavpack", 48_000),
    ],
)
def test_a_tone_in_each_container(save: Save, name: str, codec: str, rate: int) -> None:
    path = save(name, tone(440, seconds=3.0, rate=rate)[np.newaxis], codec, rate=rate, b="64k")

    sound = decode(path)

    assert sound.read().dtype == np.float32
    assert sound.read().shape[0] == 1
    assert sound.missing_s == 0
    assert sound.duration_s == pytest.approx(3.0, abs=0.15)
    assert pitch(sound.read()[0]) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000])
def test_each_rate_becomes_16_khz(tmp_path: Path, rate: int) -> None:
    write_wave(tmp_path / "a.wav", tone(1000, rate=rate)[np.newaxis], rate=rate)

    sound = decode(tmp_path / "a.wav")

    assert sound.duration_s == pytest.approx(2.0, abs=0.005)
    assert pitch(sound.read()[0]) == pytest.approx(1000, abs=1)
    assert np.abs(sound.read()).max() == pytest.approx(0.5, abs=0.03)


def test_the_sound_of_a_video(film: Save) -> None:
    sound = decode(film("a.mp4", tone(440)[np.newaxis]))

    assert sound.duration_s == pytest.approx(2.0, abs=0.15)
    assert pitch(sound.read()[0]) == pytest.approx(440, abs=2)
    assert sound.missing_s == 0


def test_a_recording_whose_format_changes_midway_goes_on(save: Save, tmp_path: Path) -> None:
    first = save("1.mp3", tone(440)[np.newaxis], "libmp3lame", write_xing="0")
    second = save("2.mp3", np.stack([tone(880, rate=32_000)] * 2), "libmp3lame", rate=32_000)
    (tmp_path / "a.mp3").write_bytes(first.read_bytes() + second.read_bytes())

    sound = decode(tmp_path / "a.mp3")

    assert sound.duration_s == pytest.approx(4.0, abs=0.3)
    assert pitch(sound.read()[0, :24_000]) == pytest.approx(440, abs=2)
    assert pitch(sound.read()[0, -24_000:]) == pytest.approx(880, abs=2)


@pytest.mark.parametrize("name", ["a.amr", "a.3gp"])
def test_the_silence_that_amr_marks_is_not_missing(save: Save, call: Samples, name: str) -> None:
    path = save(name, call[:1, ::2], "libopencore_amrnb", rate=8_000, dtx="1", b="12.2k")
    samples = decode(path).read()

    assert decode(path).missing_s == 0
    assert samples.shape[1] / SAMPLE_RATE == pytest.approx(30, abs=0.15)
    assert (samples == 0).mean() > 0.4  # the other side speaks
    assert shift_s(call[:1], samples, 5) == pytest.approx(0, abs=0.1)
    assert shift_s(call[:1], samples, 19, seconds=3) == pytest.approx(0, abs=0.1)


def test_numbers_that_are_none_become_silence(save: Save) -> None:
    path = save("a.wav", tone(440)[np.newaxis], "pcm_f32le")
    content = bytearray(path.read_bytes())
    content[8_000:8_012] = np.array([np.nan, np.inf, -np.inf], dtype="<f4").tobytes()
    path.write_bytes(content)

    sound = decode(path).read()

    assert np.abs(sound).max() == 1
    assert pitch(sound[0]) == 440


# --- reading in parts ---


def test_a_part_is_that_part_of_the_whole(call: Samples) -> None:
    sound = sound_of(call)

    assert (sound.channels, sound.length, sound.duration_s) == (2, 480_000, 30.0)
    assert np.array_equal(sound.read(), call)
    assert np.array_equal(sound.read(70_001, 90_000), call[:, 70_001:90_000])
    assert np.array_equal(sound.read(470_000), call[:, 470_000:])


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [(-5, 10, 10), (31_990, 40_000, 10), (40_000, 50_000, 0), (20, 10, 0)],
)
def test_a_part_ends_with_the_sound(start: int, end: int, length: int) -> None:
    sound = sound_of(tone(440)[np.newaxis])

    assert sound.read(start, end).shape == (1, length)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, where every decoded sound goes into a file."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(audio, "IN_MEMORY", 1_000)
    return folder


def open_files(folder: Path) -> int:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(str(link.readlink()).startswith(str(folder)) for link in links)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for open files in /proc")
def test_the_file_of_a_sound_has_no_name_and_goes_with_it(room: Path, save: Save) -> None:
    sound = decode(save("a.flac", tone(440)[np.newaxis], "flac"))

    assert list(room.iterdir()) == []
    assert open_files(room) == 1
    assert pitch(sound.read()[0]) == 440

    del sound
    gc.collect()

    assert open_files(room) == 0


def test_a_disk_that_is_full(room: Path, tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", tone(440, seconds=5.0)[np.newaxis])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        message = fails(tmp_path / "a.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert message == (
        f"a.wav: its decoded sound does not fit into {room} (File too large); "
        "free space there, or name another folder in TMPDIR"
    )


def peak_mb(minutes: int, save: Save, call: Samples, folder: Path) -> float:
    """The most memory that a new process takes to decode a two-channel call of that length."""
    half = save("half.wav", call[:, ::2], "pcm_mulaw", rate=8_000).read_bytes()
    start = half.index(b"data") + 8
    sound = half[start : start + 480_000]
    with (folder / "long.wav").open("wb") as file:
        file.write(half[: start - 4] + (2 * minutes * len(sound)).to_bytes(4, "little"))
        for _ in range(2 * minutes):
            file.write(sound)
    program = (
        "import sys; from pathlib import Path; from callinsight.calls.audio import decode\n"
        "sound = decode(Path(sys.argv[1]))\n"
        "status = Path('/proc/self/status').read_text().split()\n"
        "print(sound.channels, sound.duration_s, status[status.index('VmHWM:') + 1])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder / "long.wav")],
        env={"TMPDIR": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    channels, duration_s, peak_kb = ran.stdout.split()
    assert (int(channels), float(duration_s)) == (2, 60 * minutes)
    return int(peak_kb) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("minutes", [10, pytest.param(180, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_length(
    minutes: int, save: Save, call: Samples, tmp_path: Path
) -> None:
    short = peak_mb(1, save, call, tmp_path)

    assert peak_mb(minutes, save, call, tmp_path) - short < 100


# --- too long, too wide ---


def test_a_recording_that_announces_more_than_a_day(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.zeros((1, 0), dtype=np.float32), rate=8_000)
    content = (tmp_path / "a.wav").read_bytes()
    size = (24 * 3600 + 10) * 16_000
    (tmp_path / "a.wav").write_bytes(content[:-4] + size.to_bytes(4, "little"))
    with (tmp_path / "a.wav").open("r+b") as file:
        file.truncate(len(content) + size)  # without taking the disk

    assert fails(tmp_path / "a.wav") == TOO_LONG


def test_a_recording_that_lasts_longer_than_it_announces(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save("a.aac", tone(440, seconds=5.0)[np.newaxis], "aac")
    assert decode(path).duration_s == pytest.approx(5, abs=0.2)

    monkeypatch.setattr(audio, "LONGEST_H", 4 / 3600)

    assert fails(path) == TOO_LONG.replace(" 24 ", " 0 ").replace("a.wav", "a.aac")


def test_a_recording_of_too_many_channels(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.zeros((MOST_CHANNELS + 1, 1_000), dtype=np.float32))

    assert fails(tmp_path / "a.wav") == (
        "a.wav: it has 33 channels, more than 32; export only those of the call"
    )


# --- channels ---


def decoded(tmp_path: Path, *channels: Samples) -> Sound:
    write_wave(tmp_path / "a.wav", np.stack(channels))
    return decode(tmp_path / "a.wav")


def test_two_channels_stay_two_and_in_their_order(tmp_path: Path) -> None:
    sound = decoded(tmp_path, tone(440), tone(880))

    assert [pitch(channel) for channel in sound.read()] == [440, 880]


def test_identical_channels_become_one(tmp_path: Path) -> None:
    sound = decoded(tmp_path, tone(440), 0.7 * tone(440))

    assert sound.read().shape == (1, 2 * SAMPLE_RATE)
    assert pitch(sound.read()[0]) == 440
    assert np.abs(sound.read()).max() == pytest.approx(0.5 * 0.85, abs=0.01)


def test_channels_of_opposite_polarity_do_not_cancel_each_other(tmp_path: Path) -> None:
    sound = decoded(tmp_path, tone(440), -tone(440))

    assert sound.channels == 1
    assert np.abs(sound.read()).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("silent", [0, 1])
def test_a_silent_channel_is_left_out(tmp_path: Path, silent: int) -> None:
    hiss = np.random.default_rng(2).normal(0, 1e-4, 2 * SAMPLE_RATE).astype(np.float32)
    channels = [tone(440), hiss] if silent else [hiss, tone(440)]

    sound = decoded(tmp_path, *channels)

    assert sound.read().shape[0] == 1
    assert pitch(sound.read()[0]) == 440


def test_two_silent_channels_become_one(tmp_path: Path) -> None:
    nothing = np.zeros(SAMPLE_RATE, dtype=np.float32)

    sound = decoded(tmp_path, nothing, nothing)

    assert sound.read().shape == (1, SAMPLE_RATE)
    assert not sound.read().any()


def test_mono_stays_mono(tmp_path: Path) -> None:
    assert decoded(tmp_path, tone(440)).read().shape == (1, 2 * SAMPLE_RATE)


@pytest.mark.parametrize("count", [3, 6, 8, 9, 16, 24, MOST_CHANNELS])
def test_many_channels_stay_and_in_their_order(tmp_path: Path, count: int) -> None:
    hertz = [200 * number for number in range(1, count + 1)]

    sound = decoded(tmp_path, *map(tone, hertz))

    assert [pitch(channel) for channel in sound.read()] == hertz


def test_a_silent_one_of_many_channels_stays_in_its_place(tmp_path: Path) -> None:
    nothing = np.zeros_like(tone(440))

    sound = decoded(tmp_path, tone(440), nothing, tone(880)).read()

    assert [pitch(sound[0]), pitch(sound[2])] == [440, 880]
    assert not sound[1].any()


def test_many_channels_with_the_same_sound_become_one(tmp_path: Path) -> None:
    nothing = np.zeros_like(tone(440))

    assert decoded(tmp_path, tone(440), tone(440), tone(440)).channels == 1
    assert decoded(tmp_path, nothing, nothing, nothing).channels == 1
    for alone in (
        decoded(tmp_path, nothing, tone(440), nothing),
        decoded(tmp_path, tone(440), nothing, tone(440)),
    ):
        assert alone.channels == 1
        assert np.abs(alone.read()).max() == pytest.approx(0.5, abs=0.01)


# --- damage ---

# container and codec
DAMAGED = [
    ("a.mp3", "libmp3lame"),
    ("a.m4a", "aac"),
    ("a.ogg", "libopus"),
    ("a.webm", "libopus"),
    ("a.flac", "flac"),
]


@pytest.mark.parametrize(("name", "codec"), DAMAGED)
def test_a_corrupt_middle_costs_that_spot_and_moves_nothing(
    save: Save, call: Samples, name: str, codec: str
) -> None:
    path = save(name, call, codec)
    corrupt(path, 0.45, 0.55)

    sound = decode(path)

    assert sound.read().shape[0] == 2
    assert sound.duration_s == pytest.approx(30, abs=0.2)
    assert 1.5 < sound.missing_s < 7  # a WebM file goes on with its next cluster, up to 5 s later
    assert shift_s(call, sound.read(), 5) == pytest.approx(0, abs=0.1)
    assert shift_s(call, sound.read(), 22) == pytest.approx(0, abs=0.1)


def test_three_corrupt_spots_of_an_mp3(save: Save, call: Samples) -> None:
    path = save("a.mp3", call, "libmp3lame")
    for start in (0.2, 0.4, 0.6):
        corrupt(path, start, start + 0.05)

    sound = decode(path)

    assert 4 < sound.missing_s < 6
    assert shift_s(call, sound.read(), 22) == pytest.approx(0, abs=0.3)


def test_the_lost_spot_is_silent(save: Save) -> None:
    path = save("a.m4a", tone(440, seconds=20)[np.newaxis], "aac")
    corrupt(path, 0.4, 0.6)

    sound = decode(path)

    silent_s = (np.abs(sound.read()[0]) == 0).sum() / SAMPLE_RATE
    assert sound.missing_s > 1
    assert silent_s == pytest.approx(sound.missing_s, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec", "missing_s", "cut"),
    [
        ("a.wav", "pcm_s16le", 15.0, False),
        ("a.wav", "pcm_mulaw", 15.0, False),
        ("a.wav", "adpcm_ms", 15.0, False),
        ("a.mp3", "libmp3lame", 15.0, False),
        ("a.webm", "libopus", 15.0, False),
        ("a.flac", "flac", 15.0, False),
        ("a.ogg", "libopus", 0.0, True),
        ("a.opus", "libopus", 0.0, True),
        ("a.aac", "aac", 0.0, False),  # ADTS neither announces a length nor marks its end
    ],
)
def test_a_file_that_is_cut_off(
    save: Save, call: Samples, name: str, codec: str, missing_s: float, cut: bool
) -> None:
    path = save(name, call, codec)
    cut_off(path, 0.5)

    sound = decode(path)

    assert sound.duration_s == pytest.approx(15, abs=0.5)
    assert sound.missing_s == pytest.approx(missing_s, abs=0.3)
    assert sound.cut_off is cut
    assert shift_s(call, sound.read(), 5) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        *DAMAGED,
        ("a.wav", "pcm_s16le"),
        ("a.wav", "adpcm_ms"),
        ("a.opus", "libopus"),
        ("a.aac", "aac"),
    ],
)
def test_a_whole_file_misses_nothing(save: Save, call: Samples, name: str, codec: str) -> None:
    sound = decode(save(name, call, codec))

    assert (sound.missing_s, sound.cut_off) == (0, False)
    assert sound.duration_s == pytest.approx(30, abs=0.15)


@pytest.mark.parametrize("path", sorted(RECORDINGS.iterdir()), ids=lambda path: path.name)
def test_a_recording_of_the_demo_is_whole(path: Path) -> None:
    sound = decode(path)

    assert (sound.missing_s, sound.cut_off) == (0, False)


def test_a_wav_file_cut_off_behind_its_header(save: Save, call: Samples) -> None:
    path = save("a.wav", call, "pcm_s16le")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"data") + 8])

    assert fails(path) == "a.wav: none of its sound can be decoded; export the call again"


# --- clips ---


def read(content: bytes, tmp_path: Path) -> Sound:
    path = tmp_path / "clip.mp3"
    path.write_bytes(content)
    return decode(path)


def test_a_clip_is_that_part_of_the_sound(tmp_path: Path, call: Samples) -> None:
    heard = read(clip(sound_of(call), 10, 16), tmp_path)

    assert heard.read().shape[0] == 1
    assert heard.duration_s == pytest.approx(6, abs=0.15)
    assert shift_s(call[:, 10 * SAMPLE_RATE :], heard.read(), 1, seconds=4) == pytest.approx(
        0, abs=0.1
    )
    assert np.abs(heard.read()).max() == pytest.approx(0.9, abs=0.1)


def test_the_same_sound_gives_the_same_bytes(call: Samples) -> None:
    assert clip(sound_of(call), 3, 8.5) == clip(sound_of(call.copy()), 3, 8.5)


def test_a_clip_that_reaches_beyond_the_sound_ends_with_it(tmp_path: Path, call: Samples) -> None:
    sound = sound_of(call)

    assert read(clip(sound, -2, 3), tmp_path).duration_s == pytest.approx(3, abs=0.15)
    assert read(clip(sound, 28, 40), tmp_path).duration_s == pytest.approx(2, abs=0.15)


def test_a_clip_of_silence_is_silent(tmp_path: Path) -> None:
    nothing = sound_of(np.zeros((2, 3 * SAMPLE_RATE), dtype=np.float32))

    heard = read(clip(nothing, 0, 2), tmp_path)

    assert heard.duration_s == pytest.approx(2, abs=0.15)
    assert np.abs(heard.read()).max() < 1e-3


def test_a_quiet_clip_is_raised_but_not_by_more_than_four_times(tmp_path: Path) -> None:
    quiet = sound_of(0.1 * tone(440)[np.newaxis])

    heard = read(clip(quiet, 0, 2), tmp_path)

    assert np.abs(heard.read()).max() == pytest.approx(0.2, abs=0.02)


# --- lengths and WAV files ---


def test_the_length_that_a_recording_announces(film: Save, save: Save) -> None:
    assert length_s(RECORDINGS / "rec-01.flac") == pytest.approx(109.42, abs=0.01)
    assert length_s(save("a.m4a", tone(440)[np.newaxis], "aac")) == pytest.approx(2, abs=0.1)
    assert length_s(film("a.mp4", None)) == 0


def test_the_length_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^a\.wav: there is no such file"):
        length_s(tmp_path / "a.wav")


def test_a_wav_file_holds_the_samples_in_16_bits(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", np.array([[0.0, 0.5, 2.0], [-0.5, -1.0, -2.0]], np.float32))

    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 16_000)
        pcm = np.frombuffer(file.readframes(3), dtype="<i2").reshape(-1, 2)
    assert pcm.tolist() == [[0, -16383], [16383, -32767], [32767, -32767]]


def test_a_clip_is_a_plain_mp3(call: Samples, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(clip(sound_of(call), 0, 1))

    with av.open(str(tmp_path / "clip")) as container:
        stream = container.streams.audio[0]
        assert (container.format.name, stream.codec_context.sample_rate) == ("mp3", 16_000)


def test_a_clip_is_silent_where_it_is_told_to_be(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE)
    heard = read(
        clip(sound_of(tone[np.newaxis].astype(np.float32)), 2, 8, silent=[(4, 5)]), tmp_path
    )
    samples = np.abs(heard.read()[0])

    # the encoder shifts a clip by less than 0.1 s
    assert samples[round(2.05 * SAMPLE_RATE) : round(2.95 * SAMPLE_RATE)].max() < 0.01
    assert samples[round(1.0 * SAMPLE_RATE) : round(1.5 * SAMPLE_RATE)].max() > 0.3
    assert samples[round(3.5 * SAMPLE_RATE) : round(4.0 * SAMPLE_RATE)].max() > 0.3


@pytest.mark.parametrize(
    "content",
    [
        "ffconcat version 1.0\nfile refused.wav\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:1,\nrefused.wav\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_list_of_files_in_a_recordings_clothes_reads_none_of_them(
    save: Save, call: Samples, tmp_path: Path, content: str
) -> None:
    save("refused.wav", call, "pcm_s16le")
    path = tmp_path / "call.wav"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(AudioError, match=r"^call\.wav: this is no recording that can be read"):
        decode(path)
    assert media_type(path) is None
