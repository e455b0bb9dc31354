from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callinsight.calls.audio import decode
from callinsight.calls.endings import ogg_is_cut_off, wav_share

from .conftest import RECORDINGS, Samples, Save, cut_off, tone

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = 0xFFFFFFFF


def wav(
    path: Path, size: int, held: int, *, kind: bytes = b"RIFF", ds64: int | None = None
) -> Path:
    """A mono WAV file at 16 kHz that announces `size` bytes of sound and holds `held`."""
    chunks = b"WAVE"
    if ds64 is not None:
        chunks += b"ds64" + (28).to_bytes(4, "little")
        chunks += bytes(8) + ds64.to_bytes(8, "little") + bytes(12)
    chunks += b"note\x03\x00\x00\x00odd\x00"
    chunks += b"fmt " + bytes.fromhex("10000000 0100 0100 803e0000 007d0000 0200 1000")
    chunks += b"data" + size.to_bytes(4, "little") + held * b"\x10"
    path.write_bytes(kind + UNKNOWN.to_bytes(4, "little") + chunks)
    return path


@pytest.mark.parametrize(
    ("size", "held", "share"),
    [
        (96_000, 96_000, 1.0),
        (96_000, 24_000, 0.25),
        (96_000, 0, 0.0),
        (96_000, 96_400, 1.0),  # more chunks may follow
        (0, 96_000, 1.0),
        (UNKNOWN, 96_000, 1.0),
        (0x7FFFF000, 96_000, 1.0),
        (0x80000000, 96_000, 1.0),
    ],
)
def test_the_share_that_a_wav_file_holds(
    tmp_path: Path, size: int, held: int, share: float
) -> None:
    assert wav_share(wav(tmp_path / "a.wav", size, held)) == share


@pytest.mark.parametrize(
    ("announced", "share"), [(96_000, 0.5), (48_000, 1.0), (0, 1.0), (2**64 - 1, 1.0)]
)
@pytest.mark.parametrize("kind", [b"RF64", b"BW64"])
def test_the_share_that_a_long_wav_file_holds(
    tmp_path: Path, kind: bytes, announced: int, share: float
) -> None:
    path = wav(tmp_path / "a.wav", UNKNOWN, 48_000, kind=kind, ds64=announced)

    assert wav_share(path) == share


@pytest.mark.parametrize("size", [0, UNKNOWN])
def test_a_streamed_wav_file_misses_nothing(tmp_path: Path, size: int) -> None:
    sound = decode(wav(tmp_path / "a.wav", size, 96_000))

    assert (sound.duration_s, sound.missing_s, sound.cut_off) == (3.0, 0.0, False)


def test_less_than_a_word_is_not_missed(tmp_path: Path) -> None:
    sound = decode(wav(tmp_path / "a.wav", 96_044, 96_000))

    assert (sound.duration_s, sound.missing_s) == (3.0, 0.0)


def test_a_file_of_another_kind_is_neither(save: Save) -> None:
    path = save("a.flac", tone(440)[None], "flac")
    cut_off(path, 0.5)

    assert (wav_share(path), ogg_is_cut_off(path)) == (1.0, False)


@pytest.mark.parametrize("lacking", [1, 100, 297, 298, 5_000, 200_000])
def test_an_ogg_file_lacks_its_last_bytes(tmp_path: Path, lacking: int) -> None:
    content = (RECORDINGS / "rec-06.opus").read_bytes()  # its last page has 298 bytes
    (tmp_path / "a.opus").write_bytes(content[:-lacking])

    assert ogg_is_cut_off(tmp_path / "a.opus")


def test_an_ogg_file_with_something_behind_its_last_page(tmp_path: Path) -> None:
    (tmp_path / "a.opus").write_bytes((RECORDINGS / "rec-06.opus").read_bytes() + b"TAG" * 40)

    assert not ogg_is_cut_off(tmp_path / "a.opus")


def test_an_ogg_file_of_two_streams_one_behind_the_other(
    save: Save, call: Samples, tmp_path: Path
) -> None:
    one = save("a.ogg", call[:, :80_000], "libopus").read_bytes()
    whole, cut = tmp_path / "whole.ogg", tmp_path / "cut.ogg"
    whole.write_bytes(one + one)
    cut.write_bytes(one + one[: len(one) // 2])

    assert (ogg_is_cut_off(whole), ogg_is_cut_off(cut)) == (False, True)
