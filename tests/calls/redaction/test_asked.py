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
