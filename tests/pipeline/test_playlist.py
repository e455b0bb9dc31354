"""The playlist of a month, from the demo's recordings."""

import sqlite3
from pathlib import Path

import pytest
from material import DemoRun

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.playlist import LENGTH_S, keep_playlist, playlist_of, write_month_playlist

MONTH = "2026-10"


@pytest.fixture
def copied(demo: DemoRun, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    with store.opened(demo.summary.database) as db, sqlite3.connect(path) as copy:
        db.conn.backup(copy)
    return path


def test_the_demos_playlist_is_varied_and_the_same_each_time(demo: DemoRun, tmp_path) -> None:
    with store.opened(demo.summary.database) as db:
        moments = playlist_of(db, demo.config, MONTH, length_s=1200)
        made = [
            write_month_playlist(db, demo.config, MONTH, tmp_path / name, length_s=1200)
            for name in ("one", "two")
        ]
        of_month = [c for c in store.all_calls(db) if c.recorded_at.startswith(MONTH) and c.is_read]
    pages = [page for page, _ in made]

    assert len({m.place for m in moments}) >= 3
    assert len({m.tag.deal for m in moments}) >= 6
    assert all(2 < m.end_s - m.start_s <= 30 for m in moments)
    clips = sorted((pages[0].parent / "clips").iterdir())
    assert len(clips) == len(moments) >= 8
    # of the demo's calls eight are recordings, the others transcripts
    mute = [call for call in of_month if not call.id.startswith("rec-")]
    assert made[0][1] == f"{len(mute)} calls of the month are without sound and left out."
    page = pages[0].read_text(encoding="utf-8")
    assert made[0][1] in page
    assert mute[0].account in page.partition("Not in this list")[2]
    for path in sorted(pages[0].parent.rglob("*.*")):
        same = pages[1].parent / path.relative_to(pages[0].parent)
        assert path.read_bytes() == same.read_bytes()


def test_a_month_without_sound_names_the_next_command(demo: DemoRun, tmp_path) -> None:
    with store.opened(demo.summary.database) as db, pytest.raises(InputError) as told:
        write_month_playlist(db, demo.config, "2026-08", tmp_path, length_s=1200)

    assert str(told.value) == (
        "no moment of 2026-08 can be played: no call with a clear recording raises a concern; "
        "the words are in the report: 'callinsight report --month 2026-08 --out DIR'"
    )


def test_a_run_keeps_the_playlist_of_its_last_month_at_the_same_place(
    demo: DemoRun, copied
) -> None:
    with store.opened(demo.summary.database) as db:
        known = store.playlist_of_month(db, MONTH)
        picked = [m.utterance.id for m in playlist_of(db, demo.config, MONTH, length_s=LENGTH_S)]
        kept = [item.utterance for item in store.playlist_items(db, known.id)]
    assert (known.name, known.who) == ("October 2026", "callinsight")
    assert kept == picked

    with store.opened(copied) as db:
        store.remove_from_playlist(db, known.id, picked[0])
        keep_playlist(db, demo.config, MONTH)
        again = [item.utterance for item in store.playlist_items(db, known.id)]
        assert store.playlist_of_month(db, MONTH) == known
    assert again == picked
