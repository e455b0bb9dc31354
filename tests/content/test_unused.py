from datetime import date

import pytest

from callinsight.content.unused import find_unused
from callinsight.records import ContentItem, Gap, Unused, UsageEvent

AS_OF = date(2026, 10, 31)
GRACE, WINDOW = 90, 180
NO_OWNER = Unused(item="A", kind="unowned", why="no owner", advice="assign an owner")
NOBODY_ASKS = Unused(
    item="A",
    kind="unused",
    why="never used; nobody asks for this",
    advice="retire",
    cause="nobody asks",
)


def item(item_id: str = "A", **facts) -> ContentItem:
    facts = {"owner": "Dana", "concerns": ("price_budget",), "url": "https://a.example"} | facts
    return ContentItem(id=item_id, title=item_id, content_type="blog", **facts)


def old(**facts) -> ContentItem:
    return item(**({"published_on": "2026-01-01"} | facts))


def event(occurred_at: str, *, kind: str = "share", item_id: str = "A") -> UsageEvent:
    return UsageEvent(id=occurred_at + kind, item=item_id, occurred_at=occurred_at, event=kind)


def gap(persona="champion", stage="decision", verdict="gap", concern="price_budget") -> Gap:
    counts = dict.fromkeys(("raising", "eligible", "calls", "objections", "questions", "asks"), 5)
    shares = dict.fromkeys(("share", "share_low", "share_high", "unresolved", "amount"), 0.5)
    return Gap(
        id=f"2026-10/{concern}/{persona}/{stage}",
        month="2026-10",
        concern=concern,
        persona=persona,
        stage=stage,
        p_value=0.0,
        supply=0,
        verdict=verdict,
        score=0.1,
        reason="",
        **counts,
        **shares,
    )


def find(items, events=(), gaps=()) -> list[Unused]:
    return find_unused(items, events, list(gaps), grace_days=GRACE, window_days=WINDOW, as_of=AS_OF)


def test_nothing_is_found_in_nothing():
    assert find([]) == []


def test_an_asset_in_use_is_not_listed():
    assert find([old()], [event("2026-10-30")]) == []


def test_never_used_and_asked_by_nobody():
    assert find([old()]) == [NOBODY_ASKS]


@pytest.mark.parametrize("verdict", ["gap", "weak", "covered"])
def test_unused_where_its_own_buyers_ask_is_promoted(verdict):
    one = old(personas=("champion",), stages=("decision",))

    assert find([one], [event("2026-01-02")], [gap(verdict=verdict)]) == [
        Unused(
            item="A",
            kind="unused",
            why="last used on 2026-01-02; buyers ask for this: unfindable or untrusted",
            advice="promote",
            cause="asked for but not used",
        )
    ]


def test_an_asset_for_everyone_serves_every_demand():
    assert [one.advice for one in find([old()], gaps=[gap()])] == ["promote"]


def test_unused_where_others_ask_is_retagged():
    one = old(personas=("end_user",), stages=("decision",))
    gaps = [gap("champion"), gap("any"), gap("any", "any"), gap("economic_buyer"), gap("champion")]

    assert find([one], gaps=gaps) == [
        Unused(
            item="A",
            kind="unused",
            why=(
                "never used; its concern is raised by champion at decision and "
                "economic_buyer at decision, for whom it is not tagged"
            ),
            advice="retag",
            cause="wrong persona or stage",
        )
    ]


def test_the_right_persona_at_another_stage_is_elsewhere():
    one = old(personas=("champion",), stages=("awareness",))

    assert [found.advice for found in find([one], gaps=[gap()])] == ["retag"]


@pytest.mark.parametrize("verdict", ["oversupplied", "low_demand", "too_few_calls"])
def test_what_is_no_demand_does_not_count_as_demand(verdict):
    assert find([old()], gaps=[gap(verdict=verdict)]) == [NOBODY_ASKS]


def test_demand_for_another_concern_does_not_count():
    assert find([old()], gaps=[gap(concern="value_roi")]) == [NOBODY_ASKS]
    assert find([old(concerns=())], gaps=[gap()]) == [NOBODY_ASKS]


@pytest.mark.parametrize(
    ("stages", "roll_up", "advice"),
    [
        ((), gap("any", "any"), "promote"),
        (("awareness",), gap("any", "any"), "promote"),
        (("decision",), gap("any", "decision"), "promote"),
        (("awareness",), gap("any", "decision"), "retag"),
    ],
)
def test_demand_seen_only_in_a_roll_up_is_not_called_nobody(stages, roll_up, advice):
    one = old(personas=("end_user",), stages=stages)

    assert [found.advice for found in find([one], gaps=[roll_up])] == [advice]


@pytest.mark.parametrize("kind", ["share", "buyer_view", "download", "call_mention"])
def test_these_events_are_uses(kind):
    assert find([old()], [event("2026-10-30", kind=kind)]) == []


def test_a_colleagues_view_is_no_use():
    assert find([old()], [event("2026-10-30", kind="view")]) == [NOBODY_ASKS]


def test_use_of_another_asset_does_not_count():
    assert find([old()], [event("2026-10-30", item_id="B")]) == [NOBODY_ASKS]


def test_the_border_of_the_grace_period():
    assert find([item(published_on="2026-08-03")]) == []  # 89 days old
    assert find([item(published_on="2026-08-02")]) == [NOBODY_ASKS]  # 90 days old


def test_the_border_of_the_window():
    assert find([old()], [event("2026-05-04")]) == []  # 180 days ago
    assert [one.why for one in find([old()], [event("2026-05-03")])] == [
        "last used on 2026-05-03; nobody asks for this"
    ]


def test_events_after_the_day_are_not_known_on_it():
    assert find([old()], [event("2026-11-01")]) == [NOBODY_ASKS]
    assert find([old()], [event("2026-10-31")]) == []


def test_the_last_use_counts_in_whatever_order_events_come():
    events = [event("2026-10-01"), event("2026-01-02"), event("2026-11-20")]

    assert find([old()], events) == find([old()], events[::-1]) == []


def test_without_a_date_an_asset_may_be_new():
    assert find([item()]) == []


def test_the_update_stands_in_for_a_missing_publication():
    assert find([item(updated_on="2026-01-01")]) == [NOBODY_ASKS]


def test_expired_is_retired_or_refreshed_by_demand():
    one = item(expires_on="2026-10-30")
    why = "expired on 2026-10-30"

    assert find([one]) == [Unused(item="A", kind="expired", why=why, advice="retire")]
    assert find([one], gaps=[gap()]) == [
        Unused(item="A", kind="expired", why=why, advice="refresh")
    ]


def test_stale_is_refreshed():
    one = item(updated_on="2026-09-30", review_period_days=30)
    why = "last updated on 2026-09-30, review was due after 30 days"

    assert find([one]) == [Unused(item="A", kind="stale", why=why, advice="refresh")]
    assert find([item(updated_on="2026-10-01", review_period_days=30)]) == []


def test_without_owner():
    assert find([item(owner="")]) == [NO_OWNER]


def test_one_asset_may_be_several():
    one = old(owner="", expires_on="2026-02-01")

    assert [found.kind for found in find([one])] == ["expired", "unused", "unowned"]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_live_assets_are_looked_at(status):
    assert find([old(status=status, owner="", expires_on="2026-02-01")]) == []


def test_assets_are_listed_by_id():
    items = [item("B", owner=""), item("C", owner=""), item("A", owner="")]

    assert [one.item for one in find(items)] == ["A", "B", "C"]
