"""Secrets that answer a question for one: `seven k capital p`, `otter dash thirty-one`, `qW7nRz`."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.calls.redaction.asked import SECRET, SENTENCE, in_general
from callinsight.calls.redaction.contexts import LEADS, PASSWORD, UNIT
from callinsight.calls.redaction.spoken import (
    AMOUNTS,
    BREAK,
    NATO,
    NUMBER_WORDS,
    OH,
    TIMES,
    number_at,
    pairs_in,
    tokens_of,
    words_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token
    from callinsight.calls.redaction.talk import Talk

FEWEST, FEWEST_INSIDE = 3, 4  # signs that are a sentence of their own, and inside of one;
FEWEST_LETTERS = 2  # letters that are, as of `the second and the fifth`
MOST_WORDS = 6
READ_OUT = 0.5  # the share of digits and letters that are said one by one
BEGINNING = re.compile(  # what people say before they tell it
    r"(?:\W|\b(?:sure|yes|yeah|yep|okay|ok|alright|right|um|uh|er|hmm?|mm|oh|ah|well|so|and|then|now|hang on"
    r"|hold on|one sec(?:ond)?|of course|let me see|let's see|it's|its|it is|it was|it says|that's|thats"
    r"|that is|that was|that'd be|that would be|i think|i put|i have|i've got|i got|mine is|mine's|try|use"
    r"|type|enter|just|here|got it|was it|is it|or|the (?:old|new|first|second|other|temporary) one(?: is"
    r"|'s)?|there you go|(?:she|he|his|her name|i) was(?: born in| called)?|i (?:grew up|lived) (?:in|on"
    r"|at)|i went to|we met (?:in|at)|called"
    r"|make it|sorry|no|the|a)\b)*",
    re.I,
)
TELLING = re.compile(  # behind which a secret may begin in the midst of a sentence
    r"\b(?:it's|its|is|was|that's|thats|says|use|try|type|enter|put|to|be|in|with|have|got|or|yeah|okay"
    r"|oh)\b[\s,:]*"
    r"|[,:]\s+|\b(?:pass ?code|pass ?word|pin|key|code|token|phrase|secret)[\s,:]+",
    re.I,
)
NO_SECRET = words_in(  # what only looks like it: `Windows eleven`, `May twelve`, `room 4`
    """
    windows office python java node django php ios android chrome
    version room section page step line level chapter type option phase gate grade
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday day week month year quarter about around
    roughly over under nearly almost maybe probably like only just at by until till before after
    in on for from between within every each another per to the a an and or but if so we you i
    they he she it that this there what when where who how why which not no yes yeah okay all some
    any both up out off minus net tier stage round item number than with within of is are was were
    be been have has had do does did can could will would should let get got
    """
)
SIGNS = pairs_in(
    """
    dash=- hyphen=- underscore=_ dot=. hash=# hashtag=# star=* asterisk=* ampersand=& percent=%
    plus=+ bang=! slash=/ _=_ #=# *=* &=& +=+ !=! @=@ $=$
    """
)
TWO_WORDS = {
    ("exclamation", "mark"): "!",
    ("exclamation", "point"): "!",
    ("question", "mark"): "?",
    ("at", "sign"): "@",
    ("dollar", "sign"): "$",
    ("pound", "sign"): "#",
    ("equals", "sign"): "=",
    ("hash", "sign"): "#",
}
CASES = words_in("capital capitals uppercase lowercase upper lower case letter caps small space")
POUND_KEY = re.compile(r"\W*pound\b(?! a| per)", re.I)
_SIGN = (
    r"(?:exclamation (?:mark|point)|question mark|dollar sign|at sign|hash(?:tag| sign)?|star|asterisk"
    r"|ampersand|percent sign|underscore)"
)
EXTENDS = re.compile(  # what else a password has, told behind it
    rf"(?:,? (?:(?:and )?(?:then )?(?:with |followed by |plus )?(?:an? |one |the )?){_SIGN}"
    rf"|,? with an? (?:capital|small|big|lower ?case|upper ?case) \w\b"
    rf"|,? (?:and )?(?:then|followed by|plus)(?: (?:{'|'.join(NUMBER_WORDS)})\b)+)+(?: at the end)?",
    re.I,
)
ENDS = re.compile(  # what else a password has, told behind it
    r",? (?:(?:and )?(?:then )?(?:with |followed by |plus )?(?:an? |one |the )?)?"
    r"(?:exclamation (?:mark|point)|question mark|dollar sign|at sign|hash(?:tag| sign)?|star|asterisk"
    r"|ampersand"
    r"|percent sign|underscore)(?: at the end)?",
    re.I,
)
ENDS = re.compile(  # what may stand behind it
    r"\W*$|\s*[.?!,;]|\s+(?:all|one word|with|no spaces|lower|upper|in|will do|okay|ok|yeah|yep|then"
    r"|please|and|but|if"
    r"|capital|that|thanks|right|got|is|sorry|what|let|from|at the|where|i'm|im|still)\b",
    re.I,
)


@dataclass
class _Said:
    """What is read out from a place on: how many of what, and where it ends."""

    end: int = 0
    words: int = 0
    single: int = 0  # digits and letters that are said one by one,
    other: int = 0  # and digits of larger numbers
    letters: int = 0
    signs: int = 0
    secret: bool = False  # a word that is none of a language

    @property
    def read_out(self) -> bool:
        """Whether it is told sign by sign."""
        return self.single >= READ_OUT * (self.single + self.other)


def find_answers(talk: Talk) -> Iterator[tuple[int, int]]:
    """Where a secret stands that was asked for or announced."""
    for part, start in enumerate(talk.starts):
        behind = talk.starts[part + 1] if part + 1 < len(talk.starts) else len(talk.text)
        turn = talk.text[start:behind].partition(BREAK)[0]
        if talk.asked[part] == PASSWORD or SECRET.search(turn.casefold()):
            for first, last in _answers(turn, asked=talk.asked[part] == PASSWORD):
                yield start + first, start + last


def _answers(turn: str, *, asked: bool) -> Iterator[tuple[int, int]]:
    tokens = tokens_of(turn)
    places = {token.start: index for index, token in enumerate(tokens)}
    amounts = {p for found in AMOUNTS.finditer(turn) for p in range(*found.span())}
    topics = _Topics(turn, asked=asked)
    for sentence in SENTENCE.finditer(turn):
        last = sentence.start()
        begins = BEGINNING.match(turn, sentence.start(), sentence.end())
        inside = [found.end() for found in TELLING.finditer(turn, *sentence.span())]
        first = begins.end() if begins else sentence.start()
        for place in sorted({first, *inside}):
            index = places.get(place)
            if index is None or place < last or place in amounts:
                continue
            if not topics.is_secret(place):
                continue
            said = _said(turn, tokens, index)
            if _is_secret(turn, tokens[index], said, alone=place == first):
                last = extended(turn, said.end)
                yield place, last


def extended(text: str, end: int) -> int:
    """Where a password ends whose last sign is told by name: `with an exclamation mark`."""
    more = EXTENDS.match(text, end)
    return more.end() if more else end


class _Topics:
    """Whether a secret is what a turn is about at a place of it."""

    def __init__(self, turn: str, *, asked: bool) -> None:
        plain = turn.casefold().replace("’", "'")
        named = [(0, asked)]
        for name, pattern in {**LEADS, PASSWORD: SECRET}.items():
            ends = [found.end() for found in pattern.finditer(plain)]
            if name == PASSWORD:
                ends = [end for end in ends if not in_general(plain, end)]
            named += [(end, name == PASSWORD) for end in ends]
        self.named = sorted(named)

    def is_secret(self, place: int) -> bool:
        """Whether a secret was named last before a place."""
        return self.named[bisect_right(self.named, (place, True)) - 1][1]


def _said(turn: str, tokens: Sequence[Token], index: int) -> _Said:
    """What is read out from a token on."""
    said = _Said()
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1].plain if index + 1 < len(tokens) else ""
        number = number_at(tokens, index)
        if token.text == BREAK or token.text.startswith("["):
            break
        if secret := _secret_word(turn, tokens, index):
            said.secret = True
            index = secret
        elif number:
            alone = len(set(number[0])) == 1 or (len(token.text) > 1 and token.text.isdigit())
            said.single += len(number[0]) * alone
            said.other += len(number[0]) * (not alone)
            index = number[1]
        elif token.plain in OH and said.single:
            said.single, index = said.single + 1, index + 1
        elif sign := TWO_WORDS.get((token.plain, following)):
            said.signs, index = said.signs + len(sign), index + 2
        elif token.plain in SIGNS and _is_joint(turn, token):
            said.signs, index = said.signs + 1, index + 1
        elif token.plain in TIMES and len(following) == 1:
            said.single += TIMES[token.plain]
            said.letters, index = said.letters + 2, index + 2
        elif _is_letter(tokens, index):
            said.single, said.letters = said.single + 1, said.letters + 1
            index = _behind_letter(tokens, index)
        elif token.plain in CASES and following not in ("", ".", ","):
            index += 1
            continue  # what ends in it is not told yet
        elif (
            token.text in ",-" or (said.letters and token.plain in ("and", "then"))
        ) and index + 1 < len(tokens):
            index += 1
            continue
        elif _may_be_word(said, token):
            said.words, index = said.words + 1, index + 1
        else:
            break
        said.end = tokens[index - 1].end
    return said


def _is_joint(turn: str, token: Token) -> bool:
    """Whether a mark is one of a password: a hyphen in a word is none, nor what ends a sentence."""
    return (
        token.text.isalpha() or not turn[token.end : token.end + 1].isspace() or token.text in "#*"
    )


def _secret_word(turn: str, tokens: Sequence[Token], index: int) -> int:
    """The token behind a word of letters and figures that no language has; 0 if it is none."""
    word = re.compile(r"\S+").match(turn, tokens[index].start)
    text = word[0].rstrip(".,;:?)\"'") if word else ""
    mixed = re.search(r"[A-Za-z]", text) and re.search(r"[\d_$%^&*+=!]", text.rstrip("!"))
    humps = re.search(r"[a-z][A-Z]|^[A-Z][a-z]+\d", text) and not re.match(
        r"(?:Mc|Mac|O')[A-Z]", text
    )
    if len(text) < FEWEST_INSIDE or not (mixed or (humps and text.isalpha())):
        return 0
    if re.fullmatch(r"\d+(?:st|nd|rd|th|s|[a-z]{1,4})|[A-Z][a-z]+[A-Z][a-z]+|\d+-\w+", text):
        return 0
    end = tokens[index].start + len(text)
    return next((n for n in range(index, len(tokens)) if tokens[n].start >= end), len(tokens))


def _is_letter(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if token.plain in NATO:
        return True
    if len(token.text) != 1 or not token.text.isalpha():
        return False
    if token.plain not in ("a", "i"):
        return True
    around = [*tokens[max(0, index - 1) : index], *tokens[index + 1 : index + 2]]
    return any((len(t.text) == 1 and t.text.isalnum()) or number_at([t], 0) for t in around)


def _behind_letter(tokens: Sequence[Token], index: int) -> int:
    """The token behind a letter and what explains it: `B for Bravo`, `S as in sugar`."""
    rest = [token.plain for token in tokens[index + 1 : index + 4]]
    letter = tokens[index].plain
    if rest[:2] == ["as", "in"] and len(rest) == 3:
        return index + 4
    return (
        index + 3 if rest[:1] == ["for"] and rest[1:2] and rest[1].startswith(letter) else index + 1
    )


def _may_be_word(said: _Said, token: Token) -> bool:
    """Whether a plain word may be part of a password that has signs or figures, too."""
    if not token.text[0].isalpha() or len(token.text) < 2 or token.plain in NO_SECRET:
        return False
    begun = said.single + said.other and not said.words  # `nine people` is no password
    return said.words < MOST_WORDS and not begun


def _is_secret(turn: str, first: Token, said: _Said, *, alone: bool) -> bool:
    """Whether what is read out can be a secret: nothing that is counted, dated or only named."""
    if not said.end or (UNIT.match(turn, said.end) and not POUND_KEY.match(turn, said.end)):
        return False
    if said.secret:
        return True
    count = said.single + said.other
    if not said.words:
        fewest = FEWEST if alone else FEWEST_INSIDE
        fewest = FEWEST_LETTERS if alone and said.letters == count and not said.signs else fewest
        enough = count + said.signs >= fewest and said.single >= FEWEST_LETTERS
        return enough and said.read_out and bool(said.letters or ENDS.match(turn, said.end))
    joined = said.signs and said.words + count + said.signs > 2
    figures = alone and count >= 2 and said.words <= 3
    return bool(joined or figures) and bool(ENDS.match(turn, said.end)) and len(first.text) > 1
