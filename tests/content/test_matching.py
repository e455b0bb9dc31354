from datetime import date

import pytest

from callinsight.content.matching import (
    ANY,
    Match,
    faults,
    is_expired,
    is_stale,
    match,
    obstacles,
)
from callinsight.records import ContentItem

AS_OF = date(2026, 10, 31)


def item(item_id: str = "A", **facts) -> ContentItem:
    facts = {"concerns": ("price_budget",)} | facts
    return ContentItem(id=item_id, title=item_id, content_type="blog", **facts)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ()),
        ({"status": "draft"}, ("draft",)),
        ({"status": "archived"}, ("archived",)),
        ({"personas": ("champion",)}, ()),
        ({"personas": ("end_user", "champion")}, ()),
        ({"personas": ("end_user",)}, ("for end_user",)),
        ({"personas": ("end_user", "economic_buyer")}, ("for end_user and economic_buyer",)),
        ({"stages": ("decision",)}, ()),
        ({"stages": ("awareness",)}, ("for awareness",)),
        ({"published_on": "2026-10-31"}, ()),
        ({"published_on": "2026-11-01"}, ("not yet published",)),
        ({"expires_on": "2026-10-31"}, ()),
        ({"expires_on": "2026-10-30"}, ("expired",)),
        ({"updated_on": "2026-10-01", "review_period_days": 30}, ()),
        ({"updated_on": "2026-09-30", "review_period_days": 30}, ("stale",)),
        # expired says it all: it is not called stale as well
        (
            {"expires_on": "2026-01-01", "updated_on": "2025-01-01", "review_period_days": 1},
            ("expired",),
        ),
        (
            {"status": "draft", "personas": ("end_user",), "stages": ("awareness",)},
            ("draft", "for end_user", "for awareness"),
        ),
    ],
)
def test_obstacles_to_a_champion_at_decision(facts, expected):
    assert obstacles(item(**facts), "champion", "decision", AS_OF) == expected


@pytest.mark.parametrize(("persona", "stage"), [(ANY, ANY), (ANY, "decision")])
def test_a_roll_up_is_served_by_an_asset_for_anyone_in_it(persona, stage):
    one = item(personas=("end_user",), stages=("decision",))

    assert obstacles(one, persona, stage, AS_OF) == ()


def test_a_roll_up_over_personas_still_wants_its_stage():
    assert obstacles(item(stages=("awareness",)), ANY, "decision", AS_OF) == ("for awareness",)


def test_staleness_counts_from_the_update_and_else_from_publication():
    published = item(published_on="2026-01-01", review_period_days=30)
    updated = item(published_on="2026-01-01", updated_on="2026-10-15", review_period_days=30)

    assert is_stale(published, AS_OF)
    assert not is_stale(updated, AS_OF)


def test_what_has_no_dates_is_neither_stale_nor_expired():
    assert not is_stale(item(review_period_days=30), AS_OF)
    assert not is_stale(item(updated_on="2001-01-01"), AS_OF)
    assert not is_expired(item(), AS_OF)


def test_the_best_match_comes_first():
    good_b, good_a = item("B"), item("A")
    draft = item("0", status="draft")
    worst = item("00", status="draft", stages=("awareness",))
    items = [worst, draft, good_b, good_a]
    wrong = {one.id: faults(one, AS_OF) for one in items}

    assert match(items, ANY, "decision", wrong, {}) == [
        Match(good_a, ()),
        Match(good_b, ()),
        Match(draft, ("draft",)),
        Match(worst, ("draft", "for awareness")),
    ]


def test_nothing_matches_nothing():
    assert match([], ANY, ANY, {}, {}) == []
