"""Who signed in: a signed cookie, and the token that each form carries back."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, URLSafeSerializer

from callinsight.errors import StoreError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from callinsight.records import User

LASTS = timedelta(days=14)
SECRET_BYTES = 32


@dataclass(frozen=True)
class Session:
    """What the cookie holds; without a user until somebody signs in."""

    nonce: str
    user: str = ""
    stamp: str = ""  # of the password that was given, so that a new one ends the session
    at: str = ""  # moment of signing in


def load_secret(database: Path) -> bytes:
    """The key that signs cookies: made once, kept beside the database, for its owner's eyes only."""
    path = database.with_name(f"{database.name}.key")
    made = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if not path.exists():
            file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(file, secrets.token_bytes(SECRET_BYTES))
            os.close(file)
            made.replace(path)
        secret = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{path}: the key that signs who is signed in cannot be kept there ({error.strerror}); "
            "mend the folder's permissions"
        ) from None
    if len(secret) != SECRET_BYTES:
        raise StoreError(f"{path}: this is no key; delete the file, and a new one is made")
    return secret


def session_of(request: HTTPConnection) -> Session:
    """What the visitor's cookie says, else a session without a user."""
    state = request.state
    if not hasattr(state, "session"):
        known = _read(request)
        state.session = known or Session(secrets.token_urlsafe(16))
        state.session_is_new = known is None
    session: Session = state.session
    return session


def sign_in(request: HTTPConnection, user: User, now: datetime) -> None:
    """Begin a session of a user; the one before it, whoever gave it out, ends."""
    request.state.session = Session(
        secrets.token_urlsafe(16), user.name, stamp_of(user), now.isoformat(timespec="seconds")
    )
    request.state.session_is_new = True


def sign_out(request: HTTPConnection) -> None:
    """Go on without a user."""
    request.state.session = Session(secrets.token_urlsafe(16))
    request.state.session_is_new = True


def keep(request: HTTPConnection, response: Response) -> None:
    """Send the cookie if the browser does not have it yet."""
    session = session_of(request)
    if request.state.session_is_new:
        text = _signer(request).dumps([session.nonce, session.user, session.stamp, session.at])
        response.set_cookie(
            _cookie(request),
            text if isinstance(text, str) else text.decode(),
            max_age=int(LASTS.total_seconds()),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )


def form_token(request: HTTPConnection) -> str:
    """What a form of this session must carry, so that no other site can send it."""
    key: bytes = request.app.state.secret
    return hmac.new(key, session_of(request).nonce.encode(), hashlib.sha256).hexdigest()


def stamp_of(user: User) -> str:
    """Changes with the password."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]


def _read(request: HTTPConnection) -> Session | None:
    try:
        values: Any = _signer(request).loads(request.cookies.get(_cookie(request), ""))
        session = Session(*values)
        now: datetime = request.app.state.now()
        over = bool(session.at) and datetime.fromisoformat(session.at) + LASTS < now
    except (BadData, TypeError, ValueError):
        return None
    return None if over else session


def _signer(request: HTTPConnection) -> URLSafeSerializer:
    return URLSafeSerializer(request.app.state.secret, salt="session")


def _cookie(request: HTTPConnection) -> str:
    """Cookies know no ports: two databases served from one machine keep theirs apart by name."""
    port = request.url.port
    return f"callinsight-{port}" if port else "callinsight"
