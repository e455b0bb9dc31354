from __future__ import annotations

from pathlib import Path

import pytest

from callinsight.calls import transcripts
from callinsight.calls.transcripts import is_transcript, read_transcript, recording_beside
from callinsight.errors import TranscriptError

TEAMS = "WEBVTT\n\n1a-0\n00:00:01.000 --> 00:00:02.000\n<v Jo Lane (Acme)>Hi.</v>\n"
ZOOM = "WEBVTT\r\n\r\n1\r\n00:00:01.000 --> 00:00:02.000\r\nJo Lane (Acme): Hi.\r\n"
SUBRIP = "\r\n1\r\n00:00:01,000 --> 00:00:02,000\r\nJo Lane (Acme): Hi.\r\n"
ROW = '"start": 1, "end": 2, "text": "Hi.", "speaker": "Jo Lane (Acme)"'
ITEM = '"type": "pronunciation", "start_time": "1", "end_time": "2"'
SAID = '"start_s": 1, "end_s": 2, "text": "Hi.", "speaker": "Jo Lane (Acme)"'
KINDS = {
    "teams": TEAMS,
    "zoom": ZOOM,
    "subrip": SUBRIP,
    "whisper": f'{{"segments": [{{{ROW}}}]}}',
    "segments": f"[{{{ROW}}}]",
    "aws": f"""{{"results": {{"items": [{{{ITEM}, "speaker_label": "Jo Lane (Acme)",
           "alternatives": [{{"content": "Hi."}}]}}]}}}}""",
    "gong": """[{"speakerId": "Jo Lane (Acme)",
            "sentences": [{"start": 1000, "end": 2000, "text": "Hi."}]}]""",
    "callinsight": f'{{"file": "a.wav", "utterances": [{{{SAID}}}]}}',
}


@pytest.mark.parametrize("suffix", ["vtt", "SRT", "json", "txt", "md"])
def test_a_name_that_no_recording_has(suffix: str) -> None:
    assert is_transcript(Path(f"nowhere/b.{suffix}"))
    assert not is_transcript(Path(f"nowhere/b.{suffix}.mp3"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n", True),
        (b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,000\r\nHi.\r\n", True),
        (b'{\n "segments": [{"start": 1, "end": 2, "text": "Hi."}]}', True),
        (b"[{", True),
        (b"Jo: Hi.\nDana: Hello.\n", False),
        (b"Dear Sir or Madam, this is no sound.\n", False),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", False),
        (b"", False),
    ],
    ids=["vtt", "srt", "json", "list", "dialogue", "letter", "sound", "empty"],
)
def test_another_name_needs_a_start_that_leaves_no_doubt(
    tmp_path: Path, content: bytes, expected: bool
) -> None:
    for name in ("call.mp3", "call"):
        (tmp_path / name).write_bytes(content)
        assert is_transcript(tmp_path / name) is expected


def test_only_the_start_of_a_large_file_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with path.open("wb") as file:
        file.truncate(8 * 1024**3)  # holds no blocks on the disk

    assert not is_transcript(path)


def test_what_is_read_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "export.transcript"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Jo>Hi.</v>\n")

    assert [turn.voice for turn in read_transcript(path)] == ["Jo"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_what_it_holds(tmp_path: Path, kind: str) -> None:
    suffixes = ["", ".vtt", ".srt", ".json", ".txt", ".MD", ".mp3", ".data"]
    for suffix in suffixes:
        for mark in ("", "\ufeff"):
            path = tmp_path / f"call{suffix}"
            path.write_bytes(f"{mark}{KINDS[kind]}".encode())

            (turn,) = read_transcript(path)

            assert is_transcript(path)
            said = (turn.start_s, turn.end_s, turn.voice, turn.text)
            assert said == (1.0, 2.0, "Jo Lane (Acme)", "Hi.")


@pytest.mark.parametrize("name", ["call.vtt", "call.json", "call", "call.mp3"])
def test_the_recording_of_a_transcript(tmp_path: Path, name: str) -> None:
    transcript = tmp_path / name
    transcript.write_text(TEAMS)
    for other in ("call-1.wav", "call.vtt.wav", "Call.wav", "call.docx"):
        (tmp_path / other).write_bytes(b"a")
    (tmp_path / "call.wav").mkdir()
    (tmp_path / "call.FLAC").write_text(TEAMS)  # another transcript

    assert recording_beside(transcript) is None
    for better in ("call.Mkv", "call.MP4", "call.m4a"):
        (tmp_path / better).write_bytes(b"a")
        assert recording_beside(transcript) == tmp_path / better


def test_no_recording_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "call.wav").write_bytes(b"a")

    assert recording_beside(tmp_path / "a" / "call.vtt") is None
    assert recording_beside(tmp_path / "b" / "call.vtt") is None


def test_a_folder_is_none(tmp_path: Path) -> None:
    assert not is_transcript(tmp_path)


def test_more_speakers_than_any_call_has(tmp_path: Path) -> None:
    path = tmp_path / "call.vtt"
    cues = (
        f"00:{n // 60:02d}:{n % 60:02d}.000 --> 00:59:59.000\n<v V{n}>Hi.</v>\n" for n in range(101)
    )
    path.write_text("\n".join(["WEBVTT\n", *cues]), encoding="utf-8")

    with pytest.raises(TranscriptError) as caught:
        read_transcript(path)
    assert str(caught.value) == (
        "call.vtt: it names 101 speakers, more than 100; export the transcript of one call, with each "
        "speaker under one name"
    )


def test_a_file_of_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "MAX_BYTES", 1024**2)
    path = tmp_path / "call.json"
    with path.open("wb") as file:
        file.truncate(1024**2 + 1)

    with pytest.raises(TranscriptError) as caught:
        read_transcript(path)
    assert str(caught.value) == (
        "call.json: it is larger than 1 MB, too large for a transcript; "
        "name the transcript of one call"
    )
