from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight import store
from callinsight.records import Gap, Problem

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
        "unresolved": 0.056,
        "amount": 80_000.0,
        "p_value": 0.0004,
        "supply": 1,
        "verdict": "weak",
        "score": 0.014,
        "reason": "1 fitting asset",
    }
    return Gap(**facts | changes)


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
