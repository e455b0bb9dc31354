"""What buyers asked for, and whether anything fitting went to their deal since."""

import dataclasses
from datetime import date

import pytest

from callinsight.records import UsageEvent
from callinsight.reports.asks import ask_sentence, asks_of, doubtful_asks, is_tracked, kinds_of
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
AS_OF = date(2026, 10, 31)


def ask(
    month,
    id_,
    kind,
    *,
    deal="D-1",
    account="",
    day="2026-10-06",
    outcome="open",
    status="sure",
    score=0.9,
    words="Can you send me something on that?",
):
    facts = {"deal": deal, "account": account or deal, "outcome": outcome}
    recorded = f"{day}T10:00:00+01:00"
    turn = ("security_compliance", "question", words)
    month.call(id_, "champion", "decision", turn, recorded_at=recorded, **facts)
    said = {"kind": "ask", "label": kind, "stance": "none", "evidence": words}
    tag = dataclasses.replace(month.tags[-1], status=status, score=score, **said)
    month.tags.append(tag)


def sent(month, item, day, *, event="share", deal="D-1", call="", utterance=""):
    facts = {"event": event, "deal": deal, "call": call, "utterance": utterance}
    number = len(month.events)
    month.events.append(UsageEvent(id=f"e{number}", item=item, occurred_at=day, **facts))


def asks(month, *, as_of=AS_OF, taxonomy=TAXONOMY, talk=None):
    calls = {call.id: call for call in month.calls}
    return asks_of(
        month.tags,
        calls,
        {id_: call.recorded_at[:10] for id_, call in calls.items()},
        month.events,
        [(call.id, call.deal, call.account) for call in month.calls],
        month.items,
        [item for item in month.items if item.status == "live"],
        taxonomy,
        as_of,
        talk or {},
    )


def test_an_ask_is_answered_by_a_fitting_asset_that_went_to_the_deal_since(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack")
    sent(empty, "A-1", "2026-10-08")

    (one,) = asks(empty)

    assert (one.label, one.answered, one.answered_on) == ("Security pack", "A-1", "2026-10-08")


@pytest.mark.parametrize(
    ("kind", "day", "event", "deal"),
    [
        ("blog", "2026-10-08", "share", "D-1"),  # of another type
        ("security_pack", "2026-10-05", "share", "D-1"),  # before they asked
        ("security_pack", "2026-11-01", "share", "D-1"),  # after the day of the report
        ("security_pack", "2026-10-08", "view", "D-1"),  # a colleague looked at it
        ("security_pack", "2026-10-08", "share", "D-2"),  # to another account
        ("security_pack", "2026-10-08", "share", ""),  # nobody knows to whom
    ],
)
def test_what_does_not_answer_an_ask(empty, kind, day, event, deal):
    empty.item("A-1", content_type=kind)
    ask(empty, "c1", "security_pack")
    sent(empty, "A-1", day, event=event, deal=deal)

    assert [one.answered for one in asks(empty)] == [""]


def test_a_mention_in_a_call_of_the_deal_on_the_same_day_answers_it(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack")
    sent(empty, "A-1", "2026-10-06T10:20:00+01:00", event="call_mention", deal="", call="c1")

    assert [one.answered for one in asks(empty)] == ["A-1"]


def test_a_mention_in_the_same_call_answers_what_was_asked_before_it_only(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack")
    turn = empty.tags[-1].utterance
    facts = {"event": "call_mention", "deal": "D-1", "call": "c1"}
    sent(empty, "A-1", "2026-10-06", utterance="c1:0000", **facts)
    assert turn > "c1:0000"
    assert [one.answered for one in asks(empty)] == [""]
    sent(empty, "A-1", "2026-10-06", utterance="c1:9999", **facts)
    assert [one.answered for one in asks(empty)] == ["A-1"]


def test_what_went_to_another_deal_of_the_account_answers_it(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack", deal="D-1", account="Acme")
    ask(empty, "c2", "roi_proof", deal="D-2", account="Acme")
    sent(empty, "A-1", "2026-10-08", deal="D-2")

    assert [(one.label, one.answered) for one in asks(empty)] == [
        ("Proof of return", ""),
        ("Security pack", "A-1"),
    ]


def test_a_deal_that_asks_twice_counts_once_and_by_its_last_ask(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack", day="2026-10-06")
    ask(empty, "c2", "security_pack", day="2026-10-20")
    sent(empty, "A-1", "2026-10-08")

    (one,) = asks(empty)

    assert (one.asked_on, one.call, one.answered) == ("2026-10-20", "c2", "")


@pytest.mark.parametrize(
    ("changes", "doubtful"),
    [
        ({"status": "unsure"}, 0),  # which counts in no number
        ({"score": 0.79}, 1),
        ({"kind": "other"}, 1),  # nobody could say what would answer it
        ({"words": "I'll scan you some on Friday."}, 1),  # the buyer's own offer
        ({"words": "You can have the bag, diesel and all."}, 1),
        ({"words": "I’ll have someone photograph the tin for you."}, 1),
    ],
)
def test_a_doubtful_ask_is_not_held_against_anybody(empty, changes, doubtful):
    ask(empty, "c1", **{"kind": "security_pack"} | changes)

    assert asks(empty) == ()
    assert doubtful_asks(empty.tags, {"c1"}, TAXONOMY, {}) == doubtful


@pytest.mark.parametrize(
    "words",
    [
        "I'll ring you once you send me the summary.",
        "I can read it if you mail us the pack.",
        "Could you send me the report?",
        "Have you got the training stuff to send over?",
    ],
)
def test_an_ask_that_names_the_seller_is_one(empty, words):
    ask(empty, "c1", "security_pack", words=words)

    assert len(asks(empty)) == 1
    assert doubtful_asks(empty.tags, {"c1"}, TAXONOMY, {}) == 0


def test_a_kind_without_content_types_is_answered_by_anything(empty):
    written = dataclasses.replace(TAXONOMY.asks["in_writing"], content_types=())
    taxonomy = dataclasses.replace(TAXONOMY, asks={"in_writing": written})
    empty.item("A-1", content_type="blog")
    ask(empty, "c1", "in_writing")
    assert kinds_of(asks(empty, taxonomy=taxonomy), empty.items, taxonomy)[0].assets is None
    sent(empty, "A-1", "2026-10-08")

    assert [one.answered for one in asks(empty, taxonomy=taxonomy)] == ["A-1"]


def test_what_could_be_sent_is_on_the_concern_before_it_is_for_the_buyer(empty):
    empty.item("A-1", content_type="security_pack", personas=("champion",))
    empty.item("A-2", "security_compliance", content_type="security_pack", personas=("end_user",))
    empty.item("A-3", content_type="security_pack", status="draft")
    empty.item("A-4", "security_compliance", content_type="blog")
    ask(empty, "c1", "security_pack")

    assert [one.could_send for one in asks(empty)] == [("A-2", "A-1")]


def test_the_sentence_counts_deals_that_wait(empty):
    empty.item("A-1", content_type="security_pack")
    assert ask_sentence(asks(empty), tracked=True) == ""
    ask(empty, "c1", "security_pack")
    ask(empty, "c2", "roi_proof", deal="D-2")
    ask(empty, "c3", "roi_proof", deal="D-3", outcome="lost")

    assert ask_sentence(asks(empty), tracked=True) == (
        "Three deals asked for 3 things to be sent. For 3 nothing fitting has gone to the account since, "
        "2 in deals that are still open; for 1 an asset of the kind is at hand."
    )
    assert ask_sentence(asks(empty), tracked=True, doubtful=2).endswith(
        " Two more turns may ask for something; that is too unsure to be listed."
    )
    assert [
        (k.label, k.deals, k.unanswered, k.assets)
        for k in kinds_of(asks(empty), empty.items, TAXONOMY)
    ] == [("Proof of return", 2, 2, 0), ("Security pack", 1, 1, 1)]


def test_where_no_usage_names_a_deal_nothing_is_said_to_be_unanswered(empty, tmp_path):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack")
    sent(empty, "A-1", "2026-10-08", deal="")

    assert not is_tracked(empty.events)
    assert ask_sentence(asks(empty), tracked=False) == (
        "One deal asked for one thing to be sent. Whether anything was sent is not known: no row of "
        "the usage sheet names a deal or a call."
    )
    assert empty.report(asks=asks(empty), asks_tracked=False).open_asks == ()


def test_the_page_lists_open_deals_with_their_words(empty):
    empty.item("A-1", content_type="security_pack")
    ask(empty, "c1", "security_pack")
    ask(empty, "c2", "roi_proof", deal="D-2", outcome="won")

    report = empty.report(asks=asks(empty))

    assert [(a.label, a.deal, a.words, a.could_send) for a in report.open_asks] == [
        (
            "Security pack",
            "D-1",
            "Can you send me something on that?",
            (("Asset A-1", "https://content.example/A-1"),),
        )
    ]


@pytest.mark.parametrize(
    ("said", "reply", "listed", "doubtful"),
    [
        ("Could you send me the pen test report?", "You'll have it tonight.", 1, 0),
        ("Show me the bit where I see who approved it.", "There at the top. Press that.", 0, 0),
        ("Portal. Link's in my signature.", "The portal it is.", 0, 1),
        ("It should land in my mail on a Monday. Can I save that?", "Choose Schedule.", 0, 0),
    ],
)
def test_what_is_shown_or_told_at_once_was_not_asked_to_be_sent(
    empty, said, reply, listed, doubtful
):
    ask(empty, "c1", "in_writing")
    talk = {empty.tags[-1].utterance: (said, reply)}
    assert len(asks(empty, talk=talk)) == listed
    assert doubtful_asks(empty.tags, {"c1"}, TAXONOMY, talk) == doubtful


@pytest.mark.parametrize(("reply", "listed"), [("Which one?", 0), ("I'll send you both.", 1)])
def test_an_ask_that_is_less_sure_counts_where_the_seller_promises_it(empty, reply, listed):
    ask(empty, "c1", "security_pack", score=0.5)
    talk = {empty.tags[-1].utterance: ("Would you send me your pen test summary?", reply)}
    assert len(asks(empty, talk=talk)) == listed
