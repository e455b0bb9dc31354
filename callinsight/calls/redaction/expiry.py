"""Until when a card is valid: `it expires February of twenty nine`, `06/28`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.contexts import CARD, CVV
from callinsight.calls.redaction.spoken import TENS, UNITS
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callinsight.calls.redaction.talk import Talk

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_SMALL = "|".join(sorted(set(UNITS) - {"zero"}, key=len, reverse=True))
_MONTHS = rf"(?:(?:oh |zero )?(?:{_SMALL})|ten|eleven|twelve|0?[1-9]|1[0-2])"
_TENS = rf"(?:(?:{'|'.join(TENS)})(?:[ -](?:{_SMALL}))?)"
_YEAR = rf"(?:20\d\d|twenty[ -]{_TENS}|'?(?:{_TENS}|[2-4]\d))"
DATE = re.compile(
    rf"\b(?:{_MONTH}\.?,?(?: of)?(?: the year)? {_YEAR}|(?:0?[1-9]|1[0-2]) ?[/-] ?(?:20)?\d\d"
    rf"|{_MONTHS},?(?: slash| of| and)? {_YEAR})\b",
    re.I,
)
NAMED = re.compile(
    r"\b(?:expir(?!ed)\w+|exp\b|valid (?:until|through|thru|to)|good (?:until|through|thru)"
    r"|runs? out|new expiry|needs? a new date)"
)
OF_CARD = re.compile(
    r"\[card \d+\]|\bcards?\b|\bvisa\b|master ?card|\bamex\b|\bcv[vc]\b|\bdeclined?\b"
)
DIRECTLY = re.compile(
    r"\[card \d+\][\s,.;]*(?:(?:and|or|not) (?:the )?)?(?:(?:it's|its|exp\w*|date)[\s,]*)*$"
)
NEAR = 60  # characters between the word that names the date and the date


def find_expiries(talk: Talk) -> Iterator[Found]:
    """Dates behind a card's number, or behind a word that names them where a card is spoken of."""
    for date in DATE.finditer(talk.text):
        lead = talk.lead(date.start())
        of_card = OF_CARD.search(lead) or talk.asked_at(date.start()) in (CARD, CVV)
        named = NAMED.search(lead[-NEAR:]) and of_card
        if named or DIRECTLY.search(lead):
            yield Found(*date.span(), CARD, re.sub(r"\W", "", date[0]).casefold())
