"""What people type becomes a search that FTS5 takes, whatever it is."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.web.search import Query, query_of

TEXTS = ("the price is high", "we like it", "price of a seat", "discounts for seats")


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE said USING fts5(text, tokenize='porter unicode61')")
    db.executemany("INSERT INTO said VALUES (?)", [(text,) for text in TEXTS])
    return db


def found(index: sqlite3.Connection, typed: str) -> set[str]:
    query = query_of(typed)
    rows = {
        text for (text,) in index.execute("SELECT text FROM said WHERE said MATCH ?", [query.match])
    }
    return set(TEXTS) - rows if query.without else rows


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("price", {TEXTS[0], TEXTS[2]}),
        ("price seats", {TEXTS[2]}),
        ('"price is"', {TEXTS[0]}),
        ('"is price"', set()),
        ("high OR like", {TEXTS[0], TEXTS[1]}),
        ("price OR discount seat", {TEXTS[2], TEXTS[3]}),
        ("price -high", {TEXTS[2]}),
        ('price -"is high"', {TEXTS[2]}),
        ("-price", {TEXTS[1], TEXTS[3]}),
        ("disc*", {TEXTS[3]}),
        ("price AND", set()),
        ("OR price OR", {TEXTS[0], TEXTS[2]}),
        ('"price of', {TEXTS[2]}),
    ],
)
def test_words_phrases_or_and_without(
    index: sqlite3.Connection, typed: str, expected: set[str]
) -> None:
    assert found(index, typed) == expected


@pytest.mark.parametrize("typed", ["", "   ", '""', "- ? *", "OR"])
def test_signs_alone_look_for_nothing(typed: str) -> None:
    assert query_of(typed) == Query()


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_the_search(typed: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE said USING fts5(text)")
    query = query_of(typed)

    if query:
        db.execute("SELECT * FROM said WHERE said MATCH ?", [query.match]).fetchall()
