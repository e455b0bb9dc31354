"""What was asked for or announced, and stays so for a few turns until the talk moves on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.contexts import (
    ADDRESS,
    BANK,
    HARMLESS,
    LEADS,
    PASSWORD,
    SENT_TO,
    THINGS,
)
from callinsight.calls.redaction.spoken import is_said_between

if TYPE_CHECKING:
    from collections.abc import Iterable

ANSWER = "answer"  # to a security question
LASTS = 4  # turns that neither ask for it anew nor tell any of it
_ONE = r"\b(?:the|a|an|that|this|your|our|my|his|her|their|its|old|new|same|temporary|another|last|next)"
_KIND_OF_CODE = (
    r"(?:pass|access|entry|door|gate|alarm|pairing|unlock(?:ing)?|activation|transfer|porting|switching"
    r"|pac|auth(?:ori[sz]ation)?|login|log-?in|host|backup|recovery"
    r"|verification|authentication|one[- ]time|otp|sms|text|\w+[- ]digit|key ?pad|lock ?box|safe|guest)"
)
SECRET = re.compile(  # one secret, not secrets in general: no plural, no `password policy`
    rf"(?:{_ONE} (?:\w+ ){{0,2}})?\b(?:pass ?word|pass ?code|pass ?phrase|pin(?: (?:code|number))?"
    rf"|{_KIND_OF_CODE} code|wi-?fi\b[^.?!\n]{{0,40}}\bkey"
    r"|(?:wi-?fi|network|security|api|access|secret|host|recovery) key"
    r"|(?:safe|security|secret|memorable|code) word|(?:client|api|app|webhook|signing|shared) (?:secret"
    r"|token)|(?:bearer|auth|access) token)\b"
    rf"|{_ONE} (?:code|secret|credentials?"
    r"|combination(?! of (?!(?:the|your) (?:lock|safe|key|door|gate))))\b|\bsecurity (?:question|answer)\b"
    r"|\b(?:read|give|tell)\b[^.?!\n]{0,20} (?:the|those|that) (?:\w+ )?(?:digits|figures)\b"
    r"|\b(?:choose|pick|set|create|think of) (?:a|your) new (?:one|pin)\b|\ba temporary (?:one|log ?in)\b"
    rf"|{_ONE} (?:\w+ )?(?:key|token)\b(?=[^.?!\n]{{0,40}}\b(?:last|first|starts?|ends?|begins?|print)\b)"
)
IN_GENERAL = re.compile(  # `password policy`, `the code on the label`
    r"\s?(?:(?:on|of|from|in|for|off) (?:\w+ ){0,5}(?:catalog(?:ue)?|label|box|product|part|item|brochure"
    r"|flyer|leaflet|coupon|voucher|parcel|package|packaging|article|magazine|advert|order|invoice)\b"
    r"|-? ?(?:polic|manager|reset|rule|requirement|vault|length|setting|protect|less|pads?\b|base\b"
    r"|review|freeze|quality|sample|snippet|coverage|repo|change|owner|editor|itself|of conduct|complexity"
    r"|rotation|hash|fields?\b|sharing|expir))"
)
ASKING = re.compile(
    r"\?|\bwhat(?:'?s| is| was| are)\b|\bwhich\b|\b(?:give|tell|read|send|text|spell|repeat|confirm"
    r"|say) (?:me|us|it|out|that)\b|\b(?:can|could|may|might|shall) (?:i|we|you)\b"
    r"|\bi(?:'ll|'d| will| just| do)? ?(?:just |also )?(?:need|want)\b|\bneed (?:your|the|a)\b"
    r"|\bplease\b|\bgo ahead\b|\bready\b|\b(?:have|got) (?:the|your|a|an)\b|\byou (?:have|got)\b"
    r"|\bgiving me\b|\bgonna need\b|\bgoing to need\b|\bstart(?:ing)? with\b"
    r"|\band (?:the|your)\b|\btake (?:the|your|a)\b|\blet me (?:find|get|grab|look)\b"
)
_WHOSE = (
    r"(?:first|childhood|favou?rite|oldest|best|mother's|father's|mum's|dad's|mom's|grand\w+'s)"
)
_WHAT = (
    r"(?:pet|school|teacher|car|job|street|friend|nickname|hero|film|movie|book|colou?r|food|team|band|song"
    r"|singer|concert|employer|boss|(?:middle |first )?name|holiday|sports? team|place|city|town|house|home"
    r"|album|actor|author|subject|animal|toy)"
)
QUESTION = re.compile(  # asked to find out whether somebody is who they say
    r"\b(?:code|safe|security|secret|memorable) ?word\b[^.!?]{0,40}(?:\?|please)"
    r"|\bmaiden name\b[^.!]{0,40}[?.]?\s*$|\b(?:security|secret|memorable) (?:answer|word|name|place|date"
    r"|phrase|person)\b[^.!]{0,20}\?|\banswer to (?:\w+ ){0,3}(?:security|secret|memorable) question"
    rf"|\bwh(?:at|o|ere|ich)\b[^.?!]{{0,40}}\byour (?:very )?{_WHOSE} {_WHAT}\b"
    r"|\bname of (?:your|the) (?:(?:first|childhood|favou?rite|primary|old) )*"
    r"(?:pet|school|teacher|street|dog|cat|best friend|hospital)\b"
    r"|\b(?:city|town|hospital|place|where)\b[^.?!]{0,20}\b(?:were you|you were) born"
    r"|\bstreet (?:did )?you gr[eo]w up|\bwhere (?:did you|you) (?:meet|met) your"
)
NEXT = re.compile(
    r"\band (?:the|your|what|how|when|who|do|are) [^.?!]*\?\s*$"
)  # asks for something else
MOST_WAITING = 6
SENTENCE = re.compile(r"[^.?!\n]+(?:[.?!]+(?!\s)[^.?!\n]+)*[.?!]*")
_MARKS = re.compile(r"\[(\w+) \d+\]")
_ADDRESS = re.compile(
    r"\b(?:post ?codes?|zip(?: code)?|eir ?code|house number|(?:which|what) street|street (?:name|number)"
    r"|address(?!ed|ing)\b)\b|\b(?:which|right) (?:flat|house|number|property|place)\b"
    r"|\bwhere (?:do|are|should|shall|can|would|will|did|is|'s)\b[^.?!\n]{0,30}"
    r"\b(?:coming|collect|deliver\w*|ship\w*|send|go|going|pick|post|live|located|drop|headed|install)\b"
)
_ACCOUNT = re.compile(
    rf"{LEADS[BANK].pattern}|\baccount\b[^.?!]{{0,40}}\b(?:pa(?:y|id)|deposit|refund|transfer|debit|go to"
    rf"|into)\b"
    r"|\b(?:pa(?:y|id)|deposit|refund|transfer|debit)\b[^.?!]{0,40}\baccount\b"
)
NAMES = {**LEADS, BANK: _ACCOUNT, HARMLESS: THINGS, PASSWORD: SECRET, ADDRESS: _ADDRESS}


def asked_in(turns: Iterable[str]) -> list[str]:
    """The kind that was asked for when each turn begins, nothing if none was."""
    kinds, kind, age = [], "", 0
    for turn in turns:
        kinds.append(kind if age < LASTS else "")
        text = turn.casefold().replace("’", "'")
        if asked := _asked(text):
            kind, age = asked, 0
        elif kind == ANSWER:
            age += LASTS * (not _waits(text))
        elif kind != PASSWORD and NEXT.search(text):
            kind = ""
        elif kind in (marks := _MARKS.findall(text)):
            age = 0
        elif ADDRESS in marks:  # a postcode may follow that nobody asked for
            kind, age = ADDRESS, 0
        else:
            age += 1
    return kinds


def _waits(text: str) -> bool:
    """Whether a turn answers nothing yet: `which one?`, `um`."""
    return len(text.split()) <= MOST_WAITING and (
        text.rstrip().endswith("?") or is_said_between(text)
    )


def in_general(text: str, place: int) -> bool:
    """Whether what is behind the name of a secret says that none is meant: `password policy`."""
    return bool(IN_GENERAL.match(text, place))


def _asked(text: str) -> str:
    """What a turn asks for or announces last; harmless if it asks for both at once."""
    last = ""
    for sentence in SENTENCE.findall(SENT_TO.sub("", text)):
        if QUESTION.search(sentence):
            last = ANSWER
            continue
        asks = ASKING.search(sentence)
        if not asks and not SECRET.search(sentence):
            continue
        named = [
            (place.end(), -place.start(), name)
            for name, pattern in NAMES.items()
            for place in pattern.finditer(sentence)
            if name != PASSWORD or not in_general(sentence, place.end())
        ]
        kinds = {name for *_, name in named}
        if kinds and (PASSWORD in kinds or asks):
            last = max(named)[-1]
            if PASSWORD in kinds:
                last = HARMLESS if HARMLESS in kinds else PASSWORD
    return last
