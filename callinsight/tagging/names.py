"""Rivals that buyers name: those on the user's list, and firms on no list that are used or compared.

A listed name is known with its possessive, plural and endings, in one word or several. Names on no
list are looked for where a firm stands that is used, left, compared or has made an offer; what
spaCy's entity recognition says of them decides what is doubtful. They are unsure: a person looks
at them before they count.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

from callinsight.tagging.labelled import read_turns
from callinsight.tagging.patterns import words_of
from callinsight.tagging.reading import Scored
from callinsight.tagging.sentences import sentences_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from callinsight.tagging.entities import Entity
    from callinsight.taxonomy import Competitor

USE, LEAVE, COMPARE, WEAK = "use", "leave", "compare", "weak"  # how a name stands in its sentence
FIRMLY = (USE, LEAVE, COMPARE)
LISTED, DOUBTFUL, UNLISTED = 0.95, 0.5, 0.5  # about what share of such mentions was right
LEGAL = {
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "plc",
    "corp",
    "gmbh",
    "ag",
    "bv",
    "sa",
}
EVERYDAY = {  # what everybody uses beside what is sold; a user for whom one is a rival lists it
    *(
        "excel",
        "word",
        "outlook",
        "office",
        "powerpoint",
        "microsoft",
        "windows",
        "teams",
        "sharepoint",
    ),
    *(
        "google",
        "gmail",
        "android",
        "chrome",
        "apple",
        "iphone",
        "ipad",
        "mac",
        "whatsapp",
        "facebook",
    ),
    *("instagram", "linkedin", "youtube", "twitter", "tiktok", "amazon", "ebay", "zoom", "skype"),
    *("pdf", "usb", "sms", "wi-fi", "wifi", "bluetooth", "english", "bitcoin", "internet", "tv"),
    *(
        "ceo",
        "cfo",
        "cio",
        "cto",
        "coo",
        "cmo",
        "ciso",
        "vp",
        "hr",
        "it",
        "qa",
        "pr",
        "pa",
        "gp",
        "md",
    ),
    *(
        "mfa",
        "sso",
        "vpn",
        "gdpr",
        "hipaa",
        "iso",
        "soc",
        "api",
        "erp",
        "crm",
        "faq",
        "ai",
        "ui",
        "eu",
    ),
    *(
        "uk",
        "us",
        "usa",
        "nhs",
        "dpo",
        "dpia",
        "nda",
        "sla",
        "rfp",
        "poc",
        "kpi",
        "roi",
        "vat",
        "bim",
    ),
}
TITLES = {
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "sir",
    "coach",
    "professor",
    "prof",
    "father",
    "uncle",
    "aunt",
}
DAYS = {
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january"),
    *("february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december", "christmas", "easter"),
}
FILLER = (
    r"(?:\s+(?:the|a|an|this|that|these|both|either|all|something|someone|some|people|folks|called"
    r"|just|also|already|still|currently|mostly|only|now|first|our|your|their|my|old|of|it|you"
    r"|them|guys|lot|stuff|bit))*\s+"
)
USING = (
    r"use|uses|used|using|utili[sz]e|run on|runs on|running on|rely on|relies on|went with|go with"
    r"|going with|gone with|goes with|stick with|sticking with|stay with|staying with|signed with"
    r"|sign with|work with|working with|worked with|deal with|buy from|bought from|bought|order from"
    r"|been with|were with|are with|we're with|i'm with|was with|is with|currently with|trial|trialing"
    r"|trialling|trialled|trialed|pilot|piloting|piloted|evaluating|evaluated|shortlisted|tried|try"
    r"|trying|tested|testing|demoed|demoing|demo|demos|considering|considered|looking at|looked at|look at"
    r"|quote from|quotes from|offer from|offers from|proposal from|bid from|deal with|contract with"
    r"|licen[cs]e for|licen[cs]es for|subscription to|subscription with|demo of|demo from|demo with"
    r"|trial of|trial with|quoted by|provider is|vendor is|supplier is|system is|tool is"
    r"|pay for|paying for|paid for|implemented|installed|deployed|rolled out|invested in|built on"
    r"|subscribe to"
)
LEAVING = (  # or set against what is sold
    r"switch from|switched from|switching from|switch to|switched to|switching to|switch over to"
    r"|switch away from|move from|moved from|moving from|move to|moved to|moving to|move off|moving off"
    r"|moved off|move away from|migrate from|migrated from|migrating from|migrate to|migrating to"
    r"|come from|coming from|came from|leave|leaving|left|replace|replaced|replacing|drop|dropped|dropping"
    r"|ditch|ditched|ditching|cancel|cancelled|get off|rid of|away from|off|compared to|compared with"
    r"|compare to|compare with|compares to|compares with|stack up against|stack up to|versus|vs\.?"
    r"|alternative to|alternatives to|(?:guy|man|woman|lady|rep|fella|lad|chap|salesman|consultant) from"
)
COMPARING = (
    r"compare|comparing|against|than|instead of|rather than|over|unlike|similar to|same as"
    r"|different from|different to|different than|differ from|between|between you and|you and|you or"
    r"|yourselves and|and not|like|such as|called|named|have|has|had|got|pay|paying|seen|saw"
)
TALKING = (
    r"talk to|talking to|talked to|talking with|talk with|spoke to|spoke with|speaking to|speaking with"
    r"|spoken to|met with|meeting with|heard from|call from|see|with|from|on|by|at|to|for|and|or"
    r"|is|are|it's|there's|was|has|that"
)
BEFORE_USE = re.compile(rf"(?:^|.*\b)(?:{USING}){FILLER}$", re.IGNORECASE | re.DOTALL)
BEFORE_LEAVE = re.compile(rf"(?:^|.*\b)(?:{LEAVING}){FILLER}$", re.IGNORECASE | re.DOTALL)
BEFORE_COMPARE = re.compile(rf"(?:^|.*\b)(?:{COMPARING}){FILLER}$", re.IGNORECASE | re.DOTALL)
BEFORE_TALK = re.compile(rf"(?:^|.*\b)(?:{TALKING}){FILLER}$", re.IGNORECASE | re.DOTALL)
AFTER_OFFER = re.compile(
    r"(?:['’]s|s['’])?,?\s+(?:have\s+|has\s+|had\s+|just\s+|also\s+|already\s+|actually\s+)*"
    r"(?:quote[sd]?|offer(?:s|ed)?|charge[sd]?|undercut|pitched|came (?:in|back|down|out)|come in"
    r"|comes in|were cheaper|was cheaper|is cheaper|are cheaper|is half|do(?:es)? the same"
    r"|do(?:es)? (?:it|that|this) for|do(?:es)?n't charge|let us|lets us|gave us|gives us|give us"
    r"|promised us|told us|sent us|showed us|include[sd]?|costs?|contract|licen[cs]es?|subscription"
    r"|pric(?:e|es|ing)|quote|proposal|bid|demo|trial|people|lot|guys|folks|crowd|rep|reps|salesman"
    r"|account|system|platform|tool|module)\b",
    re.IGNORECASE,
)
AFTER_ANY = re.compile(
    r"(?:['’]s|s['’])?,?\s+(?:is|are|was|were|has|have|had|can|could|will|would|does|do|did|doesn't"
    r"|don't|didn't|won't|can't|says|said|say|wants|want|already|never|always|too|as well|instead"
    r"|before|now|today|right now|at the moment|for|since|and it|and they|but|because)\b",
    re.IGNORECASE,
)
FIRM, PERSON = {"ORG", "PRODUCT"}, {"PERSON"}
PLACE = {"GPE", "LOC", "NORP", "LANGUAGE", "LAW"}
AMOUNT = {"DATE", "TIME", "MONEY", "CARDINAL", "ORDINAL", "PERCENT", "QUANTITY"}
WORD = r"[\w&+]*(?:[-.'’](?=\w)[\w&+]+)*"
NAME = re.compile(rf"\b[A-Z]{WORD}(?:\s(?:&\s)?(?!I\b)[A-Z0-9]{WORD})*")
ENDINGS = r"(?:(?:['’]?s|['’])|(?:\.(?:com|io|ai|net|org|co|app|de|uk))|(?:hq|app))?"


class NameFinder:
    """Finds rivals in buyers' turns."""

    def __init__(
        self,
        rivals: Mapping[str, Competitor],
        *,
        own: Iterable[str] = (),
        entities: Callable[[], Callable[[str], Sequence[Entity]]] | None = None,
    ) -> None:
        """`own` are names of the user's company and products, never rivals.

        `entities` loads what recognises entities (`load_entities`); without it only listed names
        are found. It is loaded with the first turn that needs it.
        """
        self._listed = [
            (rival.id, name, name_pattern(name))
            for rival in rivals.values()
            for name in rival.names
            if words_of(name)
        ]
        self._own = [set(words_of(name)) for name in own]
        self._load = functools.cache(entities) if entities else None

    def find(
        self, text: str, *, known: Iterable[str] = (), competing: bool = False
    ) -> list[Scored]:
        """The rivals that a turn names, each once.

        `known` are the people and accounts of its call; `competing` says that the turn surely
        raises rivals, so that a firm in it is one wherever it stands.
        """
        found: dict[str, Scored] = {}
        spans = sentences_of(text)
        taken = []
        for rival, name, pattern in self._listed:
            for match in pattern.finditer(text):
                mention = _listed_mention(text, spans, rival, name, match)
                if mention and (rival not in found or found[rival].score < mention.score):
                    found[rival] = mention
                taken.append(match.span())
        if self._load:
            others = [*self._own, *(set(words_of(name)) for name in known)]
            for start, end in _candidates(text, spans, others, taken):
                mention = self._unlisted(text, spans, start, end, competing=competing)
                if mention and mention.label not in found:
                    found[mention.label] = mention
        return list(found.values())

    def _unlisted(
        self,
        text: str,
        spans: Sequence[tuple[int, int]],
        start: int,
        end: int,
        *,
        competing: bool,
    ) -> Scored | None:
        frame = _frame(text, spans, start, end)
        if not self._load or not (frame in FIRMLY or competing):
            return None
        kinds = {e.label for e in self._load()(text) if e.start < end and e.end > start}
        if not _is_firm(frame, kinds, competing=competing):
            return None
        name, sentence = text[start:end], _sentence(text, spans, start)
        return Scored(name, UNLISTED, "unsure", sentence, f"“{name}” is on no list")


@functools.cache
def common_words() -> frozenset[str]:
    """Words that buyers say in lower case, by the labelled turns: no names, or names that are words too."""
    seen: Counter[str] = Counter()
    for turn in read_turns():
        words = re.findall(r"(?<![\w'’-])[a-z][a-z'’]*(?![\w])", f"{turn.context} {turn.text}")
        seen.update({word.replace("’", "'") for word in words})
    return frozenset(word for word, turns in seen.items() if turns > 1)


def is_common(name: str) -> bool:
    """Whether a name is a word that buyers also say without meaning the firm."""
    (*words,) = words_of(name)
    return len(words) == 1 and (words[0] in common_words() or words[0] in DAYS)


def name_pattern(name: str) -> re.Pattern[str]:
    """A name in any case, in one word or several, with its endings; its legal form may be missing."""
    parts = name.split()
    while len(parts) > 1 and parts[-1].lower().strip(".,") in LEGAL:
        parts.pop()
    words = words_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", " ".join(parts)))
    joined = r"(?:\.\s|[^\w.?!]{0,3})".join(map(re.escape, words)).replace("'", "['’]")
    return re.compile(rf"(?<!\w){joined}{ENDINGS}(?!\w)", re.IGNORECASE)


def _listed_mention(
    text: str, spans: Sequence[tuple[int, int]], rival: str, name: str, match: re.Match[str]
) -> Scored | None:
    """A listed name, which says little where it is a word like any other and stands like one."""
    score = LISTED
    if is_common(name):
        written = match[0][:1].isupper() and not _starts_sentence(spans, match.start())
        if not written or name.lower() in DAYS:
            if _frame(text, spans, *match.span()) not in FIRMLY:
                return None
            score = DOUBTFUL
    status = "sure" if score == LISTED else "unsure"
    return Scored(rival, score, status, _sentence(text, spans, match.start()), f"says “{match[0]}”")


def _candidates(
    text: str,
    spans: Sequence[tuple[int, int]],
    others: Sequence[set[str]],
    taken: Sequence[tuple[int, int]],
) -> list[tuple[int, int]]:
    """Capitalised words that may name a firm: none of the others, and no plain words."""
    found = []
    for match in NAME.finditer(text):
        start, end = match.span()
        if _starts_sentence(spans, start) and _is_plain(match[0].split()[0]):
            rest = match[0].split(maxsplit=1)
            if len(rest) < 2 or not rest[1][0].isupper():
                continue
            start = end - len(rest[1])
        name = re.sub(r"['’]s?$", "", text[start:end])
        end = start + len(name)
        words = set(words_of(name))
        if not words or next(iter(words_of(name))) in TITLES:
            continue
        if all(_is_plain(word) for word in name.split()) and len(words) == 1:
            continue
        if (
            words & DAYS
            or words <= EVERYDAY
            or any(words <= o or (o and o <= words) for o in others)
        ):
            continue
        if any(start < b and end > a for a, b in taken):
            continue
        found.append((start, end))
    return found


def _is_plain(word: str) -> bool:
    plain = word.replace("’", "'").lower()
    return plain in common_words() or plain.split("'")[0] in common_words() or len(plain) < 2


def _frame(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """How the name stands in its sentence: USE, LEAVE, COMPARE, WEAK, or empty if like no firm."""
    first, last = next((s for s in spans if s[0] <= start < s[1]), (0, len(text)))
    before, after = text[first:start], text[end:last]
    if BEFORE_USE.match(before) or AFTER_OFFER.match(after):
        return USE
    if BEFORE_LEAVE.match(before):
        return LEAVE
    if BEFORE_COMPARE.match(before):
        return COMPARE
    return WEAK if BEFORE_TALK.match(before) or AFTER_ANY.match(after) else ""


def _is_firm(frame: str, kinds: Collection[str], *, competing: bool) -> bool:
    """Whether a name that stands like this is a firm, by what entity recognition says of it.

    It knows few young firms and takes many for people, so that is no proof against one.
    """
    labels = set(kinds)
    if labels & AMOUNT:
        return False
    if labels & FIRM:
        return True
    if labels & PLACE:
        return frame == USE
    if labels & PERSON:
        return frame in (USE, LEAVE) or (frame == COMPARE and competing)
    return bool(frame) or competing


def _starts_sentence(spans: Sequence[tuple[int, int]], start: int) -> bool:
    return any(first == start for first, _ in spans)


def _sentence(text: str, spans: Sequence[tuple[int, int]], at: int) -> str:
    first, last = next((s for s in spans if s[0] <= at < s[1]), (0, len(text)))
    return text[first:last].strip()
