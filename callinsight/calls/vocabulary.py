"""The user's words: names to expect, and what they are misheard as."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def names_of(*lists: Iterable[str]) -> tuple[str, ...]:
    """Names to expect, each once, in the order given."""
    names = (name.strip() for given in lists for name in given)
    return tuple(dict.fromkeys(name for name in names if name))


def mended(words: Iterable[Word], mishearings: Mapping[str, str]) -> list[Word]:
    """The words with each misheard phrase replaced, whatever its case and punctuation.

    The word that takes its place has the time of the phrase and the punctuation around it, and
    keeps what was heard, so that another list begins from there. Of phrases that begin at the
    same word, the longest counts.
    """
    phrases = {_plain(heard): meant for heard, meant in mishearings.items()}
    heard = [raw for word in words for raw in _as_heard(word)]
    plain = [_plain(word.text) for word in heard]
    result: list[Word] = []
    position = 0
    while position < len(heard):
        end, meant = _longest(plain, position, phrases)
        result.append(_as_one(heard[position:end], meant) if meant is not None else heard[position])
        position = end
    return result


def mended_text(text: str, mishearings: Mapping[str, str]) -> str:
    """A text with each misheard phrase replaced."""
    if not mishearings:
        return text
    words = mended((Word(0.0, 0.0, f" {word}") for word in text.split()), mishearings)
    return text_of(words)


def text_of(words: Iterable[Word]) -> str:
    """What the words say, on one line."""
    return " ".join("".join(word.text for word in words).split())


def _longest(
    plain: Sequence[tuple[str, ...]], start: int, phrases: Mapping[tuple[str, ...], str]
) -> tuple[int, str | None]:
    """Where the longest phrase that starts at a word ends and what is meant; else the next word."""
    most = max(map(len, phrases), default=0)
    found: tuple[int, str | None] = start + 1, None
    said: tuple[str, ...] = ()
    for position in range(start, len(plain)):
        said += plain[position]
        if not said or len(said) > most:
            break
        if plain[position] and said in phrases:
            found = position + 1, phrases[said]
    return found


def _as_heard(word: Word) -> list[Word]:
    """A word as the engine heard it; a phrase shares its time evenly."""
    if not word.heard:
        return [word]
    parts = word.heard.split()
    step_s = (word.end_s - word.start_s) / len(parts)
    inner = [round(word.start_s + step_s * number, 2) for number in range(1, len(parts))]
    starts, ends = [word.start_s, *inner], [*inner, word.end_s]
    return [
        Word(start_s, end_s, f" {part}", word.probability)
        for start_s, end_s, part in zip(starts, ends, parts, strict=True)
    ]


def _as_one(words: Sequence[Word], meant: str) -> Word:
    before = re.split(r"\w", words[0].text)[0]
    behind = re.split(r"\w", words[-1].text)[-1]
    return Word(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=before + meant + behind,
        probability=min(word.probability for word in words),
        heard="".join(word.text for word in words),
    )


def _plain(text: str) -> tuple[str, ...]:
    """The words of a text in lower case; a hyphen parts words, as an engine may write one or not."""
    return tuple(re.findall(r"\w+(?:'\w+)*", text.replace("’", "'").casefold()))
