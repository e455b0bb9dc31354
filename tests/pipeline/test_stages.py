"""Where a call's stage comes from: the CRM first, else what was said; again and again."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from callinsight import store
from callinsight.calls.manifest import Entry
from callinsight.config import load_config
from callinsight.pipeline.naming import name_speakers
from callinsight.pipeline.stages import infer_stages
from callinsight.records import Call, Utterance
from callinsight.tagging.stages import load_stages
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
CLOSING = (
    "we have had a look at your quote and the contract",
    "the board approved it but legal wants the liability clause changed",
    "if we get ten per cent discount we sign by friday",
    "procurement has a questionnaire, and payment terms are sixty days",
    "i will send the revised order form for your signature tonight",
    "and legal gets the final wording in writing before the board meets",
)
CHAT = ("hello there", "lovely weather today")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with store.opened(tmp_path / "callinsight.db", create=True) as db:
        yield db


def call(id_: str, **facts: object) -> Call:
    return Call(id=id_, file=f"{id_}.vtt", recorded_at="2026-10-05T10:00:00+00:00", **facts)


def save(db: Database, saved: Call, turns: tuple[str, ...]) -> None:
    said = [
        Utterance(
            id=f"{saved.id}:{position:04d}",
            call=saved.id,
            position=position,
            start_s=float(position),
            end_s=position + 1.0,
            channel=None,
            speaker="",
            side="unknown",
            side_confidence=0.0,
            text=text,
        )
        for position, text in enumerate(turns)
    ]
    with store.transaction(db):
        store.save_call(db, saved, [], said)


def stages(db: Database) -> dict[str, tuple[str, str]]:
    return {c.id: (c.stage, c.stage_source) for c in store.all_calls(db)}


def finished(db: Database) -> list[tuple[str, str]]:
    return db.execute("SELECT subject, settings_hash FROM runs WHERE stage = 'stages'").fetchall()


def written(db: Database) -> int:
    return db.conn.total_changes


def test_the_crm_goes_first_then_what_was_said(db: Database) -> None:
    crm = {"stage": "awareness", "stage_source": "crm", "stage_probability": 1.0}
    save(db, call("crm", **crm), CLOSING)
    save(db, call("said"), CLOSING)
    save(db, call("chat"), CHAT)
    save(db, call("german", language="de"), CLOSING)
    save(db, call("empty", status="empty"), ())

    infer_stages(db, TAXONOMY)

    assert stages(db) == {
        "crm": ("awareness", "crm"),
        "said": ("decision", "inferred"),
        "chat": ("unknown", "unknown"),
        "german": ("unknown", "unknown"),
        "empty": ("unknown", "unknown"),
    }
    sure = {c.id: c.stage_probability for c in store.all_calls(db)}
    assert (sure["crm"], sure["german"], sure["empty"]) == (1.0, 0.0, 0.0)
    assert sure["said"] >= load_stages().surest > sure["chat"] >= 0.25
    assert sorted(id_ for id_, _ in finished(db)) == ["chat", "said"]


def test_a_second_run_writes_nothing(db: Database) -> None:
    save(db, call("said"), CLOSING)
    save(db, call("chat"), CHAT)
    infer_stages(db, TAXONOMY)
    before, rows = written(db), list(db["calls"].rows)

    infer_stages(db, TAXONOMY)

    assert written(db) == before
    assert list(db["calls"].rows) == rows


def test_a_call_that_was_heard_again_is_read_again(db: Database) -> None:
    save(db, call("said"), CLOSING)
    infer_stages(db, TAXONOMY)

    save(db, call("said"), CLOSING)  # the same words, but the stage is lost with the rest
    infer_stages(db, TAXONOMY)
    assert stages(db) == {"said": ("decision", "inferred")}

    save(db, call("said"), CHAT)
    infer_stages(db, TAXONOMY)
    assert stages(db) == {"said": ("unknown", "unknown")}


def test_other_cues_give_another_stage(db: Database) -> None:
    save(db, call("chat"), CHAT)
    infer_stages(db, TAXONOMY)
    renewal = dataclasses.replace(
        TAXONOMY.stages["retention"], cues=("lovely weather", "hello there")
    )

    infer_stages(
        db, dataclasses.replace(TAXONOMY, stages={**TAXONOMY.stages, "retention": renewal})
    )

    assert stages(db) == {"chat": ("retention", "inferred")}


@pytest.mark.parametrize("reason", ["language", "taxonomy"])
def test_what_can_be_read_no_more_has_no_stage(db: Database, reason: str) -> None:
    save(db, call("said"), CLOSING)
    infer_stages(db, TAXONOMY)
    fewer = {name: stage for name, stage in TAXONOMY.stages.items() if name != "retention"}
    other = dataclasses.replace(TAXONOMY, stages=fewer) if reason == "taxonomy" else TAXONOMY
    if reason == "language":
        db["calls"].update("said", {"language": "de"})
        db.conn.commit()

    infer_stages(db, other)

    told = store.get_call(db, "said")
    assert (told.stage, told.stage_source, told.stage_probability) == ("unknown", "unknown", 0.0)
    assert finished(db) == []


def test_the_sheets_stage_wins_later_and_is_forgotten_when_it_goes(
    db: Database, tmp_path: Path
) -> None:
    (tmp_path / "p.toml").write_text(
        '[calls]\nmanifest = "c.csv"\nfiles = "."\n[tagging]\ntaxonomy = "t.toml"\n'
    )
    config = load_config(tmp_path / "p.toml")
    save(db, call("said"), CLOSING)

    def run(**facts: object) -> tuple[str, str, float]:
        listed = call("said", **facts)
        name_speakers(db, config, [Entry(listed, (), tmp_path / listed.file, "c.csv:2")])
        infer_stages(db, TAXONOMY)
        told = store.get_call(db, "said")
        return told.stage, told.stage_source, told.stage_probability

    first = run()
    assert first[:2] == ("decision", "inferred")
    before = written(db)
    assert run() == first
    assert written(db) == before
    crm = {"stage": "retention", "stage_source": "crm", "stage_probability": 1.0}
    assert run(**crm) == ("retention", "crm", 1.0)
    assert run(**crm) == ("retention", "crm", 1.0)
    assert run() == first


def test_a_database_of_before_says_where_its_stages_come_from(tmp_path: Path) -> None:
    with store.opened(tmp_path / "old.db", create=True) as db:
        save(db, call("crm", stage="decision"), CLOSING)
        save(db, call("none"), CLOSING)
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'tell_where_stages_come_from'")
        db["calls"].transform(drop={"stage_source", "stage_probability"})

    with store.opened(tmp_path / "old.db") as db:
        found = {c.id: (c.stage_source, c.stage_probability) for c in store.all_calls(db)}

    assert found == {"crm": ("crm", 1.0), "none": ("unknown", 0.0)}
