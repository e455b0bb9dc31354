"""The web app: its pages put together, what each request gets, how errors are said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from callinsight.errors import CallInsightError
from callinsight.web import definitions, runs
from callinsight.web.pages import STATIC, page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from starlette.responses import Response

WORDS = {
    404: ("There is no such page", "It may have been renamed, or the address is cut off."),
    405: ("That does not work this way", "Go back and use the buttons of the page."),
    422: ("Something in the address does not fit", "Go back and choose again."),
}


def create_app(database: Path, *, now: Callable[[], datetime]) -> FastAPI:
    """The app over one database; `now` is the clock that pages go by."""
    app = FastAPI(title="callinsight", docs_url=None, redoc_url=None)
    app.state.database = database
    app.state.now = now
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for group in (definitions, runs):
        app.include_router(group.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(CallInsightError, _told)
    return app


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title, text = WORDS.get(status, ("That did not work", "Go back and try again."))
    detail = str(getattr(error, "detail", ""))
    return _error(request, status, title, detail if status not in WORDS else text)


def _unreadable(request: Request, _: Exception) -> Response:
    return _error(request, 422, *WORDS[422])


def _told(request: Request, error: Exception) -> Response:
    return _error(request, 409, "That cannot be shown", str(error))


def _error(request: Request, status: int, title: str, text: str) -> HTMLResponse:
    return page(request, "error.html.jinja", status=status, title=title, text=text)
