"""Concerns that only the user's examples tell; no turn below shares its wording with an example."""

import numpy as np
import pytest

from callinsight import weights
from callinsight.tagging.embed import Embedder
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.reading import Scored
from callinsight.tagging.user_concerns import (
    NEGATIVES,
    PHRASE_SCORE,
    SURE,
    UNSURE,
    UserConcerns,
    negative_sentences,
    sentences_to_embed,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, Concern, load_taxonomy

ENVIRONMENT = Concern(
    "sustainability",
    "Sustainability",
    "Emissions, energy, waste and what the product does to the environment.",
    examples=(
        "What is the carbon footprint of your product?",
        "Are your data centres run on renewable energy?",
        "We have to report our emissions to our investors every year.",
        "Our board has set a net zero target for 2030.",
        "Is the packaging recyclable?",
        "How do you dispose of old devices, do you take them back?",
        "We only work with suppliers that have an environmental policy.",
        "Do you publish a sustainability report?",
    ),
)
ACCESS = Concern(
    "accessibility",
    "Accessibility",
    "Whether people with disabilities can use it.",
    examples=(
        "Does it work with a screen reader?",
        "Two of our colleagues are blind and have to be able to use it.",
        "Do you comply with WCAG 2.1 AA?",
        "Can everything be done with the keyboard alone?",
        "Is the contrast high enough for people with poor eyesight?",
        "Are there captions on the training videos for deaf staff?",
        "We are a public body and must meet the accessibility regulations.",
        "Can I make the text bigger without breaking the page?",
    ),
)
RAISES = {
    "sustainability": [
        "how green is this really, because my kids ask me that every evening",
        "Our tender gives ten points for climate, so what do you have on CO2?",
        "where does the electricity come from that runs all those servers",
        "I'd worry about what happens to the batteries once they're dead, do they end up in landfill?",
        "head office makes us fill in an ESG questionnaire for everyone we buy from",
        "the vans, are they electric or diesel? we've a low emission zone here",
        "is it made out of virgin plastic or the recovered sort",
        "we're certified B Corp so my purchasing lady won't sign anything that harms the planet",
        "could you tell me the greenhouse gases per unit shipped?",
        "there's an awful lot of waste in that box, polystyrene everywhere, our customers complain",
        "Do you offset your flights when the consultants come over?",
        "I've been told to ask about your scope three numbers",
        "how much power does the thing draw when nobody uses it, we're trying to bring our consumption down",
        "Our members would be upset if the wood came from rainforest",
        "Is there an ecolabel on it, like the Blue Angel or so?",
        "what's the water usage of that cleaning cycle, we're in a drought area",
        "we've promised the city to be climate neutral and every purchase counts towards that",
        "can the old machine be refurbished rather than scrapped?",
        "does printing all this not kill a forest, we wanted away from paper for the environment",
        "my chairman is a keen ecologist and he'll want to know about pollution",
    ],
    "accessibility": [
        "my dad's half blind, would he manage to read those letters on there",
        "One of our dispatchers lost his sight last year, he uses JAWS, would that cope with your forms?",
        "I'm colour blind so the red and green dots tell me nothing",
        "how would somebody in a wheelchair reach that terminal",
        "can you zoom it, half my ladies are over sixty and squint at everything",
        "We got sued over the website since a visually impaired customer couldn't check out",
        "does it read the menu out loud for those who can't see it",
        "one of the lads is dyslexic, is there a font that's easier for him?",
        "what about people who can't hold a mouse, we've a colleague with Parkinson's",
        "is there a VPAT you can send, our disability office will want it",
        "she's hard of hearing so the phone line is no use to her, is there subtitles",
        "Section 508, do you meet that? we can't buy it otherwise",
        "could a person with only one arm work that lever",
        "The European act on this comes into force next summer, are your screens ready for disabled users?",
        "has anybody with low vision ever tested it",
        "do your pictures have alt text so assistive software can describe them",
        "is there sign language on the explainer films",
        "he had a stroke and his hands shake, the buttons are tiny",
        "Our inclusion officer will ask whether impaired employees were part of the design",
        "can one drive it by voice, we have an amputee in the team",
    ],
}


@pytest.fixture(scope="module")
def embed():
    return Embedder(weights.folder(weights.EMBEDDING)).encode


@pytest.fixture(scope="module")
def negatives(embed):
    return embed(negative_sentences())


@pytest.fixture(scope="module")
def concerns(embed, negatives) -> UserConcerns:
    return UserConcerns([ENVIRONMENT, ACCESS], negatives, embed)


def found(concerns: UserConcerns, text: str, least: float) -> set[str]:
    return {scored.label for scored in concerns.find(text) if scored.score >= least}


def test_new_concerns_are_found_in_turns_that_raise_them(concerns):
    for label, turns in RAISES.items():
        sure = [found(concerns, text, SURE) for text in turns]
        seen = [found(concerns, text, UNSURE) for text in turns]

        assert sum(label in labels for labels in sure) >= 9, label
        assert sum(label in labels for labels in seen) >= 14, label
        assert sum(bool(labels - {label}) for labels in sure) <= 1, label


def test_new_concerns_are_not_found_in_turns_about_other_things(concerns):
    learnt_from = set(negative_sentences())
    turns = [
        turn.text
        for turn in load_turns()[5::90]
        if not learnt_from & set(sentences_to_embed(turn.text))
    ][:100]

    assert len(turns) == 100
    assert sum(bool(found(concerns, text, SURE)) for text in turns) <= 2
    assert sum(bool(found(concerns, text, UNSURE)) for text in turns) <= 6


def test_what_is_found_names_its_sentence_and_the_nearest_example(concerns):
    text = "Right, thanks for that. Could you tell me the greenhouse gases per unit shipped?"

    (scored,) = concerns.find(text)

    assert scored == Scored(
        "sustainability",
        scored.score,
        "sure",
        "Could you tell me the greenhouse gases per unit shipped?",
        "like “What is the carbon footprint of your product?”",
    )


def test_phrases_alone_tell_a_concern_without_any_model():
    def embed(texts):
        assert texts == []
        return np.zeros((0, 384), np.float32)

    own = Concern("noise", "Noise", "How loud it is.", patterns=("too loud|noisy", "decibel~"))
    concerns = UserConcerns([own], np.zeros((0, 384), np.float32), embed)

    assert concerns.find("We sit next to it. Is it too loud for an office?") == [
        Scored("noise", PHRASE_SCORE, "sure", "Is it too loud for an office?", "says “too loud”")
    ]
    assert concerns.find("How much does it cost?") == []


def test_a_phrase_and_examples_together(embed, negatives):
    both = Concern(
        "sustainability",
        ENVIRONMENT.label,
        ENVIRONMENT.description,
        patterns=("green",),
        examples=ENVIRONMENT.examples,
    )
    (scored,) = UserConcerns([both], negatives, embed).find("how green is this really")

    assert (scored.score, scored.status, scored.why) == (PHRASE_SCORE, "sure", "says “green”")


def test_concerns_that_the_tagger_has_learnt_are_left_to_it(embed, negatives):
    concerns = UserConcerns(load_taxonomy(DEFAULT_TAXONOMY).concerns.values(), negatives, embed)

    assert concerns.find("That is much too expensive, we have no budget for it.") == []


@pytest.mark.parametrize("text", ["", "Yes.", "Too green?"])
def test_a_turn_of_one_or_two_words_says_nothing(concerns, text):
    assert concerns.find(text) == []


def test_the_negatives_are_the_same_each_time_and_from_all_sources():
    chosen = negative_sentences()

    assert chosen == negative_sentences()
    assert len(chosen) == NEGATIVES
    sources = {t.source for t in load_turns() if set(sentences_to_embed(t.text)) & set(chosen)}
    assert sources == {turn.source for turn in load_turns()}
