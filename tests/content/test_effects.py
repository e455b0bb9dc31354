from __future__ import annotations

import dataclasses

from asking import gap, request
from hypothesis import given
from hypothesis import strategies as st

from callinsight.content.effects import effect_of
from callinsight.shares import difference

ASKED = request(concern="value_roi", persona="economic_buyer", stage="decision")


def months(**counts: tuple[int, int]) -> dict[str, list]:
    """Cells by month, such as m07=(8, 10); another cell beside each."""
    found = {}
    for name, (raising, eligible) in counts.items():
        month = f"2026-{name[1:]}"
        cell = dataclasses.replace(gap(), month=month, raising=raising, eligible=eligible)
        found[month] = [dataclasses.replace(cell, persona="any", raising=99, eligible=99), cell]
    return found


def test_months_before_and_after_are_put_together_without_that_of_delivery():
    gaps = months(m05=(1, 1), m06=(7, 10), m07=(8, 10), m08=(9, 10), m09=(50, 50), m10=(2, 10))

    effect = effect_of(ASKED, gaps, delivered="2026-09")

    assert effect.before.months == ("2026-06", "2026-07", "2026-08")
    assert (effect.before.raising, effect.before.eligible) == (24, 30)
    assert effect.after.months == ("2026-10",)
    assert (effect.after.share, effect.change) == (0.2, 0.2 - 0.8)
    assert (effect.change_low, effect.change_high) == difference((2, 10), (24, 30))
    assert (effect.is_more_than_noise, effect.verdict) == (True, "fell")


def test_a_change_that_chance_could_make_is_said_to_be_none():
    effect = effect_of(ASKED, months(m08=(6, 10), m10=(4, 10)), delivered="2026-09")
    assert (effect.is_more_than_noise, effect.verdict) == (False, "no_clear_change")


def test_demand_may_rise():
    effect = effect_of(ASKED, months(m08=(1, 20), m10=(18, 20)), delivered="2026-09")
    assert effect.verdict == "rose"


def test_it_is_too_early_before_a_month_has_passed():
    effect = effect_of(ASKED, months(m08=(6, 10), m09=(0, 10)), delivered="2026-09")
    assert effect.verdict == "too_early"
    assert (effect.after.months, effect.after.low, effect.after.high) == ((), 0.0, 1.0)


def test_without_months_before_nothing_is_claimed():
    effect = effect_of(ASKED, months(m10=(0, 40)), delivered="2026-09")
    assert effect.verdict == "too_few"


def test_deals_of_which_no_number_could_show_a_change_are_too_few():
    few = effect_of(ASKED, months(m08=(5, 10), m10=(0, 2)), delivered="2026-09")
    enough = effect_of(ASKED, months(m08=(5, 10), m10=(3, 6)), delivered="2026-09")
    assert (few.verdict, enough.verdict) == ("too_few", "no_clear_change")


def test_a_request_without_a_counted_cell_has_no_effect():
    gaps = months(m08=(6, 10), m10=(4, 10))
    assert effect_of(request(), gaps, delivered="2026-09") is None
    nowhere = dataclasses.replace(ASKED, stage="retention")
    assert effect_of(nowhere, gaps, delivered="2026-09") is None
    assert effect_of(ASKED, {}, delivered="2026-09") is None


def test_no_persona_means_all_of_them():
    everybody = dataclasses.replace(ASKED, persona="")
    effect = effect_of(everybody, months(m08=(6, 10)), delivered="2026-09")
    assert effect.before.raising == 99


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_deal_less_that_raises_it_never_looks_worse(before: int, after: int):
    def change(raising: int) -> float:
        gaps = months(m08=(before, 30), m10=(raising, 30))
        return effect_of(ASKED, gaps, delivered="2026-09").change_high

    assert change(max(0, after - 1)) <= change(after)
