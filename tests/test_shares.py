import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from callinsight.shares import (
    benjamini_hochberg,
    chance_below,
    difference,
    jeffreys,
    jeffreys_lows,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Brown, Cai and DasGupta 2001, table 5: limits of the 95 % Jeffreys interval
    [(0, 7, 0.0, 0.292), (1, 7, 0.016, 0.501), (2, 7, 0.065, 0.648), (3, 7, 0.139, 0.766)],
)
def test_jeffreys_as_published(successes, trials, low, high):
    assert jeffreys(successes, trials) == pytest.approx((low, high), abs=6e-4)


@given(st.integers(1, 400), st.data())
def test_jeffreys_is_the_beta_quantile(trials, data):
    successes = data.draw(st.integers(0, trials))
    low, high = stats.beta.ppf([0.025, 0.975], successes + 0.5, trials - successes + 0.5)

    expected = (0.0 if successes == 0 else low, 1.0 if successes == trials else high)
    assert jeffreys(successes, trials) == pytest.approx(expected, abs=1e-9)


def test_jeffreys_of_no_trials_says_nothing():
    assert jeffreys(0, 0) == (0.0, 1.0)


@given(st.integers(1, 300), st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]), st.data())
def test_chance_below_lies_between_the_exact_tail_and_the_next_smaller(trials, share, data):
    successes = data.draw(st.integers(0, trials))
    chance = chance_below(successes, trials, share)

    assert stats.binom.sf(successes, trials, share) - 1e-12 <= chance
    assert chance <= stats.binom.sf(successes - 1, trials, share) + 1e-12


@given(st.integers(1, 300), st.floats(0.01, 0.99), st.data())
def test_the_chance_is_the_exact_tail_and_never_less_than_the_intervals(trials, share, data):
    successes = data.draw(st.integers(0, trials))

    chance = chance_below(successes, trials, share)

    assert chance == pytest.approx(stats.binom.sf(successes - 1, trials, share), abs=1e-9)
    assert chance >= stats.beta.cdf(share, successes + 0.5, trials - successes + 0.5) - 1e-9


def test_what_nobody_raises_is_no_demand_whatever_the_share():
    assert chance_below(0, 10, 0.0) == 1.0
    assert chance_below(1, 10, 0.0) == 0.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=9))
def test_many_lower_ends_at_once_are_those_of_each(pairs):
    counts = [(min(pair), max(pair)) for pair in pairs]

    lows = jeffreys_lows(np.array([c[0] for c in counts]), np.array([c[1] for c in counts]))

    assert list(lows) == pytest.approx([jeffreys(*one)[0] for one in counts])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_is_that_of_scipy(p_values):
    expected = stats.false_discovery_control(p_values)

    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-12)


def test_benjamini_hochberg_of_nothing():
    assert benjamini_hochberg([]) == []


def test_a_difference_as_published():
    """Newcombe 1998, table II, case b: 9/10 against 3/10; Jeffreys' limits are a little narrower."""
    low, high = difference((9, 10), (3, 10))

    assert low == pytest.approx(0.1705, abs=0.06)
    assert high == pytest.approx(0.8090, abs=0.03)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_a_difference_turned_round_is_its_opposite(trials, trials_before, data):
    now = data.draw(st.integers(0, trials)), trials
    before = data.draw(st.integers(0, trials_before)), trials_before
    low, high = difference(now, before)

    assert low <= now[0] / trials - before[0] / trials_before <= high
    assert difference(before, now) == pytest.approx((-high, -low))


def test_a_difference_without_trials_says_nothing():
    assert difference((0, 0), (3, 9)) == (-1.0, 1.0)
    assert difference((3, 9), (0, 0)) == (-1.0, 1.0)
