"""A database with a settings row, and a browserless visitor of its pages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from material import ROOT
from visiting import browse

from callinsight import store
from callinsight.config import load_config, settings_text
from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


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
