"""Turns that only keep the talk going, "mm-hm", "okay, thanks": nothing is in them to be read."""

from __future__ import annotations

import re

from callinsight.tagging.patterns import words_of

# Only what carries nothing in any labelled turn, whatever was said before it. "no" and "never" deny,
# "fine", "perfect", "fair" and "ooh" judge what was offered: those are read.
SAID = (
    *("yes", "yeah", "yep", "yup", "ja", "aye", "okay", "ok", "okie dokie", "k", "kk"),
    *("right", "alright", "all right", "sure", "of course", "exactly", "indeed", "true"),
    *("mm", "mmm", "mhm", "mm hm", "mm hmm", "hm", "hmm", "uh", "uh huh", "huh", "um", "er", "erm"),
    *("ah", "aha", "oh", "haha", "ha", "lol", "wow"),
    *("i see", "got it", "gotcha", "understood", "noted", "i know", "go on", "go ahead"),
    *("thanks", "thank you", "thx", "ty", "ta", "cheers", "please", "sorry", "no problem", "np"),
    *("no worries", "you too", "bye", "bye bye", "goodbye", "see you", "see ya"),
    *("hi", "hello", "hey", "hey there", "hi there", "good morning", "good afternoon"),
)
ONLY = re.compile(rf"(?:(?:{'|'.join(sorted(SAID, key=len, reverse=True))})(?: |$))*")


def is_backchannel(text: str) -> bool:
    """Whether a turn says nothing but what is in SAID, as often as it likes; or has no words."""
    return ONLY.fullmatch(" ".join(words_of(text))) is not None
