"""Assets as the pages show them: what is chosen of them, how each stands, and how many are of a kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from callinsight import store
from callinsight.content.unused import LIKELY, READ, USES
from callinsight.pipeline.answers import answered_by
from callinsight.pipeline.content import unused_of, window_of
from callinsight.reports.wording import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from fastapi import Request
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.supply import Shelf
    from callinsight.records import ContentItem, Gap, Unused

STATES = {  # what a list may be narrowed to, and in which words
    "": "All",
    "used": "Used",
    "unused": "Unused",
    "low use": "Little used",
    "stale": "Out of date",
    "expired": "Expired",
    "unowned": "Without owner",
    "answers": "Answers demand",
    "draft": "Drafts",
    "archived": "Archived",
}
ORDERS = {
    "attention": "Needs attention first",
    "used": "Most used first",
    "newest": "Newest first",
    "title": "By title",
}
URGENT = ("expired", "stale", "unused", "low use", "unowned")  # the most pressing first
PAGE = 60


@dataclass(frozen=True)
class Choice:
    """What a visitor looks at; the address says all of it."""

    state: str = ""
    type: str = ""
    owner: str = ""
    concern: str = ""
    q: str = ""
    order: str = "attention"
    start: int = 0

    def address(self, *, start: int = 0, **other: str) -> str:
        """The link to this choice, with something else chosen; from its start, if nothing is said."""
        chosen = replace(self, start=start, **other)
        pairs = {
            "state": chosen.state,
            "type": chosen.type,
            "owner": chosen.owner,
            "concern": chosen.concern,
            "q": chosen.q,
            "order": chosen.order if chosen.order != "attention" else "",
            "start": str(chosen.start) if chosen.start else "",
        }
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"/content?{query}" if query else "/content"

    @property
    def is_narrowed(self) -> bool:
        """Whether not all is shown."""
        return bool(self.state or self.type or self.owner or self.concern or self.q)


def choice_of(request: Request) -> Choice:
    """Read an address; what it says beyond this is passed over."""
    asked = request.query_params
    start = asked.get("start", "")
    return Choice(
        state=asked.get("state", "") if asked.get("state") in STATES else "",
        type=asked.get("type", ""),
        owner=asked.get("owner", ""),
        concern=asked.get("concern", ""),
        q=" ".join(asked.get("q", "").split())[:200],
        order=asked.get("order", "") if asked.get("order") in ORDERS else "attention",
        start=int(start) if start.isdecimal() and len(start) < 8 else 0,
    )


@dataclass(frozen=True, kw_only=True)
class Asset:
    """An asset and how it stands on a day."""

    item: ContentItem
    times: int  # used in the window
    last: str  # day of its last use in it
    findings: tuple[Unused, ...]
    answers: tuple[Gap, ...]  # cells with proven demand that it answers

    @property
    def states(self) -> set[str]:
        """Each state of `STATES` that it is in."""
        found = {one.kind for one in self.findings} | {""}
        found |= {"used"} if self.times else set()
        found |= {"answers"} if self.answers else set()
        return found | ({self.item.status} & {"draft", "archived"})


def assets_of(
    db: Database, config: Config, gaps: Sequence[Gap], shelf: Shelf, *, as_of: date
) -> tuple[list[Asset], list[Unused]]:
    """Every asset as it stands on a day against these demands; and all that is found of them."""
    items = store.all_items(db)
    found = unused_of(db, config, list(gaps), as_of)
    window = window_of(config, as_of)
    used = store.times_used(db, USES, *window, likely=LIKELY)
    read = store.times_used(db, (READ,), *window, likely=LIKELY)
    answered = answered_by(shelf, gaps)
    kinds: dict[str, list[Unused]] = defaultdict(list)
    for one in found:
        kinds[one.item].append(one)
    assets = []
    for item in items:
        times, last = used.get(item.id, (0, ""))
        if item.audience == "internal":  # what is made for colleagues is used by reading it
            more, later = read.get(item.id, (0, ""))
            times, last = times + more, max(last, later)
        assets.append(
            Asset(
                item=item,
                times=times,
                last=last,
                findings=tuple(kinds[item.id]),
                answers=tuple(answered.get(item.id, ())),
            )
        )
    return assets, found


def chosen(assets: Iterable[Asset], choice: Choice) -> list[Asset]:
    """The assets of a choice, in its order."""
    found = [asset for asset in _within(assets, choice) if choice.state in asset.states]
    if choice.order == "attention":
        found.sort(key=lambda a: (_urgency(a), a.item.title.casefold(), a.item.id))
    elif choice.order == "used":
        found.sort(key=lambda a: (-a.times, a.item.title.casefold(), a.item.id))
    elif choice.order == "newest":
        found.sort(key=lambda a: a.item.updated_on or a.item.published_on, reverse=True)
    else:
        found.sort(key=lambda a: (a.item.title.casefold(), a.item.id))
    return found


def counts_of(assets: Iterable[Asset], choice: Choice) -> Counter[str]:
    """How many assets of a choice are in each state."""
    return Counter(state for asset in _within(assets, choice) for state in asset.states)


def types_of(assets: Iterable[Asset]) -> dict[str, str]:
    """The content types there are, by id."""
    return {id_: readable(id_) for id_ in sorted({asset.item.content_type for asset in assets})}


def _within(assets: Iterable[Asset], choice: Choice) -> list[Asset]:
    words = choice.q.casefold().split()
    return [
        asset
        for asset in assets
        if choice.type in ("", asset.item.content_type)
        and choice.owner in ("", asset.item.owner)
        and (not choice.concern or choice.concern in asset.item.concerns)
        and all(word in _text(asset.item) for word in words)
    ]


def _text(item: ContentItem) -> str:
    parts = (item.id, item.title, item.summary, *item.topics)
    return " ".join(parts).casefold()


def _urgency(asset: Asset) -> int:
    kinds = [one.kind for one in asset.findings]
    return min((URGENT.index(kind) for kind in kinds), default=len(URGENT))
