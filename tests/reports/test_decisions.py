"""The first page: each gap that presses with its next step, and what else waits."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from asking import request_line

from callinsight.reports.monthly import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.reports.requests import RequestLine

SECURITY = ("security_compliance", "security_compliance", "decision")


def line(id_: str = "R-1", **changes: object) -> RequestLine:
    return request_line(
        id_, **{"title": "A security pack", "owner": "Mara", "cell": SECURITY, **changes}
    )


def test_each_gap_has_its_next_step_with_the_owner_and_what_asks_for_it(autumn) -> None:
    autumn.item("A-6", "security_compliance", status="draft", title="Security pack", owner="Tom")
    told = [(d.demand.concern, d.step, d.request, d.command) for d in autumn.report().decisions]

    assert told == [
        (
            "Security and compliance",
            "Finish “Security pack” (Tom), still a draft",
            "",
            "callinsight requests new --gap 2026-10/security_compliance/security_compliance/decision",
        ),
        (
            "Integration and technology",
            "Write another beside “Asset A-1” (Mara)",
            "",
            "callinsight requests new --gap 2026-10/technical_integration/technical_evaluator/consideration",
        ),
    ]


@pytest.mark.parametrize(
    ("status", "changes", "step"),
    [
        (
            "live",
            {"published_on": "2024-01-05", "review_period_days": 90},
            "Refresh “X” (Mara), which is stale",
        ),
        ("live", {"url": "", "owner": ""}, "Give an address or an owner to “X”"),
        (
            "live",
            {"personas": ("end_user",)},
            "Write one, or widen “X” (Mara), made for End user",
        ),
        ("archived", {}, "Write one: there is nothing to start from"),
    ],
)
def test_the_next_step_is_the_least_work(autumn, status, changes, step) -> None:
    autumn.items = [item for item in autumn.items if item.id not in ("A-4", "A-5")]
    autumn.item("A-6", "security_compliance", status=status, title="X", **changes)

    assert autumn.report().decisions[0].step == step


@pytest.mark.parametrize(
    ("changes", "request_"),
    [
        ({}, "R-1: deliver by 10 November 2026, Mara"),
        ({"owner": ""}, "R-1: deliver by 10 November 2026, nobody writes it yet"),
        ({"cell": (SECURITY[0], "", "any")}, "R-1: deliver by 10 November 2026, Mara"),
        ({"cell": (SECURITY[0], "champion", "decision")}, ""),
        ({"cell": ("", "", "")}, ""),
    ],
)
def test_a_gap_that_somebody_asked_for_says_what_is_due(autumn, changes, request_) -> None:
    decision = autumn.report(requests=[line(**changes)]).decisions[0]

    assert decision.request == request_
    assert bool(decision.command) == (not request_)


@pytest.mark.parametrize(
    ("changes", "request_"),
    [
        ({"state": "declined"}, "R-1: declined"),
        ({"state": "delivered", "item": "A-9"}, "R-1: delivered as A-9"),
        (
            {"state": "delivered", "item": "A-9", "not_counted": "A-9 is stale."},
            "R-1: delivered as A-9, which does not count yet",
        ),
    ],
)
def test_what_became_of_a_closed_request_is_told_where_the_gap_stands_all_the_same(
    autumn, changes, request_
) -> None:
    decision = autumn.report(requests=[line(**changes)]).decisions[0]
    again = autumn.report(requests=[line("R-0"), line(**changes)]).decisions[0]

    assert (decision.request, bool(decision.command)) == (request_, True)
    assert again.request == "R-0: deliver by 10 November 2026, Mara"


def test_the_page_shows_the_first_six_and_what_is_late(autumn, tmp_path: Path) -> None:
    for concern, persona, stage in (
        ("need_fit", "champion", "retention"),
        ("value_roi", "technical_evaluator", "retention"),
        ("trust_proof", "economic_buyer", "retention"),
        ("effort_change", "champion", "decision"),
        ("competitor", "technical_evaluator", "decision"),
    ):
        autumn.demand(8, 9, concern, persona, stage)
    report = autumn.report(requests=[line(overdue=True)])
    write_report(report, tmp_path, embed_limit_mb=8.0, formats=("html", "md", "csv"))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")

    assert (len(report.pressing), len(report.decisions)) == (6, 7)
    assert page.count('<a href="#gaps">All 7 gaps</a> are ranked below.') == 1
    assert "\nAll 7 gaps are ranked below.\n" in text
    assert page.count('Overdue</span><br><span class="small quiet">') == 1
    assert text.count("(**overdue**)") == 2  # here, and in the list of requests
    with (tmp_path / "gaps.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["next_step"]) for row in rows[:8]] == [True] * 7 + [False]
    assert {row["request"] for row in rows} == {"", "R-1: deliver by 10 November 2026, Mara"}
    assert (
        "One content request is open as of 31 October 2026, and past its due date. Overdue: R-1, A security "
        "pack (deliver by 10 November 2026, Mara)."
    ) in [one.text for one in report.further]


def test_covered_demand_says_how_much_of_it_is_unresolved_and_idle_assets_what_to_do(
    autumn,
) -> None:
    autumn.demand(8, 8, "competitor", "champion", "retention", outcome="lost")
    autumn.item("A-7", "competitor")
    autumn.item("A-8", "competitor")
    autumn.item("A-9", "need_fit", published_on="2024-01-05", review_period_days=90)
    told = {one.anchor: one.text for one in autumn.report().further}

    assert told["covered"] == (
        "Well covered: Competitors (Champion at Retention, 8 of 8 deals, 8 of them unresolved) and Price "
        "and budget (Economic buyer at Decision, 8 of 12 deals)."
    )
    assert told["assets"] == "1 of 7 live assets is unused. What to do: retire 1."
    assert "gaps" not in told  # they stand above, each with its next step
