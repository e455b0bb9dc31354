"""`/runs`: what was read, what failed and why, and what is tried again."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from callinsight import store
from callinsight.pipeline.retry import retry_call
from callinsight.pipeline.run import DEFINITIONS
from callinsight.pipeline.speech import STAGE as SPEECH
from callinsight.web.pages import Db, Settings, page, require

router = APIRouter(dependencies=[Depends(require("viewer"))])
MOST = 200  # of a list on one page


@router.get("/runs", response_class=HTMLResponse)
def runs(request: Request, db: Db, config: Settings) -> HTMLResponse:
    """Calls by what became of them, and everything that could not be used."""
    problems = [problem for problem in store.problems(db) if problem.stage != SPEECH]
    return page(
        request,
        "runs.html.jinja",
        config=config,
        statuses=store.status_counts(db),
        failed=store.failed_calls(db, limit=MOST),
        problems=problems[:MOST],
        more_problems=max(0, len(problems) - MOST),
        noted=store.noted_calls(db, limit=MOST),
        heard_at=store.last_finished(db, SPEECH),
        definitions=(store.setting(db, DEFINITIONS) or "").split(" ")[0],
    )


@router.post("/runs/{call}/retry", dependencies=[Depends(require("admin"))])
def retry(call: str, db: Db) -> RedirectResponse:
    """Have the next run try a call again; none is started here."""
    retry_call(db, call)
    return RedirectResponse("/runs", 303)
