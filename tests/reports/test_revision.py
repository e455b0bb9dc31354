"""A past that changed is told, and why it could have."""

from counted import NAMES, cell, numbers

from callinsight.reports.revision import revision_of

TOLD_AT = "2026-11-02T09:00:00+00:00"


def revise(now, then):
    return revision_of(now, then, TOLD_AT, NAMES)


def test_more_calls_change_counts_and_verdicts():
    then = numbers(cell(4, 6, "too_few_calls"), cell(2, 9, concern="price_budget"))
    now = numbers(cell(8, 10, "gap"), cell(3, 12, concern="price_budget"), calls=44, deals=33)

    revision = revise(now, then)

    assert revision.told_on == "2 November 2026"
    assert revision.causes == ("Four calls of the month have come in since.",)
    assert [(d.what, d.where, d.then, d.now) for d in revision.differences] == [
        ("Calls read", "the month", "40", "44"),
        ("Deals", "the month", "30", "33"),
        (
            "Need and fit",
            "Champion at Decision",
            "Too few calls, 4 of 6 deals, 0 assets",
            "Gap, 8 of 10 deals, 0 assets",
        ),
        (
            "Price and budget",
            "Champion at Decision",
            "2 of 9 deals, 0 assets",
            "3 of 12 deals, 0 assets",
        ),
    ]


def test_each_cause_is_named():
    then = numbers(cell(8, 10, "gap"), rules={"min_deals": 5, "min_share": 0.2})
    now = numbers(
        cell(8, 10, "covered", supply=2),
        tagger="t2",
        speech="faster-whisper small",
        meanings={"concern/need_fit": "zz", "persona/champion": "cc", "stage/decision": "dd"},
        rules={"min_deals": 3, "min_share": 0.2},
        calls=39,
        idle={"A-1": "unused"},
    )

    assert revise(now, then).causes == (
        "The definitions have changed: concern Need and fit (changed) and concern Price and budget (gone).",
        "Another tagger read the calls: a new version, or one that has learnt from corrections.",
        "The calls were heard with faster-whisper small, then with faster-whisper base.",
        "One call of the month has gone since.",
        "The pipeline file sets otherwise: the fewest deals of a verdict.",
        "The inventory or its usage has changed: assets, their tags, dates or uses.",
    )
    assert ("Idle asset", "A-1", "not so", "Unused") in [
        (d.what, d.where, d.then, d.now) for d in revise(now, then).differences
    ]


def test_what_has_no_other_cause_lies_in_the_sheets():
    revision = revise(numbers(cell(8, 10, "gap")), numbers(cell(7, 10, "gap")))

    assert revision.causes == (
        "The sheets say other things of calls, deals or people than they did.",
    )


def test_another_tagger_that_changes_no_number_says_so():
    revision = revise(numbers(cell(8, 10), tagger="t2"), numbers(cell(8, 10)))

    assert (revision.differences, revision.rest) == ((), "No count and no verdict differs.")


def test_a_request_in_another_state_is_told():
    revision = revise(numbers(requests={"R-1": "accepted"}), numbers(requests={"R-1": "new"}))

    assert [(d.what, d.where, d.then, d.now) for d in revision.differences] == [
        ("Request", "R-1", "New", "Accepted")
    ]
