"""The agenda of the monthly meeting."""

from dataclasses import replace

from material import DemoRun

from callinsight import store
from callinsight.pipeline.agenda import write_month_agenda
from callinsight.pipeline.report import report_of
from callinsight.records import Call
from callinsight.reports.agenda import Kept, agenda_of, decided_deals
from callinsight.reports.redefined import Redefined
from callinsight.reports.requests import RequestNote, RequestRow

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
        "No promise of sales was due this month.",
    )
    assert points["Assets that need attention"].sentences[-1] == (
        "Use and demand from 4 May 2026 to 31 October 2026 count."
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


def test_a_request_stands_in_one_line_with_all_that_is_said_of_it(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        report, _ = report_of(db, demo.config, MONTH)
    row = RequestRow(
        id="R-1",
        title="Return tool",
        state="Accepted",
        priority="P1",
        due="deliver by 9 November 2026",
        overdue=True,
        age="12 days",
        owner="Tom",
        wanted_by="Dana",
        needed_by="",
    )
    waits = RequestNote(id="R-1", title="Return tool", text="A question waits for Dana.")
    used = RequestNote(id="R-2", title="Security pack", text="Delivered as A-1: the demand fell.")

    agenda = agenda_of(
        replace(report, requests=(row,), request_notes=(waits, used)), calls=[], promises=[]
    )

    point = next(point for point in agenda.points if point.title == "Content requests")
    assert point.entries == (
        (
            "R-1 Return tool: accepted, deliver by 9 November 2026, late; asked by Dana, written by Tom. "
            "A question waits for Dana."
        ),
        "R-2 Security pack: Delivered as A-1: the demand fell.",
    )


def test_a_point_of_which_there_is_nothing_to_say_says_so(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        report, _ = report_of(db, demo.config, MONTH)

    agenda = agenda_of(replace(report, redefined=None), calls=[], promises=[])

    assert [(one.title, one.minutes, one.sentences) for one in agenda.points[4:]] == [
        ("Won and lost", 1, ("No deal with a call this month is won or lost.",)),
        ("Disqualified", 1, ("No deal with a call this month was disqualified.",)),
        ("Definitions that changed", 1, ("No earlier definitions are known to compare with.",)),
    ]
