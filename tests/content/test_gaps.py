from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps
from callinsight.records import ContentItem, Gap

AS_OF = date(2026, 10, 31)
RULES = Rules(min_deals=5, min_share=0.2, false_discovery_rate=0.05, target_supply=2, oversupply=3)
CELL = ("price_budget", "champion", "decision")
WIDTH = {"gap": 2, "weak": 1}


def present(deals: int, persona: str = "champion", stage: str = "decision") -> list[Presence]:
    return [Presence(f"d{i}", persona, stage) for i in range(deals)]


def raise_(deal: int, call: str = "", **facts) -> Raised:
    call = call or f"c{deal}"
    facts = {
        "concern": "price_budget",
        "persona": "champion",
        "stage": "decision",
        "utterance": f"{call}:0001",
        "stance": "objection",
    } | facts
    return Raised(deal=f"d{deal}", call=call, **facts)


def raised_by(deals: int) -> list[Raised]:
    return [raise_(deal) for deal in range(deals)]


def item(item_id: str, **facts) -> ContentItem:
    facts = {"concerns": ("price_budget",), "url": "https://content.example/a"} | facts
    return ContentItem(id=item_id, title=item_id, content_type="blog", **facts)


def items(count: int) -> list[ContentItem]:
    return [item(f"A{i}") for i in range(count)]


def gaps(raised, presences, inventory=(), deals=None, *, rules=RULES, concerns=("price_budget",)):
    found = find_gaps(
        "2026-10",
        raised,
        presences,
        inventory,
        deals or {},
        concerns=concerns,
        rules=rules,
        as_of=AS_OF,
    )
    return {(gap.concern, gap.persona, gap.stage): gap for gap in found}


@pytest.mark.parametrize(
    ("raising", "eligible", "supply", "verdict"),
    [
        # 8 of 10 against one in five: p = 0.00008
        (8, 10, 0, "gap"),
        (8, 10, 1, "weak"),
        (8, 10, 2, "covered"),
        (8, 10, 9, "covered"),
        # 2 of 10 are no more than one in five
        (2, 10, 0, "low_demand"),
        (0, 10, 0, "low_demand"),
        (2, 10, 2, "low_demand"),
        (0, 10, 3, "oversupplied"),
        # 1 of 5 may still be half of all (0.6259): not enough to call five assets too many
        (1, 5, 3, "low_demand"),
        # four deals are too few whatever they say
        (4, 4, 0, "too_few_calls"),
        (0, 4, 5, "too_few_calls"),
        # 4 of 10 is more than one in five, but chance does that too: p = 0.121
        (4, 10, 0, "too_few_calls"),
    ],
)
def test_verdict(raising, eligible, supply, verdict):
    found = gaps(raised_by(raising), present(eligible), items(supply))

    assert {gap.verdict for gap in found.values()} == {verdict}
    assert found[CELL].supply == supply
    assert (found[CELL].score > 0) == (verdict in ("gap", "weak"))


def test_every_number_of_a_gap():
    raised = [
        raise_(0, call)
        for call in ("c0", "c0b")  # comes back: stands unresolved
    ] + [
        raise_(1, stance="question"),
        raise_(2, asks=True),
        raise_(3),
        raise_(4, stance="mention", asks=True),
    ]
    deals = {"d0": Deal(100.0), "d1": Deal(50.0, lost=True), "d2": Deal(25.0), "d5": Deal(999.0)}
    inventory = [
        item("A2", status="draft"),
        item("A1"),
        item("A3", personas=("end_user",)),
        item("A4", status="draft"),
        item("B1", concerns=("value_roi",)),
    ]

    gap = gaps(raised, present(6), inventory, deals)[CELL]

    low, high = stats.beta.ppf([0.025, 0.975], 5.5, 1.5)
    unresolved = 2.5 / 6
    assert gap == Gap(
        id="2026-10/price_budget/champion/decision",
        month="2026-10",
        concern="price_budget",
        persona="champion",
        stage="decision",
        raising=5,
        eligible=6,
        calls=6,
        objections=3,
        questions=1,
        asks=2,
        share=0.8333,
        share_low=round(low, 4),
        share_high=round(high, 4),
        unresolved=round(unresolved, 4),
        amount=175.0,
        p_value=round(stats.beta.cdf(0.2, 5.5, 1.5), 6),
        supply=1,
        verdict="weak",
        score=round(low * unresolved * 0.5, 6),
        reason="1 fitting asset, 2 draft, 1 for end_user",
        candidates=("A1", "A2", "A4"),
        candidate_obstacles=("fits", "draft", "draft"),
        evidence=("c0:0001", "c0b:0001", "c1:0001", "c2:0001", "c3:0001", "c4:0001"),
        evidence_as=(
            *("objection", "objection", "question", "objection+ask", "objection"),
            "mention+ask",
        ),
        lost=1,
        returned=1,
        rank_low=1,
        rank_high=1,
    )


@pytest.mark.parametrize(
    ("inventory", "reason"),
    [
        ([], "no asset names this concern"),
        (items(1), "1 fitting asset"),
        (items(2), "2 fitting assets"),
        ([item("A", status="archived", stages=("awareness",))],
         "0 fitting assets, 1 archived and for awareness"),
        ([item("A", published_on="2026-11-01")], "0 fitting assets, 1 not yet published"),
    ],
)  # fmt: skip
def test_reason(inventory, reason):
    assert gaps(raised_by(8), present(10), inventory)[CELL].reason == reason


def test_a_candidate_carries_all_that_keeps_it_from_answering():
    far = item("A", status="draft", published_on="2026-11-01", personas=("end_user", "coach"))

    gap = gaps(raised_by(8), present(10), [far, item("B")])[CELL]

    assert gap.candidates == ("B", "A")
    assert gap.candidate_obstacles == (
        "fits",
        "draft, not yet published, for end_user and coach",
    )


def test_nothing_gives_nothing():
    assert gaps([], []) == {}


def test_one_row_gives_its_cell_and_the_roll_ups():
    found = gaps([], present(1))

    assert set(found) == {
        ("price_budget", "champion", "decision"),
        ("price_budget", "any", "decision"),
        ("price_budget", "any", "any"),
    }
    assert [(g.raising, g.eligible, g.unresolved) for g in found.values()] == [(0, 1, 0.0)] * 3


def test_a_deal_that_raises_could_have_raised():
    assert gaps(raised_by(1), [])[CELL].eligible == 1


def test_one_deal_that_raises_nine_times_in_a_call_counts_once():
    raised = [raise_(0, utterance=f"c0:{i:04d}") for i in range(9)]

    gap = gaps(raised, present(10))[CELL]

    assert (gap.raising, gap.calls, gap.objections, gap.share) == (1, 1, 1, 0.1)
    assert gap.unresolved == 0.25  # (0 + 1/2) / (1 + 1): nine times in one call is no coming back
    assert gap.evidence == tuple(f"c0:{i:04d}" for i in range(9))


def test_an_unknown_persona_only_counts_in_roll_ups():
    found = gaps([raise_(0, persona="unknown")], present(1, persona="unknown"))

    assert set(found) == {("price_budget", "any", "decision"), ("price_budget", "any", "any")}
    assert {gap.raising for gap in found.values()} == {1}


def test_an_unknown_stage_only_counts_over_all():
    found = gaps([raise_(0, stage="unknown")], present(1, stage="unknown"))

    assert set(found) == {("price_budget", "any", "any")}


def test_a_deal_with_two_personas_counts_once_in_the_roll_up():
    found = gaps([], present(3) + present(3, persona="end_user"))

    assert found["price_budget", "any", "decision"].eligible == 3


def test_evidence_of_a_cell_is_exactly_its_utterances():
    raised = [
        raise_(0),
        raise_(1, persona="end_user"),
        raise_(2, stage="awareness"),
        raise_(3, concern="value_roi"),
    ]
    found = gaps(raised, present(5), concerns=("price_budget", "value_roi"))

    assert found[CELL].evidence == ("c0:0001",)
    assert found["price_budget", "any", "decision"].evidence == ("c0:0001", "c1:0001")
    assert found["price_budget", "any", "any"].evidence == ("c0:0001", "c1:0001", "c2:0001")
    assert found["value_roi", "champion", "decision"].evidence == ("c3:0001",)


def test_a_concern_that_the_taxonomy_has_dropped_is_no_gap():
    raised = [raise_(i, concern="dropped") for i in range(8)]

    assert {concern for concern, _, _ in gaps(raised, present(10))} == {"price_budget"}


def test_p_values_are_adjusted_within_a_level():
    concerns = ("price_budget", "value_roi", "need_fit", "trust_proof")
    raised = raised_by(5) + [raise_(i, concern="value_roi") for i in range(4)]

    found = gaps(raised, present(10), concerns=concerns)

    raw = [stats.beta.cdf(0.2, raising + 0.5, 10.5 - raising) for raising in (5, 4, 0, 0)]
    expected = stats.false_discovery_control(raw)
    cells = [found[concern, "champion", "decision"].p_value for concern in concerns]
    assert cells == pytest.approx(expected, abs=1e-6)
    # 5 of 10 alone pass (p = 0.015), but not among four looked at (0.060)
    assert found[CELL].verdict == "too_few_calls"
    assert gaps(raised_by(5), present(10))[CELL].verdict == "gap"


def test_cells_with_too_few_deals_cost_the_others_nothing():
    few = [Presence(f"f{i}", "end_user", "awareness") for i in range(4)]

    found = gaps(raised_by(5), present(10) + few)

    assert found[CELL].p_value == round(stats.beta.cdf(0.2, 5.5, 5.5), 6)
    assert found["price_budget", "end_user", "awareness"].p_value == 1.0


def test_the_most_pressing_comes_first():
    raised = raised_by(8) + [raise_(i, concern="value_roi") for i in range(10)]
    found = gaps(raised, present(10), concerns=("price_budget", "value_roi"))

    scores = [gap.score for gap in found.values()]
    assert scores == sorted(scores, reverse=True)
    assert next(iter(found))[0] == "value_roi"


PERSONAS = st.sampled_from(["champion", "end_user", "unknown"])
STAGES = st.sampled_from(["awareness", "decision", "unknown"])
CONCERNS = st.sampled_from(["price_budget", "value_roi"])
RAISED = st.builds(
    raise_,
    st.integers(0, 11),
    st.sampled_from(["c1", "c2", "c3"]),
    concern=CONCERNS,
    persona=PERSONAS,
    stage=STAGES,
    stance=st.sampled_from(["objection", "question", "mention"]),
    asks=st.booleans(),
    utterance=st.sampled_from(["u1", "u2", "u3"]),
)
PRESENT = st.builds(Presence, st.sampled_from([f"d{i}" for i in range(12)]), PERSONAS, STAGES)
ITEMS = st.lists(
    st.builds(
        item,
        st.uuids().map(str),
        concerns=st.lists(CONCERNS, unique=True).map(tuple),
        personas=st.lists(st.sampled_from(["champion", "end_user"]), unique=True).map(tuple),
        status=st.sampled_from(["live", "draft"]),
    ),
    max_size=4,
)
DEALS = st.dictionaries(
    st.sampled_from([f"d{i}" for i in range(12)]),
    st.builds(Deal, st.integers(0, 1000).map(float), st.booleans()),
)
BOTH = ("price_budget", "value_roi")


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.lists(PRESENT, max_size=30), ITEMS, DEALS, st.randoms())
def test_the_order_of_rows_never_matters(raised, presences, inventory, deals, random):
    expected = gaps(raised, presences, inventory, deals, concerns=BOTH)
    for rows in (raised, presences, inventory):
        random.shuffle(rows)

    found = gaps(raised, presences, inventory, deals, concerns=BOTH)

    assert list(found.items()) == list(expected.items())


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.lists(PRESENT, max_size=30), ITEMS, DEALS)
def test_a_fitting_asset_more_never_makes_a_gap_wider(raised, presences, inventory, deals):
    before = gaps(raised, presences, inventory, deals, concerns=BOTH)
    after = gaps(raised, presences, [*inventory, item("new")], deals, concerns=BOTH)

    assert set(after) == set(before)
    for cell, gap in after.items():
        assert gap.score <= before[cell].score
        assert WIDTH.get(gap.verdict, 0) <= WIDTH.get(before[cell].verdict, 0)
        assert gap.supply == before[cell].supply + (gap.concern == "price_budget")


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.integers(0, 11))
def test_a_raising_deal_more_never_lowers_the_share(raised, deal):
    everyone = [
        replace(presence, persona=persona, stage=stage)
        for presence in present(12)
        for persona in ("champion", "end_user", "unknown")
        for stage in ("awareness", "decision", "unknown")
    ]
    before = gaps(raised, everyone, concerns=BOTH)
    after = gaps([*raised, raise_(deal)], everyone, concerns=BOTH)

    for cell, gap in after.items():
        assert gap.eligible == before[cell].eligible == 12
        assert gap.raising >= before[cell].raising
        assert gap.share_low >= before[cell].share_low
        assert set(gap.evidence) >= set(before[cell].evidence)
