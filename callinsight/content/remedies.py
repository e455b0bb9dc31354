"""What would answer a gap with the least work, by what keeps the nearest assets from answering it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callinsight.content.matching import FITS, FOR
from callinsight.content.supply import UNFINDABLE

if TYPE_CHECKING:
    from callinsight.records import Gap

WRITE, ADD, VOUCH, REFRESH, FINISH, PLACE, WIDEN = (
    *("write", "add", "vouch", "refresh", "finish", "place", "widen"),
)
MENDED = {  # what is wrong with an asset, by what mends it
    "stale": REFRESH,
    "expired": REFRESH,
    "draft": FINISH,
    "not yet published": FINISH,
    UNFINDABLE: PLACE,
}


class Remedy(NamedTuple):
    """What to do, and with which asset; an asset is empty where there is nothing to start from."""

    what: str  # write | add | vouch | refresh | finish | place | widen
    item: str = ""


def remedy_of(gap: Gap) -> Remedy:
    """The least work that answers a gap: mend what is there, else widen it, else write.

    Candidates come nearest first, so the first that can be mended is the one to mend. What people
    denied, or archived, is nothing to start from.
    """
    found = dict(zip(gap.candidates, gap.candidate_obstacles, strict=True))
    for item, told in found.items():
        if told.startswith(FITS):
            return Remedy(ADD if gap.vouched else VOUCH, item)
    for item, told in found.items():
        wrong = told.split(", ")
        if wrong[0] in MENDED and all(one in MENDED for one in wrong):
            return Remedy(MENDED[wrong[0]], item)
    for item, told in found.items():
        if all(one.startswith(FOR) for one in told.split(", ")):
            return Remedy(WIDEN, item)
    return Remedy(WRITE)
