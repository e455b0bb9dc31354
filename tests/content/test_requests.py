from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from asking import event, request

from callinsight.content.requests import (
    advance,
    as_it_stood,
    check_vote,
    checked,
    fields_tell,
    number_of,
    same_cell,
    words_in_common,
)
from callinsight.errors import InputError
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TODAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy(DEFAULT_TAXONOMY)


def refusal(function, *args, **options) -> str:
    with pytest.raises(InputError) as caught:
        function(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize("text", ["R-3", "r-3", "R3", "3", " 3 "])
def test_a_number_is_read_as_people_write_it(text):
    assert number_of(text) == 3


@pytest.mark.parametrize("text", ["", "R-0", "-3", "R-", "three", "3.5", "R-3; R-4", "²"])
def test_what_is_no_number_is_named(text):
    assert refusal(number_of, text) == (f"'{text}' is no request; write its number, such as R-3")


class TestSteps:
    def test_the_way_from_new_to_delivered(self):
        states = [request()]
        for step in ("accept", "start", "deliver"):
            states.append(advance(states[-1], step))
        assert [one.state for one in states] == ["new", "accepted", "in_progress", "delivered"]

    @pytest.mark.parametrize("state", ["new", "accepted", "in_progress"])
    def test_what_is_not_delivered_can_be_declined(self, state):
        assert advance(request(state=state), "decline").state == "declined"

    @pytest.mark.parametrize(
        ("state", "step", "message"),
        [
            (
                "new",
                "start",
                (
                    "R-3 is new and cannot be started; the next step is to accept it "
                    "('callinsight requests accept R-3')"
                ),
            ),
            (
                "new",
                "deliver",
                (
                    "R-3 is new and cannot be delivered; the next step is to accept it "
                    "('callinsight requests accept R-3')"
                ),
            ),
            (
                "accepted",
                "accept",
                (
                    "R-3 is accepted and cannot be accepted; the next step is to start it "
                    "('callinsight requests start R-3')"
                ),
            ),
            (
                "in_progress",
                "start",
                (
                    "R-3 is in progress and cannot be started; the next step is to deliver it "
                    "('callinsight requests deliver R-3 --asset ID')"
                ),
            ),
            (
                "delivered",
                "decline",
                (
                    "R-3 is delivered and cannot be declined; "
                    "what it was delivered as stands there ('callinsight requests show R-3')"
                ),
            ),
            (
                "declined",
                "accept",
                (
                    "R-3 is declined and cannot be accepted; "
                    "ask for it anew ('callinsight requests new')"
                ),
            ),
        ],
    )
    def test_a_wrong_step_names_the_next(self, state, step, message):
        assert refusal(advance, request(state=state), step) == message

    def test_it_is_told_as_it_stood_after_its_first_events(self):
        now = request(state="delivered", votes=1, item="A-1")
        events = [event(kind) for kind in ("new", "vote", "accept", "start", "deliver")]

        told = [as_it_stood(now, events[:n]) for n in range(6)]

        assert [(one.state, one.votes, one.item) for one in told] == [
            ("new", 0, ""),
            ("new", 0, ""),
            ("new", 1, ""),
            ("accepted", 1, ""),
            ("in_progress", 1, ""),
            ("delivered", 1, "A-1"),
        ]


class TestVotes:
    def test_another_may_vote_while_it_is_open(self):
        for state in ("new", "accepted", "in_progress"):
            check_vote(request(state=state), [event("vote", who="Jo")], "Lena")

    def test_nobody_votes_twice_whatever_the_case(self):
        message = refusal(check_vote, request(), [event("vote", who="Jo")], "JO")
        assert message == "JO has voted for R-3 already"

    def test_nobody_votes_for_his_own(self):
        message = refusal(check_vote, request(), [], "mara")
        assert message == "R-3 is mara's own request; others may vote for it"

    def test_what_is_closed_takes_no_votes(self):
        assert refusal(check_vote, request(state="delivered"), [], "Jo") == (
            "R-3 is delivered and cannot be voted for; "
            "what it was delivered as stands there ('callinsight requests show R-3')"
        )


class TestChecks:
    def test_texts_lose_what_a_terminal_would_obey(self, taxonomy):
        draft = request(
            title="  ROI\x1b[31m \n tool\u202e ",
            claims="one\r\n\n two\x07 ",
            deals=("D-1\x1b", " "),
            use="a\tb",
        )
        clean = checked(draft, taxonomy, (), today=TODAY)
        assert (clean.title, clean.claims) == ("ROI[31m tool", "one\ntwo")
        assert (clean.deals, clean.use) == (("D-1",), "a b")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"title": " \x00"}, "a request needs a title: say what is missing (--title TEXT)"),
            (
                {"title": "x" * 201},
                "the title has 201 characters; 200 are the most, say the rest under use (--use TEXT)",
            ),
            (
                {"content_type": "roi_tol"},
                "there is no content type 'roi_tol'; did you mean 'roi_tool'?",
            ),
            ({"concern": "price"}, None),
            ({"persona": "champ"}, "there is no persona 'champ'; did you mean 'champion'?"),
            ({"stage": "decison"}, "there is no stage 'decison'; did you mean 'decision'?"),
            ({"priority": "P4"}, None),
            ({"priority": ""}, None),
            (
                {"concern": "topic:9"},
                "there is no topic '9'; the list of topics shows them all ('callinsight topics list')",
            ),
            (
                {"concern": "topic:x"},
                "there is no topic 'x'; the list of topics shows them all ('callinsight topics list')",
            ),
            (
                {"needed_by": "2026-11-01"},
                "'2026-11-01' lies in the past; say when it is needed (--needed-by), or leave it out",
            ),
        ],
    )
    def test_a_field_that_cannot_be_is_named(self, taxonomy, changes, message):
        told = refusal(checked, request(**changes), taxonomy, (1, 2), today=TODAY)
        (name, value), *_ = changes.items()
        assert told == message or told.startswith(f"there is no {name} '{value}'")

    def test_a_theme_any_role_and_today_are_fine(self, taxonomy):
        draft = request(concern="topic:2", persona="any", stage="any", needed_by="2026-11-02")
        assert checked(draft, taxonomy, (1, 2), today=TODAY) == draft


class TestLikeness:
    def test_the_same_type_for_the_same_cell_is_the_same(self):
        one = request(concern="need_fit", persona="champion", stage="decision", content_type="demo")
        assert same_cell(one, dataclasses.replace(one, title="Something else"))
        assert same_cell(one, dataclasses.replace(one, persona="any"))
        assert same_cell(one, dataclasses.replace(one, stage=""))
        for name, other in (
            ("concern", "competitor"),
            ("persona", "end_user"),
            ("stage", "awareness"),
            ("content_type", "video"),
        ):
            assert not same_cell(one, dataclasses.replace(one, **{name: other}))

    def test_without_a_concern_there_is_no_cell(self):
        assert not same_cell(request(), request())

    def test_fields_add_where_they_agree_and_take_where_they_do_not(self):
        one = request(concern="need_fit", content_type="demo", persona="champion")
        for other, told in (
            (request(), 0.0),
            (request(concern="need_fit"), 0.25),
            (request(concern="need_fit", content_type="video"), 0.2),
            (request(concern="need_fit", content_type="demo", persona="any"), 0.3),
            (request(concern="competitor", content_type="demo"), -0.2),
            (request(persona="end_user"), -0.1),
        ):
            assert fields_tell(one, other) == fields_tell(other, one) == pytest.approx(told)

    def test_words_are_compared_without_little_ones_and_endings(self):
        assert words_in_common("Case studies for the CFO", "case studies: CFOs") == 1.0
        assert words_in_common("Security whitepaper", "Pricing sheet") == 0.0
        assert words_in_common("Security whitepaper", "Security pack") == pytest.approx(1 / 3)
        assert words_in_common("the", "of") == 0.0
