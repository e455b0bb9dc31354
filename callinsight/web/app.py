"""The web app: its pages put together, what each request gets, how errors are said."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from callinsight.errors import CallInsightError, NoRunError
from callinsight.web import (
    accounts,
    accounts_api,
    api,
    audio,
    call_list,
    calls,
    content,
    content_api,
    correcting,
    definitions,
    excerpts,
    excerpts_api,
    gaps,
    home,
    home_api,
    mendings_api,
    playlists,
    playlists_api,
    reports_api,
    reps_api,
    requests,
    review,
    runs,
    sessions,
    signing_in,
)
from callinsight.web.access import Access, rules
from callinsight.web.audio import Copies
from callinsight.web.doubts import Doubts
from callinsight.web.following import Follower
from callinsight.web.gate import HEADERS, Gate
from callinsight.web.heads import Heads
from callinsight.web.index import Index
from callinsight.web.inventory import Inventories
from callinsight.web.meaning import Meaning
from callinsight.web.memory import give_back_now_and_then, keep_small
from callinsight.web.pages import STATIC, page
from callinsight.web.relearning import Relearning
from callinsight.web.warming import Warming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from starlette.responses import Response

LARGEST_FORM = 1_000_000  # bytes
UNRULED = ("/static",)  # what anybody gets: no data is in it
WORDS = {
    403: ("That is not for you to do", "Ask whoever looks after callinsight."),
    404: ("There is no such page", "It may have been renamed, or the address is cut off."),
    405: ("That does not work this way", "Go back and use the buttons of the page."),
    413: ("That is too much at once", "Go back and write less."),
    422: ("Something in the address does not fit", "Go back and choose again."),
}


def create_app(
    database: Path, *, now: Callable[[], datetime], access: Access | None = None
) -> FastAPI:
    """The app over one database; `now` is the clock that pages go by.

    Without `access` it answers on this machine only, to everybody until there are users.
    """
    access = access or Access()
    app = FastAPI(
        title="callinsight",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=LARGEST_FORM,
        lifespan=_living,
    )
    app.state.database = database
    app.state.now = now
    app.state.access = access
    app.state.index = Index(database)
    app.state.meaning = Meaning(database, app.state.index)
    app.state.copies = Copies()
    app.state.follower = Follower(database)
    app.state.secret = sessions.load_secret(database)
    app.state.tries = signing_in.Tries()
    app.state.doubts = Doubts()
    app.state.inventories = Inventories()
    app.state.relearning = Relearning(database)
    app.add_middleware(Heads)
    app.add_middleware(Gate, access=access)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for group in (
        signing_in,
        home,
        audio,
        call_list,
        calls,
        correcting,
        excerpts,
        playlists,
        gaps,
        content,
        requests,
        review,
        definitions,
        runs,
        accounts,
    ):
        app.include_router(group.router, include_in_schema=False)
    app.include_router(excerpts_api.router)
    app.include_router(playlists_api.router)
    app.include_router(mendings_api.router)
    app.include_router(home_api.router)
    app.include_router(reports_api.router)
    app.include_router(reps_api.router)
    app.include_router(api.router)  # behind others: a call's id may hold a stroke
    app.include_router(content_api.router)
    app.include_router(accounts_api.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(CallInsightError, _told)
    app.add_exception_handler(Exception, _broken)
    check_rules(app)
    app.state.plays_audio = any(at.startswith("GET /audio/") for at in rules(app))
    return app


@contextlib.asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    """What pages rest on is read; what was made for browsers to play goes, and threads end."""
    keep_small()
    giving = asyncio.create_task(give_back_now_and_then())
    warming = Warming(app)
    warming.start()
    yield
    warming.stop()
    giving.cancel()
    app.state.copies.close()
    app.state.follower.close()


def check_rules(app: FastAPI) -> None:
    """A page that does not say who may see it is a bug; nothing is served then."""
    unruled = [
        at for at, role in rules(app).items() if role is None and at.split()[1] not in UNRULED
    ]
    if unruled:
        raise RuntimeError(f"{', '.join(unruled)}: say with require() who may do that")


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 401:
        return _sign_in(request)
    title, text = WORDS.get(status, ("That did not work", "Go back and try again."))
    detail = str(getattr(error, "detail", ""))
    is_told = detail and detail != HTTPStatus(status).phrase  # by us, and not by the framework
    return _error(request, status, title, detail if is_told else text)


def _sign_in(request: Request) -> Response:
    """To the form, and back to the page from there; a program is told so."""
    if _is_program(request):
        answer = JSONResponse({"error": "Send 'Authorization: Bearer TOKEN'."}, 401)
        answer.headers["www-authenticate"] = "Bearer"
        return answer
    then = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/sign-in?then={quote(then, safe='')}" if request.method == "GET" else "/sign-in"
    if "hx-request" in request.headers:
        return PlainTextResponse("", 401, {"hx-redirect": "/sign-in"})
    return RedirectResponse(address, 303)


def _broken(request: Request, _: Exception) -> Response:
    """A bug: its traceback goes to the terminal, and the reader is not left alone."""
    text = (
        "This should not have happened. Whoever looks after callinsight sees why in its terminal."
    )
    if _is_program(request):
        return JSONResponse({"error": text}, 500, HEADERS)
    return PlainTextResponse(f"{text}\n", 500, HEADERS)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _unreadable(request: Request, error: Exception) -> Response:
    if _is_program(request) and isinstance(error, RequestValidationError):
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return JSONResponse({"error": "; ".join(told)}, 422)
    return _error(request, 422, *WORDS[422])


def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, NoRunError) and not _is_program(request):
        return page(request, "welcome.html.jinja", pipeline="PIPELINE.toml")
    return _error(request, 409, "That cannot be shown", str(error))


def _error(request: Request, status: int, title: str, text: str) -> Response:
    if _is_program(request):
        return JSONResponse({"error": text}, status)
    return page(request, "error.html.jinja", status=status, title=title, text=text)
