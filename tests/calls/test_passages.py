"""Parts of a recording are those of the whole, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from callinsight.calls.audio import SAMPLE_RATE, Sound, clip, decode
from callinsight.calls.passages import passages
from callinsight.errors import AudioError

from .conftest import Samples, Save, corrupt, tone

if TYPE_CHECKING:
    from pathlib import Path

SPANS = ((20.01, 23.457), (8.0, 9.5))
RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000)
ALONE = [
    ("a.wav", "pcm_s16le"),
    ("a.wav", "pcm_mulaw"),
    ("a.flac", "flac"),
    ("a.mp3", "libmp3lame"),
]
ALONG = [  # what comes later depends on what came before
    ("a.m4a", "aac", 44_100),
    ("a.aac", "aac", 16_000),
    ("a.ogg", "libopus", 48_000),
    ("a.webm", "libopus", 48_000),
    ("a.wav", "adpcm_ms", 8_000),
    ("a.wma", "wmav2", 44_100),
    ("a.amr", "libopencore_amrnb", 8_000),
    ("a.wv", "wavpack", 48_000),
]


def at(sound: Sound, start_s: float, end_s: float) -> Samples:
    return sound.read(round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))


def same(path: Path, spans: tuple[tuple[float, float], ...], **known: int) -> Sound:
    """The sound of some spans, each as in the whole recording."""
    whole = decode(path)
    found = passages(path, spans, **{"channels": whole.channels, **known})
    for span in spans:
        assert at(found, *span).tobytes() == at(whole, *span).tobytes()
    quiet = [(spans[0][0] + 0.5, spans[0][0] + 1.0)]
    assert clip(found, *spans[0], silent=quiet) == clip(whole, *spans[0], silent=quiet)
    return found


def is_silent(sound: Sound, start_s: float, end_s: float) -> bool:
    return not at(sound, start_s, end_s).any()


def noisy(call: Samples, rate: int) -> Samples:
    """A call at another rate, as if it were spoken faster or slower, and never silent."""
    sound = np.tile(call, 4)[:, : 30 * rate]
    noise = np.random.default_rng(1).standard_normal(sound.shape).astype(np.float32)
    return np.clip(sound + 0.02 * noise, -1, 1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("name", "codec"), ALONE)
def test_only_parts_are_decoded_where_packets_stand_alone(
    save: Save, call: Samples, name: str, codec: str, rate: int
) -> None:
    path = save(name, noisy(call, rate), codec, rate=rate)

    found = same(path, SPANS)

    assert is_silent(found, 2.5, 6.5)
    assert is_silent(found, 11.0, 18.5)
    assert found.duration_s < 26


@pytest.mark.parametrize("options", [{"b": "24k", "write_xing": "0"}, {"q": "4"}, {"b": "128k"}])
def test_mp3_of_any_kind(save: Save, call: Samples, options: dict[str, str]) -> None:
    path = save("a.mp3", noisy(call[:1], 22_050), "libmp3lame", rate=22_050, **options)

    assert is_silent(same(path, SPANS), 11.0, 18.5)


@pytest.mark.parametrize(("name", "codec", "rate"), ALONG)
def test_what_depends_on_the_start_is_decoded_from_there(
    save: Save, call: Samples, name: str, codec: str, rate: int
) -> None:
    path = save(name, noisy(call, rate)[:1], codec, rate=rate, b="48k")

    found = same(path, SPANS)

    assert not is_silent(found, 11.0, 18.5)
    assert found.duration_s < 27


def test_up_to_the_end_and_beyond(save: Save, call: Samples) -> None:
    path = save("a.mp3", noisy(call, 44_100), "libmp3lame", rate=44_100)

    assert same(path, ((28.0, 40.0),)).length == decode(path).length
    assert same(path, ((5.0, 6.0), (45.0, 50.0))).duration_s < 45


def test_parts_that_touch_are_one(save: Save, call: Samples) -> None:
    path = save("a.flac", noisy(call, 44_100), "flac", rate=44_100)

    same(path, ((0.0, 0.3), (10.0, 12.0), (11.0, 14.0), (15.2, 16.0), (15.9, 17.0)))


def test_only_the_whole_tells_which_channels_are_one(save: Save) -> None:
    voice = tone(440, seconds=20.0)
    path = save("a.wav", np.stack([voice, 0 * voice]), "pcm_s16le")

    assert same(path, ((2.0, 4.0),)).length == decode(path).length  # one of two channels was heard
    assert same(path, ((2.0, 4.0),), channels=0).length == decode(path).length


def test_one_channel_is_one_whoever_heard_it(save: Save) -> None:
    path = save("a.wav", tone(440, seconds=20.0)[np.newaxis], "pcm_s16le")

    assert same(path, ((2.0, 4.0),), channels=0).duration_s < 8


def test_a_damaged_recording_is_decoded_from_its_start(save: Save, call: Samples) -> None:
    path = save("a.mp3", noisy(call, 16_000), "libmp3lame")
    corrupt(path, 0.3, 0.32)

    assert decode(path).missing_s > 0
    assert not is_silent(same(path, SPANS, damaged=True), 11.0, 18.5)


def test_a_gap_between_packets_is_seen(save: Save, call: Samples) -> None:
    path = save("a.flac", noisy(call, 16_000), "flac")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3] + content[len(content) // 2 :])

    assert not is_silent(same(path, ((12.0, 14.0),)), 6.0, 8.0)


def test_another_form_midway_is_seen(save: Save, call: Samples, tmp_path: Path) -> None:
    halves = [
        save(f"{len(part)}.mp3", part, "libmp3lame", write_xing="0").read_bytes()
        for part in (call[:1], call)
    ]
    (tmp_path / "a.mp3").write_bytes(halves[0] + halves[1])

    assert not is_silent(same(tmp_path / "a.mp3", ((50.0, 52.0),), channels=1), 11.0, 28.5)


def test_what_cannot_be_decoded_is_told_as_ever(tmp_path: Path, film: Save) -> None:
    with pytest.raises(AudioError, match=r"there is no such file"):
        passages(tmp_path / "gone.mp3", SPANS, channels=1)
    with pytest.raises(AudioError, match=r"the file has no sound"):
        passages(film("a.mp4", None), SPANS, channels=1)


def test_most_of_a_long_recording_takes_no_room(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save("a.wav", tone(440, seconds=120.0, rate=8_000)[np.newaxis], "pcm_s16le", rate=8_000)
    monkeypatch.setattr("callinsight.calls.audio.IN_MEMORY", 100_000)

    found = same(path, ((100.0, 110.0), (50.0, 51.0)))

    assert is_silent(found, 5.0, 48.0)
