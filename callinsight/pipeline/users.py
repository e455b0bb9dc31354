"""`callinsight users`: who may open the pages, and what they did there."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.errors import InputError, nearest
from callinsight.records import ROLES, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

    from callinsight.records import Token

SHORTEST = 10  # characters of a password
LONGEST_NAME = 64


def add_user(
    db: Database, name: str, role: str, *, password: Callable[[], str] | None, at: str
) -> bool:
    """Let somebody in, or give somebody another role; True if the user is new.

    `password` is asked for a new user only; it is None for whom a proxy signs in. Raises
    InputError for a name, role or password that cannot be.
    """
    _check_name(name)
    if role not in ROLES:
        hint = nearest(role, list(ROLES)) or f"; it must be one of {', '.join(ROLES)}"
        raise InputError(f"there is no role '{role}'{hint}")
    known = store.get_user(db, name)
    if known and role != "admin":
        _check_admins(db, known)
    if known:
        user = dataclasses.replace(known, role=role)
    else:
        hashed = hash_password(password()) if password else ""
        user = User(name=name, role=role, password=hashed, added_at=at)
    with store.transaction(db):
        store.save_user(db, user)
    return known is None


def remove_user(db: Database, name: str) -> int:
    """Let somebody in no more; how many are left. Raises InputError without such a user."""
    _check_admins(db, _known(db, name))
    with store.transaction(db):
        store.remove_user(db, name)
    return len(store.all_users(db))


def change_role(db: Database, name: str, role: str) -> None:
    """Give a user another role; raises InputError without such a user."""
    user = _known(db, name)
    add_user(db, name, role, password=None, at=user.added_at)


def disable_user(db: Database, name: str) -> None:
    """Let somebody in no more, by password, token or proxy, until enabled; raises InputError."""
    user = _known(db, name)
    _check_admins(db, user)
    with store.transaction(db):
        store.save_user(db, dataclasses.replace(user, disabled=True))


def enable_user(db: Database, name: str) -> None:
    """Let somebody in again who was disabled; raises InputError without such a user."""
    user = _known(db, name)
    with store.transaction(db):
        store.save_user(db, dataclasses.replace(user, disabled=False))


def change_password(db: Database, name: str, *, password: Callable[[], str]) -> None:
    """Give a user another password, which ends the sessions; raises InputError."""
    user = _known(db, name)
    changed = dataclasses.replace(user, password=hash_password(password()))
    with store.transaction(db):
        store.save_user(db, changed)


def make_token(db: Database, name: str, *, at: str) -> str:
    """A new token of a user for the JSON API; only its digest is kept."""
    _known(db, name)
    token = f"ci_{secrets.token_urlsafe(32)}"
    with store.transaction(db):
        store.save_token(db, token_digest(token), name, at)
    return token


def revoke_tokens(db: Database, name: str) -> int:
    """Make all tokens of a user worthless; how many there were."""
    _known(db, name)
    with store.transaction(db):
        return store.remove_tokens(db, name)


def revoke_token(db: Database, id_: str) -> Token:
    """Make one token worthless, named by the beginning of its digest; raises InputError."""
    found = [token for token in store.all_tokens(db) if token.id == id_]
    if not found:
        raise InputError(f"there is no token '{id_}' any more")
    with store.transaction(db):
        store.remove_token(db, found[0].digest)
    return found[0]


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """The argon2id hash of a password; raises InputError for one that is too short."""
    from argon2 import PasswordHasher

    if len(password) < SHORTEST:
        raise InputError(f"the password is too short; take at least {SHORTEST} characters")
    return PasswordHasher().hash(password)


def is_password(hashed: str, password: str) -> bool:
    """Whether this is the password; it takes as long where there is none."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = PasswordHasher()
    try:
        return hasher.verify(hashed, password)
    except InvalidHashError:
        hasher.hash(password)
    except VerificationError:
        pass
    return False


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InputError(
            f"'{name}' cannot be a name: write 1 to {LONGEST_NAME} characters without spaces around"
        )


def _known(db: Database, name: str) -> User:
    user = store.get_user(db, name)
    if user is None:
        names = [user.name for user in store.all_users(db)]
        hint = nearest(name, names) or "; 'callinsight users list' shows them"
        raise InputError(f"there is no user '{name}'{hint}")
    return user


def _check_admins(db: Database, user: User) -> None:
    """Raise InputError if others would be left without an admin."""
    others = [other for other in store.all_users(db) if other.name != user.name]
    admins = [other for other in others if other.role == "admin" and not other.disabled]
    if user.role == "admin" and others and not admins and not user.disabled:
        raise InputError(
            f"'{user.name}' is the only admin; make another first (callinsight users add NAME --role admin)"
        )
