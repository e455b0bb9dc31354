"""Names of buyers: those of the list of participants, and those that a model finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.talk import Found
from callinsight.calls.spellings import is_word, part_of_name, whole_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from callinsight.calls.redaction.talk import Talk

NAME = "name"


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
        yield rf"(?<!\w){whole_name(name)}(?!\w)"
    for part in parts:
        if len(part) > 1 and not is_word(part):
            yield rf"(?<!\w){part_of_name(part)}(?!\w)"


def _whose(name: str, buyers: Sequence[str]) -> str:
    """The one buyer that a part of a name means, else the name itself."""
    said = set(name.casefold().split())
    meant = [buyer for buyer in buyers if said <= set(buyer.casefold().split())]
    return meant[0].casefold() if len(meant) == 1 else name.casefold()
