"""`callinsight users` and what `callinsight serve` refuses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callinsight import store
from callinsight.cli import app
from callinsight.errors import InputError
from callinsight.pipeline.users import is_password
from callinsight.records import AuditEntry
from callinsight.web.access import Access, access_for

PASSWORD = "correct horse battery"
ALONE = {"allow_hosts": [], "open_to_everybody": False, "trust_header": "", "trust_proxy": ""}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    with store.opened(path, create=True):
        pass
    return path


def users(database: Path, *args: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["users", *args, "--db", str(database)], input=typed)


def add(database: Path, name: str, role: str, typed: str = f"{PASSWORD}\n") -> Result:
    return users(database, "add", name, "--role", role, "--password-stdin", typed=typed)


def test_a_user_is_added_listed_changed_and_removed(database: Path) -> None:
    assert add(database, "ann", "admin").stderr == "ann may sign in as admin.\n"
    assert add(database, "bo", "viewer").stderr == "bo may sign in as viewer.\n"
    assert users(database, "add", "bo", "--role", "editor").stderr == "bo is editor now.\n"
    assert users(database, "add", "cy", "--role", "viewer", "--no-password").exit_code == 0
    assert users(database, "list").stdout == "ann\tadmin\nbo\teditor\ncy\tviewer\tno password\n"
    assert users(database, "remove", "bo").stderr == "bo is let in no more.\n"
    assert users(database, "remove", "cy").exit_code == 0
    assert users(database, "remove", "ann").stderr == (
        "ann is let in no more. That was the last user.\n"
    )
    assert users(database, "list").stderr == (
        "There are no users: whoever opens the pages on this machine may do everything.\n"
    )


def test_a_user_is_disabled_and_enabled_but_not_the_last_admin(database: Path) -> None:
    add(database, "ann", "admin")
    add(database, "bo", "editor")

    assert users(database, "disable", "bo").stderr == (
        "bo is let in no more, until: callinsight users enable bo\n"
    )
    assert users(database, "list").stdout == "ann\tadmin\nbo\teditor\tdisabled\n"
    assert users(database, "enable", "bo").stderr == "bo may sign in again.\n"
    assert users(database, "list").stdout == "ann\tadmin\nbo\teditor\n"
    refused = users(database, "disable", "ann")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "Error: 'ann' is the only admin; make another first (callinsight users add NAME --role admin)\n",
    )


def test_the_password_is_asked_twice_and_kept_as_a_hash(database: Path) -> None:
    differing = f"{PASSWORD}\nother horse battery\n{PASSWORD}\n{PASSWORD}\n"
    told = users(database, "add", "ann", "--role", "admin", typed=differing)

    assert told.exit_code == 0
    assert "do not match" in told.stderr
    assert PASSWORD not in told.stderr + told.stdout
    with store.opened(database) as db:
        kept = store.get_user(db, "ann").password
    assert kept.startswith("$argon2id$")
    assert is_password(kept, PASSWORD)
    assert not is_password(kept, PASSWORD + " ")
    assert not is_password("", "")


def test_another_password_replaces_the_first(database: Path) -> None:
    add(database, "ann", "admin")

    told = users(database, "password", "ann", "--password-stdin", typed="new horse battery\r\n")

    assert told.stderr == "ann has a new password.\n"
    with store.opened(database) as db:
        assert is_password(store.get_user(db, "ann").password, "new horse battery")


@pytest.mark.parametrize(
    ("args", "typed", "message"),
    [
        (("add", "ann", "--role", "edtor"), "", "there is no role 'edtor'; did you mean 'editor'?"),
        (
            ("add", "ann", "--role", "boss"),
            "",
            "there is no role 'boss'; it must be one of viewer, requester, editor, admin",
        ),
        (
            ("add", "ann", "--role", "viewer", "--password-stdin"),
            "short\n",
            "the password is too short; take at least 10 characters",
        ),
        (
            ("add", " ann", "--role", "viewer"),
            "",
            "' ann' cannot be a name: write 1 to 64 characters without spaces around",
        ),
        (("remove", "ane"), "", "there is no user 'ane'; 'callinsight users list' shows them"),
        (("token", "deam"), "", "there is no user 'deam'; did you mean 'dean'?"),
        (
            ("remove", "dean"),
            "",
            "'dean' is the only admin; make another first (callinsight users add NAME --role admin)",
        ),
        (
            ("add", "dean", "--role", "viewer"),
            "",
            "'dean' is the only admin; make another first (callinsight users add NAME --role admin)",
        ),
    ],
)
def test_what_cannot_be_is_said(
    database: Path, args: tuple[str, ...], typed: str, message: str
) -> None:
    add(database, "dean", "admin")
    users(database, "add", "eve", "--role", "viewer", "--no-password")

    told = users(database, *args, typed=typed)

    assert (told.exit_code, told.stderr) == (2, f"Error: {message}\n")


def test_a_token_is_shown_once_and_can_be_revoked(database: Path) -> None:
    add(database, "ann", "admin")

    token = users(database, "token", "ann").stdout.strip()

    assert token.startswith("ci_")
    assert token.encode() not in database.read_bytes()
    assert users(database, "token", "ann", "--revoke").stderr == "1 token of ann revoked.\n"
    assert users(database, "token", "ann", "--revoke").stderr == "0 tokens of ann revoked.\n"


def test_the_audit_log_is_printed_latest_first(database: Path) -> None:
    assert users(database, "audit").stderr == (
        "Nothing was played, exported or changed in the pages yet.\n"
    )
    with store.opened(database) as db, store.transaction(db):
        for hour in ("09", "10"):
            at = f"2026-11-03T{hour}:00:00+00:00"
            store.add_audit(db, AuditEntry(at=at, who="ann", action="play", subject="/audio/c1"))

    assert users(database, "audit").stdout == (
        "2026-11-03T10:00:00+00:00\tann\tplay\t/audio/c1\n"
        "2026-11-03T09:00:00+00:00\tann\tplay\t/audio/c1\n"
    )


@pytest.mark.parametrize(
    "reach",
    [
        {"host": "0.0.0.0"},
        {"host": "192.168.0.2"},
        {"host": "127.0.0.1", "allow_hosts": ["calls.acme.example"]},
        {"host": "::1", "trust_header": "X-Forwarded-User", "trust_proxy": "127.0.0.1"},
    ],
)
def test_others_are_let_in_only_with_users(database: Path, reach: dict[str, object]) -> None:
    with store.opened(database) as db:
        with pytest.raises(InputError) as told:
            access_for(db, **ALONE | reach)
        assert str(told.value) == (
            "others could reach the pages, and nobody would have to sign in; first "
            "'callinsight users add NAME --role admin', or say --open-to-everybody"
        )
        assert access_for(db, **ALONE | reach | {"open_to_everybody": True}).open
    add(database, "ann", "admin")
    with store.opened(database) as db:
        assert not access_for(db, **ALONE | reach).open


def test_serve_says_so(database: Path) -> None:
    told = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--db", str(database)])

    assert told.exit_code == 2
    assert told.stderr.startswith("Error: others could reach the pages, and nobody would have to")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_needs_no_users(database: Path, host: str) -> None:
    with store.opened(database) as db:
        access = access_for(db, **ALONE, host=host)

    assert access == Access(hosts=frozenset({"localhost", "127.0.0.1", "::1", host}))


@pytest.mark.parametrize(
    ("header", "proxy"), [("X-User", ""), ("", "10.0.0.1"), ("X-User", "proxy.acme.example")]
)
def test_a_proxy_needs_its_header_and_its_address(database: Path, header: str, proxy: str) -> None:
    with store.opened(database) as db, pytest.raises(InputError) as told:
        access_for(db, **ALONE | {"trust_header": header, "trust_proxy": proxy}, host="::1")

    assert str(told.value) == (
        "a proxy that signs people in needs both, such as: "
        "--trust-header X-Forwarded-User --trust-proxy 10.0.0.1"
    )
