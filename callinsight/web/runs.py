"""`/runs`: what was read, what failed and why."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight import store
from callinsight.web.pages import Db, page, require

router = APIRouter(dependencies=[Depends(require("viewer"))])


@router.get("/runs", response_class=HTMLResponse)
def runs(request: Request, db: Db) -> HTMLResponse:
    """Calls by what became of them, and everything that could not be used."""
    calls = store.all_calls(db)
    return page(
        request,
        "runs.html.jinja",
        statuses=Counter(call.status for call in calls),
        noted=[call for call in calls if call.reason and call.status != "failed"],
        problems=store.problems(db),
    )
