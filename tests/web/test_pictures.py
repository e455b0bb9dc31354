"""The pictures of the pages can be taken: what their script prepares, it still can."""

import importlib.util
from pathlib import Path

import pytest
from heard import fill
from material import ROOT

from callinsight import store


def test_the_pictures_have_something_to_show(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs/pictures.py")
    assert spec is not None
    assert spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    monkeypatch.setattr(pictures, "GAP", "2026-10/price_budget/economic_buyer/decision")

    pictures.ask_for_content(database)
    pictures.let_in(database)

    with store.opened(database) as db:
        states = [one.state for one in store.all_requests(db)]
        assert [states.count(state) for state in ("in_progress", "accepted")] == [1, 1]
        assert len(store.all_users(db)) == len(pictures.TEAM)
