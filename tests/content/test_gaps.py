from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from callinsight.content.demand import shares_of
from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps, stakes_of
from callinsight.content.supply import with_topics
from callinsight.content.unused import DEMANDED, QUIET
from callinsight.records import ContentItem, Gap, Judgement, Topic

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
    known = {"owner": "Dana", "published_on": "2026-01-01", "url": "https://content.example/a"}
    facts = {"concerns": ("price_budget",)} | known | facts
    return ContentItem(id=item_id, title=item_id, content_type="blog", **facts)


def items(count: int) -> list[ContentItem]:
    return [item(f"A{i}") for i in range(count)]


def gaps(
    raised, presences, inventory=(), deals=None, *, rules=RULES, concerns=("price_budget",), **more
):
    found = find_gaps(
        "2026-10",
        raised,
        presences,
        inventory,
        deals or {},
        concerns=concerns,
        rules=rules,
        as_of=AS_OF,
        **more,
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


@pytest.mark.parametrize(("raising", "asked"), [(8, DEMANDED), (2, QUIET), (4, ("too_few_calls",))])
def test_whether_there_is_demand_does_not_depend_on_what_answers_it(raising, asked):
    for supply in (0, 1, 2, 9):
        found = gaps(raised_by(raising), present(10), items(supply))

        assert {gap.verdict for gap in found.values()} <= set(asked)


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
    deals = {
        "d0": Deal(100.0),
        "d1": Deal(50.0, "lost"),
        "d2": Deal(25.0),
        "d3": Deal(9.0, "won"),
        "d4": Deal(7.0, "disqualified"),
        "d5": Deal(999.0),
    }
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
        unresolved=2,
        amount=125.0,
        amount_lost=50.0,
        disqualified=1,
        p_value=round(stats.binom.sf(4, 6, 0.2), 6),
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
    assert [(g.raising, g.eligible, g.unresolved) for g in found.values()] == [(0, 1, 0)] * 3


def test_a_deal_that_raises_could_have_raised():
    assert gaps(raised_by(1), [])[CELL].eligible == 1


def test_one_deal_that_raises_nine_times_in_a_call_counts_once():
    raised = [raise_(0, utterance=f"c0:{i:04d}") for i in range(9)]

    gap = gaps(raised, present(10))[CELL]

    assert (gap.raising, gap.calls, gap.objections, gap.share) == (1, 1, 1, 0.1)
    assert gap.unresolved == 0  # nine times in one call is no coming back
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

    raw = [stats.binom.sf(raising - 1, 10, 0.2) for raising in (5, 4, 0, 0)]
    expected = stats.false_discovery_control(raw)
    cells = [found[concern, "champion", "decision"].p_value for concern in concerns]
    assert cells == pytest.approx(expected, abs=1e-6)
    # 5 of 10 alone pass (p = 0.033), but not among four looked at (0.131)
    assert found[CELL].verdict == "too_few_calls"
    assert gaps(raised_by(5), present(10))[CELL].verdict == "gap"


def test_cells_with_too_few_deals_cost_the_others_nothing():
    few = [Presence(f"f{i}", "end_user", "awareness") for i in range(4)]

    found = gaps(raised_by(5), present(10) + few)

    assert found[CELL].p_value == round(stats.binom.sf(4, 10, 0.2), 6)
    assert found["price_budget", "end_user", "awareness"].p_value == 1.0


def test_the_most_pressing_comes_first():
    raised = raised_by(8) + [raise_(i, concern="value_roi") for i in range(10)]
    found = gaps(raised, present(10), concerns=("price_budget", "value_roi"))

    scores = [gap.score for gap in found.values()]
    assert scores == sorted(scores, reverse=True)
    assert next(iter(found))[0] == "value_roi"


@pytest.mark.parametrize(
    ("deal", "call", "why"),
    [
        (Deal(outcome="lost"), "", (1, 0, 0)),
        (Deal(stalled=True), "", (0, 1, 0)),
        (Deal(returned=frozenset({"price_budget"})), "", (0, 0, 1)),
        (Deal(returned=frozenset({"value_roi"})), "", (0, 0, 0)),
        (Deal(), "c0b", (0, 0, 1)),
        (Deal(outcome="lost", stalled=True), "c0b", (1, 1, 1)),
    ],
)
def test_what_leaves_a_concern_standing(deal, call, why):
    raised = [raise_(0), raise_(1), *([raise_(0, call)] if call else [])]

    gap = gaps(raised, present(10), deals={"d0": deal})[CELL]

    assert (gap.lost, gap.stalled, gap.returned) == why
    assert gap.unresolved == any(why)


def test_a_concern_comes_back_by_whomever_and_at_whatever_stage():
    raised = [raise_(0), raise_(0, "c0b", persona="end_user", stage="awareness")]

    found = gaps(raised, [])

    assert {gap.returned for gap in found.values()} == {1}


def test_each_number_can_be_counted_again_from_the_evidence():
    raised = [
        raise_(0, asks=True),
        raise_(0, utterance="c0:0007", stance="question"),
        raise_(1, stance="question", asks=True),
        raise_(2, stance="mention", asks=True),
    ]
    deal_of = {one.utterance: one.deal for one in raised}

    gap = gaps(raised, present(5))[CELL]

    ways = {id_: way.split("+") for id_, way in zip(gap.evidence, gap.evidence_as, strict=True)}
    for kind, number in (("objection", 1), ("question", 2), ("ask", 3)):
        assert len({deal_of[id_] for id_, way in ways.items() if kind in way}) == number
    assert (gap.objections, gap.questions, gap.asks) == (1, 2, 3)
    assert len(set(map(deal_of.get, ways))) == gap.raising == 3


class TestTopics:
    def test_a_topic_is_counted_and_tested_apart(self):
        topic = [raise_(i, concern="topic:7", stance="none", asks=True) for i in range(8)]
        concerns = ("price_budget", *(f"topic:{n}" for n in range(40)))

        found = gaps(raised_by(5) + topic, present(10), concerns=concerns)

        assert found["topic:7", "champion", "decision"].verdict == "gap"
        assert found["topic:7", "champion", "decision"].id == "2026-10/topic:7/champion/decision"
        assert found[CELL].verdict == "gap"  # forty topics cost it nothing
        assert len(found) == 6  # a topic that nobody raises is no row

    def test_an_asset_answers_a_topic_that_its_own_topics_name(self):
        topics = [
            Topic(
                id=7, label="carbon, hosting", terms="carbon;hosting;green", centroid=b"", size=9
            ),
            Topic(id=8, label="Net zero", terms="", centroid=b"", size=9, defined_as="climate"),
        ]
        words = ["Green ", "carbon, hosting", "CLIMATE", "topic:8", "greenhouse", ""]

        named = [item(str(i), topics=(word,)) for i, word in enumerate(words)]

        assert [one.concerns[1:] for one in with_topics(named, topics)] == [
            ("topic:7",),
            ("topic:7",),
            ("topic:8",),
            ("topic:8",),
            (),
            (),
        ]


class TestSupply:
    @pytest.mark.parametrize(
        ("facts", "used", "fits"),
        [
            ({"url": "https://content.example/a"}, (), True),
            ({"url": "", "owner": "Dana"}, (), True),
            ({"url": "", "owner": ""}, ("B",), False),
        ],
    )
    def test_what_nobody_can_find_is_no_supply(self, facts, used, fits):
        gap = gaps(raised_by(8), present(10), [item("A", **facts)], used=used)[CELL]

        assert gap.supply == int(fits)
        assert gap.candidate_obstacles == ("fits" if fits else "unfindable",)
        assert gap.verdict == ("weak" if fits else "gap")

    def test_what_people_denied_is_no_supply_in_that_cell_only(self):
        found = gaps(raised_by(8), present(10), items(2), judgements=[judge("A0", answers=False)])

        assert found[CELL].supply == 1
        assert found[CELL].candidates == ("A1", "A0")
        assert found[CELL].candidate_obstacles == ("fits", "judged not to answer")
        assert found[CELL].reason == "1 fitting asset, 1 judged not to answer"
        assert found["price_budget", "any", "decision"].supply == 2

    def test_what_people_confirmed_answers_whatever_its_tags_say(self):
        other = item("B", concerns=("value_roi",), personas=("end_user",), stages=("awareness",))

        found = gaps(raised_by(8), present(10), [other], judgements=[judge("B")])

        assert [gap.supply for gap in found.values()] == [1, 1, 1]  # the roll-ups as well
        assert found[CELL].candidate_obstacles == ("fits",)

    @pytest.mark.parametrize(
        "facts", [{"status": "draft"}, {"expires_on": "2026-10-30"}, {"url": "", "owner": ""}]
    )
    def test_what_people_confirmed_must_still_be_live_and_fresh_and_findable(self, facts):
        gap = gaps(raised_by(8), present(10), [item("B", **facts)], judgements=[judge("B")])[CELL]

        assert gap.supply == 0

    def test_the_latest_judgement_counts_also_for_a_month_that_is_over(self):
        said = [
            judge("A0", answers=False, number=1),
            judge("A0", number=2),
            judge("A0", answers=False, number=3, at="2026-11-01T09:00:00+00:00"),
        ]

        for order in (said, said[::-1]):
            assert gaps(raised_by(8), present(10), items(1), judgements=order)[CELL].supply == 0
        assert gaps(raised_by(8), present(10), items(1), judgements=said[:2])[CELL].supply == 1

    def test_a_judgement_of_an_asset_that_is_gone_changes_nothing(self):
        assert gaps(raised_by(8), present(10), judgements=[judge("gone")])[CELL].supply == 0


def judge(item_id: str, *, answers=True, number=1, at="2026-10-02T09:00:00+00:00") -> Judgement:
    concern, persona, stage = CELL
    facts = {"concern": concern, "persona": persona, "stage": stage, "who": "Ann"}
    return Judgement(id=number, item=item_id, answers=answers, at=at, **facts)


UNDATED = {"published_on": ""}
BULK = {f"B{i}": {"price_budget"} for i in range(9)}


class TestDoubts:
    """What fits, and nobody vouches for: no date, or a tag that nobody looked at."""

    def many(self, sure: int, unsure: int, **facts) -> list[ContentItem]:
        return [*items(sure), *(item(f"B{i}", **facts) for i in range(unsure))]

    @pytest.mark.parametrize(
        ("sure", "unsure", "verdict", "missing"),
        [
            (0, 0, "gap", 1.0),
            (0, 1, "weak", 0.5),
            (0, 9, "weak", 0.5),
            (1, 9, "weak", 0.5),
            (2, 9, "covered", 0.0),
        ],
    )
    @pytest.mark.parametrize("kind", ["undated", "bulk"])
    def test_it_makes_a_gap_weak_and_covers_nothing(self, sure, unsure, verdict, missing, kind):
        inventory = self.many(sure, unsure, **(UNDATED if kind == "undated" else {}))
        bulk = BULK if kind == "bulk" else {}
        whole = gaps(raised_by(8), present(10))[CELL].score

        gap = gaps(raised_by(8), present(10), inventory, bulk=bulk)[CELL]

        assert (gap.verdict, gap.supply, gap.unvouched) == (verdict, sure + unsure, unsure)
        assert gap.vouched == sure
        assert gap.score == pytest.approx(whole * missing, abs=1e-6)

    def test_where_one_asset_is_enough_it_leaves_the_whole_gap_but_says_weak(self):
        rules = replace(RULES, target_supply=1)
        whole = gaps(raised_by(8), present(10), rules=rules)[CELL]
        gap = gaps(raised_by(8), present(10), self.many(0, 3, **UNDATED), rules=rules)[CELL]

        assert (gap.verdict, gap.score) == ("weak", whole.score)

    @pytest.mark.parametrize("rule", ["count_undated", "count_bulk_tags"])
    def test_the_pipeline_file_may_count_it_in_full(self, rule):
        dated = self.many(0, 2, **(UNDATED if rule == "count_undated" else {}))
        bulk = BULK if rule == "count_bulk_tags" else {}
        rules = replace(RULES, **{rule: True})

        gap = gaps(raised_by(8), present(10), dated, bulk=bulk, rules=rules)[CELL]

        assert (gap.verdict, gap.unvouched, gap.score) == ("covered", 0, 0.0)
        told = "without a date" if rule == "count_undated" else "tagged in bulk"
        assert gap.reason == f"2 fitting assets (2 {told})"

    def test_too_many_are_only_those_that_somebody_vouches_for(self):
        assert gaps([], present(10), items(3))[CELL].verdict == "oversupplied"
        assert gaps([], present(10), self.many(0, 9, **UNDATED))[CELL].verdict == "low_demand"

    def test_the_reason_says_what_is_not_known(self):
        inventory = [
            item("A"),
            item("B0", published_on="", owner=""),
            item("B1"),
            item("C", owner=""),
            item("D", status="draft", published_on="", owner=""),
        ]

        gap = gaps(raised_by(8), present(10), inventory, bulk=BULK)[CELL]

        assert gap.reason == (
            "4 fitting assets (nobody vouches for 2: 1 without a date, 2 tagged in bulk; "
            "2 without an owner), 1 draft"
        )
        assert (gap.supply, gap.unvouched, gap.undated, gap.bulk_tagged, gap.unowned) == (
            4,
            2,
            1,
            2,
            2,
        )
        assert gap.candidate_obstacles == (
            "fits",
            "fits, but without an owner",
            "fits, but without a date and tagged in bulk and without an owner",
        )

    def test_a_person_who_confirms_an_asset_vouches_for_it(self):
        inventory = self.many(0, 2, published_on="", owner="")
        said = [judge("B0"), judge("B1", number=2)]

        found = gaps(raised_by(8), present(10), inventory, bulk=BULK, judgements=said)

        assert [gap.verdict for gap in found.values()] == ["covered"] * 3
        assert found[CELL].reason == "2 fitting assets (2 without an owner)"

    def test_a_tag_in_bulk_is_in_doubt_for_its_own_concern_only(self):
        bulk = {"A0": {"value_roi"}, "A1": {"value_roi"}}

        assert gaps(raised_by(8), present(10), items(2), bulk=bulk)[CELL].verdict == "covered"

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 4), st.integers(0, 5), st.integers(0, 5), st.booleans())
    def test_an_asset_that_is_vouched_for_is_never_worth_less(self, target, sure, unsure, dated):
        """One more of either kind, or a date that is filled in, never widens a gap."""
        rules = replace(RULES, target_supply=target)

        def cell(sure: int, unsure: int) -> Gap:
            inventory = self.many(sure, unsure, **UNDATED)
            return gaps(raised_by(8), present(10), inventory, rules=rules)[CELL]

        before = cell(sure, unsure)
        after = cell(sure + 1, max(0, unsure - 1)) if dated else cell(sure, unsure + 1)
        assert after.score <= before.score
        assert WIDTH.get(after.verdict, 0) <= WIDTH.get(before.verdict, 0)


class TestWeight:
    def test_the_money_in_the_deals_weighs(self):
        raised = raised_by(8) + [raise_(i, concern="value_roi") for i in range(2, 10)]
        deals = {f"d{i}": Deal(1000.0 if i > 7 else 10.0) for i in range(10)}
        both = {"concerns": ("price_budget", "value_roi"), "deals": deals}

        plain = gaps(raised, present(10), **both)
        weighed = gaps(raised, present(10), **both, rules=replace(RULES, weight="pipeline"))

        assert next(iter(plain))[0] == "price_budget"
        assert next(iter(weighed))[0] == "value_roi"
        cell = weighed["value_roi", "champion", "decision"]
        assert cell.weight == pytest.approx(2060 / 2080, abs=1e-6)
        assert cell.score == pytest.approx(
            plain["value_roi", "champion", "decision"].score * 2060 / 2080, abs=1e-5
        )

    def test_a_deal_without_amount_counts_as_the_median_deal(self):
        deals = {"a": Deal(10.0), "b": Deal(30.0), "c": Deal(50.0), "d": Deal()}

        assert stakes_of(deals) == pytest.approx({"a": 1 / 12, "b": 0.25, "c": 5 / 12, "d": 0.25})
        assert stakes_of({"a": Deal(), "b": Deal()}) == {"a": 0.5, "b": 0.5}
        assert stakes_of({}) == {}

    def test_only_open_deals_are_at_stake(self):
        deals = {
            "a": Deal(30.0),
            "b": Deal(10.0),
            "c": Deal(90.0, "won"),
            "d": Deal(90.0, "lost"),
            "e": Deal(90.0, "disqualified"),
        }

        assert stakes_of(deals) == {"a": 0.75, "b": 0.25}
        assert stakes_of({"c": Deal(90.0, "won")}) == {}

    def test_where_no_deal_is_open_nothing_weighs(self):
        deals = {f"d{i}": Deal(10.0 * i, "lost") for i in range(10)}
        plain = gaps(raised_by(8), present(10), deals=deals)
        weighed = gaps(
            raised_by(8), present(10), deals=deals, rules=replace(RULES, weight="pipeline")
        )
        assert weighed == plain


class TestRollUps:
    def test_where_a_cell_has_too_few_calls_its_nearest_roll_up_speaks(self):
        people = [("champion", range(4)), ("end_user", range(4, 8)), ("coach", range(8, 12))]
        presences = [Presence(f"d{i}", who, "decision") for who, deals in people for i in deals]
        raised = [raise_(i, persona=who) for who, deals in people for i in deals]

        found = gaps(raised, presences)

        assert found[CELL].verdict == "too_few_calls"
        assert found[CELL].rolled_up == "2026-10/price_budget/any/decision"
        assert found["price_budget", "any", "decision"].verdict == "gap"
        assert [gap.level for gap in found.values()] == ["concern", "stage", *["cell"] * 3]

    def test_the_roll_up_over_all_speaks_where_the_stage_is_too_thin(self):
        presences = [Presence(f"d{i}", "champion", f"stage {i % 3}") for i in range(12)]
        raised = [raise_(i, stage=f"stage {i % 3}") for i in range(12)]

        found = gaps(raised, presences)

        for stage in ("stage 0", "stage 1", "stage 2"):
            for persona in ("champion", "any"):
                gap = found["price_budget", persona, stage]
                assert gap.rolled_up == "2026-10/price_budget/any/any"

    def test_nothing_speaks_for_a_cell_that_speaks_or_where_all_is_thin(self):
        assert {gap.rolled_up for gap in gaps(raised_by(8), present(10)).values()} == {""}
        assert {gap.rolled_up for gap in gaps(raised_by(3), present(4)).values()} == {""}


class TestRanks:
    def test_ranks_that_deals_leave_open_and_ranks_that_they_do_not(self):
        raised = [raise_(i) for i in range(36)]
        raised += [raise_(i, concern="value_roi") for i in range(20)]
        raised += [raise_(i, concern="need_fit") for i in range(20, 40)]
        deals = {f"d{i}": Deal(outcome="lost" if i < 18 or i >= 22 else "open") for i in range(40)}
        concerns = ("price_budget", "value_roi", "need_fit", "trust_proof")

        found = gaps(raised, present(40), deals=deals, concerns=concerns)

        ranks = {
            key[0]: (gap.rank_low, gap.rank_high)
            for key, gap in found.items()
            if gap.level == "cell"
        }
        assert ranks == {
            "price_budget": (1, 1),
            "value_roi": (2, 3),
            "need_fit": (2, 3),
            "trust_proof": (0, 0),
        }

    def test_ranks_are_the_same_each_time(self):
        raised = raised_by(8) + [raise_(i, concern="value_roi") for i in range(2, 10)]

        first, second = (gaps(raised, present(10), concerns=BOTH) for _ in range(2))

        assert first == second


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
ANY_ITEM = st.builds(
    item,
    st.uuids().map(str),
    concerns=st.lists(CONCERNS, unique=True).map(tuple),
    personas=st.lists(st.sampled_from(["champion", "end_user"]), unique=True).map(tuple),
    stages=st.lists(st.sampled_from(["awareness", "decision"]), unique=True).map(tuple),
    status=st.sampled_from(["live", "draft"]),
    expires_on=st.sampled_from(["", "2026-10-30"]),
    url=st.sampled_from(["", "https://content.example/a"]),
    owner=st.sampled_from(["", "Dana"]),
    published_on=st.sampled_from(["", "2026-01-01"]),
)
ITEMS = st.lists(ANY_ITEM, max_size=4)
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
@given(
    st.lists(RAISED, max_size=30), st.lists(PRESENT, max_size=30), ITEMS, ANY_ITEM, st.booleans()
)
def test_no_asset_more_ever_makes_a_gap_wider(raised, presences, inventory, one, weighed):
    rules = replace(RULES, weight="pipeline" if weighed else "none")
    deals = {f"d{i}": Deal(float(i)) for i in range(12)}
    before = gaps(raised, presences, inventory, deals, rules=rules, concerns=BOTH)
    after = gaps(raised, presences, [*inventory, one], deals, rules=rules, concerns=BOTH)

    assert set(after) == set(before)
    for cell, gap in after.items():
        assert gap.score <= before[cell].score
        assert WIDTH.get(gap.verdict, 0) <= WIDTH.get(before[cell].verdict, 0)
        assert (gap.raising, gap.eligible) == (before[cell].raising, before[cell].eligible)


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.lists(PRESENT, max_size=30), ITEMS)
def test_a_deal_that_only_speaks_never_raises_the_share(raised, presences, inventory):
    before = gaps(raised, presences, inventory, concerns=BOTH)
    after = gaps(raised, [*presences, *present(1, "end_user")], inventory, concerns=BOTH)

    for cell, gap in before.items():
        assert after[cell].share <= gap.share
        assert after[cell].raising == gap.raising


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.integers(0, 11))
def test_a_raising_deal_more_never_lowers_the_demand(raised, deal):
    everyone = [
        presence._replace(persona=persona, stage=stage)
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
        assert gap.p_value <= before[cell].p_value + 1e-6
        assert set(gap.evidence) >= set(before[cell].evidence)


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, max_size=30), st.lists(PRESENT, max_size=30), RAISED)
def test_a_raising_deal_that_is_new_never_lowers_the_demand(raised, presences, one):
    new = one._replace(deal="new", call="new", utterance="new")
    before = gaps(raised, presences, concerns=BOTH)
    after = gaps([*raised, new], presences, concerns=BOTH)

    assert before.keys() <= after.keys()
    for cell, gap in before.items():
        assert after[cell].raising >= gap.raising
        assert after[cell].share >= gap.share
        assert after[cell].share_low >= gap.share_low


def test_who_raises_a_concern_is_counted_in_deals_of_all_that_raise_it():
    raised = [
        raise_(1),
        raise_(1, call="other"),
        raise_(2, persona="end_user"),
        raise_(2),
        raise_(3, persona="unknown"),
        raise_(3, concern="need_fit", persona="unknown", stage="awareness"),
    ]
    assert shares_of(raised, "persona") == {
        ("price_budget", "champion"): (2, 2),
        ("price_budget", "end_user"): (1, 2),
    }
    assert shares_of(raised, "stage") == {
        ("need_fit", "awareness"): (1, 1),
        ("price_budget", "decision"): (3, 3),
    }
