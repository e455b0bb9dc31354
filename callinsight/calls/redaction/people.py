"""Names of buyers: those of the list of participants, and those that a model finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.spoken import words_in
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from callinsight.calls.redaction.talk import Talk

NAME = "name"
SHORTEST = 3  # letters of a part of a name
ALSO_WORDS = words_in(
    """
    will mark bill grace may art rose faith hope joy june april august dawn frank rich chase
    drew miles price long short page cash gene guy jack rob sue bob pat van von der the case
    grant chance summer young black white brown green king day best
    """
)


def find_names(
    talk: Talk,
    buyers: Sequence[str],
    others: Sequence[str],
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None,
) -> Iterator[Found]:
    """Names of `buyers`, and people that `people_in` finds in a text who are none of the `others`."""
    for buyer in buyers:
        for pattern in _patterns(buyer):
            for found in re.finditer(pattern, talk.text):
                yield Found(*found.span(), NAME, buyer.casefold())
    spared = {part.casefold() for name in others for part in (name, *name.split())}
    for start, end in people_in(talk.text) if people_in else ():
        name = talk.text[start:end]
        if name.casefold() not in spared and not re.search(r"[\[\]\d@\f\n]", name):
            yield Found(start, end, NAME, _whose(name, buyers))


def _patterns(name: str) -> Iterator[str]:
    parts = name.split()
    if len(parts) > 1:
        yield r"(?i:\b" + r"\s+".join(map(re.escape, parts)) + r"\b)"
    for part in parts:
        if len(part) >= SHORTEST and part.casefold() not in ALSO_WORDS:
            yield rf"\b{re.escape(part)}\b"


def _whose(name: str, buyers: Sequence[str]) -> str:
    """The one buyer that a part of a name means, else the name itself."""
    said = set(name.casefold().split())
    meant = [buyer for buyer in buyers if said <= set(buyer.casefold().split())]
    return meant[0].casefold() if len(meant) == 1 else name.casefold()
