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


class _Phrase(NamedTuple):
    """A phrase with its own matcher, which runs only where the words are that it cannot do without."""

    needed: tuple[frozenset[str], ...]  # one word of each
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
                needed = _needed(pattern)
                for word in next(iter(needed), [ANY_WORD]):
                    self._with[word].append(len(self._phrases))
                self._phrases.append(_Phrase(needed, matcher))

    def find(self, text: str) -> dict[str, list[str]]:
        """The words that matched, for each group that did; the longest match and its group first."""
        from spacy.tokens import Doc

        tokens = _tokens(text)
        possible = self._possible({*tokens})
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

    def _possible(self, words: set[str]) -> list[_Phrase]:
        """The phrases all of whose needed words are there, in the order they were given."""
        places = {place for word in (*words, ANY_WORD) for place in self._with.get(word, ())}
        phrases = (self._phrases[place] for place in sorted(places))
        return [p for p in phrases if not any(choice.isdisjoint(words) for choice in p.needed)]


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


def _needed(pattern: list[dict[str, Any]]) -> tuple[frozenset[str], ...]:
    """Of each word that must be there the choices, the fewest and longest first."""
    choices = [
        frozenset(token["ORTH"]["IN"])
        for token in pattern
        if "OP" not in token and "IN" in token.get("ORTH", ())
    ]
    return tuple(sorted(choices, key=lambda words: (len(words), -min(map(len, words)))))


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
