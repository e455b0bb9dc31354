"""Whether a month differs from another by more than noise, and what is said where it cannot be told."""

import dataclasses
import itertools
import math
import random

import pytest
from counted import MEANINGS, NAMES, cell, numbers

from callinsight.reports.changes import changed_meanings, changes_between, unlike
from callinsight.reports.comparison import Past, comparison_of
from callinsight.reports.numbers import digest_of, from_json, to_json
from callinsight.shares import chance_of_difference, difference


def compare(now, before, **past):
    past = {"month": "2026-09", "numbers": before, **past}
    return comparison_of(now, Past(**past), NAMES, min_deals=5, false_discovery_rate=0.05)


def changes(now, before):
    return changes_between(now, before, min_deals=5, false_discovery_rate=0.05)


def test_a_large_rise_in_many_deals_is_more_than_noise():
    (change,) = changes(numbers(cell(36, 40, "gap")), numbers(cell(4, 40, "low_demand")))

    assert (change.direction, change.points) == ("risen", 0.8)
    assert 0.5 < change.low < 0.8 < change.high < 1
    assert change.p_value < 0.0001


def test_a_fall_is_told_as_one():
    (change,) = changes(numbers(cell(4, 40)), numbers(cell(36, 40)))

    assert (change.direction, change.points) == ("fallen", -0.8)


def test_a_rise_in_few_deals_may_be_chance_and_in_fewer_is_not_judged():
    (few,) = changes(numbers(cell(6, 8)), numbers(cell(4, 8)))
    (fewer,) = changes(numbers(cell(4, 4)), numbers(cell(0, 40)))

    assert (few.direction, fewer.direction) == ("unclear", "too_few")
    assert fewer.p_value == 1


def test_what_would_stand_out_alone_does_not_among_many_cells():
    alone = (17, 20), (9, 20)
    assert chance_of_difference(*alone) < 0.05
    quiet = [f"c{n}" for n in range(40)]
    meanings = MEANINGS | {f"concern/{id_}": "x" for id_ in quiet}
    now = numbers(cell(17, 20), *(cell(5, 20, concern=id_) for id_ in quiet), meanings=meanings)
    old = numbers(cell(9, 20), *(cell(5, 20, concern=id_) for id_ in quiet), meanings=meanings)

    assert {c.direction for c in changes(now, old)} == {"unclear"}
    assert {c.direction for c in changes(numbers(cell(17, 20)), numbers(cell(9, 20)))} == {"risen"}


def test_without_any_change_few_are_told():
    draw = random.Random(7)
    ids = [f"c{n}" for n in range(30)]
    meanings = MEANINGS | {f"concern/{id_}": "x" for id_ in ids}
    told = 0
    for _ in range(30):
        now, old = (
            numbers(
                *(
                    cell(sum(draw.random() < 0.3 for _ in range(25)), 25, concern=id_)
                    for id_ in ids
                ),
                meanings=meanings,
            )
            for _ in range(2)
        )
        told += any(change.direction in ("risen", "fallen") for change in changes(now, old))

    assert told <= 3  # of 30 pairs of months; 5 % of them is what is promised


@pytest.mark.parametrize(
    ("now", "before", "chance"),
    [((3, 4), (1, 4), 34 / 70), ((8, 10), (2, 10), 0.0230), ((10, 10), (0, 10), 2 / 184_756)],
)
def test_the_chance_is_that_of_the_exact_test(now, before, chance):
    assert chance_of_difference(now, before) == pytest.approx(chance, rel=2e-3)
    assert chance_of_difference(before, now) == pytest.approx(chance, rel=2e-3)


def test_what_is_more_than_chance_leaves_nothing_out_of_its_interval():
    for now, before in itertools.product(range(13), range(10)):
        if chance_of_difference((now, 12), (before, 9)) <= 0.05:
            low, high = difference((now, 12), (before, 9))
            assert low > 0 or high < 0


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize(("now", "before"), [(10, 10), (8, 25)])
def test_the_chance_is_never_too_sure(share, now, before):
    """Over all that ten deals can show where nothing has changed."""
    for level in (0.05, 0.01, 0.001):
        told = sum(
            _binomial(a, now, share) * _binomial(b, before, share)
            for a, b in itertools.product(range(now + 1), range(before + 1))
            if chance_of_difference((a, now), (b, before)) <= level
        )
        assert told <= level


def _binomial(successes, trials, share):
    return math.comb(trials, successes) * share**successes * (1 - share) ** (trials - successes)


def test_shares_without_deals_or_difference_tell_nothing():
    assert chance_of_difference((0, 0), (3, 4)) == 1
    assert chance_of_difference((3, 4), (6, 8)) == pytest.approx(1)


def test_another_tagger_makes_nothing_comparable_and_says_so():
    compared = compare(
        numbers(cell(36, 40, "gap")), numbers(cell(4, 40), tagger="t2", month="2026-09")
    )

    assert [change.direction for change in compared.changes] == ["not_compared"]
    assert compared.rows == ()
    assert compared.notes == (
        (
            "September 2026 was read with another tagger: a difference may be that, not the market. Demand "
            "is not compared; calls and assets are. Run the pipeline again to read both months alike."
        ),
    )
    assert compared.sentence == (
        "Demand is not compared with September 2026: see what changed, and why."
    )
    assert ("Calls read", "40", "40") in compared.totals


def test_a_month_that_was_reported_with_another_tagger_is_counted_anew():
    before = numbers(cell(4, 40), month="2026-09")
    told = dataclasses.replace(before, tagger="t0", definitions="0 zzz", meanings={})

    compared = compare(
        numbers(cell(36, 40, "gap")), before, told=told, told_at="2026-10-02T08:00:00+00:00"
    )

    assert [change.direction for change in compared.changes] == ["risen"]
    assert compared.notes[0] == (
        "The report of 2 October 2026 on September 2026 was made with other definitions and another "
        "tagger. Both months are counted here with the same ones, today's, so that a new tagger is not "
        "read as a new market; its numbers may differ from that report's."
    )


def test_only_what_is_defined_as_it_was_is_compared_with_a_kept_report():
    now = numbers(
        cell(36, 40, "gap"),
        cell(36, 40, "gap", concern="price_budget"),
        meanings=MEANINGS | {"concern/need_fit": "new"},
        definitions="2 def",
    )
    before = numbers(cell(4, 40), cell(4, 40, concern="price_budget"), month="2026-09")

    compared = compare(
        now, before, told=before, counted_anew=False, told_at="2026-10-02T08:00:00+00:00"
    )

    assert {c.now.concern: c.direction for c in compared.changes} == {
        "price_budget": "risen",
        "need_fit": "not_compared",
    }
    assert [row.concern for row in compared.rows] == ["Price and budget"]
    assert compared.notes == (
        (
            "The calls of September 2026 are in the database no more. It is compared as its report of "
            "2 October 2026 said it was."
        ),
        (
            "September 2026 was read with other definitions: a difference may be that, not the market. "
            "Only what is defined as it was is compared."
        ),
        "Definitions that changed since: concern Need and fit (changed).",
    )


def test_a_new_version_that_changes_no_meaning_is_no_other_one():
    now, before = numbers(definitions="2 def"), numbers(definitions="1 abc")

    assert unlike(now, before) == ()
    assert changed_meanings(now, before) == []


def test_a_month_of_which_nothing_is_known():
    compared = compare(numbers(cell(6, 8)), None)

    assert not compared.known
    assert compared.notes == ("There are no calls of September 2026 to compare with.",)


def test_a_verdict_that_changes_says_why():
    now = numbers(
        cell(8, 10, "covered", supply=2),
        cell(5, 8, "gap", concern="price_budget"),
    )
    before = numbers(
        cell(8, 10, "gap"), cell(4, 8, "too_few_calls", concern="price_budget"), month="2026-09"
    )

    rows = {row.concern: row for row in compare(now, before).rows}

    assert (rows["Need and fit"].verdicts, rows["Need and fit"].why) == (
        "Gap → Covered",
        "2 assets fit now, none then",
    )
    assert (rows["Price and budget"].verdicts, rows["Price and budget"].why) == (
        "Too few calls → Gap",
        "the number of deals that raise it crossed the line, which chance can do",
    )
    assert compare(now, before).sentence == (
        "Against September 2026: 1 gap proven only now, for want of calls then and 1 is a gap "
        "no longer. No share of deals moved more than chance explains."
    )
    assert compare(now, before).totals[3] == ("Gaps proven", "1", "1")


def test_too_few_calls_say_neither_that_there_was_no_gap_nor_that_there_is_none():
    now = numbers(
        cell(8, 10, "too_few_calls"),
        cell(5, 8, "gap", concern="price_budget"),
    )
    before = numbers(
        cell(8, 10, "gap"), cell(4, 8, "low_demand", concern="price_budget"), month="2026-09"
    )

    assert compare(now, before).sentence.startswith(
        "Against September 2026: 1 new gap and 1 gap proven no more, for want of calls now. "
    )


def test_a_total_is_not_told_beside_the_cell_that_makes_it():
    now = numbers(cell(36, 40, "gap"), cell(37, 44, "gap", persona="any"))
    before = numbers(cell(4, 40), cell(5, 44, persona="any"), month="2026-09")

    compared = compare(now, before)

    assert [row.place for row in compared.rows] == ["Champion at Decision"]
    assert len(compared.changes) == 2


def test_a_theme_is_named():
    now = numbers(cell(36, 40, "gap", concern="topic:3"))
    before = numbers(cell(4, 40, concern="topic:3"), month="2026-09")

    assert compare(now, before).sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "Against September 2026: 1 gap proven only now, for want of calls then. More than chance explains: "
        "Theme: invoices, abroad (Champion at Decision) rose from 10 % to 90 % of deals."
    )


def test_the_order_of_cells_does_not_matter():
    cells = [cell(n, 20, concern=c) for n, c in ((18, "need_fit"), (3, "price_budget"))]
    before = [cell(4, 20, concern=c) for c in ("need_fit", "price_budget")]

    one = changes(numbers(*cells), numbers(*before))

    assert one == changes(numbers(*reversed(cells)), numbers(*reversed(before)))


def test_numbers_are_kept_and_read_again():
    kept = numbers(
        cell(3, 8, "gap", supply=1), idle={"A-1": "stale;unused"}, rules={"min_share": 0.2}
    )

    assert from_json(to_json(kept)) == kept
    assert digest_of(to_json(kept)) == digest_of(to_json(dataclasses.replace(kept)))
    assert from_json('{"schema": 99}') is None


def test_an_asset_that_is_little_used_or_old_is_not_counted_as_unused():
    idle = {"A-1": "low use", "A-2": "low use;stale", "A-3": "unused"}

    assert numbers(cell(3, 8, "gap"), idle=idle).unused == 1
