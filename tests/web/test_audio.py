"""Sound: by ranges, as browsers play it, and of nobody who did not agree."""

import dataclasses
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
from callinsight.pipeline.mend import set_words
from callinsight.pipeline.run import stored_config
from callinsight.records import Redaction, Word


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


def loudness(mp3: bytes, *spans: tuple[float, float]) -> list[float]:
    """The root mean square of an MP3's sound in spans of seconds."""
    with av.open(io.BytesIO(mp3)) as heard:
        rate = heard.streams.audio[0].rate
        samples = np.concatenate([f.to_ndarray().mean(axis=0) for f in heard.decode(audio=0)])
    if samples.dtype == np.int16:
        samples = samples / 32768
    return [float(np.sqrt(np.mean(samples[int(a * rate) : int(b * rate)] ** 2))) for a, b in spans]


def redact(calls: Path, *, estimated: bool = False) -> None:
    """As if the buyer had told a number from 5.0 to 6.0 s of the first call."""
    with store.opened(calls) as db, store.transaction(db):
        said = store.utterances_of(db, "first")[1]
        words = (Word(4.0, 5.0, " Call"), Word(5.0, 6.0, " [phone 1]."), Word(6.0, 8.0, " Thanks"))
        text = "Call [phone 1]. Thanks"
        said = dataclasses.replace(said, text=text, words=words, estimated=estimated)
        store.save_utterances(db, [said])
        one = Redaction(
            call="first",
            utterance=said.id,
            position=0,
            kind="phone",
            placeholder="[phone 1]",
            start_s=5.0,
            end_s=6.0,
        )
        store.replace_redactions(db, "first", [one])


def test_where_personal_data_was_said_nothing_is_heard(visitor: TestClient, calls: Path) -> None:
    assert visitor.get("/audio/first").headers["content-type"] == "audio/wav"

    redact(calls)
    whole = visitor.get("/audio/first")
    clip = visitor.get("/clips/first%3A0001").content  # from 3.6 s on

    assert whole.headers["content-type"] == "audio/mpeg"
    before, inside, behind = loudness(whole.content, (1.0, 4.7), (5.0, 6.0), (6.4, 29.0))
    assert inside < 0.001
    assert min(before, behind) > 0.1
    before, inside, behind = loudness(clip, (0.2, 1.1), (1.5, 2.3), (2.8, 9.0))
    assert inside < 0.001
    assert min(before, behind) > 0.1


def test_what_people_write_in_its_place_does_not_bring_it_back(
    visitor: TestClient, calls: Path
) -> None:
    redact(calls)

    with store.opened(calls) as db:
        config, stamp = stored_config(db), {"who": "Mara", "at": "2026-11-03T10:00:00+01:00"}
        set_words(db, config, "first:0001", "Call us. Thanks", **stamp)
        assert store.utterances_of(db, "first")[1].text == "Call us. Thanks"

    (inside,) = loudness(visitor.get("/audio/first").content, (5.0, 6.0))
    assert inside < 0.001


def test_a_number_that_people_write_is_not_kept_nor_heard(visitor: TestClient, calls: Path) -> None:
    with store.opened(calls) as db:
        config, stamp = stored_config(db), {"who": "Mara", "at": "2026-11-03T10:00:00+01:00"}
        text = "The price is far too high for us. Call 415-555-0134, for that."
        set_words(db, config, "first:0001", text, **stamp)
        said = store.utterances_of(db, "first")[1]
        (one,) = store.redactions_of(db, "first")

    assert said.text == "The price is far too high for us. Call [phone 1], for that."
    assert [word.text for word in said.words][-4:] == [" Call", " [phone 1],", " for", " that."]
    assert said.start_s < one.start_s < one.end_s < said.end_s
    (inside,) = loudness(visitor.get("/audio/first").content, (one.start_s, one.end_s))
    assert inside < 0.001
    for path in calls.parent.glob("callinsight.db*"):
        assert b"0134" not in path.read_bytes()


def test_a_recording_with_personal_data_at_an_unknown_time_is_not_played(
    visitor: TestClient, calls: Path
) -> None:
    redact(calls, estimated=True)

    assert visitor.get("/audio/first").status_code == 404
    assert visitor.get("/clips/first%3A0003").status_code == 404
    assert "There is no recording of this call: words only." in visitor.get("/calls/first").text
