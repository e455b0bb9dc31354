"""What a buyer asks to be given: the kind of ask, by the longest phrase in the sentence that asks.

Further kinds are those of phrases that are listed with it: "the price list and a reference call".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from callinsight.tagging.patterns import PhraseMatcher, words_of
from callinsight.tagging.sentences import sentences_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callinsight.taxonomy import Taxonomy

OTHER = "other"
OFFERED = (
    2  # sentences at the end of the seller's turn in which he may have offered what is asked for
)
POINTING = re.compile(  # the buyer means what was offered, and does not name it
    r"\b(?:that|those|these|this|it|them|both|one|ones|some|please|the lot|everything"
    r"|whatever)\b|^\W*(?:yes|yeah|yep|ok|okay|sure|go on)\b",
    re.IGNORECASE,
)
CURT = 3  # words of a sentence that names little by itself: "Whose paper?"
GENERAL = "general "
ASKING = re.compile(
    r"\b(?:send|e-?mail|mail|forward|shoot|ping|share|drop|pop|post|text|whatsapp|fire|flick|fling"
    r"|bang|chuck|attach|provide|supply|bring|print|give|gimme|show (?:me|us|him|her)"
    r"|put (?:me|us|it|that|this|those|them|both|the|in)|write (?:me|us|it|that|this|down)"
    r"|get (?:me|us|hold|a|the)|let (?:me|us|her|him) have|(?:do|have|'ve|has) you|you(?:'ve)? got|got an?"
    r"|(?:can|could|may|might|would|should) (?:i|we|you)|can u|could u|do me"
    r"|i(?:'d| would| will|'ll)? (?:need|want|like|love|require|appreciate)|we(?:'d|'ll)? (?:need|want|like)"
    r"|is there|are there|copy of|point me)\b",
    re.IGNORECASE,
)
LISTED = re.compile(  # what stands before a phrase that goes on with a list
    r"(?P<joint>[/&+]|\b(?:and|or|plus|also|as well as|along with|together with)|,(?!\s*(?:and|or|plus)))\s*"
    r"(?:(?:um|uh|er|erm|like|then|and|or|also|maybe|perhaps|possibly|ideally|even|a|an|the|your|our|some"
    r"|any|one|of|those|these|that|this|all|both|little|short|full|few|couple|set|copy|set up|arrange"
    r"|organi[sz]e|book|send|give|me|us)\W+){0,6}$"
)


class Ask(NamedTuple):
    """What is asked for, and what says so."""

    kind: str  # an ask of the taxonomy, else `other`
    sentence: str  # the sentence that asks
    phrase: str  # the words that tell the kind; empty for `other`
    more: tuple[str, ...] = ()  # further kinds that the sentence lists beside it, in its order


def ask_matcher(taxonomy: Taxonomy) -> PhraseMatcher:
    """Finds what is asked for; general kinds are marked, for they count only where no other fits."""
    return PhraseMatcher(
        {(GENERAL if a.general else "") + a.id: a.patterns for a in taxonomy.asks.values()}
    )


def ask_kind(text: str, matcher: PhraseMatcher, *, asking: str = "", context: str = "") -> Ask:
    """The kind of ask in a buyer's turn that asks for something.

    The longest phrase in the sentence that asks decides, else the longest elsewhere in the turn,
    else, where that sentence points to something, what the seller offered at the end of his turn
    before (`context`): "yes, send me that".
    A general kind counts only where none of these has another. `asking` is the sentence that asks
    where it is known; else it is told by its words.
    """
    sentences = _sentences(text)
    first = [asking] if asking else [s for s in sentences if ASKING.search(s)]
    pointed = any(POINTING.search(s) or len(words_of(s)) <= CURT for s in first)
    places = [first, sentences, _sentences(context)[-OFFERED:] if pointed else []]
    found = [_longest(place, matcher) for place in places]
    for general in (False, True):
        for kinds in found:
            for kind, sentence, phrase in kinds:
                if kind.startswith(GENERAL) == general:
                    where = sentence if sentence in text else (first or sentences)[-1]
                    more = _listed_with(phrase, sentence, kinds) if where == sentence else ()
                    return Ask(kind.removeprefix(GENERAL), where, phrase, more)
    return Ask(OTHER, (first or sentences or [""])[-1], "")


def _listed_with(
    phrase: str, sentence: str, kinds: Iterable[tuple[str, str, str]]
) -> tuple[str, ...]:
    """The kinds of the sentence's other phrases that stand in one list with this one."""
    plain = sentence.lower().replace("’", "'")
    spans: list[tuple[int, int, str]] = []
    for kind, where, words in kinds:
        there = re.search(r"\W+".join(map(re.escape, words.split())), plain)
        if where != sentence or not there or (words != phrase and kind.startswith(GENERAL)):
            continue
        start, end = there.span()
        if all(end <= taken or start >= till for taken, till, _ in spans):
            spans.append((start, end, phrase if words == phrase else kind))
    lists: list[list[str]] = []
    waiting: list[str] = []  # behind a comma: in the list only if a last one comes with "and"
    for start, _, name in sorted(spans):
        joint = LISTED.search(plain[:start])
        if not lists or not joint:
            lists.append([name])
            waiting = []
        elif joint["joint"] == ",":
            waiting.append(name)
        else:
            lists[-1] += [*waiting, name]
            waiting = []
    together = next((names for names in lists if phrase in names), [])
    return tuple(name for name in together if name != phrase)


def _longest(sentences: Iterable[str], matcher: PhraseMatcher) -> list[tuple[str, str, str]]:
    """Kind, sentence and phrase of all that is found, the longest phrase first."""
    found = [
        (kind, sentence, phrases[0])
        for sentence in sentences
        for kind, phrases in matcher.find(sentence).items()
    ]
    return sorted(found, key=lambda match: -len(words_of(match[2])))


def _sentences(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences_of(text)]
