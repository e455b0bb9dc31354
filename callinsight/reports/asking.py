"""Whether a turn that asks wants something to keep, by how it is said and by what the seller says to it.

Talk is full of asks that no asset answers: to be shown where a button is, to be told a price, to hear
through which channel to write. What is wanted to keep changes hands later, so that one of the two
says so: the buyer with a verb of handing over, or the seller with a promise.
"""

from __future__ import annotations

import functools
import re

TURNS = 10_000  # that ask in a month; each is looked at up to three times
TO_KEEP, AT_ONCE, UNCLEAR = "to_keep", "at_once", "unclear"
_WHOM = (
    r"(?:me|us|it|him|her|them|that|those|these|this|over|across|round|around|along|on|back|an?|the"
    r"|your|some|whatever|any|to)"
)
HANDING = re.compile(  # what the seller is to do with it
    r"\b(?:"
    r"(?:send|resend|e-?mail|mail|forward|share|provide|supply|post|pass|pop|drop|ping|shoot|attach)"
    rf"\s+{_WHOM}"
    r"|to send|(?:let|give|get) (?:me|us) (?:have|that|those|the|a|an|your|some|something)"
    r"|put (?:\w+ )?(?:in|on) (?:writing|paper|one sheet)|in (?:writing|the post)|on paper"
    r"|write (?:it|that) (?:up|down)"
    r"|(?:i|we)(?:'d|’d| would)? (?:need|like|want|love)\b[^.?!]*"
    r"\b(?:copy|document|sheet|report|pack|file|pdf|read|list)"
    r"|(?:have you|do you have|you) got|got any(?:thing)?"
    r"|(?:can|could|may|might) (?:i|we) (?:get|have|borrow)\b"
    r"|set (?:me|us) up with|(?:ring|call|phone|talk|speak)\b"
    r")",
    re.IGNORECASE,
)
PROMISE = re.compile(  # what the seller says who will hand it over
    r"\b(?:i|we|you|they|it|there)(?:'ll|’ll| will| shall|'m going to|’m going to)\b(?! show)[^.?!]*"
    r"\b(?:send|sent|mail|e-?mail|forward|share|have|get|receive|write|draft|ask|find|dig|prepare"
    r"|post|drop|pass|put|make|record|request|adapt|bring|be (?:with|in|there))\b"
    r"|\b(?:tonight|today|tomorrow|inbox|mailbox|on its way|this (?:afternoon|morning|evening)"
    r"|(?:by|on|before) (?:noon|lunch|\w+day\b)"
    r"|\b(?:i|we) will,|within the hour|in an hour|after (?:this|the call)|it goes out|will do)",
    re.IGNORECASE,
)
SHOWING = re.compile(  # the seller shows or tells it there and then
    r"\b(?:press|click|choose|tick|scroll|toggle|top (?:right|left)|at the (?:top|bottom)"
    r"|see (?:it|the|that)|there (?:it|they) (?:is|are|go)|here (?:it|they) (?:is|are)"
    r"|here you (?:go|are)|like (?:so|this)|i'll show|i’ll show|let me show|goes (?:red|green)"
    r"|better\?)"
    r"|^(?:look|there|sure, you)\b|, look\b",
    re.IGNORECASE,
)
ON_SCREEN = re.compile(  # the buyer wants to see it there and then, or to do it himself
    r"\b(?:show (?:me|us) (?:where|how|the (?:bit|place|part|match)|again|that again)"
    r"|where (?:do|does|can|would) (?:i|we|one)|how (?:do|does|can|would) (?:i|we|one|you)"
    r"|(?:can|could|may) (?:i|we|it|one) (?!get\b|have\b|borrow\b|see (?:your|the)\b)\w+"
    r"|zoom|scroll|go back|once more|is that possible)\b",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=TURNS)
def wants(said: str, reply: str = "") -> str:
    """What a turn that asks wants: `to_keep`, shown or told `at_once`, or `unclear`.

    `reply` is what the seller says next; empty where nobody answers.
    """
    if PROMISE.search(reply):
        return TO_KEEP
    if SHOWING.search(reply):
        return AT_ONCE
    if HANDING.search(said):
        return TO_KEEP
    return AT_ONCE if ON_SCREEN.search(said) else UNCLEAR


@functools.lru_cache(maxsize=TURNS)
def is_agreed(said: str, reply: str) -> bool:
    """Whether the buyer wants something handed over and the seller promises it: two signs of an ask."""
    return bool(PROMISE.search(reply) and HANDING.search(said))
