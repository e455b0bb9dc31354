"""A database with a settings row, a browserless visitor of its pages, and a real browser."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from material import ROOT
from playwright.sync_api import Browser, sync_playwright
from told import fill
from visiting import browse

from callinsight import store
from callinsight.config import load_config, settings_text
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database that the demo's pipeline has run into, without a call."""
    path = tmp_path / "callinsight.db"
    with store.opened(path, create=True) as db:
        store.save_setting(db, "settings", settings_text(load_config(ROOT / "pipelines/demo.toml")))
    return path


@pytest.fixture
def visitor(database: Path) -> Iterator[TestClient]:
    with browse(create_app(database, now=lambda: NOW)) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser of the machine; without one the test is skipped, but fails where CI is set."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        missing = f"no browser is installed: {', '.join(BROWSERS)}"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", proxy_headers=False, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def served() -> Iterator[Callable[[FastAPI], str]]:
    """Serves an app on this machine until the test ends; its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(_served(app))


@pytest.fixture
def told(database: Path, tmp_path: Path) -> Path:
    """The same database with two calls to read, and one that nobody may hear."""
    fill(database, tmp_path / "files")
    return database
