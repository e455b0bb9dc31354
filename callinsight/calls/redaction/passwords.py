"""Passwords and security answers behind their name: `the password is Tallyho77`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.answers import BEGINNING, extended, find_answers
from callinsight.calls.redaction.asked import ANSWER as ANSWERED
from callinsight.calls.redaction.asked import SENTENCE
from callinsight.calls.redaction.spoken import (
    BREAK,
    FILLERS,
    JOINTS,
    NUMBER_WORDS,
    TIMES,
    number_at,
    tokens_of,
    words_in,
)
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token
    from callinsight.calls.redaction.talk import Talk

PASSWORD = "password"
SHORTEST_SECRET = 10  # of a key that is only called key or token
RANDOM_CHANGES = 3  # from letters to figures and back
ANSWERS = (
    r"(?:maiden name|(?:security|secret) (?:question )?answer"
    r"|answer to (?:\w+ )?(?:security|secret) question|memorable (?:word|name|place|phrase|answer)"
    r"|first (?:pet|school|teacher)|pet'?s name|street you grew up|childhood (?:friend|nickname|hero)"
    r"|(?:city|town) (?:were you|you were) born"
    r"|favou?rite (?:teacher|film|movie|book|place|colou?r|food|team))"
)
NAMED = re.compile(
    r"\b(?:pass ?words?|pass ?phrases?|pass ?codes?|pass ?keys?|wi-?fi key|secret (?:word|key)"
    rf"|(?:safe|code|security) ?word|{ANSWERS}|api key|access (?:key|token|code)|(?:auth|bearer"
    rf"|login) token|pwd"
    r"|(?:recovery|seed|backup) (?:phrase|key|words)|client secret|(?:licen[cs]e|product|activation) key)"
    r"(?: (?:for|to|on|of|in|at) (?:[\w'’-]+ ){0,3}?[\w'’-]+)??"
    r"(?:,[^,.?!\n]{2,30},)?(?:(?:'s|’s)? ?(?:\bis|\bwas|\bwill be|\bwould be|\bset to|\bis set to|:|="
    r"|\bequals)(?=\W)"
    r"|(?:'s|’s)(?=\s)|,? (?:it's|it’s|its|that's|that’s|it is|that is|use|type|enter)(?=\s))"
    r"(?:[\s,:]+(?:just|still|currently|now|actually|simply|literally|like|um|uh|it's|it’s|set to|going to be"
    r"|always|the word|the following|spelled|as follows))*[\s,:]*",
    re.I,
)
WEAKLY_NAMED = re.compile(  # what follows must look like a secret
    r"\b(?:keys?|tokens?|secrets?|credentials?)\b(?: (?:for|to|of|in|on) (?:[\w'’-]+ ){0,3}?[\w'’-]+)?"
    r"(?:'s|’s)?[\s,:=]{1,3}(?:(?:is|was|it's|that's|as follows|here)[\s,:]{1,3})?(?P<value>[^\s\f]{10,})",
    re.I,
)
LOOSELY_NAMED = re.compile(  # a word that ends in figures, in the same sentence
    r"\bpass ?words?\b[^.?!\n]{0,40}?[\s,\"](?P<value>[A-Za-z]{5,30}\d{2,12}[!@#$%^&*_+=?]*)(?![\w-])",
    re.I,
)
PRODUCTS = re.compile(
    r"(?:office|windows|base|python|java|server|sharepoint|exchange|dynamics|version)\d+", re.I
)
ONE_WORD = re.compile(  # how somebody says that words are to be typed together
    r"(?<![\w-])(?P<value>[^\W\d_]{1,20}(?:[ -][\w]{1,20}){1,5}+),? (?:all|it's all|that's all|as) "
    r"(?:one word|lower ?case|together)\b"
)
ABOUT_SECRETS = re.compile(r"pass ?word|pass ?code|pass ?phrase|wi-?fi|\bkey\b|log ?in")
_SECRET = (
    r"(?:pass ?word|pass ?phrase|pass ?code|safe ?word|api key|access code|transfer pin|porting pin"
    rf"|wi-?fi key|{ANSWERS})"
)
_END = (
    r"(?! ?(?:polic|manager|reset|rule|requirement|vault|length|setting|for\?))"
    r"[^.?!\n]{0,30}[?.]?\s*$"
)
ASKED = re.compile(
    rf"(?:what(?:'s| is| was)|tell me|give me|read out|confirm)[^.?!\n]{{0,40}}{_SECRET}{_END}"
    rf"|(?:can|could|may) i [^.?!\n]{{0,40}}{ANSWERS}{_END}"
    rf"|(?:name of (?:your|the) )?{ANSWERS}\?\s*$"
    r"|(?:first|last) (?:few|three|four|five|six|\d) (?:characters|letters)[^.?!\n]{0,30}[.?]?\s*$"
    rf"|(?:wants|needs|asks|asking|prompt\w*|says i need|says it needs) [^.?!\n]{{0,20}}{_SECRET}"
    r"[^.?!\n]{0,20}[.?]?\s*$"
    r"|wi-?fi\b[^\n]{0,80}\bkey\?[^\n]{0,60}$"
    rf"|(?P<loosely>have|need|remember)[^.?!\n]{{0,40}}{_SECRET}{_END}"
    r"|(?:client secret|api key|(?:access |auth )?token|(?:licen[cs]e|secret) key|pass ?phrase"
    rf"|{ANSWERS})\?\s*$"
)
PHRASE = re.compile(r"phrase|(?:recovery|seed|backup) words")
WORDS = (  # the fewest and the most plain words that are the secret, by its name
    (re.compile(r"(?:recovery|seed|backup) (?:phrase|words)"), (3, 24)),
    (re.compile(rf"{ANSWERS}|(?:safe|code|security) ?word"), (1, 4)),
    (re.compile(r"phrase|word|wi-?fi key"), (3, 6)),
)
ANSWER = re.compile(
    r"(?:(?:sure|yes|yeah|okay|ok|um|uh|oh|well|right|of course|hang on|one second|so|it's|it’s|it is"
    r"|it was|that was|mine was|that's|that’s|that is|that would be|let me see|i think)\b[\s,.:–—-]*)*",
    re.I,
)
SYMBOLS = words_in(
    """
    exclamation mark point hash hashtag dollar sign asterisk star at underscore dash hyphen
    ampersand percent plus equals dot bang pound capital uppercase lowercase upper lower
    case caps question slash space
    """
)
JOINING = words_in("with an a and then followed by")
COMMON = words_in(
    """
    a an the no not in on at to too very so that this it what all always never only just
    still up out off good bad strong weak long short secure safe same different wrong right
    correct fine here there one two something anything nothing everything and or but if when
    where how why who which for from with by our your my his her their its like about over
    under also being been more most less really quite pretty super probably maybe usually
    often sometimes again then than because easy hard tricky annoying painful terrible great
    invalid incorrect unknown unique random blank empty gone dead ready optional mandatory
    compulsory case sensitive you we they i he she us me down due part another every each
    some any both either neither useless pointless outdated old new single stuck sitting key
    enough next last first second temporary permanent private public known visible hidden
    rubbish policy manager reset resets vault important crucial complex simple such coming
    shame joke nightmare whatever somewhere everywhere nowhere elsewhere everyone everybody
    nobody someone going kept sent held lost driven based bound now today tomorrow yesterday soon later as
    supposed meant written set built stuff mine yours theirs ours between behind across per
    six eight ten twelve fourteen sixteen thing things minimum maximum least
    """
)
FIRST = COMMON - {"correct", "right", "blank", "random"}  # which no pass phrase begins with
STOPS = (FIRST | FILLERS) | words_in(  # a sentence goes on, or never told a secret
    """
    has have had do does did can could will would should must may might need needs let lets
    know knows get gets go goes make makes use uses used work works thanks thank please cheers
    try user users team teams company admin login account accounts field rules length words
    characters letters digits numbers symbols sorry pardon excuse say
    """
)
ENDINGS = ("ed", "ing", "ly", "able", "ible", "ful", "less", "ent")
BEHIND = re.compile(
    r"\s*(?:$|[\n\f.,;!?–—)]|\b(?:with|all|in|capital|and|but|then|if|for|number|one|spelled|no|lower|upper"
    rf"|followed|as|exclamation|hash|please|on|so|or|oh|{'|'.join(NUMBER_WORDS)})\b)",
    re.I,
)


GUESSED = re.compile(r"\b(?:or|was it|is it|maybe|no|sorry)\b", re.I)
INTERJECTION = re.compile(
    r"(?:god|gosh|gee|wow|dear|lord|good question|goodness|blimey|let me think|no idea|pass|hello|hi"
    r"|not sure|pardon)\b",
    re.I,
)


def find_passwords(talk: Talk) -> Iterator[Found]:
    """Passwords behind their name, and in answer to a question for one."""
    for named in NAMED.finditer(talk.text):
        if found := _value(talk, named.end(), named[0].casefold()):
            yield found
    for named in WEAKLY_NAMED.finditer(talk.text):
        word = named["value"].rstrip(".,;:!?)\"'")
        if len(word) >= SHORTEST_SECRET and _looks_random(word):
            yield _found(talk, named.start("value"), named.start("value") + len(word))
    for named in LOOSELY_NAMED.finditer(talk.text):
        found = _value(talk, named.start("value"), "")
        if found and not PRODUCTS.fullmatch(named["value"]):
            yield found
    for named in ONE_WORD.finditer(talk.text):
        if ABOUT_SECRETS.search(talk.lead(named.start())):
            yield _found(talk, *named.span("value"))
    for span in find_answers(talk):
        yield _found(talk, *span)
    yield from _answers(talk)
    for place in talk.starts:
        if asked := ASKED.search(talk.lead(place)):
            answer = ANSWER.match(talk.text, place)
            name = "" if asked["loosely"] else asked[0]
            if answer and INTERJECTION.match(talk.text, answer.end()):
                continue
            if answer and (found := _value(talk, answer.end(), name)):
                yield found


def _answers(talk: Talk) -> Iterator[Found]:
    """Answers to a security question, and what else somebody thinks they were."""
    for part, start in enumerate(talk.starts):
        if talk.asked[part] != ANSWERED:
            continue
        behind = talk.starts[part + 1] if part + 1 < len(talk.starts) else len(talk.text)
        answered = False
        for sentence in SENTENCE.finditer(talk.text[:behind].partition(BREAK)[0], start):
            said = BEGINNING.match(talk.text, sentence.start(), sentence.end())
            place = said.end() if said else sentence.start()
            if answered and not GUESSED.search(talk.text[sentence.start() : place]):
                break
            if INTERJECTION.match(talk.text, place, sentence.end()):
                continue
            if found := _value(talk, place, "maiden name"):
                answered = True
                yield found


def _value(talk: Talk, start: int, name: str) -> Found | None:
    """What stands there, if it can be what was named before it."""
    text = talk.text[start : start + 200].partition(BREAK)[0]
    quoted = re.match(r"[\"“‘'`]([^\"”’'`\n]{2,60})[\"”’'`]", text)
    if quoted:
        return _found(talk, start + 1, start + 1 + len(quoted[1]))
    chunk = re.match(r"\S+", text)
    if chunk is None or chunk[0].startswith("["):
        return None
    word = chunk[0].rstrip(".,;:!?)\"'")
    end = len(word) if _looks_secret(word) else 0
    tokens = tokens_of(text)
    end = max(end, _spelled(tokens))
    end = end or _phrase(tokens, name)
    if not end and _is_plain(tokens, text, word):
        end = max(len(word), _spelled(tokens, behind=1))
    return _found(talk, start, extended(talk.text, start + end)) if end else None


def _looks_random(word: str) -> bool:
    """Whether letters and figures follow each other as in no word, number or name of a file."""
    changes = len(re.findall(r"(?<=\d)[A-Za-z]|(?<=[A-Za-z])\d", word))
    return changes >= RANDOM_CHANGES and not re.search(r"[/\\].*\.\w{2,4}$", word)


def _looks_secret(word: str) -> bool:
    """Whether a word is none of a language: figures or signs in it, or capitals inside."""
    if len(word) < 4 or re.fullmatch(r"[\d.,]+|\d+(?:st|nd|rd|th|s|-\w+)|\d+-?[a-z]+", word):
        return False
    if re.fullmatch(r"[A-Za-z]+(?:['’-][A-Za-z]+)*", word):
        return bool(re.search(r"[a-z][A-Z]", word))
    return bool(re.search(r"[A-Za-z]", word)) and bool(re.search(r"[\d!@#$%^&*_+=?]", word))


def _phrase(tokens: Sequence[Token], name: str) -> int:
    """Where the plain words end that are a pass phrase or an answer; 0 if they are none."""
    fewest, most = next((number for named, number in WORDS if named.search(name)), (1, 0))
    marks, stops = ("-,", frozenset()) if PHRASE.search(name) else ("-", STOPS)
    said: list[Token] = []
    for token in tokens:
        is_word = token.text[0].isalpha()
        if len(said) == most or token.plain in stops or not (is_word or token.text in marks):
            break
        said += [token] if is_word else []
    if len(said) < fewest or said[0].plain in FIRST or _is_told(said[0], name):
        return 0
    return said[-1].end


def _is_told(token: Token, name: str) -> bool:
    """Whether a word says what becomes of a secret, as `stored` does; Kelly is a maiden name."""
    is_name = token.text[0].isupper() and "name" in name
    return len(token.text) > 4 and token.plain.endswith(ENDINGS) and not is_name


def _is_plain(tokens: Sequence[Token], text: str, word: str) -> bool:
    """Whether a plain word can be the password: none that says what passwords are like."""
    if not tokens or not tokens[0].text.isalpha() or len(word) < 4:
        return False
    plain = tokens[0].plain
    if plain in COMMON or plain.endswith(ENDINGS) or plain in SYMBOLS:
        return False
    return bool(BEHIND.match(text, len(word)))


def _spelled(tokens: Sequence[Token], *, behind: int = 0) -> int:
    """Where the letters, digits and signs end that spell a password; 0 if they are too few."""
    end, said, index = 0, 0, behind
    while index < len(tokens):
        token = tokens[index]
        number = number_at(tokens, index)
        if token.text == BREAK or token.text.startswith("["):
            break
        if number:
            said += len(number[0])
            index, end = number[1], tokens[number[1] - 1].end
            continue
        if len(token.text) == 1 and token.text.isalpha() and not _is_word(tokens, index):
            said, end = said + 1, token.end
        elif token.plain in SYMBOLS or token.plain in TIMES:
            is_last = index + 1 == len(tokens)
            end = token.end if said or not is_last else end
            said += token.plain in ("mark", "hash", "sign", "star", "underscore", "bang")
        elif said and token.plain in JOINING and _sign_follows(tokens, index):
            pass
        elif token.text not in (",", "-", "."):
            sign = tokens[index - 1].plain if index else ""
            if not (sign in JOINTS or (sign in SYMBOLS and index - 1 == behind)):
                break
            said, end = said + 2, token.end
        index += 1
    return end if said >= (1 if behind else 3) else 0


def _sign_follows(tokens: Sequence[Token], index: int) -> bool:
    """Whether `with an` or `and then` leads to a sign: `with an exclamation mark`."""
    return any(token.plain in SYMBOLS for token in tokens[index + 1 : index + 3])


def _is_word(tokens: Sequence[Token], index: int) -> bool:
    """Whether `a` or `I` is a word of its own: no letter, digit or sign stands beside it."""
    if tokens[index].plain not in ("a", "i"):
        return False
    around = [*tokens[max(0, index - 1) : index], *tokens[index + 1 : index + 2]]
    return not any(len(t.text) == 1 or t.plain in SYMBOLS or number_at([t], 0) for t in around)


def _found(talk: Talk, start: int, end: int) -> Found:
    return Found(start, end, PASSWORD, re.sub(r"[\W_]", "", talk.text[start:end]).casefold())
