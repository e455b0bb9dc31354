"""Calls for the pages: one with a recording, one of words only, one that is refused."""

import dataclasses
import wave
from pathlib import Path

import numpy as np

from callinsight import store
from callinsight.config import config_from_text, settings_text
from callinsight.records import Call, Participant, Tag, Utterance, Word

SAID = (
    ("Dana Whitfield", "rep", 0.0, "What did you think of the proposal?"),
    ("Ann Lee", "buyer", 4.0, "The price is far too high for us. We have no budget for that."),
    ("Dana Whitfield", "rep", 9.0, "I see."),
    ("Ann Lee", "buyer", 12.0, "=2+5 is what I get. Do you have a <b>price list</b>?"),
    ("Ann Lee", "buyer", 17.0, "Your rival shows us prices on one page."),
)


def fill(database: Path, files: Path) -> None:
    """Write the calls, and the recording of the first: 30 s of a tone."""
    files.mkdir()
    write_tone(files / "first.wav")
    (files / "second.vtt").write_text("WEBVTT\n")
    write_tone(files / "third.wav")
    with store.opened(database) as db:
        config = config_from_text(str(store.setting(db, "settings")))
        calls = dataclasses.replace(config.calls, files=files)
        store.save_setting(db, "settings", settings_text(dataclasses.replace(config, calls=calls)))
        save(db, call("first", "first.wav", channels=1, account="Acme", deal="D-1"))
        save(db, call("second", "second.vtt", day=20, account="Bexley & Sons", outcome="won"))
        refused = call("third", "third.wav", status="refused")
        store.save_call(db, refused, [], [])


def call(id_: str, file: str, *, day: int = 6, **more: object) -> Call:
    made = Call(
        id=id_,
        file=file,
        recorded_at=f"2026-10-{day:02d}T10:00:00+01:00",
        title=f"Proposal {id_}",
        stage="decision",
        stage_source="crm",
        language="en",
        duration_s=30.0,
    )
    return dataclasses.replace(made, **more)


def save(db: object, known: Call) -> None:
    people = [
        Participant(call=known.id, name="Dana Whitfield", side="rep", title="Account Executive"),
        Participant(
            call=known.id,
            name="Ann Lee",
            side="buyer",
            title="Chief Financial Officer",
            persona="economic_buyer",
            persona_source="title",
        ),
    ]
    said = [turn(known.id, position, *row) for position, row in enumerate(SAID)]
    store.save_call(db, known, people, said)
    tags = [
        tag(said[1], "concern", "price_budget", evidence="The price is far too high for us."),
        tag(said[1], "concern", "value_roi", score=0.4, status="unsure"),
        tag(said[3], "ask", "pricing_sheet", stance="question", evidence=said[3].text),
        tag(said[4], "competitor", "Invoq", stance="mention", score=0.5, status="unsure"),
    ]
    store.replace_tags(db, known.id, ("concern", "ask", "competitor"), tags)


def turn(call: str, position: int, speaker: str, side: str, start_s: float, text: str) -> Utterance:
    step_s = 4.0 / len(text.split())
    return Utterance(
        id=f"{call}:{position:04d}",
        call=call,
        position=position,
        start_s=start_s,
        end_s=start_s + 4.0,
        channel=None,
        voice=speaker,
        speaker=speaker,
        side=side,
        side_confidence=1.0,
        side_source="sheets",
        persona="economic_buyer" if side == "buyer" else "unknown",
        text=text,
        words=tuple(
            Word(round(start_s + n * step_s, 2), round(start_s + (n + 1) * step_s, 2), f" {word}")
            for n, word in enumerate(text.split())
        ),
    )


def tag(said: Utterance, kind: str, label: str, **more: object) -> Tag:
    made = Tag(
        utterance=said.id,
        kind=kind,
        label=label,
        stance="objection",
        score=0.95,
        status="sure",
        source="test",
        evidence="",
        why="says “too high”",
        call=said.call,
        deal=said.call,
        persona=said.persona,
        stage="decision",
        month="2026-10",
    )
    return dataclasses.replace(made, **more)


def write_tone(path: Path, seconds: int = 30) -> None:
    time_s = np.arange(seconds * 8000) / 8000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2").tobytes())
