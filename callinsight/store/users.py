"""Who may open the pages, when they last did, and what they did there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.records import AuditEntry, Token, User
from callinsight.store.rows import load, row_of, save

if TYPE_CHECKING:
    from sqlite_utils import Database


def has_users(db: Database) -> bool:
    """Whether anybody was added; until then nobody signs in."""
    return db.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None


def all_users(db: Database) -> list[User]:
    """Everybody who may open the pages, by name."""
    return load(db, User, "SELECT * FROM users ORDER BY name")


def get_user(db: Database, name: str) -> User | None:
    """One of them."""
    return next(iter(load(db, User, "SELECT * FROM users WHERE name = ?", [name])), None)


def save_user(db: Database, user: User) -> None:
    """Write a user, in place of one with the same name."""
    save(db, "users", [user], pk="name")


def remove_user(db: Database, name: str) -> None:
    """Drop a user with the tokens and the visits; what the user did stays in the audit log."""
    db.execute("DELETE FROM tokens WHERE user = ?", [name])
    db.execute("DELETE FROM visits WHERE who = ?", [name])
    db.execute("DELETE FROM users WHERE name = ?", [name])


def save_token(db: Database, digest: str, user: str, at: str) -> None:
    """Keep the sha256 of a user's token."""
    db.table("tokens").insert({"digest": digest, "user": user, "made_at": at})


def remove_tokens(db: Database, user: str) -> int:
    """Drop all tokens of a user; how many there were."""
    return int(db.execute("DELETE FROM tokens WHERE user = ?", [user]).rowcount)


def all_tokens(db: Database) -> list[Token]:
    """The tokens that are worth something, by user, the oldest first."""
    return load(db, Token, "SELECT * FROM tokens ORDER BY user, made_at, digest")


def remove_token(db: Database, digest: str) -> None:
    """Drop one token."""
    db.execute("DELETE FROM tokens WHERE digest = ?", [digest])


def user_of_token(db: Database, digest: str) -> User | None:
    """Whose token it is; None if that user is let in no more."""
    sql = (
        "SELECT users.* FROM users JOIN tokens ON tokens.user = users.name "
        "WHERE digest = ? AND NOT users.disabled"
    )
    return next(iter(load(db, User, sql, [digest])), None)


def visit(db: Database, who: str) -> tuple[str, str] | None:
    """Since when somebody is told what is new, and the moment of the last look; None before the first."""
    row = db.execute("SELECT since, last FROM visits WHERE who = ?", [who]).fetchone()
    return (row[0], row[1]) if row else None


def save_visit(db: Database, who: str, *, since: str, last: str) -> None:
    """Keep that somebody looked."""
    db.table("visits").upsert({"who": who, "since": since, "last": last}, pk="who")


def add_audit(db: Database, entry: AuditEntry) -> None:
    """Note what somebody did."""
    row = row_of(entry)
    del row["id"]
    db.table("audit").insert(row)


def was_noted(db: Database, entry: AuditEntry, *, since: str) -> bool:
    """Whether the same was noted already since a moment."""
    row = db.execute(
        "SELECT 1 FROM audit WHERE who = ? AND action = ? AND subject = ? AND at >= ?",
        [entry.who, entry.action, entry.subject, since],
    ).fetchone()
    return row is not None


def audit_log(
    db: Database,
    *,
    limit: int,
    who: str = "",
    action: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> list[AuditEntry]:
    """What was done last, the latest first; by somebody, of a kind, between two days, `before` a number.

    Days are those of the moments as they are written.
    """
    wanted = {
        "who = ?": who,
        "action = ?": action,
        "substr(at, 1, 10) >= ?": since,
        "substr(at, 1, 10) <= ?": until,
        "id < ?": before,
    }
    asked = {test: value for test, value in wanted.items() if value not in ("", None)}
    where = f"WHERE {' AND '.join(asked)} " if asked else ""
    sql = f"SELECT * FROM audit {where}ORDER BY id DESC LIMIT ?"  # noqa: S608 - fixed tests
    return load(db, AuditEntry, sql, [*asked.values(), limit])


def audited(db: Database) -> tuple[list[str], list[str]]:
    """Who is in the audit log, and which kinds of things were done."""
    found = []
    for column in ("who", "action"):
        rows = db.execute(f"SELECT DISTINCT {column} FROM audit ORDER BY 1")  # noqa: S608 - fixed
        found.append([value for (value,) in rows.fetchall()])
    return found[0], found[1]
