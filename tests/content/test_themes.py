"""Which themes are concerns under other words: planted ones, and what holds for all."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from callinsight.content.themes import Told, named_by, told_of

CONCERNS = ("price_budget", "security_compliance", "value_roi")
ROWS = st.lists(
    st.tuples(
        st.integers(1, 3), st.lists(st.sampled_from(CONCERNS), max_size=3), st.integers(1, 20)
    ).map(lambda row: (row[0], tuple(row[1]), row[2])),
    max_size=12,
)


def theme(turns: int, named: int, concern: str = "value_roi") -> Told:
    return Told(turns, turns - named, Counter({concern: named} if named else {}))


@pytest.mark.parametrize(
    ("turns", "named", "concern"),
    [
        (32, 9, ""),  # 23 of 32 carry none: 55 % or more by the interval
        (31, 21, "value_roi"),
        (49, 25, "value_roi"),  # nearly half carry none, which proves nothing
        (12, 5, "value_roi"),
        (5, 0, ""),
        (3, 0, ""),  # no concern names any
        (0, 0, ""),
    ],
)
def test_most_turns_must_carry_no_concern_as_far_as_so_many_can_tell(turns, named, concern):
    assert named_by(theme(turns, named)) == concern


def test_the_concern_of_most_turns_names_it():
    told = told_of(
        [
            (1, ("price_budget",), 4),
            (1, ("value_roi", "price_budget"), 3),
            (1, ("value_roi",), 5),
            (1, (), 2),
            (2, (), 9),
        ]
    )

    assert (told[1].turns, told[1].unnamed) == (14, 2)
    assert told[1].named == {"price_budget": 7, "value_roi": 8}
    assert (named_by(told[1]), named_by(told[2])) == ("value_roi", "")


def chance_of_its_own(turns: int, share: float) -> float:
    """How often a theme counts as one of its own if a concern names this share of what it says."""
    own = [named for named in range(turns + 1) if not named_by(theme(turns, named))]
    return float(sum(binom.pmf(named, turns, share) for named in own if named))


@pytest.mark.parametrize("turns", [12, 20, 31, 50, 100, 300])
def test_planted_themes(turns):
    # what a concern names half the time is no theme of its own, but for one in twenty at most
    assert chance_of_its_own(turns, 0.5) < 0.05
    # nor what the tagger, which hears two thirds of what is there, hears in two of three turns
    assert chance_of_its_own(turns, 0.67) < 0.01
    # a new theme of twenty turns, one in six of which touch a concern, stands
    if turns >= 20:
        assert chance_of_its_own(turns, 1 / 6) > 0.85


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 50))
def test_more_turns_that_no_concern_names_never_take_a_theme_away(unnamed, named, more):
    if not named_by(theme(unnamed + named, named)):
        assert not named_by(theme(unnamed + more + named, named))


@given(ROWS, st.randoms())
def test_the_order_of_rows_never_matters(rows, random):
    shuffled = random.sample(rows, len(rows))

    assert told_of(shuffled) == told_of(rows)
    for one in told_of(rows).values():
        assert named_by(one) in ("", *one.named)
        assert 0 <= one.unnamed <= one.turns
