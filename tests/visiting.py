"""Visitors of the pages: a browser without a screen, that keeps cookies and sends forms."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient


def browse(app: FastAPI, *, address: str = "127.0.0.1") -> TestClient:
    """A visitor of an app on this machine, who keeps cookies."""
    return TestClient(app, base_url="http://localhost", client=(address, 50000))


def token_in(page: str) -> str:
    """What the forms of a page carry."""
    return re.search(r'<meta name="csrf" content="([0-9a-f]{64})">', page)[1]


def post(client: TestClient, path: str, data: dict[str, object], **options: Any) -> Any:
    """Send a form as a page of the same visitor would."""
    token = token_in(client.get("/definitions").text)
    return client.post(path, data={**data, "csrf": token}, **options)
