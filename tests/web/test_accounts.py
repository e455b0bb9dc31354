"""Users, tokens and the log on a page and for programs: for admins alone, and nobody shuts all out."""

import csv
import io
import re
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from visiting import browse, post, token_in

from callinsight import store
from callinsight.pipeline.users import hash_password, is_password, make_token, revoke_token
from callinsight.records import ROLES, AuditEntry, User
from callinsight.web.access import Access, rules
from callinsight.web.app import create_app

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)  # once, for it is slow


@pytest.fixture
def team(database: Path, hashed: str) -> Path:
    with store.opened(database) as db:
        for role in ROLES:
            user = User(name=role, role=role, password=hashed, added_at=NOW.isoformat())
            store.save_user(db, user)
        db.conn.commit()
    return database


def signed_in(database: Path, name: str, **access: object) -> TestClient:
    client = browse(create_app(database, now=lambda: NOW, access=Access(**access)))
    form = {"csrf": token_in(client.get("/sign-in").text), "name": name, "password": PASSWORD}
    assert client.post("/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def program(database: Path, name: str) -> TestClient:
    with store.opened(database) as db:
        token = make_token(db, name, at=NOW.isoformat())
    client = browse(create_app(database, now=lambda: NOW))
    client.headers["authorization"] = f"Bearer {token}"
    return client


def user_of(database: Path, name: str) -> User | None:
    with store.opened(database) as db:
        return store.get_user(db, name)


def log_of(database: Path) -> list[tuple[str, str, str]]:
    with store.opened(database) as db:
        return [(e.who, e.action, e.subject) for e in store.audit_log(db, limit=99)][::-1]


def alert(page: str) -> str:
    return re.search(r'role="alert">([^<]*)<', page)[1].replace("&#39;", "'")


def test_all_of_it_is_for_admins(team: Path) -> None:
    app = create_app(team, now=lambda: NOW)
    own = {at: role for at, role in rules(app).items() if "/access" in at}
    assert len(own) == 10
    assert set(own.values()) == {"admin"}
    with signed_in(team, "editor") as client:
        assert client.get("/access").status_code == 403
        assert 'href="/access"' not in client.get("/definitions").text
        assert post(client, "/access/role", {"name": "editor", "role": "admin"}).status_code == 403
    with program(team, "editor") as client:
        for path in ("/api/users", "/api/tokens", "/api/audit"):
            assert client.get(path).status_code == 403
        assert client.patch("/api/users/editor", json={"role": "admin"}).status_code == 403
    assert user_of(team, "editor").role == "editor"


def test_nothing_is_done_without_the_token_of_a_form(team: Path) -> None:
    with signed_in(team, "admin") as client:
        sent = client.post("/access/disable", data={"name": "viewer"})

    assert sent.status_code == 403
    assert not user_of(team, "viewer").disabled


def test_the_first_user_is_an_admin_and_then_everybody_signs_in(visitor: TestClient) -> None:
    database = visitor.app.state.database
    assert "Nobody has to sign in yet" in visitor.get("/access").text
    new = {"name": "Mara", "role": "editor", "password": PASSWORD}
    refused = post(visitor, "/access/users", new)
    assert refused.status_code == 422
    assert alert(refused.text) == ("The first user must be an admin, or nobody could let others in")

    post(visitor, "/access/users", new | {"role": "admin"})

    assert visitor.get("/access", follow_redirects=False).status_code == 303
    assert is_password(user_of(database, "Mara").password, PASSWORD)


def test_somebody_comes_changes_and_goes(team: Path) -> None:
    with signed_in(team, "admin") as client:
        new = {"name": "Tom O'Hara", "role": "viewer", "password": "short"}
        assert alert(post(client, "/access/users", new).text) == (
            "The password is too short; take at least 10 characters"
        )
        post(client, "/access/users", new | {"password": PASSWORD})
        assert "Tom O&#39;Hara" in client.get("/access").text
        again = post(client, "/access/users", new | {"password": PASSWORD})
        assert alert(again.text) == (
            "There is a user 'Tom O'Hara' already; change the role in the list"
        )
        post(client, "/access/role", {"name": "Tom O'Hara", "role": "editor"})
        assert user_of(team, "Tom O'Hara").role == "editor"
        post(client, "/access/password", {"name": "Tom O'Hara", "password": "another " * 3})
        assert not is_password(user_of(team, "Tom O'Hara").password, PASSWORD)
        post(client, "/access/remove", {"name": "Tom O'Hara"})
        assert user_of(team, "Tom O'Hara") is None

    assert log_of(team)[1:] == [
        ("admin", "add user", "Tom O'Hara"),
        ("admin", "change role", "Tom O'Hara"),
        ("admin", "change password", "Tom O'Hara"),
        ("admin", "remove user", "Tom O'Hara"),
    ]


def test_who_is_disabled_is_let_in_by_nothing(team: Path) -> None:
    proxy = {"trust_header": "X-User", "trust_proxy": "127.0.0.1"}
    with signed_in(team, "editor", **proxy) as editor, program(team, "editor") as tool:
        assert tool.get("/api/users/me").json()["role"] == "editor"
        with signed_in(team, "admin") as admin:
            post(admin, "/access/disable", {"name": "editor"})
            assert '<span class="pill plain">disabled</span>' in admin.get("/access").text
        assert editor.get("/review", follow_redirects=False).status_code == 303
        assert tool.get("/api/users/me").status_code == 401
        by_proxy = editor.get("/review", headers={"X-User": "editor"}, follow_redirects=False)
        assert by_proxy.status_code == 303
        form = {"csrf": token_in(editor.get("/sign-in").text), "name": "editor"}
        assert editor.post("/sign-in", data=form | {"password": PASSWORD}).status_code == 422
        with signed_in(team, "admin") as admin:
            post(admin, "/access/enable", {"name": "editor"})
        assert editor.get("/review").status_code == 200
        assert tool.get("/api/users/me").status_code == 200


@pytest.mark.parametrize("step", ["disable", "remove"])
def test_nobody_shuts_oneself_out(team: Path, step: str) -> None:
    with signed_in(team, "admin") as client:
        refused = post(client, f"/access/{step}", {"name": "admin"})
        assert refused.status_code == 422
        assert alert(refused.text) == "You cannot shut yourself out; ask another admin"
        last = post(client, "/access/role", {"name": "admin", "role": "editor"})
        assert alert(last.text) == (
            "'admin' is the only admin; make another first (callinsight users add NAME --role admin)"
        )
    assert user_of(team, "admin").role == "admin"


def test_a_disabled_admin_does_not_count_as_one(team: Path) -> None:
    with signed_in(team, "admin") as client:
        post(client, "/access/role", {"name": "editor", "role": "admin"})
        post(client, "/access/disable", {"name": "editor"})
        post(client, "/access/role", {"name": "admin", "role": "viewer"})

    assert user_of(team, "admin").role == "admin"


def test_a_token_is_shown_once_and_revoked_alone(team: Path) -> None:
    with signed_in(team, "admin") as client:
        page = post(client, "/access/token", {"name": "editor"}).text
        token = re.search(r"<code>(ci_[^<]+)</code>", page)[1]
        post(client, "/access/token", {"name": "editor"})
        tool = browse(client.app)
        tool.headers["authorization"] = f"Bearer {token}"
        assert tool.get("/api/users/me").json()["name"] == "editor"
        again = client.get("/access").text
        assert token not in again
        with store.opened(team) as db:
            ids = [one.id for one in store.all_tokens(db)]
        assert all(f"<code>{id_}…</code>" in again for id_ in ids)
        mine = next(i for i in ids if revoked_by(team, i, token))
        assert tool.get("/api/users/me").status_code == 401
        post(client, "/access/revoke", {"token": next(i for i in ids if i != mine)})
    with store.opened(team) as db:
        assert store.all_tokens(db) == []


def revoked_by(database: Path, id_: str, token: str) -> bool:
    """Revoke the token with this id, if it is this one."""
    from callinsight.pipeline.users import token_digest

    if not token_digest(token).startswith(id_):
        return False
    with store.opened(database) as db:
        revoke_token(db, id_)
    return True


@pytest.fixture
def logged(team: Path) -> Path:
    with store.opened(team) as db, store.transaction(db):
        for number in range(120):
            entry = AuditEntry(
                at=f"2026-10-{number // 12 + 1:02d}T09:00:00+00:00",
                who="=cmd|' /C calc'!A0" if number == 0 else "Mara",
                action="play" if number % 2 else "export",
                subject=f"/audio/<{number}>",
            )
            store.add_audit(db, entry)
    return team


def test_the_log_is_read_page_by_page_and_narrowed(logged: Path) -> None:
    with signed_in(logged, "admin") as client:
        seen, path = [], "/access"
        while path:
            page = client.get(path).text
            seen += re.findall(r"/audio/&lt;(\d+)&gt;", page)
            more = re.search(r'href="(/access\?[^"]*before=\d+)#done"', page)
            path = more[1].replace("&amp;", "&") if more else ""
        assert seen == [str(number) for number in reversed(range(120))]
        narrowed = client.get("/access?action=play&since=2026-10-02&until=2026-10-02").text
        found = re.findall(r"/audio/&lt;(\d+)&gt;", narrowed)
        assert found == ["23", "21", "19", "17", "15", "13"]
        assert "Nothing like that." in client.get("/access?who=nobody").text
        assert client.get("/access?before=x&since=%27").status_code == 200


def test_the_log_is_taken_along_as_a_sheet_and_that_is_noted(logged: Path) -> None:
    with signed_in(logged, "admin") as client:
        answer = client.get("/access/audit.csv?action=export")

    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["subject"] for row in rows][:2] == ["/audio/<118>", "/audio/<116>"]
    assert len(rows) == 60
    assert rows[-1]["who"] == "'=cmd|' /C calc'!A0"
    assert log_of(logged)[-1] == ("admin", "export", "/access/audit.csv")


def test_programs_of_admins_do_the_same(team: Path) -> None:
    with program(team, "admin") as client:
        new = {"name": "tool", "role": "viewer", "password": PASSWORD}
        assert client.post("/api/users", json=new).status_code == 204
        assert client.post("/api/users", json=new).status_code == 409
        seen, cursor = [], ""
        while cursor is not None:
            found = client.get("/api/users", params={"limit": 2, "cursor": cursor}).json()
            seen += [(one["name"], one["role"]) for one in found["items"]]
            cursor = found["next"]
        assert seen == [
            *(("admin", "admin"), ("editor", "editor"), ("requester", "requester")),
            *(("tool", "viewer"), ("viewer", "viewer")),
        ]
        change = {"role": "editor", "disabled": True}
        assert client.patch("/api/users/tool", json=change).status_code == 204
        assert (user_of(team, "tool").role, user_of(team, "tool").disabled) == ("editor", True)
        assert client.patch("/api/users/nobody", json={}).status_code == 404
        assert client.patch("/api/users/admin", json={"disabled": True}).status_code == 409
        assert client.post("/api/users/tool/tokens").json()["token"].startswith("ci_")
        (known,) = [t for t in client.get("/api/tokens").json()["items"] if t["user"] == "tool"]
        assert set(known) == {"id", "user", "made_at"}
        assert client.delete(f"/api/tokens/{known['id']}").status_code == 204
        assert client.delete(f"/api/tokens/{known['id']}").status_code == 409
        assert client.delete("/api/users/tool").status_code == 204
        done = client.get("/api/audit", params={"limit": 2}).json()
        assert [one["action"] for one in done["items"]] == ["shut out", "revoke"]
        assert client.get("/api/audit", params={"cursor": done["next"]}).json()["next"] is None
        assert "password" not in client.get("/api/users").text.replace("has_password", "")
