"""Sound: by ranges, as browsers play it, and of nobody who did not agree."""

import io
import shutil
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from fastapi.testclient import TestClient

from callinsight import store
from callinsight.calls.playable import media_type


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def test_a_range_of_a_recording(visitor: TestClient, calls: Path) -> None:
    content = (calls.parent / "files" / "first.wav").read_bytes()

    part = visitor.get("/audio/first", headers={"Range": "bytes=1000-1999"})

    assert part.status_code == 206
    assert part.content == content[1000:2000]
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(content)}"
    assert part.headers["content-type"] == "audio/wav"


@pytest.mark.parametrize("call", ["second", "third", "nobody"])
def test_what_has_no_recording_or_may_not_be_heard(visitor: TestClient, call: str) -> None:
    assert visitor.get(f"/audio/{call}").status_code == 404
    assert visitor.get(f"/clips/{call}%3A0001").status_code == 404


def test_a_recording_beside_a_transcript(visitor: TestClient, calls: Path) -> None:
    files = calls.parent / "files"
    shutil.copy(files / "first.wav", files / "second.wav")

    assert visitor.get("/audio/second").status_code == 200
    assert 'data-src="/audio/second"' in visitor.get("/excerpts?account=Bexley+%26+Sons").text


def test_what_browsers_do_not_play_is_made_into_what_they_do(
    visitor: TestClient, calls: Path
) -> None:
    path = calls.parent / "files" / "first.wav"
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    with av.open(str(path), "w", format="wav") as out:
        stream = out.add_stream("pcm_mulaw", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = 8000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    assert media_type(path) is None

    whole = visitor.get("/audio/first")
    part = visitor.get("/audio/first", headers={"Range": "bytes=0-99"})

    assert whole.headers["content-type"] == "audio/mpeg"
    assert part.status_code == 206
    assert part.content == whole.content[:100]
    with av.open(io.BytesIO(whole.content)) as heard:
        assert heard.streams.audio[0].codec_context.name.startswith("mp3")
        assert heard.duration / 1e6 == pytest.approx(30, abs=0.2)


def test_a_clip_is_the_turn_with_some_air(visitor: TestClient) -> None:
    clip = visitor.get("/clips/first%3A0001")

    assert clip.headers["content-disposition"] == 'attachment; filename="first-0001.mp3"'
    with av.open(io.BytesIO(clip.content)) as heard:
        length_s = sum(f.samples for f in heard.decode(audio=0)) / 16000
    assert length_s == pytest.approx(10.0, abs=0.2)


def test_who_played_and_took_what_is_noted(visitor: TestClient, calls: Path) -> None:
    visitor.get("/audio/first", headers={"Range": "bytes=0-9"})
    visitor.get("/excerpts/export.csv")

    with store.opened(calls) as db:
        noted = [(entry.action, entry.subject) for entry in store.audit_log(db, limit=9)]
    assert sorted(noted) == [("export", "/excerpts/export.csv"), ("play", "/audio/first")]
