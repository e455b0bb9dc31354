"""A text with figures for its number words, as addresses are written: `two twenty one`, `zwölf`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.calls.redaction.spoken import Atom, atom_at, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.redaction.spoken import Token


def _german() -> dict[str, str]:
    """Number words of German up to a hundred, as they stand behind a street."""
    units = ["null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
    teens = [
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ]
    tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
    words = {word: str(n) for n, word in enumerate((*units, *teens))}
    for ten, word in enumerate(tens, 2):
        words |= {f"{unit}und{word}": f"{ten}{n}" for n, unit in enumerate(units) if n}
        words[word] = f"{ten}0"
    del words["ein"]
    words |= {"eins": "1", "zwo": "2", "hundert": "100", "einhundert": "100"}
    plain = {
        w.replace("ü", "ue").replace("ö", "oe").replace("ß", "ss"): n for w, n in words.items()
    }
    return {**plain, **words}


GERMAN = _german()


@dataclass(frozen=True)
class Written:
    """A text with figures for its number words, and where each character of it came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The same span in the text as it was said."""
        return self.starts[start], self.ends[end - 1]


def written(text: str) -> Written:
    """The text with figures for its number words."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0
    for atoms in [*_house_numbers(tokens_of(text), text), None]:
        start, end = (atoms[0].start, atoms[-1].end) if atoms else (len(text), len(text))
        digits = "".join(atom.value for atom in atoms or ())
        pieces += [text[last:start], digits]
        starts += [*range(last, start), *([start] * len(digits))]
        ends += [*range(last + 1, start + 1), *([end] * len(digits))]
        last = end
    return Written("".join(pieces), tuple(starts), tuple(ends))


def _house_numbers(tokens: Sequence[Token], text: str) -> Iterator[list[Atom]]:
    """Number words that only spaces part, as `two twenty one`."""
    together: list[Atom] = []
    index = 0
    while index < len(tokens):
        found = atom_at(tokens, index, text, together, letters=False)
        if german := GERMAN.get(tokens[index].plain):
            found = Atom(tokens[index].start, tokens[index].end, german, True), index + 1
        if not found or tokens[index].text.isdigit():
            index += 1
            continue
        atom, index = found
        if together and text[together[-1].end : atom.start].strip():
            yield together
            together = []
        together.append(atom)
    if together:
        yield together
