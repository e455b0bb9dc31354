"""`/sign-in` and `/sign-out`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from callinsight import store
from callinsight.pipeline.users import is_password
from callinsight.web import sessions
from callinsight.web.access import ANYONE, Visitor, require, visitor
from callinsight.web.database import Db
from callinsight.web.gate import address_of
from callinsight.web.pages import page

router = APIRouter(dependencies=[Depends(require(ANYONE))])
WINDOW = timedelta(minutes=15)
TRIES_A_NAME, TRIES_AN_ADDRESS = 8, 30  # that fail within the window
REMEMBERED = 10_000
WRONG = "This name and password do not belong together."


class Tries:
    """Sign-ins that failed, by name and by address; in memory, for one server is one process."""

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, str], list[datetime]] = OrderedDict()
        self.turn = threading.Lock()  # one password at a time: each takes 64 MB

    def wait(self, name: str, address: str, now: datetime) -> timedelta:
        """How long until the next try is looked at; zero if it is at once."""
        waits = [timedelta()]
        for key, most in ((("name", name), TRIES_A_NAME), (("address", address), TRIES_AN_ADDRESS)):
            failed = [at for at in self._failed.get(key, ()) if at + WINDOW > now]
            if len(failed) >= most:
                waits.append(failed[-most] + WINDOW - now)
        return max(waits)

    def fail(self, name: str, address: str, now: datetime) -> None:
        """Count a try that failed."""
        for key, most in ((("name", name), TRIES_A_NAME), (("address", address), TRIES_AN_ADDRESS)):
            self._failed[key] = [*self._failed.get(key, ()), now][-most:]
            self._failed.move_to_end(key)
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def forget(self, name: str) -> None:
        """Begin anew for somebody who got in."""
        self._failed.pop(("name", name), None)


@router.get("/sign-in")
def ask_who(request: Request, then: str = "/") -> Response:
    """The form."""
    if visitor(request).role:
        return RedirectResponse(_inside(then), 303)
    return _form(request, then)


@router.post("/sign-in")
def sign_in(
    request: Request,
    db: Db,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    then: Annotated[str, Form()] = "/",
) -> Response:
    """Begin a session, if the password is right."""
    tries: Tries = request.app.state.tries
    now: datetime = request.app.state.now()
    address = address_of(request)
    with tries.turn:
        wait = tries.wait(name, address, now)
        if wait:
            minutes = -int(-wait.total_seconds() // 60)
            problem = f"Too many tries. Try again in {minutes} minute{'s' * (minutes != 1)}."
            answer = _form(request, then, name=name, problem=problem, status=429)
            answer.headers["retry-after"] = str(int(wait.total_seconds()) + 1)
            return answer
        user = store.get_user(db, name)
        right = is_password(user.password if user else "", password)
        if not right or user is None or user.disabled:
            tries.fail(name, address, now)
            return _form(request, then, name=name, problem=WRONG, status=422)
        tries.forget(name)
    request.state.visitor = Visitor(user.name, user.role)
    sessions.sign_in(request, user, now)
    return _to(request, _inside(then))


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    sessions.sign_out(request)
    return _to(request, "/sign-in")


def _form(
    request: Request, then: str, *, name: str = "", problem: str = "", status: int = 200
) -> Response:
    return page(
        request,
        "sign_in.html.jinja",
        status=status,
        then=_inside(then),
        name=name,
        problem=problem,
    )


def _to(request: Request, path: str) -> Response:
    answer = RedirectResponse(path, 303)
    sessions.keep(request, answer)
    return answer


def _inside(then: str) -> str:
    """A path of ours; the start page for anything else, so that no link leads elsewhere."""
    outside = not then.startswith("/") or then[1:2] in ("/", "\\") or not then.isprintable()
    return "/" if outside or then.startswith("/sign-") else then
