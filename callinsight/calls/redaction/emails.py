"""E-mail addresses, written or said: `dana dot whitfield at tallybrook dot com`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from callinsight.calls.redaction import checks
from callinsight.calls.redaction.spoken import (
    BREAK,
    TIMES,
    number_at,
    pairs_in,
    spelled_out,
    tokens_of,
    words_in,
)
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token
    from callinsight.calls.redaction.talk import Talk

EMAIL = "email"
SIGNS = pairs_in(
    "dot=. .=. period=. point=. underscore=_ _=_ dash=- hyphen=- -=- minus=- plus=+ +=+"
)
AT = ("at", "@")
PROVIDERS = words_in(
    """
    gmail googlemail yahoo hotmail outlook icloud aol protonmail gmx proton fastmail zoho msn
    """
)
DOMAIN_WORDS = 4  # a domain's name may be heard as so many words
LOCAL_WORDS = 3
SHORTEST_SPELT = 3  # letters of a word that may be spelt behind it
CONTEXT = re.compile(
    r"\be-?mails?\b|\be mail|\bmail\b|inbox|\bsend\b|write to|\breach\b|\baddress\b|\bcc\b|contact|invite"
    r"|forward|copy in|\bping\b|\bloop in|share it with"
)
STOP = words_in(
    """
    a an the and or but so of on in to for from with by is are was were be been it its it's
    that this these those i you we they he she me us him her them my our your his their at
    as if that's there here what where when who how look looking available find found hosted
    live up website page site docs everything everyone someone anyone people team work works
    working published check read more details go went goes download portal online see just
    not no yes email e-mail mail address contact reach send sent write cc copy also can will
    would please use using called have has had get got do does did um uh er okay ok well dot
    then best under over about into out off all one's sure yeah right mine hers i'm you're
    it'll forward invite ping try plus either both him's customer customers company account
    ask spelled spelt spelling starts name names lowercase lower case capital one word
    everybody somebody anybody colleagues colleague job role roles friends engineers sits
    """
)


BRACKETED = re.compile(  # ann (at) acme [dot] com
    r"(?<![\w.+-])([\w.+-]++)\s?[\[({]\s?at\s?[\])}]\s?([\w-]++(?:\s?(?:[\[({]\s?dot\s?[\])}]|\.)\s?[\w-]++)+)",
    re.I,
)
GIVEN = re.compile(
    r"\[email \d+\]\W*(?:(?:and|then|so|it's|that's)\W+){0,3}$"
)  # the name before the at
JOINED = re.compile(  # a name of which nobody says where it is
    r"(?<![\w@.])(?P<first>[^\W\d_]{2,})(?: underscore |_)(?P<last>[^\W\d_]{2,})(?!\W+(?:at|dot)\b|[@.]\w)",
    re.I,
)
ABOUT_EMAIL = re.compile(r"\be-?mails?\b|\[email \d+\]|same format")


class Piece(NamedTuple):
    """Characters of an address, and where they were said."""

    text: str
    start: int
    end: int


def find_emails(talk: Talk) -> Iterator[Found]:
    """E-mail addresses as they are written and as they are spoken."""
    if "@" in talk.text:
        for start, end in checks.emails_in(talk.text):
            yield Found(start, end, EMAIL, talk.text[start:end].casefold())
    for written in BRACKETED.finditer(talk.text):
        domain = re.sub(r"\W*\bdot\b\W*|\s?\.\s?", ".", written[2], flags=re.I)
        if checks.is_email(f"{written[1]}@{domain}"):
            yield Found(*written.span(), EMAIL, f"{written[1]}@{domain}".casefold())
    for joined in JOINED.finditer(talk.text):
        lead = talk.lead(joined.start())
        words = {joined["first"].casefold(), joined["last"].casefold()}
        if ABOUT_EMAIL.search(lead) and not words & STOP:
            yield Found(*joined.span(), EMAIL, re.sub(r"\W+", "", joined[0]).casefold())
    tokens = _once(_with_at(spelled_out(tokens_of(talk.text))))
    for index, token in enumerate(tokens):
        if token.plain in AT and 0 < index < len(tokens) - 1:
            found = _around(talk, tokens, index)
            if found:
                yield found


def _once(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with a word alone where it is said and then spelt: `kwabs, K W A B S`."""
    kept: list[Token] = []
    index, spelt = 0, False
    while index < len(tokens):
        token = tokens[index]
        if spelt and token.text == "," and _joins(tokens, index):
            index += 1
            continue
        kept.append(token)
        index += 1
        if len(token.text) < SHORTEST_SPELT or not token.text.isalpha():
            spelt = spelt and number_at([token], 0) is not None
            continue
        if behind := _spelling_of(token.plain, tokens, index):
            kept[-1] = token._replace(end=tokens[behind - 1].end)
            index, spelt = behind, True
    return kept


def _joins(tokens: Sequence[Token], index: int) -> bool:
    """Whether an address goes on behind a comma."""
    following = tokens[index + 1 : index + 2]
    return any(t.plain in AT or t.plain in SIGNS or number_at([t], 0) for t in following)


def _spelling_of(word: str, tokens: Sequence[Token], index: int) -> int:
    """The index behind letters that spell a word; 0 if none do."""
    said = ""
    while index < len(tokens) and word.startswith(said) and said != word:
        token = tokens[index]
        if len(token.text) == 1 and token.text.isalpha():
            said += token.plain
        elif token.plain in TIMES and index + 1 < len(tokens):
            said += tokens[index + 1].plain * (TIMES[token.plain] - 1)
        elif token.text not in ",-":
            break
        index += 1
    return index if said == word else 0


def _with_at(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with one for `at the rate of`, as the sign is called in India."""
    kept: list[Token] = []
    skip = 0
    for index, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        words = [t.plain for t in tokens[index : index + 4]]
        if words[:3] == ["at", "the", "rate"]:
            skip = 3 if words[3:] == ["of"] else 2
            token = token._replace(end=tokens[index + skip].end, text="@", plain="@")
        kept.append(token)
    return kept


def _around(talk: Talk, tokens: Sequence[Token], index: int) -> Found | None:
    domain = _domain(talk.text, tokens, index + 1)
    if not domain:
        return None
    is_evident = tokens[index].text in ("@", "AT")
    lead = talk.lead(tokens[index].start)
    provider = domain[0].text.split(".")[0] in PROVIDERS
    expected = provider or bool(CONTEXT.search(lead))
    local = _local(talk.text, tokens, index, expected=expected)
    if not local and GIVEN.search(lead) and checks.is_domain(domain[0].text):
        return Found(domain[0].start, domain[0].end, EMAIL, domain[0].text)
    if not local:
        return None
    name = "".join(piece.text for piece in local)
    alone = len(local) == 1 and name.isalpha()
    if alone and not (is_evident or expected):
        return None
    address = f"{name}@{domain[0].text}"
    if not checks.is_email(address):
        return None
    return Found(local[0].start, domain[0].end, EMAIL, address)


def _domain(text: str, tokens: Sequence[Token], index: int) -> list[Piece]:
    """The domain that starts at a token, as one piece; none if there is none."""
    start = tokens[index].start
    labels, place, end = [""], index, start
    words = 0
    while place < len(tokens):
        token = tokens[place]
        sign = SIGNS.get(token.plain, "")
        if sign == "." and labels[-1] and _is_sign(text, tokens, place):
            labels.append("")
            words, place = 0, place + 1
            continue
        if sign == "-" and labels[-1] and (token.text != "-" or _is_sign(text, tokens, place)):
            labels[-1] += "-"
            place += 1
            continue
        said = _characters(tokens, place)
        first = len(labels) == 1
        if not said or (labels[-1] and not _goes_on(tokens, place, labels, words, first=first)):
            break
        labels[-1] += said[0]
        words, place = words + 1, said[1]
        end = tokens[place - 1].end
        if first and labels[0] in PROVIDERS and not _dot_follows(text, tokens, place):
            return [Piece(f"{labels[0]}.com", start, end)]
    while labels and not labels[-1].strip("-"):
        labels.pop()
    return [Piece(".".join(labels), start, end)] if len(labels) > 1 else []


def _goes_on(
    tokens: Sequence[Token], place: int, labels: Sequence[str], words: int, *, first: bool
) -> bool:
    """Whether a word belongs to the label before it: spelled, or a name heard as several words."""
    single = len(tokens[place].text) == 1 and len(tokens[place - 1].text) == 1
    if single or labels[-1].endswith("-"):
        return True
    if not first or words >= DOMAIN_WORDS or tokens[place].plain in STOP:
        return False
    ahead = [token.plain for token in tokens[place + 1 : place + 1 + DOMAIN_WORDS]]
    return "dot" in ahead or "." in ahead


def _dot_follows(text: str, tokens: Sequence[Token], place: int) -> bool:
    return (
        place + 1 < len(tokens)
        and SIGNS.get(tokens[place].plain) == "."
        and _is_sign(text, tokens, place)
    )


def _is_sign(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Whether a mark joins what is around it; a stop with a space behind it ends a sentence."""
    token = tokens[place]
    if token.text.isalpha():
        return place + 1 < len(tokens)
    return text[token.end : token.end + 1].isalnum() or text[token.start - 1 : token.start] == " "


def _characters(tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
    """The letters or digits that are said at a token, and the index behind them."""
    token = tokens[place]
    if token.plain in TIMES and place + 1 < len(tokens) and len(tokens[place + 1].text) == 1:
        return tokens[place + 1].plain * TIMES[token.plain], place + 2
    if number := number_at(tokens, place):
        return number
    if token.text == BREAK or not token.text[0].isalnum():
        return None
    return token.plain, place + 1


def _local(text: str, tokens: Sequence[Token], index: int, *, expected: bool) -> list[Piece]:
    """What stands before the at, from its first piece to its last."""
    pieces: list[Piece] = []
    place, words = index - 1, 0
    while place >= 0:
        token = tokens[place]
        sign = SIGNS.get(token.plain)
        if token.plain in TIMES and pieces and len(pieces[0].text) == 1:
            pieces[0] = Piece(pieces[0].text * TIMES[token.plain], token.start, pieces[0].end)
        elif sign and pieces and place and pieces[0].text not in SIGNS.values():
            if not token.text.isalpha() and text[token.end : token.end + 1].isspace():
                break
            pieces.insert(0, Piece(sign, token.start, token.end))
        elif _may_precede(text, tokens, place, pieces, words, expected=expected):
            said = _characters(tokens, place)
            if said is None:
                break
            pieces.insert(0, Piece(said[0], token.start, token.end))
            words += token.plain == said[0] and len(said[0]) > 1 and said[0].isalpha()
        else:
            break
        place -= 1
    while pieces and pieces[0].text in SIGNS.values():
        pieces.pop(0)
    return pieces


def _may_precede(
    text: str,
    tokens: Sequence[Token],
    place: int,
    pieces: Sequence[Piece],
    words: int,
    *,
    expected: bool,
) -> bool:
    """Whether a word is part of an address, by what follows it."""
    token = tokens[place]
    if token.text == BREAK or not token.text[0].isalnum() or token.plain in TIMES:
        return False
    short = len(token.text) == 1 or number_at(tokens, place) is not None
    if not pieces:
        joined = place > 0 and tokens[place - 1].plain in SIGNS
        return short or joined or token.plain not in STOP
    following = pieces[0]
    if following.text in SIGNS.values():
        return token.plain not in STOP or short
    if token.end == following.start:
        return True
    if short and (len(set(following.text)) == 1 or following.text.isdigit()):
        return True
    if token.plain in STOP or text[token.end : following.start].strip(" ,"):
        return False
    if following.text.isdigit() or short:
        return words < 1
    if [len(piece.text) for piece in pieces[:2]] == [1, 1]:
        return False  # letter by letter: the word before them is not spelled
    return expected and words < LOCAL_WORDS and not any(p.text in ".-_" for p in pieces[1:])
