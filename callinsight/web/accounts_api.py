"""The JSON API of users, tokens and the audit log: for admins, by the same functions as the page."""

from __future__ import annotations

import dataclasses

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.pipeline import users
from callinsight.records import AuditEntry
from callinsight.web.accounts import add_somebody, not_oneself
from callinsight.web.api import Cursor, Limit, api_router, cursor_at, place_at
from callinsight.web.pages import Db, require, this_moment

ADMIN = [Depends(require("admin"))]
router = api_router()


@dataclasses.dataclass(frozen=True)
class Account:
    """Somebody who may open the pages."""

    name: str
    role: str  # viewer | requester | editor | admin
    has_password: bool  # else a proxy signs them in
    disabled: bool
    added_at: str


@dataclasses.dataclass(frozen=True)
class Accounts:
    """Users, by name."""

    items: list[Account]
    next: str | None


@dataclasses.dataclass(frozen=True)
class NewAccount:
    """Somebody to let in."""

    name: str
    role: str
    password: str = ""  # empty for whom a proxy signs in


@dataclasses.dataclass(frozen=True)
class Change:
    """What becomes of a user; what is null stays."""

    role: str | None = None
    disabled: bool | None = None
    password: str | None = None


@dataclasses.dataclass(frozen=True)
class KnownToken:
    """A token without what makes it worth something."""

    id: str
    user: str
    made_at: str


@dataclasses.dataclass(frozen=True)
class Tokens:
    """Tokens, by user."""

    items: list[KnownToken]
    next: str | None


@dataclasses.dataclass(frozen=True)
class MadeToken:
    """A new token, told this once."""

    token: str


@dataclasses.dataclass(frozen=True)
class Log:
    """What was done, the latest first."""

    items: list[AuditEntry]
    next: str | None


@router.get("/users", dependencies=ADMIN)
def accounts(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Accounts:
    """Who may open the pages."""
    (after,) = place_at(cursor, (str,)) if cursor else ("",)
    found = [user for user in store.all_users(db) if user.name > after]
    shown = [
        Account(user.name, user.role, bool(user.password), user.disabled, user.added_at)
        for user in found[:limit]
    ]
    return Accounts(shown, cursor_at(shown[-1].name) if len(found) > limit else None)


@router.post("/users", status_code=204, dependencies=ADMIN)
def let_in(request: Request, given: NewAccount, db: Db) -> None:
    """Let somebody in."""
    request.state.subject = given.name
    add_somebody(db, given.name, given.role, given.password, at=this_moment(request))


@router.patch("/users/{name}", status_code=204, dependencies=ADMIN)
def change_user(request: Request, name: str, given: Change, db: Db) -> None:
    """Change somebody's role or password, disable them or let them in again."""
    _known(db, name)
    if given.disabled:
        not_oneself(request, name)
    if given.password is not None:
        users.change_password(db, name, password=lambda: given.password or "")
    if given.role is not None:
        users.change_role(db, name, given.role)
    if given.disabled is not None:
        (users.disable_user if given.disabled else users.enable_user)(db, name)


@router.delete("/users/{name}", status_code=204, dependencies=ADMIN)
def shut_out(request: Request, name: str, db: Db) -> None:
    """Drop somebody with the tokens; what they did stays in the log."""
    _known(db, name)
    not_oneself(request, name)
    users.remove_user(db, name)


@router.get("/tokens", dependencies=ADMIN)
def tokens(db: Db, limit: Limit = 50, cursor: Cursor = "") -> Tokens:
    """The tokens that are worth something."""
    after = place_at(cursor, (str, str, str)) if cursor else ("", "", "")
    found = [one for one in store.all_tokens(db) if (one.user, one.made_at, one.digest) > after]
    shown = [KnownToken(one.id, one.user, one.made_at) for one in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Tokens(shown, cursor_at(last.user, last.made_at, last.digest) if last else None)


@router.post("/users/{name}/tokens", status_code=201, dependencies=ADMIN)
def make_token(request: Request, name: str, db: Db) -> MadeToken:
    """Make a token of somebody."""
    _known(db, name)
    return MadeToken(users.make_token(db, name, at=this_moment(request)))


@router.delete("/tokens/{token}", status_code=204, dependencies=ADMIN)
def revoke(token: str, db: Db) -> None:
    """Make one token worthless."""
    users.revoke_token(db, token)


@router.get("/audit", dependencies=ADMIN)
def audit(
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = "",
    who: str = "",
    action: str = "",
    since: str = "",
    until: str = "",
) -> Log:
    """What was played, exported and changed; `since` and `until` are days."""
    (before,) = place_at(cursor, (int,)) if cursor else (None,)
    asked = {"who": who, "action": action, "since": since, "until": until}
    found = store.audit_log(db, limit=limit + 1, before=before, **asked)
    more = cursor_at(found[limit - 1].id) if len(found) > limit else None
    return Log(found[:limit], more)


def _known(db: Db, name: str) -> None:
    if store.get_user(db, name) is None:
        raise HTTPException(404, f"There is no user '{name}'.")
