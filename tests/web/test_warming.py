"""What pages rest on is there before the first visitor."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from visiting import browse

from callinsight import store
from callinsight.errors import NoRunError
from callinsight.records import ContentItem
from callinsight.web.app import create_app
from callinsight.web.warming import look

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


def test_excerpts_are_read_while_nobody_asks(told: Path) -> None:
    app = create_app(told, now=lambda: NOW)
    with browse(app):
        ends = time.monotonic() + 30
        while app.state.index.edition < 0 and time.monotonic() < ends:
            time.sleep(0.05)
    with store.opened(told) as db:
        tagged = db.execute("SELECT count(DISTINCT utterance) FROM tags").fetchone()[0]
    assert len(app.state.index.everything) == tagged > 0


def test_what_was_read_before_a_change_is_not_shown_after_it(told: Path) -> None:
    app = create_app(told, now=lambda: NOW)
    index = app.state.index
    with store.opened(told) as before, store.opened(told) as db:
        with index._lock:  # as if the thread were reading while a page waits
            page = threading.Thread(target=lambda: index.shelf(db, "", unsure=False))
            page.start()
            index._read(before, "")
            with store.transaction(before):
                store.erase_calls(before, ["first", "second", "third"])
        page.join()

    assert len(index.everything) == 0


def test_a_page_waits_for_a_quick_reading_and_not_for_a_long_one(told: Path) -> None:
    app = create_app(told, now=lambda: NOW)
    index = app.state.index
    with store.opened(told) as db, store.opened(told) as other:
        index.shelf(db, "", unsure=False)
        with store.transaction(other):
            store.erase_calls(other, ["first", "second", "third"])
        with index._lock:  # as if another page were reading
            index._is_behind = True
            assert len(index.shelf(db, "", unsure=True)) > 0
            index._is_behind = False
            page = threading.Thread(target=lambda: index.shelf(other, "", unsure=True))
            page.start()
            page.join(0.2)
            assert page.is_alive()
        page.join()

    assert len(index.everything) == 0


def test_the_content_is_worked_out_once_a_change_and_once_a_day(told: Path) -> None:
    days = [NOW]
    app = create_app(told, now=lambda: days[-1])
    worked_out = app.state.inventories
    seen = look(app)
    first = worked_out._known
    assert first is not None
    assert look(app, seen) == seen
    assert worked_out._known is first

    with store.opened(told) as db, db.conn:
        store.save_items(db, [ContentItem(id="A-1", title="A week late", content_type="blog_post")])
    changed = look(app, seen)
    assert changed[0] > seen[0]
    assert [asset.item.id for asset in worked_out._known[1].assets] == ["A-1"]

    days.append(NOW.replace(day=NOW.day + 1))
    assert look(app, changed) == (changed[0], days[-1].date())
    assert worked_out._known[0][1] == days[-1].date()


def test_without_a_run_it_is_left_to_the_pages_to_say_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with store.opened(path, create=True):
        pass
    app = create_app(path, now=lambda: NOW)
    with pytest.raises(NoRunError, match="no pipeline has run into this database yet"):
        look(app)
    with browse(app) as client:
        assert "No call has been read yet" in client.get("/excerpts").text
