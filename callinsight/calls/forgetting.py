"""Taking people out of words: their names, and what they said where others quote it."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from typing import TYPE_CHECKING

from callinsight.calls.spellings import part_of_name, whole_name
from callinsight.records import PLACEHOLDER, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callinsight.records import Utterance

FORGOTTEN = "[forgotten]"
ALIAS = re.compile(r"\[forgotten(?: \d+)?\]")  # what stands for the name of who took part
RUN = 4  # as many words in a row that stand in a turn are a quote of it
SALUTATIONS = {
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "herr",
    "frau",
    "de",
    "da",
    "di",
    "van",
    "von",
    "der",
}
NOBODY = re.compile(r"(?!)")
WORD = re.compile(r"\w+")


def names_in(names: Iterable[str], *, parts: bool) -> re.Pattern[str]:
    """What finds people by their whole names, and with `parts` by first or last name alone."""
    every = [unicodedata.normalize("NFC", name) for name in names if name.strip()]
    found = [whole_name(name) for name in _longest_first(every)]
    if parts:
        real = [name for name in every if not re.fullmatch(PLACEHOLDER, name)]
        alone = {part.strip(".,") for name in real for part in name.split()}
        alone = {
            p for p in alone if len(p) > 1 and p.lower() not in SALUTATIONS and not p.isdecimal()
        }
        found += map(part_of_name, _longest_first(alone))
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)") if found else NOBODY


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (-len(name), name))


def words_without(words: Sequence[Word], names: re.Pattern[str]) -> tuple[Word, ...]:
    """Words with a placeholder for each name; its times are those of all words of the name."""
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word.text)
    text = "".join(word.text for word in words)
    spans = [match.span() for match in names.finditer(text)]
    kept: list[Word] = []
    for word, start in zip(words, starts, strict=True):
        end = start + len(word.text)
        inside = [(a, b) for a, b in spans if a < end and b > start]
        heard = "" if names.search(word.heard) else word.heard
        if not inside:
            kept.append(dataclasses.replace(word, heard=heard))
            continue
        plain = names.sub(FORGOTTEN, text[start : max(b for _, b in inside)])
        tail = text[inside[-1][1] : end]
        if inside[0][0] >= start:
            kept.append(Word(word.start_s, word.end_s, f"{plain}{tail}", word.probability))
        elif kept:  # the name began in a word before
            last = kept[-1]
            kept[-1] = dataclasses.replace(last, end_s=word.end_s, text=f"{last.text}{tail}")
    return tuple(kept)


def spans_without(said: Iterable[Utterance]) -> Iterator[tuple[float, float]]:
    """When somebody spoke or was named who is forgotten, in seconds; nobody is to hear it."""
    for turn in said:
        if FORGOTTEN not in turn.text:
            continue
        timed = [word for word in turn.words if FORGOTTEN in word.text]
        if timed:
            yield from ((word.start_s, word.end_s) for word in timed)
        else:
            yield turn.start_s, turn.end_s


def runs_of(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """What a quote of one of these texts is known by: so many words in a row."""
    found = set()
    for text in texts:
        words = [word.casefold() for word in WORD.findall(text)]
        found |= {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
    return found


def without_quotes(text: str, runs: set[tuple[str, ...]]) -> str:
    """A text with a placeholder for what it quotes."""
    words = [(m.group().casefold(), m.start(), m.end()) for m in WORD.finditer(text)]
    spans: list[tuple[int, int]] = []
    for i in range(len(words) - RUN + 1):
        if tuple(word for word, _, _ in words[i : i + RUN]) in runs:
            start, end = words[i][1], words[i + RUN - 1][2]
            if spans and start <= spans[-1][1]:
                spans[-1] = spans[-1][0], end
            else:
                spans.append((start, end))
    for start, end in reversed(spans):
        text = f"{text[:start]}{FORGOTTEN}{text[end:]}"
    return text
