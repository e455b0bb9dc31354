"""Where the sentences of a turn are, also where a recogniser wrote no full stops."""

from __future__ import annotations

import itertools
import re

FEWEST_WORDS = 4  # shorter sentences join the one before
MOST_WORDS = 40  # longer ones are cut, at a comma or a joining word where there is one
PIECE_WORDS = 110  # what is read at once; the encoder's window holds this and the seller's turn
END = re.compile(r"(?<=[.?!…])\s+(?=\S)")
JOINT = re.compile(r",\s+|\s+(?=(?:and|but|so|because|or|then|which)\s)")


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, in characters; together they cover all words of the text."""
    spans: list[tuple[int, int]] = []
    for start, end in _split(text, 0, len(text), END):
        for part in _shortened(text, start, end):
            if spans and _belong(text, spans[-1], part):
                spans[-1] = (spans[-1][0], part[1])
            else:
                spans.append(part)
    return spans


def pieces_of(text: str) -> list[str]:
    """The turn in pieces of whole sentences, each short enough to be read at once."""
    if text and text == text.strip() and _words(text, 0, len(text)) <= PIECE_WORDS:
        return [text]  # as most are
    pieces: list[tuple[int, int]] = []
    for start, end in sentences_of(text):
        if pieces and _words(text, pieces[-1][0], end) <= PIECE_WORDS:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [text[start:end] for start, end in pieces]


def _belong(text: str, before: tuple[int, int], part: tuple[int, int]) -> bool:
    """Whether one of two sentences is too short to stand alone, and both are not too long."""
    shortest = min(_words(text, *before), _words(text, *part))
    return shortest < FEWEST_WORDS and _words(text, before[0], part[1]) < MOST_WORDS + FEWEST_WORDS


def _shortened(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if _words(text, start, end) <= MOST_WORDS:
        return [(start, end)]
    parts = _split(text, start, end, JOINT)
    if len(parts) == 1:
        words = [match.start() for match in re.finditer(r"\S+", text[start:end])]
        cuts = [start + words[i] for i in range(0, len(words), MOST_WORDS)]
        return list(zip(cuts, [*cuts[1:], end], strict=True))
    joined = [parts[0]]
    for part in parts[1:]:
        if _words(text, joined[-1][0], part[1]) <= MOST_WORDS // 2:
            joined[-1] = (joined[-1][0], part[1])
        else:
            joined.append(part)
    return [
        piece
        for part in joined
        for piece in ([part] if part == (start, end) else _shortened(text, *part))
    ]


def _split(text: str, start: int, end: int, at: re.Pattern[str]) -> list[tuple[int, int]]:
    cuts = [start, *(match.end() for match in at.finditer(text, start, end)), end]
    return [(a, b) for a, b in itertools.pairwise(cuts) if text[a:b].strip()]


def _words(text: str, start: int, end: int) -> int:
    return len(text[start:end].split())
