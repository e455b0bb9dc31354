"""What each request passes before a page is asked, and what each answer carries."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from callinsight import store
from callinsight.records import AuditEntry
from callinsight.web.access import SAFE, Access, peer, visitor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "content-security-policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "x-content-type-options": "nosniff",
    # no-referrer would have browsers send forms without their origin, which is checked below
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",  # what is forgotten here is to lie on no reader's disk
}
STATIC = {**HEADERS, "cache-control": "private, no-cache"}  # of our own files
SAME_LOOK = timedelta(minutes=10)  # what is played on and on is noted once


class Gate:
    """Refuses other hosts and other origins, adds the headers, and keeps the audit log."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        _believe_proxy(scope, self._access)
        request = Request(scope)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                ours = STATIC if request.url.path.startswith("/static/") else HEADERS
                for name, value in ours.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(request)
        if refusal:
            await PlainTextResponse(refusal, 400)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            done = 0 < status < 400 and request.method != "HEAD"
            if done and hasattr(request.state, "noted"):
                await run_in_threadpool(_note, request)

    def _refusal(self, request: Request) -> str:
        """Why a request is not let in; empty if it is."""
        host = _host(request)
        if not self._access.answers_to(host):
            return (
                f"This server does not answer to the name '{host}'. Open it by one it knows, or "
                f"start it with: callinsight serve --allow-host {host}\n"
            )
        if request.method in SAFE:
            return ""
        origin = request.headers.get("origin")
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        site = request.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin != own) or site not in ("same-origin", "none"):
            return "This was sent from another site, and nothing was changed.\n"
        return ""


def _host(request: Request) -> str:
    """The name that the visitor used, without the port."""
    try:
        return (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _believe_proxy(scope: Scope, access: Access) -> None:
    """Take from the trusted proxy whether the visitor came by https; from nobody else."""
    request = Request(scope)
    if access.trust_proxy and peer(request) == access.trust_proxy:
        told = request.headers.get("x-forwarded-proto", "")
        if told in ("http", "https"):
            scope["scheme"] = told


def address_of(request: Request) -> str:
    """Where the visitor is: the other end of the line, or who the trusted proxy says is behind it."""
    access: Access = request.app.state.access
    behind = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if behind and peer(request) == access.trust_proxy:
        try:
            return str(ipaddress.ip_address(behind))
        except ValueError:
            pass
    return peer(request)


def _note(request: Request) -> None:
    now: datetime = request.app.state.now()
    entry = AuditEntry(
        at=now.isoformat(timespec="seconds"),
        who=visitor(request).name,
        action=request.state.noted,
        subject=getattr(request.state, "subject", request.url.path),
    )
    with store.opened(request.app.state.database) as db:
        since = (now - SAME_LOOK).isoformat(timespec="seconds")
        if request.method in SAFE and store.was_noted(db, entry, since=since):
            return
        with store.transaction(db):
            store.add_audit(db, entry)
