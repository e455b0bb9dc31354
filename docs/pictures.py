"""Take the pictures of the pages again: `make pictures`, after `make demo`.

Each page of the demo at two widths, light and dark, into docs/pages/. The demo's database is copied
first, and a few requests are made in the copy, so that their pages have something to show.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from callinsight import store
from callinsight.pipeline.drafts import draft_from_gap
from callinsight.pipeline.requests import accept, new_request, start, vote
from callinsight.pipeline.run import SETTINGS, stored_config
from callinsight.pipeline.users import add_user, disable_user, make_token
from callinsight.records import AuditEntry
from callinsight.web.access import Access
from callinsight.web.app import create_app

HERE = Path(__file__).parent
DATABASE = HERE.parent / "out" / "demo" / "callinsight.db"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
SIZES = ((1280, 900), (390, 844))
QUALITY = 60
GAP = "2026-10/value_roi/economic_buyer/decision"
HEADER, ADMIN = "X-Forwarded-User", "Mara Lind"
TEAM = {
    ADMIN: "admin",
    "Dana Whitfield": "requester",
    "Hazel Quigley": "editor",
    "Jo Amadi": "viewer",
    "Marcus Oyelaran": "requester",
}
DONE = (
    ("1T09:12", "Dana Whitfield", "play", "/audio/rec-01"),
    ("1T09:20", "Dana Whitfield", "export", "/excerpts/export.csv"),
    ("2T14:03", "Hazel Quigley", "decide turn", "/review/turns/rec-02:0007"),
    ("2T14:41", "Marcus Oyelaran", "ask", "/requests/new"),
    ("3T08:05", ADMIN, "disable user", "Jo Amadi"),
)
PAGES = {
    "home": "/",
    "excerpts": "/excerpts?concern=security_compliance",
    "call": "/calls/rec-01",
    "calls": "/calls",
    "gaps": "/gaps",
    "gap": f"/gaps/{GAP}",
    "content": "/content",
    "asset": "/content/TA-031",
    "playlists": "/playlists",
    "requests": "/requests",
    "request": "/requests/R-1",
    "review": "/review",
    "definitions": "/definitions",
    "runs": "/runs",
    "access": "/access",
}


def main() -> None:
    """Serve a copy of the demo and look at each page."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "demo.db"
        shutil.copy(DATABASE, database)
        name_files_from_here(database)
        ask_for_content(database)
        let_in(database)
        address = served(database)
        (HERE / "pages").mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for width, height in SIZES:
                for scheme in ("light", "dark"):
                    size = {"width": width, "height": height}
                    context = browser.new_context(
                        viewport=size, color_scheme=scheme, extra_http_headers={HEADER: ADMIN}
                    )
                    look(context.new_page(), address, f"{width}-{scheme}")
                    context.close()
            browser.close()


def name_files_from_here(database: Path) -> None:
    """Have no picture say in which folder of whose machine it was taken."""
    os.chdir(HERE.parent / "pipelines")
    with store.opened(database) as db:
        text = str(store.setting(db, SETTINGS))
        store.save_setting(
            db, SETTINGS, text.replace(f"{Path.cwd()}/", "").replace(f"{HERE.parent}/", "../")
        )
        db.conn.commit()


def ask_for_content(database: Path) -> None:
    """Three requests in different states."""
    with store.opened(database) as db:
        config = stored_config(db)
        now = NOW.isoformat()
        asked = {"db": db, "config": config, "now": now}
        gaps = [g.id for g in store.gaps_of_month(db, "2026-10") if g.verdict in ("gap", "weak")]
        for gap in dict.fromkeys((GAP, *gaps[:2])):
            draft = draft_from_gap(db, config, gap)
            new_request(db, config, draft, who="Marcus Oyelaran", now=now, anyway=True)
        vote(db, 1, who="Dana Whitfield", now=now)
        accept(**asked, id_=1, who="Hazel Quigley")
        start(**asked, id_=1, who="Hazel Quigley")
        accept(**asked, id_=2, who="Hazel Quigley")


def let_in(database: Path) -> None:
    """A team, as a proxy signs it in, and what some of it did."""
    with store.opened(database) as db:
        for name, role in TEAM.items():
            add_user(db, name, role, password=None, at="2026-09-14T08:30:00+00:00")
        disable_user(db, "Jo Amadi")
        make_token(db, "Hazel Quigley", at="2026-10-02T10:15:00+00:00")
        with store.transaction(db):
            for at, who, action, subject in DONE:
                entry = AuditEntry(
                    at=f"2026-11-0{at}:00+00:00", who=who, action=action, subject=subject
                )
                store.add_audit(db, entry)


def served(database: Path) -> str:
    """The address of the pages, once they answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(
        database,
        now=lambda: NOW,
        access=Access(open=False, trust_header=HEADER, trust_proxy="127.0.0.1"),
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.1)
    return f"http://127.0.0.1:{port}"


def look(page: object, address: str, kind: str) -> None:
    """One picture of every page."""
    for name, at in PAGES.items():
        page.goto(address + at, wait_until="networkidle")
        page.screenshot(path=HERE / "pages" / f"{name}-{kind}.jpg", type="jpeg", quality=QUALITY)


if __name__ == "__main__":
    main()
