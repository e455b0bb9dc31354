"""What is skipped unread carries nothing, by all who have labelled turns."""

import pytest

from callinsight.tagging.backchannels import is_backchannel
from callinsight.tagging.labelled import Labels, load_turns
from callinsight.tagging.patterns import words_of


@pytest.mark.parametrize(
    "text",
    [
        *("Yes.", "Okay, okay. Right.", "Mm-hmm.", "Uh-huh, yeah.", "I see. Thank you.", "OK!"),
        *(
            "All right, thanks, bye.",
            "Oh, hello. Good morning.",
            "See you.",
            "",
            " ",
            "…",
            "👍",
            "?!",
        ),
    ],
)
def test_what_only_keeps_the_talk_going(text):
    assert is_backchannel(text)


@pytest.mark.parametrize(
    "text",
    [
        *("No.", "Fine.", "Perfect.", "Ooh, okay", "Fair.", "Nothing.", "How much?", "62", "Invoq"),
        *("Yes, four.", "Okay, too dear.", "Thank you, no.", "I see it.", "Got it all?"),
        *("I know them.", "Okayish.", "Please send it.", "Go on holiday.", "€5"),
    ],
)
def test_what_says_something_or_may(text):
    assert not is_backchannel(text)


def test_nothing_is_in_any_labelled_turn_that_is_skipped():
    skipped = [turn for turn in load_turns() if is_backchannel(turn.text)]

    nothing = Labels((), "none", ask=False)
    said = [turn.text for turn in skipped for labels in turn.labels if labels != nothing]
    assert said == ["Exactly."]  # the seller had owned that not all of it was their doing
    assert len(skipped) == 80
    assert sum(len(words_of(turn.text)) < 3 for turn in skipped) == 61
