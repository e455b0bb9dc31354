"""What a report tells of an inventory where no call was ever counted."""

from __future__ import annotations

from typing import Any

from callinsight.records import ContentItem, Unused
from callinsight.reports.stock import stock_of
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
NO_USE = (
    "No use of any asset is known, so that “never used” says nothing yet: usage comes from usage.csv, "
    "from links that are copied, and from calls that speak of an asset."
)


def item(id_: str, **facts: Any) -> ContentItem:
    known = {"published_on": "2026-01-01", "concerns": ("price_budget",)}
    return ContentItem(id=id_, title=id_, content_type="blog", **(known | facts))


def finding(id_: str, kind: str) -> Unused:
    return Unused(item=id_, kind=kind, why="", advice="")


def test_nothing_is_said_of_an_empty_inventory() -> None:
    assert stock_of([], [], TAXONOMY, used=False) == ()


def test_only_drafts() -> None:
    assert stock_of([item("a", status="draft")], [], TAXONOMY, used=True) == (
        "0 assets of 1 are live.",
    )


def test_what_is_live_fresh_tagged_owned_and_used() -> None:
    items = [
        item("a", owner="Dana"),
        item("b", published_on=""),
        item("c", concerns=()),
        item("d", concerns=("value_roi", "price_budget")),
        item("e", published_on="", concerns=()),
        item("f", status="archived", concerns=("competitor",)),
    ]
    unused = [finding("c", "stale"), finding("d", "expired"), finding("b", "unowned")]

    assert stock_of(items, unused, TAXONOMY, used=False) == (
        "5 assets of 6 are live.",
        (
            "Of what is live: 1 fresh, 1 past their review, 1 expired and 2 without any date, which "
            "nobody knows to be fresh."
        ),
        (
            "Two name no concern and answer nothing until somebody names one; 'callinsight inventory "
            "suggest' proposes."
        ),
        "Assets by the concern they name: Price and budget 3, Value and return 1.",
        (
            "No live asset names Timing and priority, Need and fit, Status quo and doing it ourselves, "
            "Authority and consensus, Competitors, Trust and proof, Integration and technology, Security "
            "and compliance, Contract and procurement and Effort and change."
        ),
        "1 of 5 live assets has an owner.",
        NO_USE,
    )


def test_use_that_is_known_needs_no_word() -> None:
    assert NO_USE not in stock_of([item("a")], [], TAXONOMY, used=True)
