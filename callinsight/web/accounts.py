"""`/access`: who may open the pages and as what, tokens of programs, and what everybody did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline import users
from callinsight.sheets import sheet_text
from callinsight.web.pages import Db, page, require, this_moment, visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.records import AuditEntry

ADMIN = [Depends(require("admin"))]
EXPORT = [Depends(require("admin", noted="export"))]
router = APIRouter(prefix="/access")
PAGE = 50  # entries of the log
BLOCK = 5000  # of them read at once for a sheet
COLUMNS = ("at", "who", "action", "subject")
MEANING = {
    "viewer": "looks and listens",
    "requester": "asks for content, too: sales",
    "editor": "corrects and delivers, too: marketing",
    "admin": "may do all",
}
FIRST = "the first user must be an admin, or nobody could let others in"
ONESELF = "you cannot shut yourself out; ask another admin"
Name = Annotated[str, Form(max_length=users.LONGEST_NAME)]
Role = Annotated[str, Form()]
Password = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True)
class Choice:
    """Which entries of the log a visitor looks at; the address says all of it."""

    who: str = ""
    action: str = ""
    since: str = ""  # days, YYYY-MM-DD
    until: str = ""

    def address(self, path: str = "/access", **more: str) -> str:
        """The link to this choice."""
        pairs = {name: value for name, value in (vars(self) | more).items() if value}
        return f"{path}?{urlencode(pairs)}" if pairs else path


def choice_of(request: Request) -> Choice:
    """Read an address; what it says beyond this is passed over."""
    asked = request.query_params
    return Choice(
        *(asked.get(name, "").strip()[:100] for name in ("who", "action", "since", "until"))
    )


@router.get("", response_class=HTMLResponse, dependencies=ADMIN)
def access(request: Request, db: Db) -> HTMLResponse:
    """Users, tokens and the log."""
    return _shown(request, db)


@router.post("/users", dependencies=ADMIN)
def add_user(request: Request, db: Db, name: Name, role: Role, password: Password = "") -> Response:
    """Let somebody in; without a password a proxy has to sign them in."""
    name = name.strip()

    def add() -> None:
        add_somebody(db, name, role, password, at=this_moment(request))

    return _done(request, db, name, add)


@router.post("/role", dependencies=ADMIN)
def change_role(request: Request, db: Db, name: Name, role: Role) -> Response:
    """Give somebody another role."""
    return _done(request, db, name, lambda: users.change_role(db, name, role))


@router.post("/disable", dependencies=ADMIN)
def disable_user(request: Request, db: Db, name: Name) -> Response:
    """Let somebody in no more for now."""

    def disable() -> None:
        not_oneself(request, name)
        users.disable_user(db, name)

    return _done(request, db, name, disable)


@router.post("/enable", dependencies=ADMIN)
def enable_user(request: Request, db: Db, name: Name) -> Response:
    """Let somebody in again."""
    return _done(request, db, name, lambda: users.enable_user(db, name))


@router.post("/remove", dependencies=ADMIN)
def remove_user(request: Request, db: Db, name: Name) -> Response:
    """Drop somebody with the tokens; what they did stays in the log."""

    def remove() -> None:
        not_oneself(request, name)
        users.remove_user(db, name)

    return _done(request, db, name, remove)


@router.post("/password", dependencies=ADMIN)
def change_password(request: Request, db: Db, name: Name, password: Password) -> Response:
    """Give somebody another password, which ends their sessions."""
    return _done(
        request, db, name, lambda: users.change_password(db, name, password=lambda: password)
    )


@router.post("/token", dependencies=ADMIN)
def make_token(request: Request, db: Db, name: Name) -> Response:
    """Make a token; the answer is the only place that ever shows it."""
    request.state.subject = name
    try:
        token = users.make_token(db, name, at=this_moment(request))
    except InputError as error:
        return _shown(request, db, problem=str(error))
    return _shown(request, db, made=(name, token))


@router.post("/revoke", dependencies=ADMIN)
def revoke_token(request: Request, db: Db, token: Annotated[str, Form(max_length=64)]) -> Response:
    """Make one token worthless."""

    def revoke() -> None:
        request.state.subject = f"{users.revoke_token(db, token).user} {token}"

    return _done(request, db, token, revoke)


@router.get("/audit.csv", dependencies=EXPORT)
def audit_sheet(request: Request) -> Response:
    """The chosen entries of the log as a sheet."""
    return StreamingResponse(
        _sheet(request.app.state.database, choice_of(request)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def add_somebody(db: Database, name: str, role: str, password: str, *, at: str) -> None:
    """Let a new user in; raises InputError, also for one that is there already."""
    if store.get_user(db, name) is not None:
        raise InputError(f"there is a user '{name}' already; change the role in the list")
    if role != "admin" and not store.has_users(db):
        raise InputError(FIRST)
    users.add_user(db, name, role, password=(lambda: password) if password else None, at=at)


def not_oneself(request: Request, name: str) -> None:
    """Raise InputError if the visitor would lose what lets the visitor in."""
    if name == visitor(request).name:
        raise InputError(ONESELF)


def _done(request: Request, db: Database, name: str, do: Callable[[], Any]) -> Response:
    """Do something to somebody, and back to the page; what cannot be done is told on it."""
    request.state.subject = name
    try:
        do()
    except InputError as error:
        return _shown(request, db, problem=str(error))
    return RedirectResponse("/access", 303)


def _shown(
    request: Request, db: Database, *, problem: str = "", made: tuple[str, str] | None = None
) -> HTMLResponse:
    choice = choice_of(request)
    before = request.query_params.get("before", "")
    entries = store.audit_log(
        db,
        limit=PAGE + 1,
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
        **vars(choice),
    )
    people, actions = store.audited(db)
    known = store.all_users(db)
    more = len(entries) > PAGE
    return page(
        request,
        "access.html.jinja",
        status=422 if problem else 200,
        problem=problem[:1].upper() + problem[1:],
        made=made,
        users=known,
        tokens=store.all_tokens(db),
        roles=MEANING,
        only_admin=not known,
        shortest=users.SHORTEST,
        by_proxy=bool(request.app.state.access.trust_header),
        choice=choice,
        is_narrowed=choice != Choice(),
        entries=entries[:PAGE],
        people=people,
        actions=actions,
        older=choice.address(before=str(entries[PAGE - 1].id)) if more else "",
        begun=not before,
    )


def _sheet(database: Path, choice: Choice) -> Iterator[str]:
    """The log as CSV, the latest first, read in blocks by a connection of its own."""
    yield "\ufeff"  # Excel reads UTF-8 only with it
    yield sheet_text(COLUMNS, [])
    before = None
    with store.opened(database) as db:
        while entries := store.audit_log(db, limit=BLOCK, before=before, **vars(choice)):
            yield sheet_text(COLUMNS, map(_cells, entries)).partition("\n")[2]
            before = entries[-1].id


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    return entry.at, entry.who, entry.action, entry.subject
