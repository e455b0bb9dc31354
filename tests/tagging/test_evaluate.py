import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.tagging.evaluate import (
    calibrate,
    confuse,
    evaluate,
    sure_concerns,
)
from callinsight.tagging.gold import Gold, read_gold
from callinsight.tagging.reading import Reading, Scored

CONCERNS = ["price", "timing", "trust"]
COLUMNS_ARE = (
    "a file of labelled turns has the columns id, context, text, subjects, acceptable_subjects, "
    "stance, acceptable_stances, ask, acceptable_ask, of which text and subjects must be there"
)
KNOWN = ["price_budget", "value_roi", "trust_proof"]


def gold(concerns: str = "", acceptable: str = "", stance: str = "", **more) -> Gold:
    agreed = frozenset(concerns.split())
    return Gold(
        id="t",
        context="",
        text="words",
        concerns=agreed,
        acceptable=agreed | set(acceptable.split()),
        stance=stance,
        acceptable_stances=frozenset({stance} - {""}),
        **more,
    )


def read(sure: str = "", unsure: str = "", stance: str = "none", *, asks: bool = False) -> Reading:
    said = [(label, 0.8, "sure") for label in sure.split()]
    said += [(label, 0.3, "unsure") for label in unsure.split()]
    concerns = tuple(Scored(label, score, status, "", "") for label, score, status in said)
    return Reading(concerns, stance, 0.7, asks, (), 0.5)


def counts(score) -> tuple[int, int, int, int]:
    return score.agreed, score.right, score.wrong, score.missed


class TestScores:
    turns = (
        gold("price"),  # right
        gold("price", "timing"),  # right, and timing is no mistake
        gold("price"),  # missed: unsure does not count
        gold("price"),  # missed, and trust is wrong
        gold("timing"),
        gold(),  # price is wrong
    )
    readings = (
        read("price"),
        read("price timing"),
        read(unsure="price"),
        read("trust"),
        read("timing"),
        read("price"),
    )

    def test_a_tag_is_right_that_one_annotator_sees_and_missed_that_all_see(self):
        scores = evaluate(self.turns, self.readings, CONCERNS).lenient
        assert {c: counts(s) for c, s in scores.concerns.items()} == {
            "price": (4, 2, 1, 2),
            "timing": (1, 2, 0, 0),
            "trust": (0, 0, 1, 0),
        }
        rates = scores.concerns["price"].rates
        assert rates.precision.value == pytest.approx(2 / 3)
        assert rates.recall.value == pytest.approx(1 / 2)
        assert rates.f1.value == pytest.approx(4 / 7)

    def test_only_concerns_with_three_agreed_turns_are_in_the_average(self):
        scores = evaluate(self.turns, self.readings, CONCERNS).lenient
        assert scores.counted == ("price",)
        assert scores.macro.f1 == scores.concerns["price"].rates.f1

    def test_the_average_is_of_the_scores_of_concerns_not_of_turns(self):
        turns = [gold("price")] * 9 + [gold("timing")] * 3
        readings = [read("price")] * 9 + [read()] * 3
        macro = evaluate(turns, readings, CONCERNS).lenient.macro
        assert (macro.precision.value, macro.recall.value, macro.f1.value) == (0.5, 0.5, 0.5)

    def test_strictly_only_what_all_annotators_see_is_right(self):
        result = evaluate(self.turns, self.readings, CONCERNS)
        assert {c: counts(s) for c, s in result.strict.concerns.items()} == {
            "price": (4, 2, 1, 2),
            "timing": (1, 1, 1, 0),
            "trust": (0, 0, 1, 0),
        }
        assert result.exact.value == pytest.approx(2 / 6)

    def test_what_nobody_says_and_nobody_sees_has_no_score(self):
        rates = evaluate([gold()], [read()], CONCERNS).lenient.concerns["trust"].rates
        assert math.isnan(rates.f1.value)
        assert math.isnan(rates.precision.low)

    def test_asks_on_which_annotators_differ_are_neither_wrong_nor_missed(self):
        turns = [
            gold(ask=True, ask_acceptable=True),
            gold(ask=True, ask_acceptable=True),
            gold(ask=None, ask_acceptable=True),
            gold(ask=None, ask_acceptable=True),
            gold(ask=False),
        ]
        readings = [read(asks=asks) for asks in (True, False, True, False, True)]
        assert counts(evaluate(turns, readings, CONCERNS).asks) == (2, 2, 1, 1)


class TestStances:
    def test_kappa_by_hand(self):
        # 10 turns, 4 objections; ours: 3 of them and 1 other. Same in 8; chance .4*.4+.6*.6 = .52
        turns = [gold("price", stance="objection")] * 4 + [gold("price", stance="mention")] * 6
        readings = [read("price", stance="objection")] * 3 + [read("price", stance="mention")]
        readings += [read("price", stance="objection")] + [read("price", stance="mention")] * 5
        result = evaluate(turns, readings, CONCERNS)
        assert result.objections.kappa.value == pytest.approx((0.8 - 0.52) / 0.48)
        assert result.stances == result.objections  # there are no other stances
        assert result.stance_right.value == pytest.approx(0.8)

    def test_four_stances_differ_where_objections_do_not(self):
        turns = [gold("price", stance=s) for s in ("objection", "question", "mention", "none")]
        readings = [read("price", stance=s) for s in ("objection", "mention", "question", "none")]
        result = evaluate(turns, readings, CONCERNS)
        assert result.objections.kappa.value == 1
        assert result.stances.kappa.value == pytest.approx((0.5 - 0.25) / 0.75)

    def test_turns_without_an_agreed_stance_are_left_out(self):
        turns = [gold(stance="objection"), gold(stance="none"), gold()]
        readings = [read(stance="objection"), read(), read(stance="objection")]
        result = evaluate(turns, readings, CONCERNS)
        assert (result.objections.turns, result.objections.kappa.value) == (2, 1)

    def test_one_answer_to_all_turns_has_no_kappa(self):
        result = evaluate([gold(stance="none")] * 3, [read()] * 3, CONCERNS)
        assert math.isnan(result.objections.kappa.value)

    def test_missed_objections_say_what_was_said_instead(self):
        turns = [gold("price", "trust", stance="objection")] * 2
        readings = [read("price", stance="question"), read("price", stance="objection")]
        result = evaluate(turns, readings, CONCERNS)
        [missed] = result.missed_objections
        assert (missed.subjects, missed.stance) == (("price", "trust"), "question")
        assert missed.concerns == readings[0].concerns
        assert result.agreed_objections == 2


class TestCalibration:
    def test_bins_are_of_equal_count_and_errors_weigh_them(self):
        # 20 pairs in 10 bins; the scores of a bin are 0.1 too high against half of its pairs
        scores = [0.6] * 20
        turns = [gold("price") if i % 2 else gold() for i in range(20)]
        readings = [
            Reading((Scored("price", score, "sure", "", ""),), "none", 1, False, (), 0)
            for score in scores
        ]
        result = calibrate(turns, readings)
        assert [part.pairs for part in result.bins] == [2] * 10
        # sorted by score, then by what is right: ten wrong pairs first
        assert result.error == pytest.approx((10 * 0.6 + 10 * 0.4) / 20)

    def test_unsure_tags_count_and_what_is_below_a_tenth_does_not(self):
        said = tuple(
            Scored(label, score, "unsure", "", "")
            for label, score in (("price", 0.25), ("timing", 0.0999), ("trust", 0.1))
        )
        result = calibrate([gold("price", "trust")], [Reading(said, "none", 1, False, (), 0)])
        assert [(part.score, part.right, part.agreed) for part in result.bins] == [
            (0.1, 1, 0),
            (0.25, 1, 1),
        ]
        assert result.error == pytest.approx((0.9 + 0.75) / 2)
        assert result.strict_error == pytest.approx((0.1 + 0.75) / 2)

    def test_no_tags_have_no_error(self):
        result = calibrate([gold()], [read()])
        assert result.bins == ()
        assert math.isnan(result.error)


def test_confusion_says_which_concern_stands_for_a_missed_one():
    turns = [gold("price"), gold("price"), gold("price"), gold("trust", "timing"), gold("trust")]
    given = [{"trust"}, set(), {"price", "timing"}, {"timing"}, {"price", "timing"}]
    assert confuse(turns, [frozenset(labels) for labels in given]) == {
        "nothing": {"timing": 1},
        "price": {"nothing": 1, "trust": 1},
        "trust": {"nothing": 1, "price": 1, "timing": 1},
    }


@st.composite
def labelled(draw):
    labels = draw(st.lists(st.sets(st.sampled_from(CONCERNS)), min_size=4, max_size=30))
    turns = [
        gold(" ".join(said), stance=draw(st.sampled_from(STANCES)), ask=draw(st.booleans()))
        for said in labels
    ]
    return [
        *turns,
        *(gold("price", stance="objection", ask=True, ask_acceptable=True) for _ in range(3)),
        gold(stance="none", ask=False),
    ]


class TestProperties:
    @settings(max_examples=20, deadline=None)
    @given(labelled())
    def test_readings_that_are_the_labels_are_perfect(self, turns):
        readings = [
            read(" ".join(sorted(g.concerns)), stance=g.stance, asks=g.ask_acceptable)
            for g in turns
        ]
        result = evaluate(turns, readings, CONCERNS)
        for scores in (result.lenient, result.strict):
            assert (scores.macro.f1.value, scores.macro.f1.low) == (1, 1)
        assert result.exact.value == 1
        assert result.objections.kappa.value == 1
        assert result.stances.kappa.value == pytest.approx(1)
        assert result.confusion == {}
        assert result.missed_objections == ()

    @settings(max_examples=20, deadline=None)
    @given(labelled(), st.randoms(use_true_random=False))
    def test_strict_is_never_more_precise_and_intervals_hold_the_value(self, turns, random):
        readings = [
            read(" ".join(c for c in CONCERNS if random.random() < 0.5), asks=random.random() < 0.5)
            for _ in turns
        ]
        wider = [
            Gold(**{**vars(g), "acceptable": g.concerns | {random.choice(CONCERNS)}}) for g in turns
        ]
        result = evaluate(wider, readings, CONCERNS)
        for concern in CONCERNS:
            lenient, strict = (s.concerns[concern] for s in (result.lenient, result.strict))
            assert strict.right <= lenient.right
            assert strict.missed == lenient.missed
            assert lenient.right + lenient.wrong == strict.right + strict.wrong
        f1 = result.lenient.macro.f1
        assert 0 <= f1.low <= f1.high <= 1

    def test_the_same_turns_give_the_same_intervals(self):
        turns = [gold("price"), gold("price"), gold("price"), gold()] * 5
        readings = [read("price"), read(), read("price"), read("price")] * 5
        first, again = (evaluate(turns, readings, CONCERNS) for _ in range(2))
        assert repr(first) == repr(again)
        rate = first.lenient.concerns["price"].rates.recall
        assert rate.low < rate.value < rate.high
        # a share of 2/3 of 15 agreed turns: the normal interval is 0.43 to 0.91
        assert (rate.low, rate.high) == pytest.approx((0.43, 0.91), abs=0.06)


class TestGoldFiles:
    def write(self, folder: Path, text: str) -> Path:
        path = folder / "gold.csv"
        path.write_text(text, encoding="utf-8")
        return path

    def test_all_columns_and_others(self, tmp_path):
        path = self.write(
            tmp_path,
            "id,context,text,subjects,acceptable_subjects,stance,acceptable_stances,ask,"
            "acceptable_ask,note\n"
            "a,So?,Too dear,price_budget,price_budget;value_roi,objection,objection,0,0,x\n"
            "b,,Hm maybe,,trust_proof,,question;mention,,0;1,\n",
        )
        first, second = read_gold(path, KNOWN)
        assert first == Gold(
            id="a",
            context="So?",
            text="Too dear",
            concerns=frozenset({"price_budget"}),
            acceptable=frozenset({"price_budget", "value_roi"}),
            stance="objection",
            acceptable_stances=frozenset({"objection"}),
            ask=False,
        )
        assert second.acceptable == {"trust_proof"}
        assert (second.stance, second.acceptable_stances) == ("", {"question", "mention"})
        assert (second.ask, second.ask_acceptable) == (None, True)

    def test_text_and_subjects_are_enough(self, tmp_path):
        [turn] = read_gold(self.write(tmp_path, "text;subjects\nToo dear;value_roi\n"), KNOWN)
        assert (turn.id, turn.concerns, turn.stance, turn.ask) == (
            "gold.csv:2",
            {"value_roi"},
            "",
            None,
        )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "text,subjects\nToo dear,price_budgte\n",
                "gold.csv:2: subjects is 'price_budgte'; did you mean 'price_budget'?",
            ),
            ("text,subjects\n,price_budget\n", "gold.csv:2: text is empty; fill it in"),
            ("text,subjects,ask\nSend it,,perhaps\n", "gold.csv:2: ask is 'perhaps'; write 1 or 0"),
            (
                "text,subjects,stance\nHm,,angry\n",
                "gold.csv:2: stance is 'angry'; it must be one of objection, question, mention, none",
            ),
            (
                "text,concerns\nHm,\n",
                "gold.csv: there is no column 'subjects'; " + COLUMNS_ARE,
            ),
            ("text,subjects\n", "gold.csv: there are no turns in it; write one a row"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_row(self, tmp_path, text, message):
        with pytest.raises(InputError) as caught:
            read_gold(self.write(tmp_path, text), KNOWN)
        assert str(caught.value) == message


def test_only_sure_concerns_count():
    assert sure_concerns(read("price", unsure="trust")) == {"price"}
    assert np.isclose(read("price").concerns[0].score, 0.8)
