"""What the other side repeats of personal data while it is dictated, or right behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from callinsight.calls.redaction.addresses import ADDRESS
from callinsight.calls.redaction.asked import SENTENCE
from callinsight.calls.redaction.contexts import NUMBERS
from callinsight.calls.redaction.emails import EMAIL, PROVIDERS, SIGNS
from callinsight.calls.redaction.links import LINK
from callinsight.calls.redaction.numbers import is_amount
from callinsight.calls.redaction.passwords import PASSWORD
from callinsight.calls.redaction.spoken import OH, number_at, runs_of, spelled_out, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token
    from callinsight.calls.redaction.talk import Found
    from callinsight.calls.turns import Turn

KINDS = (*NUMBERS, EMAIL, ADDRESS, PASSWORD, LINK)
IN_WORDS = (EMAIL, ADDRESS, PASSWORD)  # what may be repeated in words, several of them
TURNS_BEHIND = 4  # so many turns later it may still be repeated
SHORTEST = 3  # letters and figures that are no chance, if they stand in what was dictated,
FEWEST_WORDS, LONG = 2, 8  # words, with so many letters and figures, that are no chance
WORD = re.compile(r"[^\W\d_]{4,}")
SPELT = re.compile(
    r"\bwith (?:an?|one|two|double)\b|\bone word\b|\bspel[lt]|\blike the\b|\bno space|hyphen", re.I
)
NEXT = 2  # and in the turn behind it


class Part(NamedTuple):
    """Characters of a turn that hold personal data, or some of it."""

    turn: int
    start: int
    end: int

    def meets(self, other: Part) -> bool:
        """Whether they share a character."""
        return self.turn == other.turn and self.start < other.end and other.start < self.end


def echoes_of(turns: Sequence[Turn], parts: Sequence[Part], found: Found) -> Iterator[Part]:
    """Where turns repeat, whole or piece by piece, what was found in these parts.

    Between two parts anything that is read out belongs to them, also if it was misheard.
    """
    if found.kind not in KINDS:
        return
    texts = [turns[part.turn].text[part.start : part.end] for part in parts]
    said = "".join(map(_figures, texts)), "".join(map(_letters, texts))
    own = {part.turn for part in parts}
    first, last = min(own), max(own)
    recent = last  # turn that told or repeated some of it
    for turn in range(first + 1, min(len(turns), last + TURNS_BEHIND + 1)):
        if turn in own:
            continue
        echoes = list(
            _echoes(
                turns[turn].text, found, texts, said, inside=turn < last, near=turn <= recent + 1
            )
        )
        recent = max(recent, turn) if echoes else recent
        yield from (Part(turn, *span) for span in echoes)


def _echoes(
    text: str,
    found: Found,
    texts: Sequence[str],
    said: tuple[str, str],
    *,
    inside: bool,
    near: bool,
) -> Iterator[tuple[int, int]]:
    """Where a turn repeats what was said, `inside` of it or `near` behind it."""
    if found.kind in IN_WORDS:
        yield from _words_of(text, said[1])
    if found.kind == EMAIL and near:
        yield from _word_of(text, texts)
    for start, end, value in _read_out(text):
        within = inside and value.isdigit()
        shortest = NEXT if within or near else SHORTEST
        if len(value) >= shortest and (within or any(value in one for one in said)):
            yield start, end


def _word_of(text: str, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where one word of it stands in a sentence that says how it is spelt."""
    words = {word for said in texts for word in WORD.findall(said.casefold())} - {
        *PROVIDERS,
        *SIGNS,
    }
    for sentence in SENTENCE.finditer(text):
        if SPELT.search(sentence[0]):
            for word in WORD.finditer(text, *sentence.span()):
                if word[0].casefold() in words:
                    yield word.span()


def _words_of(text: str, said: str) -> Iterator[tuple[int, int]]:
    """Where several words in a row stand in what was said: the longest stretches of them."""
    tokens = [token for token in tokens_of(text) if token.text[0].isalnum()]
    index = 0
    while index < len(tokens):
        value, end, place = "", 0, index
        while place < len(tokens):
            signs, behind = _signs_at(tokens, place)
            longer = value + signs
            if longer not in said:
                break
            value, place = longer, behind
            end = place
        if end - index >= FEWEST_WORDS and len(value) >= LONG:
            yield tokens[index].start, tokens[end - 1].end
        index = max(end, index + 1)


def _figures(text: str) -> str:
    """The digits of what was said: `oh seven` is 07."""
    return "".join(run.value for run in runs_of(text))


def _letters(text: str) -> str:
    """Letters and figures of what was said, in small letters: `G B eight two` is gb82."""
    tokens = spelled_out(tokens_of(text))
    said, index = "", 0
    while index < len(tokens):
        signs, index = _signs_at(tokens, index)
        said += signs
    return said


def _signs_at(tokens: Sequence[Token], index: int) -> tuple[str, int]:
    """Letters and figures of what is said at a token, and the index behind it."""
    if number := number_at(tokens, index):
        return number
    around = [*tokens[max(0, index - 1) : index], *tokens[index + 1 : index + 2]]
    if tokens[index].plain in OH and any(number_at([token], 0) for token in around):
        return "0", index + 1
    return re.sub(r"[\W_]", "", tokens[index].plain), index + 1


def _read_out(text: str) -> Iterator[tuple[int, int, str]]:
    """Numbers, and letters that are spelled or stand with figures, from their first to their last."""
    for run in (*runs_of(text, letters=True), *runs_of(text)):
        alone = len(run.atoms) == 1 and run.value.isalpha()
        if not alone and not is_amount(text, run):
            yield run.start, run.end, run.value.casefold()
