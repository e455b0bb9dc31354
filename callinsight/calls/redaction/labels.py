"""Names that are personal data themselves: who dials into a meeting is called by number or address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.contexts import PHONE
from callinsight.calls.redaction.emails import EMAIL
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ADDRESSED = re.compile(r"[^\s<>()\[\]|,;]+@[^\s<>()\[\]|,;]+")
DIALLED = re.compile(  # no voice of a transcript has so high a number
    r"(?<!\d)(?!\d{4}-\d\d-\d\d)(?:\+?\(\d{1,5}\)|\+?\d)(?:[\s().+-]*\d){6,}"
)


def find_labels(name: str, kinds: Collection[str]) -> Iterator[Found]:
    """E-mail addresses and phone numbers in what somebody is called by, in their order."""
    found = []
    if EMAIL in kinds:
        found += [Found(*at.span(), EMAIL, at[0].casefold()) for at in ADDRESSED.finditer(name)]
    if PHONE in kinds:
        numbers = (at for at in DIALLED.finditer(name) if not any(_meets(at, one) for one in found))
        found += [Found(*at.span(), PHONE, re.sub(r"\D", "", at[0])) for at in numbers]
    yield from sorted(found, key=lambda one: one.start)


def _meets(at: re.Match[str], found: Found) -> bool:
    return at.start() < found.end and found.start < at.end()
