"""The first page: the next command, the month in four numbers, what is new."""

import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from heard import TURNS, fill
from visiting import browse, post

from callinsight import store
from callinsight.records import Correction, Playlist, PlaylistItem
from callinsight.web.app import create_app

START = datetime.fromisoformat("2026-11-03T09:00:00+00:00")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def home(database: Path, clock: Clock | None = None) -> str:
    with browse(create_app(database, now=clock or Clock())) as client:
        page = client.get("/")
    assert page.status_code == 200
    return page.text


def figures(page: str) -> list[tuple[str, ...]]:
    """Value, label, note and trend of each number."""
    band = re.search(r'<dl class="figures card">(.*?)</dl>', page, re.DOTALL)[1]
    return [
        (value, *re.findall(r"<a[^>]*>([^<]*)</a>", text), *re.findall(r"more\">([^<]*)<", text))
        for text, value in re.findall(
            r"<dt>(.*?)</dt><dd class=\"num\">(.*?)</dd>", band, re.DOTALL
        )
    ]


def test_before_the_first_run_the_next_command_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with store.opened(path, create=True):
        pass

    page = home(path)

    assert "<code>callinsight run PIPELINE.toml</code>" in page
    assert "<code>callinsight init my-calls --recordings FOLDER</code>" in page


def test_without_calls_the_pipeline_is_named(database: Path) -> None:
    assert "pipelines/demo.toml</code>" in home(database)


def test_the_month_in_four_numbers(database: Path) -> None:
    fill(database, months=("2026-09",), deals=6)
    fill(database, months=("2026-10",), deals=8)

    assert figures(home(database)) == [
        (
            *("8", "calls", "with 8 deals in which a buyer was heard"),
            "2 more than in September 2026",
        ),
        (
            *("100\xa0%", "of deals object", "74\xa0% to 100\xa0%, from 8 deals"),
            "no sure change against 100\xa0% in September 2026",
        ),
        (
            *("2", "proven gaps", "raised by enough deals, answered by no asset"),
            "as many as in September 2026",
        ),
        ("0", "open requests", "nobody waits for content"),
    ]


def test_a_number_of_the_month_leads_to_what_it_counts(database: Path) -> None:
    fill(database, months=("2026-09",), deals=6)
    fill(database, months=("2026-10",), deals=8)
    with browse(create_app(database, now=Clock())) as client:
        links = re.findall(r'<dt><a href="([^"]*)">', client.get("/").text)
        counted = client.get(links[0].replace("&amp;", "&")).text

    assert links == [
        "/excerpts?month=2026-10",
        "/excerpts?stance=objection&amp;month=2026-10",
        "/gaps",
        "/requests",
    ]
    assert "from 8 calls" in counted


def test_too_few_deals_give_no_share(database: Path) -> None:
    fill(database, months=("2026-10",), deals=3)

    assert figures(home(database))[1] == ("–", "of deals object", "3 deals: too few to say")


def test_open_and_late_requests_are_counted(database: Path) -> None:
    fill(database, months=("2026-10",))
    with store.opened(database) as db:
        for number, (state, day) in enumerate(
            (("new", "2026-11-02"), ("new", ""), ("declined", ""))
        ):
            row = {"id": number + 1, "title": "x", "state": state, "needed_by": day}
            db.table("content_requests").insert(row | {"created_at": START.isoformat()})

    assert figures(home(database))[3] == ("2", "open requests", "1 late")


def test_the_largest_gaps_speak_in_buyers_words(database: Path) -> None:
    fill(database, months=("2026-10",))

    page = home(database)

    assert f"<mark>{TURNS[0].split(',')[0]}</mark>" in page
    assert "Ann Lee, CFO, Firm" in page
    assert 'href="/gaps/2026-10/price_budget/economic_buyer/decision"' in page
    assert "raised in 8 of 8 deals" in page
    voices = re.findall(r"Ann Lee, CFO, Firm (\d)", page)
    assert len(voices) == len(set(voices)) == 2


def test_the_largest_gaps_speak_in_words_that_are_surely_about_them(database: Path) -> None:
    fill(database, months=("2026-10",))
    with store.opened(database) as db:
        doubted = store.all_calls(db)[0]
        db.execute("UPDATE tags SET stance = 'question' WHERE call <> ?", [doubted.id])
        db.execute("UPDATE tags SET score = 0.7 WHERE call = ?", [doubted.id])
        db.conn.commit()

    assert f"Ann Lee, CFO, {doubted.account}" not in home(database)


def test_what_is_new_since_the_last_visit(database: Path) -> None:
    clock = Clock()
    fill(database, months=("2026-10",))
    assert "Where to begin" in home(database, clock)
    clock.now += timedelta(minutes=20)
    assert "Where to begin" in home(database, clock)  # the same visit still
    clock.now += timedelta(hours=9)
    with store.opened(database) as db:
        db.execute(
            "UPDATE runs SET finished_at = '2026-11-03T12:00:00Z' WHERE subject = '2026-10-0'"
        )
        db.execute(
            "UPDATE runs SET finished_at = '2026-11-01T12:00:00Z' WHERE subject <> '2026-10-0'"
        )
        db.conn.commit()
        for who in ("mara", "you"):
            store.add_correction(
                db,
                Correction(
                    call="2026-10-0",
                    utterance=f"2026-10-0:000{len(who)}",
                    context="",
                    text="x",
                    at="2026-11-03T14:00:00+01:00",
                    who=who,
                    action="reject",
                    before="/none/",
                    after="/none/",
                ),
            )
    page = home(database, clock)

    assert "1 call was read; buyers object in 1 deal" in page
    assert "1 turn was corrected by others" in page
    assert 'Since <time datetime="2026-11-03T09:20:00+00:00" data-clock>' in page
    clock.now += timedelta(hours=1)
    assert "Nothing has come in since" in home(database, clock)


def test_a_page_is_shown_while_a_run_writes(database: Path) -> None:
    fill(database, months=("2026-10",))
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    page = home(database)

    writer.execute("ROLLBACK")
    writer.close()
    assert "Where to begin" in page


def test_the_playlist_of_the_month_is_heard_from_here_and_changed_nowhere(database: Path) -> None:
    fill(database, months=("2026-10",), deals=7)
    with store.opened(database) as db, store.transaction(db):
        made = Playlist(name="October 2026", who="callinsight", created_at="", month="2026-10")
        number = store.add_playlist(db, made).id
        for deal in range(6):
            said = {"utterance": f"2026-10-{deal}:0001", "call": f"2026-10-{deal}"}
            store.add_to_playlist(db, PlaylistItem(playlist=number, who="", at="", **said))

    page = home(database)

    assert "The playlist of the month" in page
    assert re.findall(r'<li class="excerpt track" id="x-([^"]+)"', page) == [
        f"2026-10-{deal}:0001" for deal in range(5)
    ]
    assert f'<a class="button" href="/playlists/{number}">All 6 excerpts</a>' in page
    with browse(create_app(database, now=Clock())) as client:
        for step in ("remove", "delete"):
            sent = {"utterance": "2026-10-0:0001"}
            refused = post(client, f"/playlists/{number}/{step}", sent)
            assert refused.status_code == 409
            assert "collect what is to stay in one of your own" in refused.text
        adding = client.get("/playlists/add/2026-10-0:0003").text
    assert "October 2026" not in adding.partition("<main")[2]
    with store.opened(database) as db:
        assert store.playlist_sizes(db) == {number: 6}


def test_without_a_playlist_of_the_month_the_page_has_none(database: Path) -> None:
    fill(database, months=("2026-10",), deals=6)

    assert "The playlist of the month" not in home(database)
