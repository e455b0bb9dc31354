from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlite_utils import Database, Migrations

from callinsight import store
from callinsight.migrations import migrations
from callinsight.records import Call, Gap, Participant, Problem, Utterance, Voice, Word
from callinsight.store.rows import row_of

if TYPE_CHECKING:
    from pathlib import Path


def gap(**changes) -> Gap:
    facts = {
        "id": "2026-10/need_fit/champion/decision",
        "month": "2026-10",
        "concern": "need_fit",
        "persona": "champion",
        "stage": "decision",
        "raising": 8,
        "eligible": 10,
        "calls": 8,
        "objections": 8,
        "questions": 0,
        "asks": 0,
        "share": 0.8,
        "share_low": 0.497,
        "share_high": 0.956,
        "unresolved": 2,
        "amount": 80_000.0,
        "p_value": 0.0004,
        "supply": 1,
        "verdict": "weak",
        "score": 0.014,
        "reason": "1 fitting asset",
    }
    return Gap(**facts | changes)


def test_a_database_is_for_the_one_who_made_it(tmp_path: Path):
    with store.opened(tmp_path / "callinsight.db", create=True) as db:
        store.save_setting(db, "settings", "{}")
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.glob("callinsight.db*")}

    assert modes == {0o600}


def test_a_gap_comes_back_as_it_was_kept(tmp_path: Path):
    gaps = [
        gap(
            id="a",
            candidates=("A-1", "A-2"),
            candidate_obstacles=("fits", "draft, for end_user"),
            evidence=("c1:0001", "c2:0003"),
        ),
        gap(id="b", candidates=("A-1",), candidate_obstacles=("fits",)),
        gap(id="c"),
    ]

    with store.opened(tmp_path / "a.db", create=True) as db:
        store.replace_gaps(db, "2026-10", gaps)

        assert store.gaps_of_month(db, "2026-10") == gaps


def test_problems_come_by_stage_then_file_and_row(tmp_path: Path):
    subjects = ["calls.csv:9", "calls.csv:10", "participants.csv:2"]

    with store.opened(tmp_path / "a.db", create=True) as db:
        for stage, subject in [("speech", "7"), ("speech", "10:4"), ("speech", "10:03")]:
            store.record_run(db, stage, subject, "", error="why")
        store.replace_problems(
            db,
            "manifest",
            [Problem(stage="manifest", subject=s, error="why") for s in reversed(subjects)],
        )

        found = [(problem.stage, problem.subject) for problem in store.problems(db)]

    assert found == [
        *(("manifest", subject) for subject in subjects),
        *(("speech", call) for call in ("10:03", "10:4", "7")),
    ]


CALL = Call(id="c1", file="c1.wav", recorded_at="2026-10-05T10:00:00+01:00", channels=1)
PERSON = Participant(call="c1", name="Ann Lee", side="buyer")
WORDS = (
    Word(1.0, 1.4, " Paperlane", 0.71, heard=" paper lane"),
    Word(1.4, 1.9, ' “costs”;[","]', 0.984),
    Word(1.9, 1.9, " 3.5\u00a0k €.", 1.0),
)


def utterance(**changes) -> Utterance:
    facts = {
        "id": "c1:0000",
        "call": "c1",
        "position": 0,
        "start_s": 1.0,
        "end_s": 1.9,
        "channel": None,
        "speaker": "Ann Lee",
        "side": "buyer",
        "side_confidence": 0.957,
        "text": "Paperlane costs.",
    }
    return Utterance(**facts | changes)


def voice(name: str, *, call: str = "c1") -> Voice:
    vector = np.random.default_rng(len(name)).normal(size=256).astype(np.float32)
    return Voice(call=call, voice=name, vector=vector.tobytes(), seconds=31.5, model="abc")


def test_an_utterance_comes_back_with_its_words_and_what_told_the_speaker(tmp_path: Path):
    said = [
        utterance(
            voice="voice 2",
            voice_confidence=0.83,
            overlaps=True,
            side_source="words",
            words=WORDS,
        ),
        utterance(id="c1:0001", position=1, channel=0, side_source="sheets", estimated=True),
    ]

    with store.opened(tmp_path / "a.db", create=True) as db:
        store.save_call(db, CALL, [PERSON], said)

        assert store.utterances_of(db, "c1") == said
        assert store.utterances_by_id(db, ["c1:0000"]) == {"c1:0000": said[0]}
        assert store.search_utterances(db, "paperlane") == said


def test_words_that_are_mended_replace_those_of_before(tmp_path: Path):
    with store.opened(tmp_path / "a.db", create=True) as db:
        store.save_call(db, CALL, [PERSON], [utterance(text="paper lane", words=WORDS[1:])])
        store.save_utterances(db, [utterance(text="Paperlane", words=WORDS)])

        assert store.utterances_of(db, "c1") == [utterance(text="Paperlane", words=WORDS)]
        assert store.search_utterances(db, "lane") == []
        assert len(store.search_utterances(db, "Paperlane")) == 1


def test_voices_are_kept_by_call_and_go_with_it(tmp_path: Path):
    with store.opened(tmp_path / "a.db", create=True) as db:
        for call in ("c1", "c2"):
            store.save_call(db, Call(id=call, file=call, recorded_at=CALL.recorded_at), [], [])
            store.replace_voices(db, call, [voice(name, call=call) for name in ("a", "bb")])
        assert store.all_voices(db) == [
            voice(name, call=call) for call in ("c1", "c2") for name in ("a", "bb")
        ]
        store.replace_voices(db, "c1", [voice("ccc")])
        assert [v.voice for v in store.all_voices(db) if v.call == "c1"] == ["ccc"]

        store.erase_calls(db, ["c2"])

        assert store.all_voices(db) == [voice("ccc")]
        store.save_call(db, CALL, [], [])  # heard anew
        assert store.all_voices(db) == []
        store.replace_voices(db, "c1", [voice("a")])
        store.remove_voices(db)
        assert store.all_voices(db) == []


def older_database(path: Path, *, before: str) -> None:
    """A database with the schema that it had before a migration, and a call in it."""
    older = Migrations(migrations.name)
    db = Database(path)
    for migration in migrations.pending(db):
        if migration.name == before:
            break
        older(name=migration.name)(migration.fn)
    older.apply(db)
    db["calls"].insert({"id": "c1", "file": "c1.wav", "recorded_at": "2026-10", "status": "done"})
    db["utterances"].insert(
        {
            "id": "c1:0000",
            "call": "c1",
            "position": 0,
            "start_s": 1.0,
            "end_s": 1.9,
            "channel": None,
            "speaker": "Ann Lee",
            "side": "buyer",
            "side_confidence": 0.957,
            "persona": "unknown",
            "text": "Paperlane costs.",
        }
    )
    db["tags"].insert(
        {"utterance": "c1:0000", "kind": "ask", "label": "other", "call": "c1", "month": "2026-10"}
    )
    db["runs"].insert({"stage": "speech", "subject": "c1", "settings_hash": "0123"})
    db.close()


def test_a_no_that_may_have_been_nobodys_is_not_said_any_more(tmp_path: Path):
    older_database(tmp_path / "a.db", before="leave_unsaid_what_nobody_said")
    db = Database(tmp_path / "a.db")
    facts = {"title": "A", "content_type": "blog"}
    db["content_items"].insert_all([{"id": str(n), "product_specific": n, **facts} for n in (0, 1)])
    db.close()

    with store.opened(tmp_path / "a.db") as db:
        assert [item.product_specific for item in store.all_items(db)] == [None, True]
        items = [dataclasses.replace(i, product_specific=False) for i in store.all_items(db)]
        store.save_items(db, items)
        assert [item.product_specific for item in store.all_items(db)] == [False, False]


def test_a_database_from_before_words_and_voices_were_kept_opens_with_all_it_holds(
    tmp_path: Path,
):
    older_database(tmp_path / "a.db", before="keep_words_and_voices")

    with store.opened(tmp_path / "a.db") as db:
        assert store.utterances_of(db, "c1") == [utterance()]  # the new columns have defaults
        assert [tag.utterance for tag in store.tags_of_call(db, "c1")] == ["c1:0000"]
        assert store.is_done(db, "speech", "c1", "0123")
        assert store.all_voices(db) == []

        assert store.search_utterances(db, "cost") == [utterance()]
        store.save_utterances(db, [utterance(text="It is cheap.", words=WORDS)])
        assert store.search_utterances(db, "cost") == []
        assert store.search_utterances(db, "cheap")[0].words == WORDS
        store.replace_voices(db, "c1", [voice("a")])
        assert store.all_voices(db) == [voice("a")]
    with store.opened(tmp_path / "a.db") as db:  # and it is brought up to date once
        assert [u.text for u in store.utterances_of(db, "c1")] == ["It is cheap."]
        assert not migrations.pending(db)


def test_gaps_that_are_kept_count_the_deals_that_stand_unresolved(tmp_path: Path):
    """They were kept as a share with half a deal on each side."""
    older_database(tmp_path / "a.db", before="count_unresolved_deals")
    cells = {
        "none": (8, 0.5 / 9),
        "all": (3, 3.5 / 4),
        "some": (2000, 412.5 / 2001),
        "silent": (0, 0),
    }
    db = Database(tmp_path / "a.db")
    for id_, (raising, share) in cells.items():
        row = row_of(gap(id=id_, raising=raising))
        for later in (
            "amount_lost",
            "disqualified",
            "unvouched",
            "undated",
            "bulk_tagged",
            "unowned",
        ):
            del row[later]  # columns that came later
        db["gaps"].insert(row | {"unresolved": round(share, 4)})
    db.close()

    with store.opened(tmp_path / "a.db") as db:
        kept = {gap.id: gap.unresolved for gap in store.gaps_of_month(db, "2026-10")}

    assert kept == {"none": 0, "all": 3, "some": 412, "silent": 0}
    assert {type(number) for number in kept.values()} == {int}


def test_tags_that_several_assets_got_at_one_moment_were_accepted_in_bulk(tmp_path: Path):
    older_database(tmp_path / "a.db", before="tell_supply_in_doubt")
    db = Database(tmp_path / "a.db")
    for item, value, status, at in (
        *(("A", "value_roi", "accepted", "09:00"), ("B", "value_roi", "accepted", "09:00")),
        *(("C", "value_roi", "accepted", "09:01"), ("C", "need_fit", "accepted", "09:01")),
        *(("D", "value_roi", "rejected", "09:02"), ("E", "value_roi", "rejected", "09:02")),
        *(("F", "value_roi", "proposed", ""), ("G", "value_roi", "proposed", "")),
    ):
        row = {"field": "concerns", "score": 0.9, "why": "", "who": "Mara"}
        db["suggestions"].insert({"item": item, "value": value, "status": status, "at": at, **row})
    db.close()

    with store.opened(tmp_path / "a.db") as db:
        assert [one.item for one in store.all_suggestions(db) if one.in_bulk] == ["A", "B"]


def test_an_older_database_has_the_same_columns_as_a_new_one(tmp_path: Path):
    older_database(tmp_path / "old.db", before="keep_words_and_voices")

    schemas = []
    for name in ("old.db", "new.db"):
        with store.opened(tmp_path / name, create=True) as db:
            schemas.append({table: db[table].columns for table in db.table_names()})

    assert schemas[0] == schemas[1]
    assert [column.name for column in schemas[0]["utterances"][-6:]] == [
        *("estimated", "voice", "voice_confidence", "overlaps", "side_source", "words"),
    ]


def schema_of(path: Path) -> list[tuple[str, str, str]]:
    """Every table, index and trigger; columns by name, for those that came later stand last."""
    with store.opened(path, create=True) as db:
        things = db.execute(
            "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
            "AND name <> '_sqlite_migrations'"
        ).fetchall()
        columns = [
            ("column", f"{table}.{column.name}", f"{column.type} {column.default_value}")
            for table in db.table_names()
            for column in db[table].columns
            if table != "_sqlite_migrations"
        ]
    return sorted([*things, *columns])


@pytest.mark.parametrize(
    "before", [m.name for m in list(migrations.pending(Database(memory=True)))[3:]]
)
def test_a_database_of_each_older_schema_opens_whole_with_all_it_holds(tmp_path: Path, before: str):
    older_database(tmp_path / "old.db", before=before)

    with store.opened(tmp_path / "old.db") as db:
        assert not migrations.pending(db)
        assert [(u.id, u.text) for u in store.utterances_of(db, "c1")] == [
            ("c1:0000", "Paperlane costs.")
        ]
        assert [call.id for call in store.all_calls(db)] == ["c1"]
        assert store.is_done(db, "speech", "c1", "0123")
        assert [u.id for u in store.search_utterances(db, "cost")] == ["c1:0000"]
        assert store.matching_turns(db, "cost").tolist() == [1]
        assert store.faults(db) == []
    assert schema_of(tmp_path / "old.db") == schema_of(tmp_path / "new.db")


def test_programs_that_read_and_write_at_once_wait_for_each_other(tmp_path: Path):
    path = tmp_path / "callinsight.db"
    store.open_store(path, create=True).close()

    def count_up(_: int) -> None:
        with store.opened(path) as db:
            for _ in range(25):
                with store.transaction(db):
                    number = int(store.setting(db, "number") or 0)
                    store.save_setting(db, "number", str(number + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(4)))

    with store.opened(path) as db:
        assert store.setting(db, "number") == "100"


def test_a_transaction_that_fails_leaves_nothing_even_inside_another(tmp_path: Path):
    def fail(db: Database, value: str) -> None:
        with store.transaction(db):
            store.save_setting(db, "failed", value)
            raise ZeroDivisionError

    with store.opened(tmp_path / "callinsight.db", create=True) as db:
        with store.transaction(db):
            store.save_setting(db, "kept", "1")
            with pytest.raises(ZeroDivisionError):
                fail(db, "inside")
        with pytest.raises(ZeroDivisionError):
            fail(db, "alone")

        assert (store.setting(db, "kept"), store.setting(db, "failed")) == ("1", None)
