"""Who may do what: each route has its rule, each form its token, each session its end."""

import dataclasses
import html
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from visiting import browse, post, token_in

from callinsight import store
from callinsight.pipeline.users import change_password, hash_password, remove_user
from callinsight.records import ROLES, User
from callinsight.web.access import Access, require, rules
from callinsight.web.app import UNRULED, check_rules, create_app

START = datetime.fromisoformat("2026-11-03T09:00:00+00:00")
PASSWORD = "correct horse battery"


class Clock:
    """A clock that tests move on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def hashed() -> str:
    return hash_password(PASSWORD)  # once, for it is slow


@pytest.fixture
def users(database: Path, hashed: str) -> Path:
    """One user of each role."""
    with store.opened(database) as db:
        for role in ROLES:
            user = User(name=f"{role}-ann", role=role, password=hashed, added_at=START.isoformat())
            store.save_user(db, user)
    return database


def app_of(database: Path, *, clock: Clock | None = None, **access: object) -> FastAPI:
    return create_app(database, now=clock or Clock(), access=Access(**access))


def sign_in(client: TestClient, name: str, password: str = PASSWORD, then: str = "/") -> object:
    data = {"csrf": token_in(client.get("/sign-in").text), "name": name, "password": password}
    return client.post("/sign-in", data=data | {"then": then}, follow_redirects=False)


def test_each_route_has_its_rule(database: Path) -> None:
    found = rules(app_of(database))

    assert found["GET /definitions"] == "viewer"
    assert found["POST /sign-in"] == ""
    assert {at for at, role in found.items() if role is None} == {f"* {at}" for at in UNRULED}


def test_each_route_for_programs_takes_the_role_of_its_page(database: Path) -> None:
    found = rules(app_of(database))

    pairs = [
        ("GET /api/excerpts", "GET /excerpts"),
        ("GET /api/excerpts/{utterance:path}", "GET /excerpts/{utterance:path}"),
        ("GET /api/facets", "GET /excerpts"),
        ("GET /api/playlists", "GET /playlists"),
        ("GET /api/playlists/{number}", "GET /playlists/{number}"),
        ("POST /api/playlists", "POST /playlists/add/{utterance:path}"),
        ("POST /api/playlists/{number}/excerpts", "POST /playlists/add/{utterance:path}"),
        (
            "DELETE /api/playlists/{number}/excerpts/{utterance:path}",
            "POST /playlists/{number}/remove",
        ),
        ("DELETE /api/playlists/{number}", "POST /playlists/{number}/delete"),
        ("GET /api/calls/{call:path}/mendings", "GET /calls/{call:path}"),
        ("POST /api/calls/{call:path}/mendings/swap", "POST /mend/swap/{call:path}"),
        ("POST /api/calls/{call:path}/mendings/voice", "POST /mend/voice/{call:path}"),
        ("POST /api/calls/{call:path}/mendings/role", "POST /mend/role/{call:path}"),
        ("POST /api/calls/{call:path}/mendings/turn", "POST /mend/turn/{utterance:path}"),
        ("POST /api/calls/{call:path}/mendings/person", "POST /mend/person/{call:path}"),
        ("DELETE /api/calls/{call:path}/mendings/{number}", "POST /mend/undo/{number}"),
        ("GET /api/home", "GET /"),
        ("GET /api/reports/{month}.{shape}", "GET /gaps/{month}/report.{shape}"),
    ]
    for program, page in pairs:
        assert found[program] == found[page], program
        assert found[program] in ROLES


def test_a_route_without_a_rule_is_not_served(database: Path) -> None:
    app, lax = app_of(database), APIRouter()
    lax.add_api_route("/lax", lambda: None)
    app.include_router(lax)

    with pytest.raises(RuntimeError, match=r"^GET /lax: say with require\(\) who may do that$"):
        check_rules(app)


def test_without_users_everybody_here_is_let_in(visitor: TestClient) -> None:
    page = visitor.get("/definitions")

    assert page.status_code == 200
    assert "Sign out" not in page.text


def test_with_users_one_signs_in_and_comes_back_to_the_page(users: Path) -> None:
    with browse(app_of(users)) as client:
        sent = client.get("/definitions?x=1", follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (
            303,
            "/sign-in?then=%2Fdefinitions%3Fx%3D1",
        )
        form = client.get(sent.headers["location"]).text
        assert 'name="then" value="/definitions?x=1"' in form
        assert 'href="/excerpts"' not in form
        answer = sign_in(client, "editor-ann", then="/definitions?x=1")
        assert answer.headers["location"] == "/definitions?x=1"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        page = client.get("/definitions")
        assert '<strong>editor-ann</strong> <span class="quiet">editor</span>' in page.text
        out = post(client, "/sign-out", {}, follow_redirects=False)
        assert out.headers["location"] == "/sign-in"
        assert client.get("/definitions", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil", "/sign-out"])
def test_nobody_is_led_elsewhere(users: Path, then: str) -> None:
    with browse(app_of(users)) as client:
        assert sign_in(client, "editor-ann", then=then).headers["location"] == "/"


@pytest.mark.parametrize("name", ["editor-ann", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(users: Path, name: str) -> None:
    with browse(app_of(users)) as client:
        answer = sign_in(client, name, "wrong password")

    assert answer.status_code == 422
    assert "This name and password do not belong together." in answer.text


def test_too_many_tries_have_to_wait(users: Path) -> None:
    clock = Clock()
    with browse(app_of(users, clock=clock)) as client:
        for _ in range(8):
            assert sign_in(client, "editor-ann", "wrong password").status_code == 422
        late = sign_in(client, "editor-ann")
        assert late.status_code == 429
        assert "Too many tries. Try again in 15 minutes." in late.text
        assert sign_in(client, "viewer-ann").status_code == 303
        clock.now += timedelta(minutes=15)
        assert sign_in(client, "editor-ann").status_code == 303


def test_an_address_that_tries_many_names_has_to_wait(users: Path, monkeypatch) -> None:
    monkeypatch.setattr("callinsight.web.signing_in.is_password", lambda *_: False)  # it is slow
    app = app_of(users)
    with browse(app, address="10.0.0.9") as client:
        answers = [sign_in(client, f"name-{n}").status_code for n in range(31)]
        assert answers == [422] * 30 + [429]
    with browse(app, address="10.0.0.8") as other:
        assert sign_in(other, "name-1").status_code == 422


def test_a_session_ends_with_the_password_and_with_the_user(users: Path) -> None:
    with browse(app_of(users)) as client, store.opened(users) as db:
        sign_in(client, "viewer-ann")
        assert client.get("/definitions", follow_redirects=False).status_code == 200
        change_password(db, "viewer-ann", password=lambda: "another horse battery")
        assert client.get("/definitions", follow_redirects=False).status_code == 303
        sign_in(client, "viewer-ann", "another horse battery")
        assert client.get("/definitions", follow_redirects=False).status_code == 200
        remove_user(db, "viewer-ann")
        assert client.get("/definitions", follow_redirects=False).status_code == 303


def test_a_session_ends_after_two_weeks(users: Path) -> None:
    clock = Clock()
    with browse(app_of(users, clock=clock)) as client:
        sign_in(client, "viewer-ann")
        clock.now += timedelta(days=14)
        assert client.get("/definitions", follow_redirects=False).status_code == 200
        clock.now += timedelta(seconds=1)
        assert client.get("/definitions", follow_redirects=False).status_code == 303


def test_a_cookie_that_was_tampered_with_is_nobodys(users: Path) -> None:
    with browse(app_of(users)) as client:
        sign_in(client, "viewer-ann")
        (cookie,) = client.cookies.jar
        client.cookies.set(cookie.name, cookie.value[:-2] + "xx", domain=cookie.domain)
        assert client.get("/definitions", follow_redirects=False).status_code == 303


def test_a_form_without_its_token_changes_nothing(users: Path) -> None:
    with browse(app_of(users)) as client:
        sign_in(client, "viewer-ann")
        stale = client.post("/sign-out", data={"csrf": "0" * 64})
        assert stale.status_code == 403
        assert "This page was open for too long, or came from elsewhere." in stale.text
        token = token_in(client.get("/definitions").text)
        headers = {"X-CSRF-Token": token}
        answer = client.post("/sign-out", headers=headers, follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8001"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_another_site_changes_nothing(visitor: TestClient, headers: dict[str, str]) -> None:
    answer = post(visitor, "/sign-out", {}, headers=headers)

    assert (answer.status_code, answer.text) == (
        400,
        "This was sent from another site, and nothing was changed.\n",
    )


def test_a_form_of_our_own_origin_passes(visitor: TestClient) -> None:
    headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}

    assert (
        post(visitor, "/sign-out", {}, headers=headers, follow_redirects=False).status_code == 303
    )


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_it_answers_to_names_of_this_machine(visitor: TestClient, host: str) -> None:
    assert visitor.get("/definitions", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "192.168.0.2", "localhost.evil.example", "", "["])
def test_it_answers_to_no_other_name(visitor: TestClient, host: str) -> None:
    answer = visitor.get("/definitions", headers={"host": host})

    assert answer.status_code == 400
    assert answer.text.startswith(f"This server does not answer to the name '{host.strip('[')}'.")


def test_on_all_addresses_it_answers_to_numbers_and_named_hosts(database: Path) -> None:
    app = app_of(database, any_address=True, hosts=frozenset({"calls.acme.example"}))
    with browse(app) as client:
        answers = {
            host: client.get("/definitions", headers={"host": host}).status_code
            for host in ("192.168.0.2:8000", "calls.acme.example", "evil.example")
        }

    assert answers == {"192.168.0.2:8000": 200, "calls.acme.example": 200, "evil.example": 400}


def test_beyond_this_machine_nobody_is_let_in_without_users(database: Path) -> None:
    with browse(app_of(database, open=False)) as client:
        assert client.get("/definitions", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", ["/definitions", "/static/app.js", "/gasp"])
def test_each_answer_carries_the_headers(visitor: TestClient, path: str) -> None:
    headers = visitor.get(path).headers

    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    kept = "private, no-cache" if path.startswith("/static/") else "no-store"
    assert headers["cache-control"] == kept


def test_a_trusted_proxy_says_who_asks(users: Path) -> None:
    app = app_of(users, trust_header="X-Forwarded-User", trust_proxy="10.0.0.1")
    told = {"X-Forwarded-User": "editor-ann"}
    with browse(app, address="10.0.0.1") as proxy, browse(app, address="10.0.0.2") as other:
        page = proxy.get("/definitions", headers=told)
        assert "<strong>editor-ann</strong>" in page.text
        stranger = {"X-Forwarded-User": "stranger"}
        assert (
            proxy.get("/definitions", headers=stranger, follow_redirects=False).status_code == 303
        )
        twice = [("X-Forwarded-User", "viewer-ann"), ("X-Forwarded-User", "admin-ann")]
        assert proxy.get("/definitions", headers=twice, follow_redirects=False).status_code == 303
        assert other.get("/definitions", headers=told, follow_redirects=False).status_code == 303


def test_behind_https_the_cookie_stays_there(users: Path) -> None:
    app = app_of(users, trust_header="X-Forwarded-User", trust_proxy="10.0.0.1")
    with browse(app, address="10.0.0.1") as proxy, browse(app, address="10.0.0.2") as other:
        told = {"X-Forwarded-Proto": "https"}
        assert "Secure" in proxy.get("/sign-in", headers=told).headers["set-cookie"]
        assert "Secure" not in other.get("/sign-in", headers=told).headers["set-cookie"]


def test_the_key_is_for_its_owner_only(database: Path) -> None:
    app_of(database)
    key = database.with_name("callinsight.db.key")

    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    app_of(database)
    assert key.read_bytes() == before


def test_who_looked_at_what_is_noted_once_in_a_while(users: Path) -> None:
    clock = Clock()
    app, noisy = app_of(users, clock=clock), APIRouter()
    rule = Depends(require("viewer", noted="play"))
    noisy.add_api_route("/tone/{call}", lambda call: call, dependencies=[rule])
    noisy.add_api_route("/gone", _gone, dependencies=[rule])
    app.include_router(noisy)
    with browse(app) as client:
        sign_in(client, "viewer-ann")
        for minutes in (0, 5, 11):
            clock.now = START + timedelta(minutes=minutes)
            assert client.get("/tone/c1").status_code == 200
        assert client.get("/gone").status_code == 404

    with store.opened(users) as db:
        log = [(e.at[11:16], e.who, e.action, e.subject) for e in store.audit_log(db, limit=9)]
    assert log == [
        ("09:11", "viewer-ann", "play", "/tone/c1"),
        ("09:00", "viewer-ann", "play", "/tone/c1"),
        ("09:00", "viewer-ann", "sign in", "/sign-in"),
    ]


def _gone() -> None:
    raise HTTPException(404)


def test_a_role_is_refused_what_it_may_not_do(users: Path) -> None:
    with browse(app_of(users)) as client:
        for role, status in (("viewer", 403), ("requester", 403), ("editor", 409), ("admin", 409)):
            sign_in(client, f"{role}-ann")
            assert post(client, "/review/undo/7", {}).status_code == status
            retried = post(client, "/runs/c1/retry", {})
            assert retried.status_code == (409 if role == "admin" else 403)
            if role == "viewer":
                assert "This takes the role admin; viewer-ann is viewer." in retried.text
            post(client, "/sign-out", {})


def test_the_command_that_a_refusal_names_can_be_pasted(users: Path) -> None:
    with store.opened(users) as db, store.transaction(db):
        known = store.get_user(db, "viewer-ann")
        assert known is not None
        store.save_user(db, dataclasses.replace(known, name="Vic O'Hara"))
    with browse(app_of(users)) as client:
        sign_in(client, "Vic O'Hara")
        refused = html.unescape(post(client, "/runs/c1/retry", {}).text)

    command = refused.partition("change that: ")[2].partition("<")[0]
    assert shlex.split(command) == [
        "callinsight",
        "users",
        "add",
        *("Vic O'Hara", "--role", "admin"),
    ]


def test_an_app_that_breaks_says_so_and_carries_the_headers(database: Path) -> None:
    app, broken = app_of(database), APIRouter()
    broken.add_api_route("/broken", lambda: 1 / 0, dependencies=[Depends(require(""))])
    app.include_router(broken)
    client = TestClient(
        app, base_url="http://localhost", client=("127.0.0.1", 1), raise_server_exceptions=False
    )

    answer = client.get("/broken")

    assert answer.status_code == 500
    assert answer.text.startswith("This should not have happened.")
    assert answer.headers["x-content-type-options"] == "nosniff"
