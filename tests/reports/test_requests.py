"""Open requests against what was agreed."""

from datetime import date

from asking import request_line as line

from callinsight.reports.requests import (
    request_notes,
    request_rows,
    request_sentence,
)

DAY = date(2026, 11, 2)


def test_the_overdue_come_first_then_what_is_due_first_and_closed_ones_not_at_all():
    lines = [
        line("R-1"),
        line("R-2", due="2026-11-02"),
        line("R-3", due="2026-10-20", overdue=True, votes=2, owner="Mara"),
        line("R-4", state="delivered"),
        line("R-5", due="", state="new", votes=1),
    ]

    rows = request_rows(lines)

    assert [(r.id, r.due, r.overdue, r.owner, r.wanted_by) for r in rows] == [
        ("R-3", "deliver by 20 October 2026", True, "Mara", "Dana and 2 others"),
        ("R-2", "deliver by 2 November 2026", False, "Nobody", "Dana"),
        ("R-1", "deliver by 10 November 2026", False, "Nobody", "Dana"),
        ("R-5", "not agreed", False, "Nobody", "Dana and 1 other"),
    ]
    assert request_sentence(lines, DAY) == (
        "Four content requests are open as of 2 November 2026, one is past its due date."
    )


def told(lines):
    """What is to be said of requests, as plain values."""
    return [(note.id, note.title, note.text) for note in request_notes(lines)]


def test_what_sales_owes_is_said_once_it_is_late():
    lines = [
        line("R-1", owed="reply 2026-11-02"),
        line("R-2", state="delivered", item="A-1", owed="use 2026-10-30"),
        line("R-3"),
    ]
    assert told(lines) == [
        ("R-1", "Write R-1", "A question waits for Dana, whose answer was due 2 November 2026."),
        (
            *("R-2", "Write R-2"),
            "Nobody in sales used A-1 or said why not; that was due 30 October 2026.",
        ),
    ]


def test_what_is_said_where_little_is_open():
    assert request_sentence([], DAY) == ""
    assert request_sentence([line("R-1", state="declined")], DAY) == (
        "No content request is open as of 2 November 2026."
    )
    assert request_sentence([line("R-1")], DAY) == (
        "One content request is open as of 2 November 2026, none of them past its due date."
    )


def test_they_stand_in_the_report_and_among_its_sentences(empty):
    empty.call("c1")

    report = empty.report(requests=[line("R-1", overdue=True)])

    assert (
        "One content request is open as of 31 October 2026, and past its due date. Overdue: R-1, Write R-1 "
        "(deliver by 10 November 2026, nobody writes it yet)."
    ) in report.summary
    assert [row.title for row in report.requests] == ["Write R-1"]


def test_all_that_is_to_be_said_of_a_request_is_said_at_once():
    effect = "the demand fell; 3 of 4 deals before, in July 2026 to September 2026 (28% to 97%)"
    one = line("R-1", state="delivered", item="A-1", owed="use 2026-10-30", effect=effect)
    assert told([one]) == [
        (
            *("R-1", "Write R-1"),
            (
                "Nobody in sales used A-1 or said why not; that was due 30 October 2026. "
                "Delivered as A-1: the demand fell; 3 of 4 deals before, in July 2026 to "
                "September 2026 (28% to 97%)."
            ),
        )
    ]


def test_what_was_delivered_and_answers_nothing_is_told_with_what_mends_it():
    why = "A-43 is draft: until that changes, no report counts it as an answer."
    lines = [
        line("R-1", state="delivered", item="A-43", not_counted=why),
        line("R-2", state="in_progress", item="A-43", not_counted=why),
        line("R-3", state="delivered", item="A-40"),
    ]
    assert told(lines) == [
        (
            *("R-1", "Write R-1"),
            "Delivered, but A-43 is draft: until that changes, no report counts it as an answer.",
        )
    ]
