"""What is asked for, in sentences that no phrase was written from."""

import pytest

from callinsight.tagging.asks import OTHER, Ask, ask_kind, ask_matcher
from callinsight.tagging.labelled import load_turns
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
ASKS = [
    ("Do you have a case study from a logistics company?", "case_study"),
    ("have you got anything written up about a bakery you did", "case_study"),
    ("I'd love to read a success story from our sector", "case_study"),
    ("could you share an example from a hospital our size", "case_study"),
    ("send me something from a company like ours", "case_study"),
    ("Could we speak to one of your customers?", "reference_call"),
    ("give me two names I can ring", "reference_call"),
    ("I'd want a reference call before we sign anything", "reference_call"),
    ("can you put me in touch with somebody who's live on it", "reference_call"),
    ("is there anyone near us who uses it that I could visit", "reference_call"),
    ("names and phone numbers of three clients, please", "reference_call"),
    ("could you email me the price list", "pricing_sheet"),
    ("I need a quote for forty users by Thursday", "pricing_sheet"),
    ("can you send a breakdown of the costs", "pricing_sheet"),
    ("please forward the revised proposal with the discount in it", "pricing_sheet"),
    ("what I need from you is a sheet with the cost per seat", "pricing_sheet"),
    ("Please send over your SOC 2 report.", "security_pack"),
    ("can I have the latest pen test summary", "security_pack"),
    (
        "our security guy wants the data processing agreement and the list of subprocessors",
        "security_pack",
    ),
    ("do you have a security whitepaper you can share", "security_pack"),
    ("we'd need your DPIA before anything else", "security_pack"),
    ("could you send the insurance certificate", "certificate"),
    ("I need to see the declaration of conformity", "certificate"),
    ("send me the accreditation letter please", "certificate"),
    ("is there an independent study I can read", "evidence"),
    ("can I get the test results, the raw data if possible", "evidence"),
    ("has somebody measured that, I'd like the report", "evidence"),
    ("do you have an ROI calculator", "roi_proof"),
    ("could you put together a business case for my CFO", "roi_proof"),
    ("send me the spreadsheet behind the savings", "roi_proof"),
    ("I'd need to see how many hours it would save us", "roi_proof"),
    ("can I get the contract in Word", "contract"),
    ("please send me the terms and conditions", "contract"),
    ("could you share your standard NDA", "contract"),
    ("mail me the wording of that clause", "contract"),
    ("send over a draft of the service level agreement", "contract"),
    ("where can I get the API documentation", "integration_guide"),
    ("do you have an integration guide for SAP you could send", "integration_guide"),
    ("could you share an architecture diagram", "integration_guide"),
    ("our admin wants the list of ports it needs", "integration_guide"),
    ("can you send me the data sheet", "product_documentation"),
    ("I'd like the full specification with the dimensions", "product_documentation"),
    ("is there a brochure you can leave with us", "product_documentation"),
    ("send me the list of supported languages", "product_documentation"),
    ("could you send a rollout plan with dates", "implementation_plan"),
    ("do you have a project plan template", "implementation_plan"),
    ("can we get a timeline week by week", "implementation_plan"),
    ("do you have training videos for new starters", "training_material"),
    ("could you share the user guide", "training_material"),
    ("is there a tutorial my people can follow", "training_material"),
    ("send me a comparison with what we have today", "comparison"),
    ("can you put the two side by side for me", "comparison"),
    ("do you have something on how you compare", "comparison"),
    ("can you send us the recording of this demo", "demo"),
    ("is there a short video I can show my team", "demo"),
    ("could you mail me a few screenshots", "demo"),
    ("can we get a trial account", "trial"),
    ("send us a sample so the lads can try it", "trial"),
    ("is there a sandbox we could play with", "trial"),
    ("could I have the slides", "presentation"),
    ("share the deck with me please", "presentation"),
    ("have you got a one pager for my boss", "overview"),
    ("send me something I can forward to the board", "overview"),
    ("could you confirm that in writing", "in_writing"),
    ("put it in an email for me", "in_writing"),
    ("please send the thing over tomorrow", OTHER),
    ("could you send a calendar invite", OTHER),
]


@pytest.fixture(scope="module")
def matcher():
    return ask_matcher(TAXONOMY)


@pytest.mark.parametrize(("text", "kind"), ASKS)
def test_the_kind_of_an_ask(matcher, text, kind):
    assert ask_kind(text, matcher).kind == kind


def test_every_kind_is_asked_for_here():
    assert {kind for _, kind in ASKS} == {*TAXONOMY.asks, OTHER}


def test_the_sentence_that_asks_decides_in_a_long_turn(matcher):
    text = (
        "Our contract with the old supplier has terms that nobody liked and pricing that went up. "
        "Could you send me the slides from today? "
        "Then I'll talk to the security people about the audit."
    )

    ask = ask_kind(text, matcher)

    assert ask == Ask(
        "presentation", "Could you send me the slides from today?", "slides from today"
    )


def test_the_sentence_may_be_given(matcher):
    text = "Could you send me the slides? And the contract would be good as well."

    ask = ask_kind(text, matcher, asking="And the contract would be good as well.")

    assert ask == Ask("contract", "And the contract would be good as well.", "contract")


def test_what_the_sentence_leaves_open_is_looked_for_in_the_rest_of_the_turn(matcher):
    ask = ask_kind("So there is a case study about that? Do send it to me please.", matcher)

    assert ask.kind == "case_study"


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("We wrote a case study about them. Shall I send it over?", "case_study"),
        ("I can put the prices into a quote for you.", "pricing_sheet"),
        ("We wrote a case study. So that was that. It rained a lot today. Shall I?", OTHER),
        ("", OTHER),
    ],
)
def test_yes_send_me_that_means_what_was_offered_last(matcher, context, kind):
    ask = ask_kind("yes please, do send that", matcher, context=context)

    assert (ask.kind, ask.sentence) == (kind, "yes please, do send that")


def test_a_general_kind_counts_only_where_no_other_fits(matcher):
    assert (
        ask_kind("could you put the price in writing and email it", matcher).kind == "pricing_sheet"
    )
    assert ask_kind("could you put that in writing and email it", matcher).kind == "in_writing"


@pytest.mark.parametrize(
    ("text", "kind", "more"),
    [
        (
            "could you send me the pricing sheet and set up a reference call",
            "pricing_sheet",
            ("reference_call",),
        ),
        (
            "Please send me the SOC 2 report, the API documentation and a pricing sheet.",
            "security_pack",
            ("integration_guide", "pricing_sheet"),
        ),
        ("I'd like the slides as well as a case study", "case_study", ("presentation",)),
        ("do send me the case study, it's for my security team's audit", "case_study", ()),
        ("send me a case study rather than a brochure", "case_study", ()),
        ("I want the recording of this demo, and then those slides", "demo", ("presentation",)),
        ("send me the certificate, the actual contract", "certificate", ()),
        ("could you put the price list and the terms in writing", "pricing_sheet", ("contract",)),
    ],
)
def test_further_kinds_are_those_that_are_listed_with_it(matcher, text, kind, more):
    ask = ask_kind(text, matcher)

    assert (ask.kind, ask.more) == (kind, more)


def test_no_words_no_kind(matcher):
    assert ask_kind("", matcher) == Ask(OTHER, "", "")


def test_few_asks_of_the_labelled_turns_are_of_no_known_kind(matcher):
    turns = [turn for turn in load_turns() if turn.ask_share == 1][::4]

    kinds = [ask_kind(turn.text, matcher, context=turn.context).kind for turn in turns]

    assert len(turns) > 100
    assert kinds.count(OTHER) < 0.15 * len(turns)


def test_what_the_seller_said_before_tells_no_kind_where_the_buyer_points_to_nothing(matcher):
    context = "I'd like to use that as a slide."
    asking = "Is there somebody our size I could ring up?"
    assert ask_kind(asking, matcher, asking=asking, context=context).kind == "reference_call"
    assert ask_kind("Link's in my bag.", matcher, context=context).kind != "presentation"


def test_a_reference_for_a_connector_is_no_customer(matcher):
    text = "Could you send the reference for the connector, endpoints and rate limits?"
    assert ask_kind(text, matcher).kind == "integration_guide"
