"""Secrets that somebody is asked for go in whatever form they are told, until the talk moves on."""

import pytest

from callinsight.calls.redaction import Rules, redacted
from callinsight.calls.turns import Turn


def turn_by_turn(*lines: str) -> list[str]:
    """What is left of turns that two voices say by turns."""
    turns = [Turn(None, 4.0 * n, 4.0 * n + 3, line, "AB"[n % 2]) for n, line in enumerate(lines)]
    return [turn.text for turn in redacted(turns, Rules())]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (  # figures, though much is said before them
            ("You'll get a text any second with a code. Just read it to me.", "It's not here yet.",
             "No rush.", "Ah, my glasses. Here. Nine nine four, one oh seven.", "994107, perfect."),
            ("You'll get a text any second with a code. Just read it to me.", "It's not here yet.",
             "No rush.", "Ah, my glasses. Here. [password 1].", "[password 1], perfect."),
        ),
        (
            ("whats the pin you set up", "can i keep it", "sure which one is it", "six one nine two"),
            ("whats the pin you set up", "can i keep it", "sure which one is it", "[password 1]"),
        ),
        (
            ("And the combination of the lockbox?", "Three eight one four."),
            ("And the combination of the lockbox?", "[password 1]."),
        ),
        (  # letters and figures
            ("What's the api secret, just the last five?", "z nine q q one."),
            ("What's the api secret, just the last five?", "[password 1]."),
        ),
        (
            ("Could I have the second and fifth letters of your password?", "R and M."),
            ("Could I have the second and fifth letters of your password?", "[password 1]."),
        ),
        (
            ("It wants the PAC code.", "Use ABC 123 456."),
            ("It wants the PAC code.", "Use [password 1]."),
        ),
        (  # words with signs or figures
            ("whats the admin password", "um copper kettle fifty one all lower case"),
            ("whats the admin password", "um [password 1] all lower case"),
        ),
        (
            ("The new passcode is three words. Ready?", "Go.", "Walnut, dash, ferry, dash, twelve.",
             "Walnut ferry twelve."),
            ("The new passcode is three words. Ready?", "Go.", "[password 1].", "[password 1]."),
        ),
        (
            ("how do i get on",
             "the password its falcon with a capital f then eight eight then a dollar sign"),
            ("how do i get on", "the password its [password 1]"),
        ),
        (
            ("Please pick a new one.", "Okay. pelican exclamation mark twenty thirty."),
            ("Please pick a new one.", "Okay. [password 1]."),
        ),
        (
            ("The meeting's tomorrow. Passcode rT5wQz.", "rT5wQz, okay."),
            ("The meeting's tomorrow. Passcode [password 1].", "[password 1], okay."),
        ),
        (  # answers that only the right person knows
            ("And where did you meet your wife?", "Gosh. Was it Harrow Sands? Or Cromer?"),
            ("And where did you meet your wife?", "Gosh. Was it [password 1]? Or [password 2]?"),
        ),
        (
            ("And the code word, please?", "Um, tangerine lamp."),
            ("And the code word, please?", "Um, [password 1]."),
        ),
        (
            ("what was the name of your first employer", "i think hendersons hardware"),
            ("what was the name of your first employer", "i think [password 1]"),
        ),
    ],
)  # fmt: skip
def test_a_secret_goes_in_whatever_form_it_is_told(said, left):
    assert turn_by_turn(*said) == list(left)


@pytest.mark.parametrize(
    "said",
    [
        ("How often do people forget their password?", "Forty tickets a week, maybe fifty five."),
        ("Does the door code work with Salto?", "From version four point two on.", "In March?"),
        ("It asks for a password each time.", "Which version?", "Windows eleven, Office 2021."),
        ("The PIN is set per user.", "We have 340 drivers.", "Four digits, then."),
        ("What's the code quality tool?", "Sonar nine nine.", "And repos?", "four hundred twelve"),
        ("Get the code on the back of the catalogue, please.", "It's H L nine four."),
        ("The serial and then the pairing code, please.", "FM22 0871."),
        (
            "What was your first impression?",
            "Really good.",
            "And your favourite feature?",
            "Search.",
        ),
        ("Wrong PINs lock it.", "How many calls?", "Five to ten a day.", "And how long are they?"),
        ("I'll send you the code sample.", "We're on Python three eleven and Django four two."),
        ("Does the password still work?", "Yes, I logged in at nine forty five, in half-term."),
    ],
)
def test_what_is_said_where_a_secret_is_only_spoken_of_stays(said):
    assert turn_by_turn(*said) == list(said)


def test_what_was_asked_for_is_forgotten_when_the_talk_moves_on():
    said = ("And the PIN?", "I'd rather not say.", "Fine.", "So how is it going?", "All well here.")

    assert turn_by_turn(*said, "Two one four, three.")[-1] == "Two one four, three."


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (  # addresses
            ("Where should the engineer come to?", "Willow Cottage, Mill Lane, on the left.",
             "And the postcode?", "N R fourteen, six Q, Y for yellow."),
            ("Where should the engineer come to?", "[address 1], on the left.",
             "And the postcode?", "[address 2]."),
        ),
        (
            ("what zip is that", "seven oh one one five", "seven zero one one five okay new orleans"),
            ("what zip is that", "[address 1]", "[address 1] okay new orleans"),
        ),
        (
            ("What's your house number?", "Thirty-two.", "And how many of you?", "Four, most days."),
            ("What's your house number?", "[address 1].", "And how many of you?", "Four, most days."),
        ),
        (
            ("Which address?", "Lindenstraße siebenundvierzig, 10969 Berlin.", "Lindenstraße 47."),
            ("Which address?", "[address 1].", "[address 2]."),
        ),
        (
            ("It's 12 Elm Road, yes.", "In Tampa?", "tampa florida three three six oh two"),
            ("It's [address 1], yes.", "In Tampa?", "tampa florida [address 2]"),
        ),
        (
            ("We're at Unit 12, Harcastle Business Park.", "Ah, yes."),
            ("We're at [address 1].", "Ah, yes."),
        ),
        (  # numbers of authorities
            ("My passport, let me find it. It's in the drawer.", "Whenever you're ready.",
             "L dash zero one nine two eight three three."),
            ("My passport, let me find it. It's in the drawer.", "Whenever you're ready.",
             "[government 1]."),
        ),
        (
            ("The VAT registration?", "G B, two two oh, four three oh, two three one."),
            ("The VAT registration?", "[government 1]."),
        ),
        (
            ("Driving licence, please. It's in section five.", "O W E N S, seven one two, one oh four"),
            ("Driving licence, please. It's in section five.", "[government 1]"),
        ),
        (
            ("My driver's license is F two five five, nine two one, five oh, oh nine.", "F255 921 50 09."),
            ("My driver's license is [government 1].", "[government 1]."),
        ),
        (  # meetings, and links that are told in parts
            ("The webinar ID is 812 5546 0931.", "812 5546, and then?", "0931. The passcode's quartz."),
            ("The webinar ID is [link 1].", "[link 1], and then?", "[link 1]. The passcode's [password 1]."),
        ),
        (
            ("It's a short one, bit dot ly slash three capital r x seven q.", "r x seven q?"),
            ("It's a short one, [link 1].", "[link 1]?"),
        ),
        (
            ("The new link should end in c 4 4 9.", "C 4 4 9, got it."),
            ("The new link should end in [link 1].", "[link 1], got it."),
        ),
        (  # e-mail
            ("And your email?", "okello, O K E L L O, dot j at gmail dot com."),
            ("And your email?", "[email 1]."),
        ),
        (
            ("Mail pim@zuidplas.nl.", "Zuidplas is one word?",
             "Yes. And to jan underscore smit, same format."),
            ("Mail [email 1].", "[email 1] is one word?", "Yes. And to [email 2], same format."),
        ),
        (  # cards and accounts
            ("You were giving me the card.", "Yes, 5301 2200.", "Mm-hm.",
             "It needs a new date, March of thirty."),
            ("You were giving me the card.", "Yes, [card 1].", "Mm-hm.", "It needs a new date, [card 2]."),
        ),
        (
            ("And the three on the reverse?", "Seven seven two.", "And one ending nine oh one six?"),
            ("And the three on the reverse?", "[card 1].", "And one ending [card 2]?"),
        ),
        (
            ("Which account should it go to?", "The one ending four four one."),
            ("Which account should it go to?", "The one ending [bank 1]."),
        ),
    ],
)  # fmt: skip
def test_numbers_and_addresses_are_known_by_what_was_asked_for(said, left):
    assert turn_by_turn(*said) == list(left)


@pytest.mark.parametrize(
    "said",
    [
        ("Where are your warehouses?", "In Reno. Forty five thousand square feet.", "And docks?", "Twelve."),
        ("What's the street price?", "Two twenty nine.", "And the house brand?", "One eighty."),
        ("What's the model on the tag?", "L S nine, eight Q T."),
        ("Do the names have underscores?", "Yes, invoice underscore date, and email underscore fix."),
        ("Which Teams number would you port?", "The main one, for 412 users."),
        ("It's acme dot com slash view slash demo.", "And acme dot com slash guest slash tour?"),
        ("When does the licence run out?", "March thirty first, twenty twenty seven."),
        ("What's the VAT rate?", "Twenty one, or nine for food."),
        ("Our zip code lookup is slow.", "How slow?", "Four to six seconds on nine oh one hundred rows."),
        ("Dial into the meeting.", "Meeting id nine nine one, two two three?"),
        ("So elf is German for eleven?", "Yes, and acht is eight."),
    ],
)  # fmt: skip
def test_figures_stay_where_nobody_asked_for_personal_ones(said):
    assert turn_by_turn(*said) == list(said)
