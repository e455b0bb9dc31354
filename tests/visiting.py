"""Visitors: a browser without a screen, that keeps cookies and sends forms, and a program."""

import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from callinsight import store
from callinsight.pipeline.users import make_token
from callinsight.records import ROLES, User

ADDED_AT = "2026-11-03T09:00:00+00:00"


def browse(app: FastAPI, *, address: str = "127.0.0.1") -> TestClient:
    """A visitor of an app on this machine, who keeps cookies."""
    return TestClient(app, base_url="http://localhost", client=(address, 50000))


def add_roles(database: Path) -> None:
    """A user of each role, called after it."""
    with store.opened(database) as db, store.transaction(db):
        for role in ROLES:
            store.save_user(db, User(name=role, role=role, added_at=ADDED_AT))


def program(app: FastAPI, name: str) -> TestClient:
    """A program with a new token of a user."""
    with store.opened(app.state.database) as db:
        token = make_token(db, name, at=ADDED_AT)
    client = browse(app)
    client.headers["authorization"] = f"Bearer {token}"
    return client


def token_in(page: str) -> str:
    """What the forms of a page carry."""
    return re.search(r'<meta name="csrf" content="([0-9a-f]{64})">', page)[1]


def post(client: TestClient, path: str, data: dict[str, object], **options: Any) -> Any:
    """Send a form as a page of the same visitor would."""
    token = token_in(client.get("/definitions").text)
    return client.post(path, data={**data, "csrf": token}, **options)
