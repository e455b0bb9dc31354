"""Excerpts: what is found, shown and taken along."""

import csv
import io
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from told import tag
from visiting import post

from callinsight import store


@pytest.fixture(autouse=True)
def calls(told: Path) -> Path:
    return told


def shown(page: str) -> list[str]:
    return re.findall(r'<li class="excerpt card" id="x-([^"]+)"', page)


def number(page: str, facet: str, value: str) -> str:
    found = re.search(
        rf'name="{facet}" value="{value}"[^>]*>\s*<span>[^<]*</span>\s*<span class="num quiet">(\d+)',
        page,
    )
    return found[1] if found else ""


def test_the_first_excerpts_are_in_the_page_with_their_sound(visitor: TestClient) -> None:
    page = visitor.get("/excerpts").text

    assert shown(page) == ["first:0001", "first:0003", "second:0001", "second:0003"]
    assert page.count('data-src="/audio/first"') == 2
    assert 'data-src="/audio/second"' not in page
    assert 'data-start="3.6" data-end="13.6"' in page
    assert "<mark>The price is far too high for us.</mark> We have no budget for that." in page
    assert "Why: says “too high”." in page
    assert "<strong>Ann Lee</strong>, Chief Financial Officer" in page


def test_words_of_others_are_harmless(visitor: TestClient) -> None:
    page = visitor.get("/excerpts").text

    assert "<b>price list</b>" not in page
    assert "&lt;b&gt;price list&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("concern=price_budget", ["first:0001", "second:0001"]),
        ("concern=price_budget&account=Acme", ["first:0001"]),
        ("concern=price_budget&concern=value_roi&outcome=won", ["second:0001"]),
        ("ask=pricing_sheet&sound=words", ["second:0003"]),
        ("q=budget", ["first:0001", "second:0001"]),
        ("q=budgets+-%22price+list%22&account=Acme", ["first:0001"]),
        ("q=page", []),
        ("q=page&unsure=1", ["first:0004", "second:0004"]),
        ("order=newest", ["second:0001", "second:0003", "first:0001", "first:0003"]),
        ("concern=nothing", []),
        ("q=%22", []),
        ("after=first:0003", ["second:0001", "second:0003"]),
        ("after=gone:0003", []),
        ("after=x&order=y&by=z&unsure=9&like=", []),
    ],
)
def test_what_an_address_finds(visitor: TestClient, asked: str, expected: list[str]) -> None:
    assert shown(visitor.get(f"/excerpts?{asked}").text) == expected


def test_facets_count_what_one_more_value_would_give(visitor: TestClient) -> None:
    page = visitor.get("/excerpts?concern=price_budget").text

    assert number(page, "concern", "price_budget") == "2"
    assert number(page, "account", "Acme") == "1"
    assert number(page, "concern", "value_roi") == ""  # it is not sure
    assert number(visitor.get("/excerpts?unsure=1").text, "concern", "value_roi") == "2"


def test_found_words_are_marked(visitor: TestClient) -> None:
    page = visitor.get("/excerpts?q=budgets&account=Acme").text

    assert 'We have no <b class="hit">budget</b> for that.' in page


def test_what_changes_is_seen_at_once(visitor: TestClient, calls: Path) -> None:
    visitor.get("/excerpts")
    with store.opened(calls) as db:
        said = store.utterances_of(db, "second")[4]
        with store.transaction(db):
            store.replace_tags(db, "second", ("concern",), [tag(said, "concern", "need_fit")])

    assert shown(visitor.get("/excerpts?concern=need_fit").text) == ["second:0004"]
    assert shown(visitor.get("/excerpts?concern=price_budget").text) == ["first:0001"]


def test_a_call_that_goes_takes_its_excerpts_along(visitor: TestClient, calls: Path) -> None:
    visitor.get("/excerpts")
    with store.opened(calls) as db, store.transaction(db):
        store.erase_calls(db, ["first"])

    assert shown(visitor.get("/excerpts").text) == ["second:0001", "second:0003"]
    assert shown(visitor.get("/excerpts?q=budget").text) == ["second:0001"]


def test_a_sheet_of_excerpts_is_safe_to_open(visitor: TestClient) -> None:
    text = visitor.get("/excerpts/export.csv?account=Acme").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert [row["said"] for row in rows] == [
        "The price is far too high for us. We have no budget for that.",
        "'=2+5 is what I get. Do you have a <b>price list</b>?",
    ]
    assert rows[0]["tags"] == "Price and budget objection 95\N{NO-BREAK SPACE}%"
    assert rows[0]["link"].endswith("/excerpts/first%3A0001")


def test_quotes_as_text(visitor: TestClient) -> None:
    text = visitor.get("/excerpts/export.md?account=Bexley+%26+Sons").text

    assert "> The price is far too high for us. We have no budget for that.\n" in text
    assert "Ann Lee, Chief Financial Officer, Bexley & Sons" in text
    assert "<b>" not in text


def test_the_link_of_an_excerpt(visitor: TestClient) -> None:
    page = visitor.get("/excerpts/first%3A0004")

    assert shown(page.text) == ["first:0004"]
    assert "rival" in page.text
    assert visitor.get("/excerpts/first%3A0099").status_code == 404
    assert visitor.get("/excerpts/nonsense").status_code == 404


def test_a_playlist_keeps_its_order(visitor: TestClient) -> None:
    made = post(visitor, "/playlists/add/second%3A0001", {"name": "Price in October"})
    assert made.url.path == "/playlists/1"
    post(visitor, "/playlists/add/first%3A0003", {"playlist": 1})
    post(visitor, "/playlists/add/second%3A0001", {"playlist": 1})

    assert shown(visitor.get("/playlists/1").text) == ["second:0001", "first:0003"]
    assert "2 excerpts" in visitor.get("/playlists").text
    post(visitor, "/playlists/1/remove", {"utterance": "second:0001"})
    assert shown(visitor.get("/playlists/1").text) == ["first:0003"]
    post(visitor, "/playlists/1/delete", {})
    assert visitor.get("/playlists/1").status_code == 404


def test_without_calls_it_says_what_to_do(visitor: TestClient, calls: Path) -> None:
    with store.opened(calls) as db, store.transaction(db):
        store.erase_calls(db, [call.id for call in store.all_calls(db)])

    assert "No excerpts yet" in visitor.get("/excerpts").text


@pytest.mark.parametrize("month", ["2026-13", "x", "2026-1", ""])
def test_a_month_that_is_none_finds_nothing(visitor: TestClient, month: str) -> None:
    page = visitor.get("/excerpts", params={"month": month})

    assert page.status_code == 200


@pytest.mark.parametrize("typed", ['"', "-", "OR", "💡"])
def test_signs_without_a_word_find_nothing_and_say_so(visitor: TestClient, typed: str) -> None:
    page = visitor.get("/excerpts", params={"q": typed}).text

    assert "Nothing to look for" in page
    assert 'id="x-' not in page
    assert visitor.get("/api/excerpts", params={"q": typed}).json()["total"] == 0


def test_an_or_in_small_letters_is_explained(visitor: TestClient) -> None:
    page = visitor.get("/excerpts", params={"q": "pony or unicorn"}).text

    assert "For either of two words write OR in capitals." in page
    assert "<dt>price OR budget</dt>" in page  # and so does the help
