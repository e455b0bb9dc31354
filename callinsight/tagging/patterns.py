"""Phrases that a marketer can write become spaCy Matcher patterns.

The notation, one phrase a pattern: words in lower case; `a|b` one of these; `(a)` may be missing;
`a~` any word that begins like this; `...` up to three words; `#` a number, in digits or words.
No phrase goes on beyond the end of a sentence or clause.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from callinsight.errors import ConfigError
from callinsight.imports import keep_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GAP = 3
ANY_WORD = ""  # stands for what phrases need that need no word in particular
WORD = re.compile(r"[^\W_](?:[\w'&+.]*\w)?~?")  # what words_of can yield, nothing else
ENDS = (".", "?", "!", ";", ":")
# no end: the dots of `...`, `e.g.` and `Mr.`, and the signs in `.net` and `10:30`
END = r"[?!]|[;:](?!\w)|(?<!\.)(?<!\.[^\W\d_])(?<!\b[md]r)(?<!\bmrs)(?<!\bvs)\.(?![\w.])"
TOKEN = re.compile(r"[^\W_](?:[\w'&+.]*\w)?|" + END)


class _Needed(NamedTuple):
    """What a phrase cannot do without: one of these words, or a word that begins like one of those."""

    words: frozenset[str]
    beginnings: tuple[str, ...]  # with a space before


class _Phrase(NamedTuple):
    """A phrase with its own matcher, which runs only where all is that the phrase needs."""

    needed: tuple[_Needed, ...]
    matcher: Any


class PhraseMatcher:
    """Finds named groups of phrases in texts."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        """Compile the groups; raises ConfigError for a phrase that is not well formed."""
        keep_out("torch", of="thinc.compat")  # spaCy's; 200 MB
        from spacy.attrs import LIKE_NUM
        from spacy.lang.en.lex_attrs import like_num
        from spacy.matcher import Matcher
        from spacy.vocab import Vocab

        self._vocab = Vocab(lex_attr_getters={LIKE_NUM: like_num})
        self._phrases: list[_Phrase] = []
        self._with: dict[str, list[int]] = defaultdict(list)  # phrases by a word that they need
        for name, phrases in groups.items():
            for phrase in phrases:
                pattern = compile_phrase(phrase)
                matcher = Matcher(self._vocab)
                matcher.add(name, [pattern])
                needed = _needed(phrase)
                only_words = (choice.words for choice in needed if not choice.beginnings)
                for word in next(only_words, [ANY_WORD]):
                    self._with[word].append(len(self._phrases))
                self._phrases.append(_Phrase(needed, matcher))

    def find(self, text: str) -> dict[str, list[str]]:
        """The words that matched, for each group that did; the longest match and its group first."""
        from spacy.tokens import Doc

        tokens = _tokens(text)
        possible = self._possible(tokens)
        if not possible:
            return {}
        doc = Doc(self._vocab, words=tokens)
        spans = [span for phrase in possible for span in phrase.matcher(doc, as_spans=True)]
        found: dict[str, list[str]] = {}
        for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
            words = found.setdefault(span.label_, [])
            if not any(span.text in longer for longer in words):
                words.append(span.text)
        return found

    def _possible(self, tokens: list[str]) -> list[_Phrase]:
        """The phrases that find all they need, in the order they were given."""
        words, text = {*tokens}, f" {' '.join(tokens)}"
        places = {place for word in (*words, ANY_WORD) for place in self._with.get(word, ())}
        phrases = (self._phrases[place] for place in sorted(places))
        return [p for p in phrases if all(_is_there(choice, words, text) for choice in p.needed)]


def words_of(text: str) -> list[str]:
    """Lower-case words with straight apostrophes and no hyphens, as the phrases are written."""
    return [token for token in _tokens(text) if token not in ENDS]


def compile_phrase(phrase: str) -> list[dict[str, Any]]:
    """One phrase as a spaCy token pattern; raises ConfigError if it is not well formed."""
    pattern: list[dict[str, Any]] = []
    for part in _plain(phrase).replace("-", " ").split():
        optional = part.startswith("(") and part.endswith(")")
        core = part[1:-1] if optional else part
        if core == "...":
            pattern.append({"ORTH": {"NOT_IN": list(ENDS)}, "OP": f"{{0,{GAP}}}"})
            continue
        choices = core.split("|")
        if core != "#" and not all(map(WORD.fullmatch, choices)):
            raise ConfigError(
                f"the phrase '{phrase}' cannot be read at '{part}'; "
                "write words, a|b, (a), a~, ... or #"
            )
        pattern.append(_token(choices) | ({"OP": "?"} if optional else {}))
    if all("OP" in token for token in pattern):
        raise ConfigError(f"the phrase '{phrase}' has no word that must be there; write one")
    return pattern


def _needed(phrase: str) -> tuple[_Needed, ...]:
    """The choices for each word that must be there, the fewest and longest first."""
    parts = [part.split("|") for part in _plain(phrase).replace("-", " ").split()]
    free = [["..."], ["#"]]
    needed = [
        _Needed(
            frozenset(word for word in choices if not word.endswith("~")),
            tuple(f" {word[:-1]}" for word in choices if word.endswith("~")),
        )
        for choices in parts
        if choices not in free and not choices[0].startswith("(")
    ]
    return tuple(
        sorted(needed, key=lambda one: (len(one.words), -min(map(len, one.words), default=0)))
    )


def _is_there(needed: _Needed, words: set[str], text: str) -> bool:
    return not needed.words.isdisjoint(words) or any(one in text for one in needed.beginnings)


def _tokens(text: str) -> list[str]:
    """Words and the signs that end sentences and clauses."""
    return TOKEN.findall(_plain(text))


def _plain(text: str) -> str:
    return text.replace("’", "'").replace("‘", "'").lower()


def _token(choices: list[str]) -> dict[str, Any]:
    if choices == ["#"]:
        return {"LIKE_NUM": True}
    if any(choice.endswith("~") for choice in choices):
        words = [re.escape(c[:-1]) + ".*" if c.endswith("~") else re.escape(c) for c in choices]
        return {"ORTH": {"REGEX": f"^(?:{'|'.join(words)})$"}}
    return {"ORTH": {"IN": choices}}
