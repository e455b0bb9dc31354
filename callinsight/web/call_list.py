"""`/calls`: every call there is, found by its title, account, deal or who took part."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight import store
from callinsight.reports.wording import Names
from callinsight.web.cards import call_address
from callinsight.web.pages import Db, Definitions, page, require

router = APIRouter()
PAGE = 50  # calls at a time
LONGEST, MOST_WORDS = 200, 8  # of what is looked for
STATUSES = {
    "": "All calls",
    "done": "Read in full",
    "partial": "Read in part",
    "empty": "Without speech",
    "failed": "Failed",
    "refused": "Left out",
}


@dataclass(frozen=True)
class Choice:
    """What a visitor looks for; the address says all of it."""

    words: str = ""
    status: str = ""

    @property
    def each(self) -> list[str]:
        """The words one by one."""
        return self.words.split()[:MOST_WORDS]

    def address(self, after: str = "") -> str:
        """The link to these calls, from behind one of them."""
        pairs = {"q": self.words, "status": self.status, "after": after}
        said = {name: value for name, value in pairs.items() if value}
        return f"/calls?{urlencode(said)}" if said else "/calls"


@router.get("/calls", response_class=HTMLResponse, dependencies=[Depends(require("viewer"))])
def calls(
    request: Request, db: Db, taxonomy: Definitions, q: str = "", status: str = "", after: str = ""
) -> HTMLResponse:
    """The calls of a choice, the latest first."""
    words = " ".join(q[:LONGEST].split())
    choice = Choice(words, status if status in STATUSES else "")
    at, _, id_ = after.partition(" ")
    found = store.calls_page(
        db,
        limit=PAGE + 1,
        after=(at, id_) if id_ else None,
        status=choice.status,
        words=choice.each,
    )
    shown = found[:PAGE]
    response = page(
        request,
        "calls.html.jinja",
        choice=choice,
        calls=shown,
        after=after,
        next=choice.address(f"{shown[-1].recorded_at} {shown[-1].id}") if len(found) > PAGE else "",
        statuses=STATUSES,
        counts=store.status_counts(db),
        names=Names(taxonomy),
        call_address=call_address,
    )
    if not after:
        response.headers["HX-Push-Url"] = choice.address()
    response.headers["Vary"] = "HX-Request"
    return response
