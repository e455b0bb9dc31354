"""Postal addresses: a house number with its street, and what follows of place and postcode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction import checks
from callinsight.calls.redaction.contexts import UNIT
from callinsight.calls.redaction.streets import streets_in
from callinsight.calls.redaction.talk import Found
from callinsight.calls.redaction.written import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callinsight.calls.redaction.talk import Talk

ADDRESS = "address"
CONTEXT = re.compile(
    r"address|\blive[sd]?\b|\bliving\b|\bship\b|deliver|post(?:ed|al)? (?:it|to)|mail (?:it|them|that|to)"
    r"|office(?: is|s are|'s)|located|based (?:at|in)|come (?:to|by)|visit|drop (?:it|them)|head to|we're at"
    r"|moved to|home is|send (?:it|them|that|the)|street|\bhouse\b|flat\b|apartment|pick (?:it|me|them) up"
    r"|registered|property|premises|install|is it\b"
    r"|parcel|package|courier|meet (?:me|us) at|we are at|i'm at|that's|it's"
)
SURE = (
    "street|avenue|ave|road|rd|boulevard|blvd|lane|ln|crescent|terrace|parkway|pkwy|mews|turnpike"
)
UNSURE = (
    "st|way|drive|dr|place|pl|court|ct|close|square|sq|hill|row|park|gardens?|grove|highway|hwy|walk"
    "|circle|quay|wharf|loop|trail|rise|green|alley|plaza|yard|circus|embankment|strasse|straße|allee"
)
NOT_NAMES = (
    "of|the|on|in|at|to|and|or|for|from|an|is|are|was|with|by|our|your|their|my|we|you|per|than|that|this"
    "|months?|years?|days?|weeks?|minutes?|people|users|stores?|percent|million|thousand|dollars|more|other"
    "|different|new|offices?|branches|shops|i|it|they|he|she|down|across|cars|trucks|hours?|steps?|out|up"
    "|dead|one|two|first-time|pounds|euros|hundred|if|when|but|as|about|into|sites|locations|units|quid"
    "|called|way|single|pages?|clicks?|items|meetings?|calls|seats|licences|licenses|employees|customers"
)
POSTCODE = (  # of Britain, Canada and Australia
    r"(?:[a-z] ?[a-z]? ?\d ?[a-z\d]?,? ?\d ?[a-z] ?[a-z]\b|[a-z] ?\d ?[a-z],? ?\d ?[a-z] ?\d\b"
    r"|(?:n ?s ?w|vic(?:toria)?|qld|queensland|s ?a|w ?a|tas(?:mania)?|a ?c ?t|n ?t|new south wales"
    r"|(?:south|western) australia),? \d{4}(?!\d))"
)
ZIP = (  # of America and of India
    rf"(?:\d(?:[ ,-]?\d){{4}}(?:-\d{{4}})?|[1-9]\d\d ?\d{{3}})(?!\d|{UNIT.pattern})"
)
UNITS = r"(?:flat|apartment|apt\.?|unit|suite|floor|building|room|ste\.?|#) ?#?\w{1,4}"
STREET = re.compile(
    rf"(?:\b{UNITS},? )?(?:\bnumber )?\b(?P<number>\d{{1,5}}[a-z]?(?: ?[-–/] ?\d{{1,5}})?(?: [a-d])?),? "
    rf"(?:(?P<name>(?:[a-z],? ){{3,15}}|(?:(?!(?:{NOT_NAMES})\b|\d+\b)[\w'’.-]+ ){{1,3}}?)"
    rf"(?P<type>{SURE}|{UNSURE})|broadway)\b"
    r"\.?(?!['’])",
    re.I,
)
WORD = (
    r"(?!(?:and|but|so|if|or|is|are|was|just|we|i|you|please|that's|then|by|before|next|near|for|with"
    r"|can|could|would|thanks?)\b)[^\W\d_][\w.'’-]*"
)
REST = re.compile(
    rf"(?:(?:,? (?:{UNITS}))?)(?:(?:,? (?:in |at )?(?:{WORD},? ){{1,6}}?(?:(?:zip|post) ?code,? (?:is )?)?"
    rf"(?:{ZIP}|{POSTCODE}))|,? (?:{ZIP}|{POSTCODE}))?",
    re.I,
)
TOWN = re.compile(
    r"(?:, | in |, in )(?:[A-Z][\w'’-]+)(?: [A-Z][\w'’-]+)?(?:, (?:[A-Z]{2}\b|[A-Z]\w+))?"
)
HOUSE = re.compile(  # that has a name and no number
    r"\b(?:[A-Z][\w'’]+ ){1,3}(?:Farm|Cottage|House|Lodge|Barn|Hall|Manor|Mill|Rectory|Vicarage|Grange|Villa)"
    rf",? (?:on |in )?(?:[A-Z][\w'’]+ ){{1,3}}(?i:{SURE}|{UNSURE})\b"
)
ESTATE = re.compile(
    rf"\b{UNITS},? (?:[\w'’]+ ){{1,3}}?(?:business|industrial|trading|retail|science|technology|enterprise)"
    r" (?:park|estate|centre|center|village)\b",
    re.I,
)
BOX = re.compile(r"\bp\.? ?o\.? box (?:number )?\d[\d ]*\d", re.I)
CODE = re.compile(rf"\b(?:{POSTCODE}|{ZIP})", re.I)
CODE_NAMED = re.compile(
    r"(?:post(?:al)? ?code|zip(?: ?code)?|eir ?code)\b[^.\d]{0,30}$|(?<!to )(?<!ip )address\b[^.?!]{0,40}$",
    re.I,
)
SHOPS = re.compile(
    r"(?:high|main) street (?:banks?|retail\w*|shops?|stores?|brands?|chains?|names?)", re.I
)
NO_STREET = re.compile(  # behind what only looks like one: a road map, a square metre
    r"[,.]?\s?(?:map|trip|test|show|sign|side|price|level|smart|legal|met(?:er|re)|f(?:oo|ee)t|mile|inch)"
)
SHORT = {
    "st": "street", "rd": "road", "ave": "avenue", "ln": "lane", "dr": "drive", "blvd": "boulevard",
}  # fmt: skip


def find_addresses(talk: Talk) -> Iterator[Found]:
    """Streets with their number, post boxes, and postcodes that are called so."""
    said = written(talk.text)
    for first, behind, unsure in streets_in(said.text):
        span = said.span(first, behind)
        if not unsure or CONTEXT.search(talk.lead(span[0])[-70:]):
            yield _found(span, said.text[first:behind])
    for found in ESTATE.finditer(said.text):
        yield _found(said.span(found.start(), _end(said.text, found)), found[0])
    for found in STREET.finditer(said.text):
        if _is_street(talk, found, said.span(*found.span())[0], said.text):
            yield _found(said.span(found.start(), _end(said.text, found)), found[0])
    for found in HOUSE.finditer(said.text):
        yield _found(said.span(found.start(), _end(said.text, found)), found[0])
    for found in BOX.finditer(said.text):
        yield _found(said.span(*found.span()), found[0])
    for found in CODE.finditer(said.text):
        start, end = said.span(*found.span())
        named = CODE_NAMED.search(talk.lead(start)) and not UNIT.match(talk.text, end)
        plain = talk.text[start:end]
        canonical = re.fullmatch(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}", plain)
        if named or (canonical and checks.is_postcode(plain)):
            yield _found((start, end), found[0])


def _is_street(talk: Talk, found: re.Match[str], start: int, text: str) -> bool:
    if found["name"] is None:
        return True
    name, kind = found["name"].split(), found["type"]
    if SHOPS.match(text, found.start("name")):
        return False
    if NO_STREET.match(text, found.end()):
        return False
    if re.fullmatch(SURE, kind, re.I):
        return not re.search(r"[$£€]$", talk.text[:start])
    capital = all(word[:1].isupper() or word[:1].isdigit() for word in [*name, kind])
    return capital or bool(
        (CONTEXT.search(talk.lead(start)[-70:]) or talk.asked_at(start) == ADDRESS)
        and kind.casefold() not in ("st",)
    )


def _end(text: str, found: re.Match[str]) -> int:
    """Where the place and postcode behind a street end."""
    rest = REST.match(text, found.end())
    end = rest.end() if rest else found.end()
    town = TOWN.match(text, end)
    if town is None:
        return end
    code = re.match(rf",? (?:{ZIP}|{POSTCODE})", text[town.end() :], re.I)
    return town.end() + (code.end() if code else 0)


def _found(span: tuple[int, int], text: str) -> Found:
    words = re.findall(r"\w+", text.casefold())
    return Found(*span, ADDRESS, " ".join(SHORT.get(word, word) for word in words))
