from pathlib import Path

import pytest

from callinsight.errors import ConfigError
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.patterns import PhraseMatcher, compile_phrase, words_of
from callinsight.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(Path(__file__).parents[2] / "pipelines" / "taxonomy.toml")
CONCERN_TURNS = {
    "price_budget": "Honestly that is way too expensive for us.",
    "value_roi": "I don't see how it would pay for itself.",
    "timing_priority": "Could you call me back after the summer?",
    "need_fit": "Frankly it’s overkill for our little shop.",
    "status_quo_diy": "We're happy with what we have today.",
    "authority_consensus": "I'd have to run it by my boss first.",
    "competitor": "How do you compare with the other vendors?",
    "trust_proof": "Can I speak to one of your customers?",
    "technical_integration": "Does it integrate with our ERP?",
    "security_compliance": "Where is our data stored?",
    "legal_procurement": "We won't sign a three-year contract.",
    "effort_change": "My people hate another new tool.",
}


def found(phrase: str, text: str) -> list[str]:
    return PhraseMatcher({"group": [phrase]}).find(text).get("group", [])


@pytest.mark.parametrize(
    ("phrase", "text", "words"),
    [
        ("too expensive", "That is TOO Expensive!", ["too expensive"]),
        ("too expensive", "That is too very expensive", []),
        ("too expensive", "stoo expensive", []),
        # one of these
        ("too|so expensive|dear", "so dear", ["so dear"]),
        ("too|so expensive|dear", "very dear", []),
        # may be missing
        ("learn (a|the) tool", "learn the tool", ["learn the tool"]),
        ("learn (a|the) tool", "learn tool", ["learn tool"]),
        ("learn (a|the) tool", "learn this tool", []),
        # begins like this
        ("integrat~", "integrations", ["integrations"]),
        ("integrat~", "integrat", ["integrat"]),
        ("integrat~", "disintegrate", []),
        ("api|connect~", "our connector", ["connector"]),
        ("api|connect~", "apis", []),
        ("(re~) sign", "resign renew sign", ["renew sign"]),
        # up to three words
        ("how ... cost", "how cost", ["how cost"]),
        ("how ... cost", "how much will it cost", ["how much will it cost"]),
        ("how ... cost", "how much on earth will it cost", []),
        # a number
        ("# year contract", "a 3 year contract", ["3 year contract"]),
        ("# year contract", "a three-year contract", ["three year contract"]),
        ("# year contract", "a long year contract", []),
        ("every (#) years", "every years, every 10 years", ["every 10 years", "every years"]),
        # apostrophes, straight and curly, on either side
        ("can't afford", "we can’t afford it", ["can't afford"]),
        ("can’t afford", "we can't afford it", ["can't afford"]),
        ("can't afford", "we cant afford it", []),
        # hyphens and capitals, on either side
        ("sign-off", "sign off, sign-off", ["sign off"]),
        ("SAP", "our sap system", ["sap"]),
        # signs end a phrase, and `...` does not reach over them
        ("no budget", "no! budget", []),
        ("times when", "It failed three times. When it is busy, it fails.", []),
        ("time ... not", "My colleagues are part-time. I do not see it.", []),
        ("time ... not", "part time; I do not", []),
        ("time ... not", "part time: I do not", []),
        ("time ... not", "part time, I do not", ["time i do not"]),
        # dots that end nothing
        ("costs # pounds", "it costs 3.5 pounds", ["costs 3.5 pounds"]),
        ("u.s office", "our U.S. office", ["u.s office"]),
        ("tools e.g sap", "other tools, e.g. SAP", ["tools e.g sap"]),
        ("ask mr hall", "I'd ask Mr. Hall", ["ask mr hall"]),
        ("too dear", "it is too... dear", ["too dear"]),
        ("at 10 30", "at 10:30", ["at 10 30"]),
        ("monday.com|at&t|o'neil", "AT&T, Monday.com.", ["at&t", "monday.com"]),
        ("prüfung", "Die Prüfung", ["prüfung"]),
    ],
)
def test_notation(phrase, text, words):
    assert found(phrase, text) == words


def test_find_gives_the_longest_first_and_no_part_of_it():
    matcher = PhraseMatcher({"a": ["case study", "study"], "b": ["send ... case study"], "c": []})

    hits = matcher.find("Please send me the case study, any study.")

    assert list(hits.items()) == [("b", ["send me the case study"]), ("a", ["case study"])]
    assert matcher.find("") == {}


def test_words_of():
    assert words_of("Well -- “I’d” pay $1,500 for A.I.; ok?!") == [
        *("well", "i'd", "pay", "1", "500", "for", "a.i", "ok")
    ]


@pytest.mark.parametrize(
    ("phrase", "part"),
    [
        ("what [a] price", "[a]"),
        ("(to the) boss", "(to"),
        ("too||so dear", "too||so"),
        ("a|... dear", "a|..."),
        ("c++ developer", "c++"),
        ("really? no", "really?"),
        ("#|few years", "#|few"),
        ("~ dear", "~"),
        ("_ dear", "_"),
        (".* dear", ".*"),
    ],
)
def test_a_phrase_that_could_never_match_is_refused(phrase, part):
    with pytest.raises(ConfigError) as caught:
        compile_phrase(phrase)

    assert str(caught.value) == (
        f"the phrase '{phrase}' cannot be read at '{part}'; write words, a|b, (a), a~, ... or #"
    )


@pytest.mark.parametrize("phrase", ["", " ", "-", "...", "(a)", "(a) ... (b|c)"])
def test_a_phrase_that_would_match_anywhere_is_refused(phrase):
    with pytest.raises(ConfigError) as caught:
        PhraseMatcher({"group": ["fine", phrase]})

    assert str(caught.value) == (f"the phrase '{phrase}' has no word that must be there; write one")


def test_every_phrase_of_the_taxonomy_compiles():
    asks = {ask.id: ask.patterns for ask in TAXONOMY.asks.values()}
    phrases = [p for group in (phrase_groups(TAXONOMY) | asks).values() for p in group]

    assert len(phrases) > 300
    assert all(compile_phrase(phrase) for phrase in phrases)


def test_every_concern_has_a_turn_here():
    assert CONCERN_TURNS.keys() == TAXONOMY.concerns.keys()


@pytest.mark.parametrize("concern", CONCERN_TURNS)
def test_the_phrases_of_a_concern_find_a_turn_that_raises_it(concern):
    matcher = PhraseMatcher({c.id: c.patterns for c in TAXONOMY.concerns.values()})

    assert concern in matcher.find(CONCERN_TURNS[concern])
    assert matcher.find("Good morning, lovely weather today.") == {}
