"""Rivals by name; every firm here is made up."""

import pytest

from callinsight import weights
from callinsight.tagging.entities import Entity, load_entities
from callinsight.tagging.names import (
    DOUBTFUL,
    LISTED,
    UNLISTED,
    NameFinder,
    is_common,
)
from callinsight.tagging.reading import Scored
from callinsight.taxonomy import Competitor

RIVALS = {
    "paperlane": Competitor(
        "paperlane", "Paperlane", ("Paperlane", "PaperLane Ltd", "paper plane")
    ),
    "invoq": Competitor("invoq", "Invoq", ("Invoq", "in vogue")),
    "front": Competitor("front", "Front", ("Front", "Front App")),
    "blueharbor": Competitor("blueharbor", "BlueHarbor", ("BlueHarbor GmbH",)),
    "monday": Competitor("monday", "Monday", ("Monday",)),
}
LISTED_SENTENCES = [
    ("we've been on Paperlane for two years", "paperlane"),
    ("honestly paperlane does that out of the box", "paperlane"),
    ("Paperlane's quote was half of yours", "paperlane"),
    ("what can you do that paper lane can't", "paperlane"),
    ("the paper-lane people were here on tuesday", "paperlane"),
    ("we looked at PaperLane Pro and the reporting is nicer", "paperlane"),
    ("my last company was all PAPERLANE", "paperlane"),
    ("we're paying paper plane about nine grand", "paperlane"),
    ("they sent me to paperlane.com and I signed up there", "paperlane"),
    ("how is it different from, like, Paperlane’s scanner", "paperlane"),
    ("I have two Invoqs running in the warehouse", "invoq"),
    ("invoq told us it's included", "invoq"),
    ("we had in vogue in last week for a demo", "invoq"),
    ("is it cheaper than Invoq Cloud", "invoq"),
    ("the Invoq rep rang me again", "invoq"),
    ("we moved away from Front last spring", "front"),
    ("my team lives in Front all day", "front"),
    ("Front App has a free tier", "front"),
    ("can it do what the Front inbox does", "front"),
    ("blue harbor offered three months for nothing", "blueharbor"),
    ("BlueHarbor is on the shortlist as well", "blueharbor"),
    ("we'd have to get out of the blueharbor contract", "blueharbor"),
    ("Blue Harbor GmbH did our pilot", "blueharbor"),
    ("so it's you against BlueHarbor then", "blueharbor"),
    ("the blue harbor's app crashes less", "blueharbor"),
    ("we use Monday for the planning", "monday"),
    ("compared to Monday this looks heavy", "monday"),
    ("we switched from monday to a whiteboard", "monday"),
    ("nothing beats invoq on price", "invoq"),
    ("I've got paperlane's proposal right here", "paperlane"),
]
NOT_LISTED = [
    "let's talk again on Monday",
    "Monday works for me",
    "can you send it by monday",
    "I'd want the money up front",
    "Front of house is a different budget",
    "there's a queue in front of the counter",
    "it flew off like a paper airplane",
    "the harbor is blue in the morning",
    "a lane full of paper",
    "that's very vogue",
]
UNLISTED_SENTENCES = [
    ("We use Corvantis for the dispatch side.", "Corvantis"),
    ("we're currently using Dockmate and it's fine", "Dockmate"),
    ("How do you compare to Ledgerwise?", "Ledgerwise"),
    ("compared with Trackify you're a bit slow", "Trackify"),
    ("Brightmoor quoted us eleven thousand for the same thing.", "Brightmoor"),
    ("We had a quote from Halden Systems last week.", "Halden Systems"),
    ("we switched from Opaleye because it kept crashing", "Opaleye"),
    ("We're moving away from Tessaro at the end of the year.", "Tessaro"),
    ("I've tried Quickbarn and hated it", "Quickbarn"),
    ("why should I take you instead of Millstone Data?", "Millstone Data"),
    ("it's you versus Fernloop at this point", "Fernloop"),
    ("Zorbital offered us six months free.", "Zorbital"),
    ("we went with Kestrix two years ago", "Kestrix"),
    ("the guy from Plinthware said they do it for half", "Plinthware"),
    ("Our current provider is Amberline.", "Amberline"),
    ("we've shortlisted Nordvane and yourselves", "Nordvane"),
    ("We already pay for Signalry.", "Signalry"),
    ("how is that better than Wavecrest?", "Wavecrest"),
    ("it looks a lot like Gridhopper, to be honest", "Gridhopper"),
    ("We did a trial of Munchkin Analytics in the spring.", "Munchkin Analytics"),
    ("we've been with Stellarpost since the merger", "Stellarpost"),
    ("Could it replace Tidewater CRM?", "Tidewater CRM"),
    ("Oxlade's proposal has the training in it.", "Oxlade"),
    ("we evaluated Redfinch and decided to wait", "Redfinch"),
    ("The Vantorix people gave us a discount.", "Vantorix"),
    ("I bought Sparrowdesk for my last team", "Sparrowdesk"),
    ("Our contract with Pellamere runs until June.", "Pellamere"),
    ("what do you have that Lumora doesn't, because we love Lumora", "Lumora"),
    ("unlike Cinderbay you have no phone support", "Cinderbay"),
    ("we would have to cancel Hexaforge first", "Hexaforge"),
]
NO_FIRMS = [
    "We work with Excel and a lot of patience.",
    "I used to live in Manchester.",
    "We moved from London to Leeds in March.",
    "I spoke with Anna about it on Friday.",
    "Compared to Germany we're far behind.",
    "Our CFO looks at everything over ten thousand.",
    "I have Lucy with me, she's in planning.",
    "We use SSO with MFA everywhere.",
    "Thanks, Mr Holloway, we have all we need.",
    "Christmas is out of the question for us.",
    "Does it run on Android and on the iPad?",
    "I'd rather have it in French than in English.",
]


@pytest.fixture(scope="module")
def recognise():
    return load_entities(weights.folder(weights.NAMES))


@pytest.fixture(scope="module")
def finder(recognise) -> NameFinder:
    return NameFinder(RIVALS, own=("Sablework", "Sable Scan"), entities=lambda: recognise)


@pytest.mark.parametrize(("text", "rival"), LISTED_SENTENCES)
def test_a_listed_rival_is_named_by_its_id(finder, text, rival):
    assert [mention.label for mention in finder.find(text)] == [rival]


@pytest.mark.parametrize("text", NOT_LISTED)
def test_a_listed_name_that_is_a_plain_word_is_not_one_everywhere(finder, text):
    assert finder.find(text) == []


def test_most_firms_on_no_list_are_found_and_all_of_them_are_unsure(finder):
    found = {text: finder.find(text) for text, _ in UNLISTED_SENTENCES}

    right = [text for text, name in UNLISTED_SENTENCES if name in {m.label for m in found[text]}]
    assert len(right) >= 27
    assert sum(len(mentions) for mentions in found.values()) <= len(right) + 1
    assert {m.status for mentions in found.values() for m in mentions} == {"unsure"}


def test_people_places_and_what_everybody_uses_are_no_rivals(finder):
    assert [m for text in NO_FIRMS for m in finder.find(text)] == []


def test_what_a_mention_says(finder):
    text = "Right. We looked at paper-lane's demo, it was slick. And Corvantis quoted us less."

    assert finder.find(text) == [
        Scored(
            "paperlane",
            LISTED,
            "sure",
            "Right. We looked at paper-lane's demo, it was slick.",
            "says “paper-lane's”",
        ),
        Scored(
            "Corvantis",
            UNLISTED,
            "unsure",
            "And Corvantis quoted us less.",
            "“Corvantis” is on no list",
        ),
    ]


def test_a_plain_word_is_doubtful_even_where_a_firm_stands(finder):
    (mention,) = finder.find("we switched from monday to a whiteboard")

    assert (mention.score, mention.status) == (DOUBTFUL, "unsure")


def test_own_products_people_and_accounts_of_the_call_are_no_rivals(finder):
    text = "We use Sable Scan at Brightmoor, and Okonjo offered us help."

    assert finder.find(text, known=("Brightmoor Foods", "Ada Okonjo")) == []
    assert {m.label for m in finder.find("Brightmoor offered us a discount.")} == {"Brightmoor"}


def test_in_a_turn_about_rivals_a_firm_may_stand_anywhere(finder):
    text = "Guardline. Nine years."

    assert finder.find(text) == []
    assert [m.label for m in finder.find(text, competing=True)] == ["Guardline"]


def test_a_rival_named_twice_is_one_mention_by_its_surest_form(finder):
    (mention,) = finder.find("we use monday, and the Monday board is fine, monday's good")
    assert mention.label == "monday"

    (mention,) = finder.find("we use front now. My team likes Front.")
    assert (mention.label, mention.score) == ("front", LISTED)


def test_without_entity_recognition_only_listed_names_are_found():
    finder = NameFinder(RIVALS)

    assert [m.label for m in finder.find("We use Corvantis and Paperlane.")] == ["paperlane"]


def test_nothing_is_loaded_for_turns_without_a_name_where_a_firm_stands():
    def load():
        pytest.fail("loaded")

    finder = NameFinder(RIVALS, entities=load)

    assert finder.find("that's too expensive for us, and Paris is far away") == []
    assert finder.find("we use paperlane") != []


def test_entities_have_their_place_and_kind(recognise):
    text = "Microsoft opened an office in Berlin."

    assert recognise(text) == [Entity(0, 9, "ORG"), Entity(30, 36, "GPE")]


@pytest.mark.parametrize(
    ("name", "common"),
    [("Front", True), ("monday", True), ("Paperlane", False), ("Front App", False), ("", False)],
)
def test_common_names(name, common):
    assert is_common(name) is common


@pytest.mark.parametrize("name", ["C++ Tools", "R&D (Nord)", "A.B. Data", "Yahoo!", "7-Fold"])
def test_signs_in_a_name_are_no_pattern(name):
    finder = NameFinder({"x": Competitor("x", "X", (name,))})

    assert [m.label for m in finder.find(f"We looked at {name} as well.")] == ["x"]
