"""What people type into a search box, as a safe FTS5 query: words, "phrases", OR, -without."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(r'(-?)"([^"]*)"?|(\S+)')
MOST = 30  # terms; more are no search


@dataclass(frozen=True)
class Query:
    """A search for words; nothing of what was typed but words and phrases gets into `match`."""

    match: str = ""  # in FTS5's syntax; empty if nothing is looked for
    without: bool = False  # what `match` finds is left out, and everything else is shown

    def __bool__(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.match)


def query_of(text: str) -> Query:
    """Read a search: all words must be there, either side of OR will do, -word must not be.

    A word that ends in * stands for all that begin with it. Quotes that are not closed end with
    the text; a sign without a letter or digit is no word.
    """
    wanted: list[list[str]] = []
    unwanted: list[str] = []
    either = False
    for found in list(TOKEN.finditer(text))[:MOST]:
        minus, phrase, word = found.groups()
        if word == "OR":
            either = bool(wanted)
            continue
        excluded = minus == "-" if word is None else word.startswith("-")
        term = _term(phrase if word is None else word.removeprefix("-"), phrase=word is None)
        if not term:
            continue
        if excluded:
            unwanted.append(term)
        elif either:
            wanted[-1].append(term)
        else:
            wanted.append([term])
        either = False
    without = " OR ".join(unwanted)
    if not wanted:
        return Query(without, without=True) if unwanted else Query()
    match = " AND ".join(f"({' OR '.join(terms)})" for terms in wanted)
    return Query(f"({match}) NOT ({without})" if unwanted else match)


def _term(text: str, *, phrase: bool) -> str:
    begins = not phrase and text.endswith("*")
    words = " ".join(re.findall(r"\w+", text))
    return f'"{words}"{" *" if begins else ""}' if words else ""
