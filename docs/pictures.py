"""Take the pictures of the pages again: `make pictures`, after `make demo`.

Each page of the demo at two widths, light and dark, into docs/pages/. The demo's database is copied
first, and a few requests are made in the copy, so that their pages have something to show.
"""

from __future__ import annotations

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
from callinsight.pipeline.requests import accept, draft_from_gap, new_request, start, vote
from callinsight.pipeline.run import stored_config
from callinsight.web.app import create_app

HERE = Path(__file__).parent
DATABASE = HERE.parent / "out" / "demo" / "callinsight.db"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
SIZES = ((1280, 900), (390, 844))
QUALITY = 60
GAP = "2026-10/value_roi/economic_buyer/decision"
PAGES = {
    "home": "/",
    "excerpts": "/excerpts?concern=security_compliance",
    "call": "/calls/rec-01",
    "gaps": "/gaps",
    "gap": f"/gaps/{GAP}",
    "content": "/content",
    "asset": "/content/TA-031",
    "requests": "/requests",
    "request": "/requests/R-1",
    "review": "/review",
    "definitions": "/definitions",
    "runs": "/runs",
}


def main() -> None:
    """Serve a copy of the demo and look at each page."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "demo.db"
        shutil.copy(DATABASE, database)
        ask_for_content(database)
        address = served(database)
        (HERE / "pages").mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for width, height in SIZES:
                for scheme in ("light", "dark"):
                    size = {"width": width, "height": height}
                    context = browser.new_context(viewport=size, color_scheme=scheme)
                    look(context.new_page(), address, f"{width}-{scheme}")
                    context.close()
            browser.close()


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
        vote(**asked, id_=1, who="Dana Whitfield")
        accept(**asked, id_=1, who="Hazel Quigley")
        start(**asked, id_=1, who="Hazel Quigley")
        accept(**asked, id_=2, who="Hazel Quigley")


def served(database: Path) -> str:
    """The address of the pages, once they answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(database, now=lambda: NOW)
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
