from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callinsight.content.unused import KINDS, Part, find_unused, parts_of
from callinsight.records import ContentItem, Gap, Judgement, Unused, UsageEvent

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


def old(item_id: str = "A", **facts) -> ContentItem:
    return item(item_id, **({"published_on": "2026-01-01"} | facts))


def event(occurred_at: str, *, kind: str = "share", item_id: str = "A") -> UsageEvent:
    return UsageEvent(id=occurred_at + kind, item=item_id, occurred_at=occurred_at, event=kind)


def gap(persona="champion", stage="decision", verdict="gap", concern="price_budget") -> Gap:
    counts = dict.fromkeys(("raising", "eligible", "calls", "objections", "questions", "asks"), 5)
    shares = dict.fromkeys(("share", "share_low", "share_high", "amount"), 0.5)
    return Gap(
        id=f"2026-10/{concern}/{persona}/{stage}",
        month="2026-10",
        concern=concern,
        persona=persona,
        stage=stage,
        unresolved=2,
        p_value=0.0,
        supply=0,
        verdict=verdict,
        score=0.1,
        reason="",
        **counts,
        **shares,
    )


def judgement(answers: bool, *, concern="price_budget", stage="decision", id_=1) -> Judgement:
    return Judgement(
        id=id_,
        concern=concern,
        persona="champion",
        stage=stage,
        item="A",
        answers=answers,
        who="Mara",
        at="2026-10-05",
    )


def find(items, events=(), gaps=None, low_use=1, judgements=()) -> list[Unused]:
    """Without `gaps` enough deals were heard, and few of them ask."""
    return find_unused(
        items,
        events,
        [gap(verdict="low_demand")] if gaps is None else list(gaps),
        grace_days=GRACE,
        window_days=WINDOW,
        low_use=low_use,
        as_of=AS_OF,
        judgements=judgements,
    )


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


def test_a_stage_that_lacks_is_told_apart_from_a_persona():
    (found,) = find([old(personas=("champion",), stages=("awareness",))], gaps=[gap()])

    assert found.why == (
        "never used; its concern is raised by champion at decision, a stage for which it is not tagged"
    )


def test_what_people_confirmed_is_its_demand_whatever_its_tags_say():
    one = old(personas=("end_user",), stages=("awareness",))
    confirmed = judgement(True)
    other = judgement(True, concern="need_fit")

    assert [u.advice for u in find([one], gaps=[gap()], judgements=[confirmed])] == ["promote"]
    assert [u.advice for u in find([one], gaps=[gap("any")], judgements=[confirmed])] == ["promote"]
    elsewhere = [gap(concern="need_fit")]
    assert [u.advice for u in find([one], gaps=elsewhere, judgements=[other])] == ["promote"]
    assert [u.advice for u in find([one], gaps=elsewhere)] == ["keep"]


def test_what_people_denied_is_neither_its_demand_nor_a_tag_to_add():
    mine, foreign = old(), old(personas=("end_user",))
    denied = judgement(False)
    quiet = gap("end_user", verdict="low_demand")

    assert find([mine], gaps=[gap(), quiet], judgements=[denied]) == [NOBODY_ASKS]
    assert find([foreign], gaps=[gap(), quiet], judgements=[denied]) == [NOBODY_ASKS]


def test_the_last_word_on_an_asset_counts():
    said = [judgement(True, id_=2), judgement(False, id_=1)]

    assert [found.advice for found in find([old()], gaps=[gap()], judgements=said)] == ["promote"]


@pytest.mark.parametrize("verdict", ["oversupplied", "low_demand"])
def test_what_is_no_demand_does_not_count_as_demand(verdict):
    assert find([old()], gaps=[gap(verdict=verdict)]) == [NOBODY_ASKS]


def test_demand_for_another_concern_does_not_count():
    quiet = gap(verdict="low_demand")

    assert find([old()], gaps=[gap(concern="value_roi"), quiet]) == [NOBODY_ASKS]


@pytest.mark.parametrize(
    "gaps",
    [
        [],
        [gap(verdict="too_few_calls")],
        [gap(concern="value_roi")],
        [gap(persona="end_user", verdict="low_demand")],
    ],
)
def test_nothing_is_retired_on_no_knowledge(gaps):
    (found,) = find([old(personas=("champion",))], gaps=gaps)

    assert (found.advice, found.cause) == ("keep", "nobody can tell")
    assert found.why == "never used; too few calls to tell whether anybody asks for it"


def test_an_asset_without_a_concern_is_to_be_tagged_first():
    (found,) = find([old(concerns=())], gaps=[gap(), gap(verdict="low_demand")])

    assert (found.advice, found.cause) == ("retag", "nobody can tell")
    assert found.why == "never used; it names no concern, so nobody can tell who asks for it"


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


def test_a_colleagues_view_is_use_of_what_is_made_for_colleagues():
    assert find([old(audience="internal")], [event("2026-10-30", kind="view")]) == []


def test_a_mention_that_hardly_means_the_asset_is_no_use():
    mention = replace(event("2026-10-30", kind="call_mention"), confidence=0.49)

    assert find([old()], [mention]) == [NOBODY_ASKS]
    assert find([old()], [replace(mention, confidence=0.5)]) == []


def test_a_moment_counts_by_its_day():
    assert find([old()], [event("2026-10-31T23:59:00+01:00")]) == []
    assert find([old()], [event("2026-05-04T00:10:00+01:00")]) == []


@pytest.mark.parametrize(
    ("times", "why"),
    [
        (1, "used once in 180 days; nobody asks for this"),
        (2, "used 2 times in 180 days; nobody asks for this"),
        (3, ""),
    ],
)
def test_fewer_uses_than_the_limit_are_low_use(times, why):
    events = [event(f"2026-10-0{day}") for day in range(1, times + 1)] + [event("2026-01-05")]

    found = find([old()], events, low_use=3)

    assert [(one.kind, one.why, one.advice, one.cause) for one in found] == (
        [("low use", why, "retire", "nobody asks")] if why else []
    )


@pytest.mark.parametrize(
    ("facts", "why", "advice"),
    [
        ({}, "buyers ask for this: unfindable or untrusted", "promote"),
        ({"url": ""}, "buyers ask for this, but it has no address: unfindable", "promote"),
        (
            {"expires_on": "2026-10-30"},
            "buyers ask for this, but it is out of date: untrusted",
            "refresh",
        ),
        (
            {"review_period_days": 30},
            "buyers ask for this, but it is out of date: untrusted",
            "refresh",
        ),
    ],
)
def test_why_what_is_asked_for_is_not_used(facts, why, advice):
    (one,) = [found for found in find([old(**facts)], gaps=[gap()]) if found.kind == "unused"]

    assert (one.why, one.advice, one.cause) == (
        f"never used; {why}",
        advice,
        "asked for but not used",
    )


def test_demand_at_another_stage_is_seen_in_a_roll_up():
    (one,) = find([old(stages=("awareness",))], gaps=[gap("any", "decision")])

    assert one.why == ("never used; its concern is raised at decision, for which it is not tagged")
    assert one.cause == "wrong persona or stage"


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


def test_expired_is_retired_only_where_it_is_known_that_nobody_asks():
    one = item(expires_on="2026-10-30")
    blank = item(expires_on="2026-10-30", concerns=())
    others = item(expires_on="2026-10-30", personas=("end_user",))

    def told(found):
        return [(one.why, one.advice) for one in found]

    assert told(find([one], gaps=[])) == [
        (
            "expired on 2026-10-30; too few calls to tell whether anybody asks for it",
            "ask the owner",
        )
    ]
    assert told(find([blank])) == [
        (
            "expired on 2026-10-30; it names no concern, so nobody can tell who asks for it",
            "retag",
        )
    ]
    assert told(find([others], gaps=[gap()])) == [
        (
            (
                "expired on 2026-10-30; its concern is raised by champion at decision, for whom it "
                "is not tagged"
            ),
            "refresh",
        )
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


def test_shares_are_of_the_live_assets_and_their_cost():
    items = [
        old("A", cost=300.0),
        old("B", cost=100.0, owner=""),
        old("C", cost=None),
        old("D", cost=600.0),
        old("E", cost=5000.0, status="draft"),
    ]
    found = find(items, [event("2026-10-30", item_id="D")], [gap()])

    parts = {part.name: part for part in parts_of(found, items)}

    assert parts["all"] == Part(name="all", assets=3, share=0.75, cost=400.0, cost_share=0.4)
    assert parts["unowned"] == Part(
        name="unowned", assets=1, share=0.25, cost=100.0, cost_share=0.1
    )
    assert parts["asked for but not used"].assets == 3
    assert parts["stale"].assets == 0
    assert set(KINDS) < set(parts)


@pytest.mark.parametrize("items", [[], [item(cost=None, owner="")]])
def test_shares_of_nothing_and_of_what_costs_nothing_known(items):
    parts = parts_of(find(items), items)

    assert {part.cost_share for part in parts} == {None}
    assert parts[0].assets == len(items)


DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(str)
ITEM = st.builds(
    item,
    st.sampled_from("ABCDEF"),
    owner=st.sampled_from(["", "Dana"]),
    url=st.sampled_from(["", "https://a.example"]),
    concerns=st.sampled_from([(), ("price_budget",), ("value_roi", "price_budget")]),
    personas=st.sampled_from([(), ("champion",), ("end_user",)]),
    stages=st.sampled_from([(), ("decision",), ("awareness",)]),
    status=st.sampled_from(["live", "live", "draft"]),
    published_on=st.one_of(st.just(""), DAYS),
    expires_on=st.one_of(st.just(""), DAYS),
    review_period_days=st.sampled_from([None, 30, 365]),
    audience=st.sampled_from(["internal", "external"]),
    cost=st.sampled_from([None, 0.0, 120.0]),
)
INVENTORY = st.lists(ITEM, max_size=6, unique_by=lambda i: i.id)
EVENT = st.builds(
    lambda day, kind, id_: event(day, kind=kind, item_id=id_),
    DAYS,
    st.sampled_from(["share", "view", "buyer_view", "download", "call_mention"]),
    st.sampled_from("ABCDEF"),
)
EVENTS = st.lists(EVENT, max_size=12)
GAPS = st.lists(
    st.builds(
        gap,
        st.sampled_from(["champion", "end_user", "any"]),
        st.sampled_from(["decision", "awareness", "any"]),
        st.sampled_from(["gap", "covered", "low_demand"]),
        st.sampled_from(["price_budget", "value_roi"]),
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(INVENTORY, EVENTS, GAPS, st.randoms())
def test_the_order_of_rows_never_matters(items, events, gaps, random):
    expected = find(items, events, gaps, low_use=3)
    for rows in (items, events, gaps):
        random.shuffle(rows)

    assert find(items, events, gaps, low_use=3) == expected


@settings(max_examples=80, deadline=None)
@given(INVENTORY, EVENTS, GAPS, ITEM)
def test_an_asset_more_changes_nothing_for_the_others(items, events, gaps, one):
    new = replace(one, id="new")

    found = find([*items, new], events, gaps, low_use=3)

    assert [u for u in found if u.item != "new"] == find(items, events, gaps, low_use=3)


@settings(max_examples=80, deadline=None)
@given(INVENTORY, EVENTS, GAPS, EVENT)
def test_a_use_more_never_makes_an_asset_less_used(items, events, gaps, one):
    def idle(used):
        kinds = ("low use", "unused")
        found = find(items, used, gaps, low_use=3)
        return {u.item: kinds.index(u.kind) for u in found if u.kind in kinds}

    before, after = idle(events), idle([*events, one])

    assert all(rank <= before.get(item_id, -1) for item_id, rank in after.items())


@settings(max_examples=80, deadline=None)
@given(INVENTORY, EVENTS, GAPS)
def test_parts_add_up(items, events, gaps):
    found = find(items, events, gaps, low_use=3)
    parts = {part.name: part for part in parts_of(found, items)}

    assert parts["all"].assets == len({one.item for one in found})
    assert all(0 <= part.share <= 1 for part in parts.values())
    causes = [one.cause for one in found if one.kind in ("unused", "low use")]
    assert all(causes)
    assert sum(parts[c].assets for c in set(causes)) == len(causes)
