"""What a buyer asks to be given: the kind of ask, by the longest phrase in the sentence that asks."""

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


class Ask(NamedTuple):
    """What is asked for, and what says so."""

    kind: str  # an ask of the taxonomy, else `other`
    sentence: str  # the sentence that asks
    phrase: str  # the words that tell the kind; empty for `other`


def ask_matcher(taxonomy: Taxonomy) -> PhraseMatcher:
    """Finds what is asked for; general kinds are marked, for they count only where no other fits."""
    return PhraseMatcher(
        {(GENERAL if a.general else "") + a.id: a.patterns for a in taxonomy.asks.values()}
    )


def ask_kind(text: str, matcher: PhraseMatcher, *, asking: str = "", context: str = "") -> Ask:
    """The kind of ask in a buyer's turn that asks for something.

    The longest phrase in the sentence that asks decides, else the longest elsewhere in the turn,
    else what the seller offered at the end of his turn before (`context`): "yes, send me that".
    A general kind counts only where none of these has another. `asking` is the sentence that asks
    where it is known; else it is told by its words.
    """
    sentences = _sentences(text)
    first = [asking] if asking else [s for s in sentences if ASKING.search(s)]
    places = [first, sentences, _sentences(context)[-OFFERED:]]
    found = [_longest(place, matcher) for place in places]
    for general in (False, True):
        for kinds in found:
            for kind, sentence, phrase in kinds:
                if kind.startswith(GENERAL) == general:
                    where = sentence if sentence in text else (first or sentences)[-1]
                    return Ask(kind.removeprefix(GENERAL), where, phrase)
    return Ask(OTHER, (first or sentences or [""])[-1], "")


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
