"""Links that carry a secret, or that let in whoever has them, written or said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.spoken import (
    BREAK,
    OH,
    TIMES,
    number_at,
    pairs_in,
    runs_of,
    tokens_of,
    words_in,
)
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token
    from callinsight.calls.redaction.talk import Talk

LINK, PASSWORD = "link", "password"
WRITTEN = re.compile(
    r"(?:[a-z][a-z0-9+]{0,19}://|www\.)[^\s<>\"'\f]+|(?<![\w@.-])(?:[\w-]++\.)+[a-z]{2,}(?::\d+)?[/?][^\s<>\"'\f]+",
    re.I,
)
SECRET_NAME = (
    r"(?:[\w-]*(?:token|secret|passw(?:or)?d|signature|credential|apikey|api[_-]?key|access[_-]?key)[\w-]*"
    r"|key|room_?key|rlkey|resource_?key|auth|pwd|pass|pw|sig|code|otp|session(?:id)?|sid|jwt|invite|t?k|x-amz-[\w-]+|hash)"
)
SECRET = re.compile(
    rf"[?&#;/]{SECRET_NAME}=[^&\s]{{3,}}|://[^/\s:@]+:[^/\s@]+@"
    r"|/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|/(?:reset|invite|magic|verify|share|join|unsubscribe|confirm|s|auth|login|token)/(?=[\w.~-]*\d)[\w.~-]{5,}"
    r"|/(?=[A-Za-z_]*\d)(?=(?:\w*\d){3})(?=\w*[A-Za-z])\w{16,}"
    # a short mark behind what says that somebody was let in, none of a word
    r"|/(?:view|preview|guest|private|pay|i|d|dl|shared|board|doc|w|room|meet|proposals?|sign|access|unlock"
    r"|activate|session|live|f|folder|onboard)/(?=[a-z]*\d)(?=\d*[a-z])(?![\w-]*[a-z]{4})[\w-]{4,}(?![\w.-])"
    r"|/(?:meet|meeting|join|j|room)/(?:[\w-]+/)?\d[\d-]{6,}",
    re.I,
)
RANDOM = re.compile(  # a part of a path that is no word and no name, as it is written
    r"/(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?![\w-]*[a-z]{4})[\w-]{8,}(?![\w.-])"
)
SPELLED = re.compile(
    r"/(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{4,}$"
)  # and one that is said letter by letter
FEWEST_SPELLED = 4
OF_LINK = re.compile(  # before a part of one
    r"\b(?:link|url|slash)\b[^\n]{0,80}"
    r"\b(?:(?:end|start|begin)(?:s|ing)? (?:in|with|on)|(?:is|has|and|then) (?:your|the|a) code)"
    r"\W*(?:\b(?:yeah|yes|okay|ok|um|uh|so|it's)\b\W*)*$"
    r"|\bnew one\W+it'?(?:ll|s| will| should)? (?:end|start)s? (?:in|with) $"
)
LETS_IN = re.compile(  # meetings, and files that somebody shared: the address is all the key there is
    r"(?:^|[/.])(?:(?:1?drv\.ms|we\.tl|forms\.gle|discord\.gg|chat\.whatsapp\.com|hooks\.slack\.com/services"
    r"|zoom\.us/(?:j|s|w|my|rec/(?:share|play))|teams\.(?:microsoft|live)\.com/(?:l/meetup-join|meet)"
    r"|webex\.com/(?:meet|join)|dropbox\.com/(?:scl|sh?|l)|wetransfer\.com/(?:downloads|transfers)"
    r"|slack\.com/join|box\.com/[sv]|(?:docs|drive)\.google\.com/[\w/]{1,40}/(?:d|folders)"
    r"|t\.me/joinchat|calendly\.com/d|sharepoint\.com/:[a-z]:|icloud\.com/iclouddrive"
    r"|figma\.com/(?:file|design|proto|board)|miro\.com/app/board|trello\.com/(?:b|invite)|loom\.com/share"
    r"|canva\.com/design|docsend\.com/view|mega\.nz/(?:file|folder)|whereby\.com|meet\.jit\.si|meet\.goto\.com"
    r"|gotomeet(?:ing)?\.(?:me|com/join)|join\.skype\.com|discord\.com/invite|airtable\.com/(?:app\w+/)?shr\w*"
    r"|forms\.office\.com/[re]|bit\.ly|tinyurl\.com|rebrand\.ly|cutt\.ly|is\.gd)/\S"
    r"|meet\.google\.com/[a-z]{3}-?[a-z]{4}-?[a-z]{3}\b|webex\.com/[\w/-]{0,80}j\.php\?|t\.me/\+\w"
    r"|(?:sharepoint|onedrive\.live)\.com/[^?\s]{0,300}\?(?:\S{0,300}&)?(?:sourcedoc|resid|authkey|id)="
    r"|notion\.(?:so|site)/[\w/-]{0,200}[0-9a-f]{32})",
    re.I,
)
KEYS = re.compile(  # keys whose look tells them, wherever they stand
    r"\b(?:(?:sk|pk|rk)_(?:live|test)_\w{6,}|gh[pousr]_\w{16,}|xox[abprs]-[\w-]{8,}|AKIA[0-9A-Z]{12,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|AIza[\w-]{20,}|sk-[A-Za-z0-9_-]{16,}|github_pat_\w{20,}"
    r"|(?:glpat|npm|hf|dop_v1|whsec|SG|ya29|shpat)[_.-][\w.-]{16,})"
    # or a long word of small and capital letters and figures, none of which make a word as in names of files
    r"|(?<![\w/.:@~+=-])(?=[\w/+~=-]*[a-z])(?=[\w/+~=-]*[A-Z])(?=[\w/+~=-]*\d[\w/+~=-]*\d)"
    r"(?![\w/+~=-]*[a-z]{4})[\w/+~=-]{24,}(?![\w.]*@)"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^\f]{0,6000}?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|$)"
)
SIGNS = pairs_in(
    "dot=. .=. slash=/ /=/ equals== === equal== ampersand=& &=& ?=? underscore=_ _=_ dash=- hyphen=- -=-"
    " colon=: :=: hash=# #=# @=@ percent=%"
)
SENTENCE_MARKS = {".", "?", "!", ",", ":", ";"}
STARTS = ("www", "http", "https")
CASES = words_in(
    """
    capital uppercase lowercase upper lower case letter
    """
)


def find_links(talk: Talk) -> Iterator[Found]:
    """Links with a secret."""
    for found in WRITTEN.finditer(talk.text):
        text = found[0].rstrip(".,;:!?)]}")
        if _is_secret(text) or RANDOM.search(text):
            yield Found(found.start(), found.start() + len(text), LINK, text.casefold())
    tokens = tokens_of(talk.text)
    index = 0
    while index < len(tokens):
        start = _start(tokens, index)
        said, end = _said(talk.text, tokens, index) if start else ("", index)
        if _is_secret(said) or (
            SPELLED.search(said.rstrip(".")) and _ends_spelled(tokens[index:end])
        ):
            yield Found(tokens[index].start, tokens[end - 1].end, LINK, said)
        index = max(index + 1, end)
    yield from _ends(talk)


def _ends(talk: Talk) -> Iterator[Found]:
    """What a link is said to end or begin with, and what of it follows a `then your code`."""
    for run in runs_of(talk.text, letters=True):
        mixed = not run.value.isdigit() and not run.value.isalpha()
        if mixed and len(run.value) >= FEWEST_SPELLED and OF_LINK.search(talk.lead(run.start)):
            yield Found(run.start, run.end, LINK, run.value.casefold())


def find_keys(talk: Talk) -> Iterator[Found]:
    """Keys of services, which can be told by their look."""
    for found in KEYS.finditer(talk.text):
        yield Found(*found.span(), PASSWORD, found[0])


def _is_secret(link: str) -> bool:
    return bool(SECRET.search(link) or LETS_IN.search(link))


def _ends_spelled(tokens: Sequence[Token]) -> bool:
    """Whether what is said of a link ends in letters and digits that are said one by one."""
    single = 0
    for token in reversed(tokens):
        if len(token.text) > 1 and token.plain not in TIMES and not number_at([token], 0):
            break
        single += 1
    return single >= FEWEST_SPELLED


def _start(tokens: Sequence[Token], index: int) -> bool:
    """Whether a link begins at a token: `w w w dot`, `https colon`, or `tallybrook dot com slash`."""
    word = tokens[index].plain
    if word in STARTS:
        return True
    following = tokens[index + 1].plain if index + 1 < len(tokens) else ""
    if word != "w" and following != "dot":
        return False
    plain = [token.plain for token in tokens[index : index + 8]]
    if plain[:3] == ["w", "w", "w"]:
        return True
    return word.isalnum() and following == "dot" and "slash" in plain


def _said(text: str, tokens: Sequence[Token], index: int) -> tuple[str, int]:
    """The link that is said from a token on, as it would be written, and the index behind it."""
    said, place, joined = "", index, True
    while place < len(tokens):
        token = tokens[place]
        sign, behind = _sign(text, tokens, place)
        if sign:
            said += sign
            place, joined = behind, True
            continue
        if token.text == "," and "/" in said and _is_between(tokens, place):
            place += 1
            continue
        part = _part(tokens, place)
        if token.plain in OH and place and "\n" in text[tokens[place - 1].end : token.start]:
            break  # a turn that begins with oh
        if part is None or not (joined or _continues(said, token, tokens[place - 1])):
            break
        said += part[0]
        place, joined = part[1], False
    while place > index and _sign(text, tokens, place - 1)[0]:
        place -= 1
    if said.endswith("://"):
        said = said[:-3]
    return said.casefold(), place


def _is_between(tokens: Sequence[Token], place: int) -> bool:
    """Whether a comma stands between digits or letters that are said one by one."""
    around = [*tokens[place - 1 : place], *tokens[place + 1 : place + 2]]
    return len(around) == 2 and all(
        len(t.text) == 1 or t.plain in (*TIMES, *OH) or number_at([t], 0) for t in around
    )


def _sign(text: str, tokens: Sequence[Token], place: int) -> tuple[str, int]:
    """The mark that is said at a token, else nothing, and the index behind it."""
    token = tokens[place]
    plain = [one.plain for one in tokens[place : place + 3]]
    if plain[:2] == ["question", "mark"]:
        return "?", place + 2
    if plain[:2] in (["forward", "slash"], ["equal", "sign"]):
        return "/" if plain[0] == "forward" else "=", place + 2
    if plain[:2] == ["and", "sign"] or plain == ["equals", "sign"]:
        return "&", place + 2
    if token.text in SENTENCE_MARKS and text[token.end : token.end + 1].isspace():
        return "", place
    return SIGNS.get(token.plain, ""), place + 1


def _part(tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
    token = tokens[place]
    if token.plain in CASES:
        return "", place + 1
    if token.plain in TIMES and place + 1 < len(tokens) and len(tokens[place + 1].text) == 1:
        return tokens[place + 1].plain * TIMES[token.plain], place + 2
    if number := number_at(tokens, place):
        return number
    if token.plain in OH and place and number_at(tokens, place - 1):
        return "0", place + 1
    if token.text == BREAK or not token.text[0].isalnum():
        return None
    return token.plain, place + 1


def _continues(said: str, token: Token, before: Token) -> bool:
    """Whether a word goes on where no sign joins it: spelled letters and digits do."""
    if token.start == before.end:
        return True
    single = len(token.text) == 1 or token.plain in CASES or token.plain in TIMES
    is_number = number_at([token], 0) is not None or token.plain in OH
    name = re.search(r"[?&](\w+)$", said)  # `api key equals` is one name
    return single or is_number or bool(name and token.plain in ("key", "token", "code", "word"))
