"""The JSON API: tokens, pages by cursor, refusals as JSON, and no input that breaks it."""

from datetime import datetime
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from heard import fill
from hypothesis import HealthCheck, Phase, given, settings
from visiting import add_roles, program

from callinsight import store
from callinsight.pipeline.users import revoke_tokens
from callinsight.web.app import create_app

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")


@pytest.fixture
def app(database: Path) -> FastAPI:
    """A month of calls, and a user of each role."""
    fill(database, months=("2026-10",))
    add_roles(database)
    return create_app(database, now=lambda: NOW)


def test_a_token_says_who_asks(app: FastAPI) -> None:
    client = program(app, "requester")
    assert client.get("/api/users/me").json() == {"name": "requester", "role": "requester"}

    with store.opened(app.state.database) as db:
        revoke_tokens(db, "requester")

    gone = client.get("/api/users/me")
    assert (gone.status_code, gone.json()) == (
        401,
        {"error": "Send 'Authorization: Bearer TOKEN'."},
    )
    assert gone.headers["www-authenticate"] == "Bearer"


def test_calls_come_page_by_page(app: FastAPI) -> None:
    client = program(app, "viewer")
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = client.get("/api/calls", params={"limit": 3, "cursor": cursor}).json()
        seen += [call["id"] for call in page["items"]]
        cursor, pages = page["next"], pages + 1

    assert pages == 3
    assert seen == [f"2026-10-{number}" for number in range(7, -1, -1)]
    assert client.get("/api/calls?status=failed").json() == {"items": [], "next": None}


def test_a_cursor_of_somebody_else_is_refused(app: FastAPI) -> None:
    client = program(app, "viewer")
    for cursor in ("x", "WzFd", "bnVsbA=="):
        answer = client.get("/api/calls", params={"cursor": cursor})
        assert (answer.status_code, answer.json()) == (
            409,
            {"error": "this cursor is none of ours; begin without one"},
        )


def test_a_call_has_all_that_was_said_and_tagged(app: FastAPI) -> None:
    client = program(app, "viewer")

    call = client.get("/api/calls/2026-10-0").json()

    assert call["call"]["account"] == "Firm 0"
    assert [person["name"] for person in call["participants"]] == ["Ann Lee", "Dana"]
    assert len(call["utterances"]) == 6
    assert {tag["label"] for tag in call["tags"]} == {
        *("price_budget", "technical_integration", "legal_procurement"),
    }
    missing = client.get("/api/calls/nope")
    assert (missing.status_code, missing.json()) == (404, {"error": "There is no call 'nope'."})


def test_an_editor_answers_and_takes_back(app: FastAPI) -> None:
    client = program(app, "editor")
    (asked,) = client.get("/api/review?limit=1").json()["items"]

    said = {"concerns": ["legal_procurement"], "stance": "question"}
    made = client.post(f"/api/review/{asked['utterance']}", json=said).json()

    assert made == {"correction": 1}
    (kept,) = client.get("/api/corrections").json()["items"]
    assert (kept["who"], kept["after"]) == ("editor", "legal_procurement/question/")
    assert client.get("/api/review?limit=1").json()["items"][0] != asked
    assert client.delete("/api/corrections/1").status_code == 204
    assert client.delete("/api/corrections/1").status_code == 409
    unfinished = client.post(
        f"/api/review/{asked['utterance']}", json={"concerns": ["trust_proof"]}
    )
    assert (unfinished.status_code, unfinished.json()) == (
        422,
        {"error": "Say how it is raised: as an objection, as a question, or only mentioned."},
    )


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("viewer", "GET", "/api/review", 403),
        ("requester", "POST", "/api/review/x", 403),
        ("requester", "DELETE", "/api/corrections/1", 403),
        ("editor", "POST", "/api/runs/2026-10-0/retry", 403),
        ("admin", "POST", "/api/runs/2026-10-0/retry", 409),
        ("viewer", "GET", "/api/openapi.json", 200),
    ],
)
def test_each_role_does_what_it_may(
    app: FastAPI, name: str, method: str, path: str, status: int
) -> None:
    body = {"json": {}} if method == "POST" else {}

    answer = program(app, name).request(method, path, **body)

    assert answer.status_code == status
    if status == 403:
        role = "admin" if "retry" in path else "editor"
        assert answer.json()["error"].startswith(f"This takes the role {role}; {name} is {name}.")


def test_what_is_changed_by_program_is_in_the_audit_log(app: FastAPI) -> None:
    client = program(app, "editor")
    (asked,) = client.get("/api/review?limit=1").json()["items"]

    client.post(f"/api/review/{asked['utterance']}", json={})

    with store.opened(app.state.database) as db:
        (entry,) = store.audit_log(db, limit=9)
    assert (entry.who, entry.action, entry.subject) == (
        *("editor", "answer"),
        f"/api/review/{asked['utterance']}",
    )


def test_the_description_names_the_token_and_each_refusal(app: FastAPI) -> None:
    described = program(app, "viewer").get("/api/openapi.json").json()

    assert described["components"]["securitySchemes"] == {
        "HTTPBearer": {"type": "http", "scheme": "bearer"}
    }
    for path, methods in described["paths"].items():
        for method in methods.values():
            assert {"401", "403", "404", "409", "422"} <= method["responses"].keys(), path


def test_no_input_breaks_it(app: FastAPI) -> None:
    client = program(app, "admin")
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    tried = 0

    for operation in schema.get_all_operations():
        strategy = operation.ok().as_strategy()

        @settings(
            max_examples=10,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def check(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            asked = case.as_transport_kwargs(base_url="http://localhost")
            asked["headers"] = {
                k: v for k, v in asked["headers"].items() if k.lower() != "authorization"
            }
            answer = client.request(**{k: v for k, v in asked.items() if k != "cookies"})
            assert answer.status_code < 500, (case.path, answer.text)

        check()
    assert tried > 50
