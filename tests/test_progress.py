from __future__ import annotations

import re

import pytest

from callinsight.progress import bar, bytes_bar, silent


def test_a_bar_counts_on_stderr_and_leaves_stdout_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with bar("Transcribe", 3) as advance:
        for _ in range(2):
            advance(10.0)

    out, err = capfd.readouterr()
    assert out == ""
    assert re.search(r"^Transcribe .* 2/3 +[\d.]+ audio s/s", err)


def test_a_step_without_sound_shows_no_speed(capfd: pytest.CaptureFixture[str]) -> None:
    with bar("Tag", 2) as advance:
        advance(0.0)
        advance(0.0)

    err = capfd.readouterr().err
    assert "2/2" in err
    assert "audio" not in err


def test_a_step_without_work_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with bar("Tag", 0) as advance:
        advance(1.0)

    assert capfd.readouterr() == ("", "")


def test_silent_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with silent("Tag", 2) as advance:
        advance(1.0)

    assert capfd.readouterr() == ("", "")


def test_an_error_inside_a_bar_comes_through(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), bar("Tag", 2) as advance:
        advance(1 / 0)

    assert "0/2" in capfd.readouterr().err


def test_bytes_are_counted_for_each_file(capfd: pytest.CaptureFixture[str]) -> None:
    with bytes_bar("base") as report:
        report("model.bin", 0, 2_000_000)
        report("model.bin", 2_000_000, 2_000_000)
        report("config.json", 500, None)

    out, err = capfd.readouterr()
    assert out == ""
    assert re.search(r"base: model\.bin .*2\.0/2\.0 MB", err)
    assert re.search(r"base: config\.json .*500", err)
