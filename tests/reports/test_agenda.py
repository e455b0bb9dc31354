"""The agenda of the monthly meeting."""

from dataclasses import replace

from material import DemoRun

from callinsight import store
from callinsight.pipeline.agenda import write_month_agenda
from callinsight.pipeline.report import report_of
from callinsight.records import Call
from callinsight.reports.agenda import Kept, agenda_of, decided_deals
from callinsight.reports.redefined import Redefined

MONTH = "2026-10"


def call(number: int, **facts) -> Call:
    known = {
        "file": f"{number}.vtt",
        "recorded_at": f"2026-10-{number:02d}T10:00:00+00:00",
        "deal": f"d{number}",
        "account": f"Firm {number}",
        "amount": 1000.0,
        "currency": "GBP",
    }
    return Call(id=f"c{number}", **(known | facts))


def test_a_deal_is_decided_by_its_last_call() -> None:
    calls = [
        call(3, deal="a", outcome="lost"),
        call(1, deal="a", outcome="won"),
        call(2, deal="b", outcome="won"),
        call(4, deal="b", outcome="open"),
    ]

    assert [c.id for c in decided_deals(calls)] == ["c3"]


def test_the_demos_agenda_says_what_to_decide(demo: DemoRun, tmp_path) -> None:
    with store.opened(demo.summary.database) as db:
        page = write_month_agenda(db, demo.config, MONTH, tmp_path / "one")
        again = write_month_agenda(db, demo.config, MONTH, tmp_path / "two")

    text = page.with_name("agenda.md").read_text(encoding="utf-8")
    assert text.startswith("# Tallybrook: Sales and marketing after October 2026\n\nAgenda for ")
    titles = [line.split(". ", 1)[1] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        "Where we stand (5 minutes)",
        "What buyers raise and nothing answers (15 minutes)",
        "Content requests (1 minute)",
        "Assets that need attention (5 minutes)",
        "Won and lost (10 minutes)",
        "Disqualified (5 minutes)",
        "Definitions that changed (1 minute)",
    ]
    assert "- Security and compliance, Information security at Decision: 8 of 10 deals" in text
    assert "No promise was due this month, neither of marketing nor of sales." in text
    assert (
        "Next: Finish “Security and data protection pack 2026” (Tom Arkwright), still a draft"
        in text
    )
    assert "- Lost, security review not passed: 1 deal (Cedarline Dental)" in text
    assert page.read_bytes() == again.read_bytes()
    assert "<script" not in page.read_text(encoding="utf-8")


def test_promises_requests_and_changes_have_their_points(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        report, _ = report_of(db, demo.config, MONTH)

    agenda = agenda_of(
        replace(
            report,
            request_sentence="One content request is open.",
            redefined=Redefined(
                since="", sentence="Changed.", changes=("New concern: “Footprint”.",)
            ),
        ),
        calls=[
            call(1, outcome="disqualified", outcome_reason="too small"),
            call(2, outcome="disqualified", outcome_reason=" too  small"),
            call(3, outcome="lost", currency="EUR"),
            call(4, outcome="lost"),
        ],
        promises=[
            Kept(promise="decide", kept=3, broken=1),
            Kept(promise="deliver", kept=0, broken=0),
        ],
    )

    points = {point.title: point for point in agenda.points}
    assert points["Content requests"].sentences == (
        "One content request is open.",
        "Marketing promised to decide: 3 of 4 due this month were kept in time.",
    )
    assert points["Disqualified"].sentences == ("Two deals were disqualified (£2,000).",)
    assert points["Disqualified"].entries == ("too small: 2 deals (Firm 1 and Firm 2)",)
    # two currencies add up to nothing
    assert points["Won and lost"].sentences == ("No deals won, 2 lost.",)
    assert points["Won and lost"].entries == (
        "Lost; the CRM says not why: 2 deals (Firm 3 and Firm 4)",
    )
    assert points["Definitions that changed"].entries == ("New concern: “Footprint”.",)
    assert agenda.minutes == sum(point.minutes for point in agenda.points)
