"""Who asks, and who may do what: each page says the role it needs, and the server keeps to it."""

from __future__ import annotations

import hmac
import ipaddress
import shlex
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.users import token_digest
from callinsight.records import ROLES
from callinsight.web import sessions
from callinsight.web.database import Db

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi import FastAPI
    from sqlite_utils import Database
    from starlette.requests import HTTPConnection

    from callinsight.records import User

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ANYONE = ""  # in place of a role: also who is not signed in
SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FIELD, HEADER = "csrf", "X-CSRF-Token"
STALE = "This page was open for too long, or came from elsewhere. Go back, reload it and try again."


@dataclass(frozen=True)
class Visitor:
    """Who asks for a page."""

    name: str
    role: str  # one of ROLES; empty if nobody is signed in

    def may(self, role: str) -> bool:
        """Whether the visitor may do what takes this role."""
        return role == ANYONE or (
            self.role in ROLES and ROLES.index(self.role) >= ROLES.index(role)
        )


YOU = Visitor("you", "admin")  # as long as there are no users
NOBODY = Visitor("", "")


@dataclass(frozen=True)
class Access:
    """What the server lets in."""

    hosts: frozenset[str] = frozenset(LOOPBACK)  # names it answers to
    any_address: bool = False  # and to any number, as it listens on all of them
    open: bool = True  # to everybody, as long as there are no users
    trust_header: str = ""  # holds the user's name, as a proxy knows it
    trust_proxy: str = ""  # the only address from which that header counts

    def answers_to(self, host: str) -> bool:
        """Whether this is a name of the server, so that no other name can be made to point at it."""
        return host in self.hosts or (self.any_address and _is_address(host))


def access_for(
    db: Database,
    *,
    host: str,
    allow_hosts: Iterable[str],
    open_to_everybody: bool,
    trust_header: str,
    trust_proxy: str,
) -> Access:
    """What a server lets in that listens on `host`.

    Raises InputError where others would reach it and nobody would have to sign in.
    """
    if bool(trust_header) != bool(trust_proxy) or (trust_proxy and not _is_address(trust_proxy)):
        raise InputError(
            "a proxy that signs people in needs both, such as: "
            "--trust-header X-Forwarded-User --trust-proxy 10.0.0.1"
        )
    names = [name.lower() for name in allow_hosts]
    here = host in LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    reached = not here or bool(names) or bool(trust_header)
    if reached and not open_to_everybody and not store.has_users(db):
        raise InputError(
            "others could reach the pages, and nobody would have to sign in; first "
            "'callinsight users add NAME --role admin', or say --open-to-everybody"
        )
    everywhere = _is_address(host) and ipaddress.ip_address(host).is_unspecified
    own = {socket.gethostname().lower()} if everywhere else set()
    return Access(
        hosts=frozenset({*LOOPBACK, host.lower(), *names, *own}),
        any_address=everywhere,
        open=open_to_everybody or not reached,
        trust_header=trust_header,
        trust_proxy=trust_proxy,
    )


@dataclass(frozen=True)
class Rule:
    """What a page takes: a role, and for a change that a page of ours asks for it."""

    role: str
    noted: str = ""  # as what a look goes to the audit log; each change goes there by itself

    async def __call__(self, request: Request, db: Db) -> None:
        """Let the visitor pass; raises HTTPException 401 or 403."""
        who = recognize(request, db)
        if not who.may(self.role):
            raise HTTPException(403 if who.role else 401, _refusal(who, self.role))
        if request.method not in SAFE:
            await _check_form(request)
        if self.noted or request.method not in SAFE:
            request.state.noted = self.noted or _name(request)


def require(role: str, *, noted: str = "") -> Rule:
    """The rule of a route: `dependencies=[Depends(require("editor"))]`.

    Its visitor has at least this role. A form must carry the token of `csrf_field`; htmx sends it
    by itself. Changes go to the audit log; a look only where it is to be `noted` as something.
    """
    return Rule(role, noted)


def visitor(request: Request) -> Visitor:
    """Who asks for this page."""
    if not hasattr(request.state, "visitor"):  # an error, before any rule was asked
        with store.opened(request.app.state.database) as db:
            return recognize(request, db)
    known: Visitor = request.state.visitor
    return known


def recognize(request: Request, db: Database) -> Visitor:
    """Who asks: by token, by what the proxy says, or by the session; NOBODY else."""
    access: Access = request.app.state.access
    request.state.by_token = False
    if not store.has_users(db):
        who = YOU if access.open else NOBODY
    else:
        user = _by_token(request, db) or _by_proxy(request, db, access) or _by_session(request, db)
        who = Visitor(user.name, user.role) if user and not user.disabled else NOBODY
    request.state.visitor = who
    return who


def rules(app: FastAPI) -> dict[str, str | None]:
    """The role that each route takes, by method and path; None for one without a rule."""
    found = {}
    for route in iter_route_contexts(app.routes):
        roles = [d.call.role for d in _dependants(route) if isinstance(d.call, Rule)]
        strictest = max(roles, key=(ANYONE, *ROLES).index, default=None)
        for method in sorted(route.methods or {"*"}):
            found[f"{method} {route.path}"] = strictest
    return found


def _dependants(route: Any) -> Iterator[Any]:
    waiting = [getattr(route, "dependant", None)]
    while waiting:
        dependant = waiting.pop()
        if dependant is not None:
            yield dependant
            waiting += dependant.dependencies


def _by_token(request: Request, db: Database) -> User | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    request.state.by_token = True
    return store.user_of_token(db, token_digest(token.strip()))


def _by_proxy(request: Request, db: Database, access: Access) -> User | None:
    if request.state.by_token or not access.trust_header or peer(request) != access.trust_proxy:
        return None
    names = request.headers.getlist(access.trust_header)
    return store.get_user(db, names[0]) if len(names) == 1 else None


def _by_session(request: Request, db: Database) -> User | None:
    if request.state.by_token:
        return None
    session = sessions.session_of(request)
    user = store.get_user(db, session.user) if session.user else None
    return user if user and hmac.compare_digest(sessions.stamp_of(user), session.stamp) else None


def peer(request: HTTPConnection) -> str:
    """The address at the other end of the line: the visitor's own, or the proxy's."""
    return request.client.host if request.client else ""


async def _check_form(request: Request) -> None:
    """Raise HTTPException 403 unless a page of this session, or a token of its own, asks for it."""
    if request.state.by_token:
        return
    given = request.headers.get(HEADER, "")
    if not given and request.headers.get("content-type", "").partition(";")[0].lower() in FORMS:
        given = str((await request.form()).get(FIELD, ""))
    if not hmac.compare_digest(given.encode(), sessions.form_token(request).encode()):
        raise HTTPException(403, STALE)


def _refusal(who: Visitor, role: str) -> str:
    if not who.role:
        return "Sign in first."
    return (
        f"This takes the role {role}; {who.name} is {who.role}. "
        f"Whoever looks after callinsight can change that: "
        f"callinsight users add {shlex.quote(who.name)} --role {role}"
    )


def _name(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "name", request.method)).replace("_", " ")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
