from __future__ import annotations

from callinsight.reports.redefined import redefined_since


def test_thresholds_that_are_no_numbers_are_told_in_words() -> None:
    found = redefined_since(
        "September 2026",
        "{}",
        "{}",
        rules_before={"count_undated": False, "weight": "none", "min_share": 0.2, "gone": 1},
        rules_now={"count_undated": True, "weight": "pipeline", "min_share": 0.25, "new": 2},
    )
    assert found.changes == (
        "Whether an asset without a date counts in full: no before, yes now.",
        "The share that counts as demand: 0.2 before, 0.25 now.",
        "Weight: none before, pipeline now.",
    )
